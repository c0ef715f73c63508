import { WasmRegionCompiler } from './compiler.js';
import { compare, pcOf, random, randomProgram, START } from './random-program.test-support.js';
import { ReferenceMachine } from './reference-machine.test-support.js';

describe('compiled regions do what the interpreter does', () => {
  it.each(Array.from({ length: 60 }, (_, i) => i))('random program %i', (seed) => {
    const pick = random(seed + 5);
    const program = randomProgram(seed, 2 + pick(14), seed % 3 !== 0);
    const machine = new ReferenceMachine(program);
    const compiler = new WasmRegionCompiler(machine);
    compiler.offer(machine.block(START));
    if (seed % 2) compiler.offer(machine.block(pcOf(1)));
    compiler.compile();
    for (let round = 0; round < 6; round++) compare(program, machine, seed * 10 + round, pick(300));
    expect(machine.entered).toBeGreaterThan(0);
  });
});

describe('compiling in steps', () => {
  const machineWithOffer = () => {
    const machine = new ReferenceMachine(randomProgram(1, 6, true));
    const compiler = new WasmRegionCompiler(machine);
    compiler.offer(machine.block(START));
    return { machine, compiler };
  };
  /** How many steps of no time at all until `done`. */
  const step = (compiler: WasmRegionCompiler, done: () => boolean) => {
    let steps = 0;
    for (; !done() && steps < 10; steps++) compiler.compile(0);
    return steps;
  };

  it('goes on where it was, and installs at the end', () => {
    const { compiler } = machineWithOffer();
    expect(compiler.isBusy).toBe(false);
    compiler.compile(0);
    expect([compiler.isBusy, compiler.statistics.regions]).toEqual([true, 0]);
    expect(step(compiler, () => !compiler.isBusy)).toBeGreaterThan(1);
    expect(compiler.statistics.regions).toBe(1);
  });

  it('installs nothing of code that was overwritten meanwhile', () => {
    const { machine, compiler } = machineWithOffer();
    compiler.compile(0);
    (machine.block(START) as { valid: boolean }).valid = false;
    compiler.compile();
    expect([compiler.isBusy, compiler.statistics.regions]).toEqual([false, 0]);
  });

  it('forgets what it had begun when everything is flushed', () => {
    const { compiler } = machineWithOffer();
    compiler.compile(0);
    compiler.reset();
    compiler.compile();
    expect([compiler.isBusy, compiler.statistics.regions]).toEqual([false, 0]);
  });
});
