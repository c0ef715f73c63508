import { setTimeout } from 'node:timers/promises';
import { WasmRegionCompiler } from '../regions/compiler.js';
import { compare, pcOf, random, randomProgram, START } from '../regions/random-program.test-support.js';
import { ReferenceMachine } from '../regions/reference-machine.test-support.js';
import type { ModuleContext } from '../regions/write-module.js';
import { ThreadModuleMaker } from './thread-module-maker.js';

const makers: ThreadModuleMaker[] = [];
function begin(seed: number, change: (context: ModuleContext) => ModuleContext = (context) => context) {
  const program = randomProgram(seed, 12, true);
  const machine = new ReferenceMachine(program);
  const compiler = new WasmRegionCompiler(machine, {}, undefined, (context) => {
    const maker = new ThreadModuleMaker(change(context));
    makers.push(maker);
    return maker;
  });
  return { program, machine, compiler };
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await setTimeout(1);
}

afterEach(() => {
  for (const maker of makers.splice(0)) maker.dispose();
});

describe('regions compiled in another thread', () => {
  it.each([0, 1, 2, 3, 4])('do what the interpreter does: random program %i', async (seed) => {
    const { program, machine, compiler } = begin(seed);
    compiler.offer(machine.block(START));
    compiler.compile();
    expect(compiler.statistics.regions).toBe(0);
    await until(() => {
      compiler.collect();
      return compiler.statistics.regions === 1;
    });
    const pick = random(seed);
    for (let round = 0; round < 6; round++) compare(program, machine, seed * 10 + round, pick(300));
    expect(machine.entered).toBeGreaterThan(0);
  });

  it('are not installed if their code was overwritten meanwhile', async () => {
    const { machine, compiler } = begin(1);
    compiler.offer(machine.block(START));
    compiler.compile();
    (machine.block(START) as { valid: boolean }).valid = false;
    await until(() => {
      compiler.collect();
      return compiler.statistics.modules === 1;
    });
    expect(compiler.statistics.regions).toBe(0);
  });

  it('wait for the module before theirs, and share the next', async () => {
    const { machine, compiler } = begin(0);
    compiler.offer(machine.block(START));
    compiler.compile();
    for (const block of [3, 7, 11]) {
      compiler.offer(machine.block(pcOf(block)));
      compiler.compile();
    }
    expect(compiler.isBusy).toBe(false);
    await until(() => {
      compiler.collect();
      return compiler.statistics.modules === 1;
    });
    compiler.compile();
    await until(() => {
      compiler.collect();
      return compiler.statistics.modules === 2;
    });
    expect(compiler.statistics.regions).toBeGreaterThan(1);
  });

  it('are reported if they cannot be compiled', async () => {
    const { machine, compiler } = begin(1, (context) => ({ ...context, globals: new Map() }));
    compiler.offer(machine.block(START));
    compiler.compile();
    await expect(until(() => (compiler.collect(), false))).rejects.toThrow(/compiling a region failed: .*no global at offset/s);
  });
});
