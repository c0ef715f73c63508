/** Programs of the toy processor, interpreted and compiled: the guest must not be able to tell. */
import { Env } from '@nandu/tcg';
import type { AcceleratorOptions } from '../options.js';
import {
  ADD,
  ADDI,
  DEVICE_AT,
  DOUBLE,
  FAULT_ADDRESS,
  FAULT_PC,
  FLUSH,
  HALT,
  type Instruction,
  JUMP,
  JUMP_FAR,
  JUMP_IF,
  LOAD,
  OWN,
  R,
  RAISE,
  RETURN,
  SET,
  STORE,
  type Toy,
  toy,
} from '../toy-target.test-support.js';
import { WasmRegionCompiler } from './compiler.js';

const ENGINES: (AcceleratorOptions & { name: string })[] = [
  { name: 'tier 0', tier: 'interpreter' },
  { name: 'tier 1', threshold: 3, regions: (host) => new WasmRegionCompiler(host, { batch: 1, entriesUntilLarge: 5 }) },
];
const isCompiled = (options: AcceleratorOptions): boolean => options.tier !== 'interpreter';

function expectCompiled(t: Toy, engine: AcceleratorOptions): void {
  if (isCompiled(engine)) expect(t.accelerator.counters.regionsInstalled).toBeGreaterThan(0);
}

/** r1 times: r2 += 3. */
const LOOP = [[SET, 1, 100], [SET, 2, 0], [ADDI, 2, 2, 3], [ADDI, 1, 1, -1], [JUMP_IF, 1, -2], [HALT]] as const;

it.each([
  { what: 'nothing that is cold', cold: (pc: number) => pc >= 0x1000, installed: [] },
  { what: 'what is around cold code, without it', cold: (pc: number) => pc >= 0x2000, installed: [0x1008] },
])('compiles $what', ({ cold, installed }) => {
  const entered: number[] = [];
  const inside: number[] = [];
  const t = toy([], {
    threshold: 3,
    cold: ({ pc }) => cold(pc),
    regions: (host) =>
      new WasmRegionCompiler(
        {
          ...host,
          install: (region) => {
            entered.push(region.entry.pc);
            inside.push(...region.blocks.map(({ pc }) => pc));
            host.install(region);
          },
        },
        { batch: 1, limits: { blocks: 24, ops: 1200, entries: 1 } },
      ),
  });
  t.code(0x1000, [SET, 1, 50], [SET, 3, 0x08, 0x10], [JUMP_FAR, 0, 1], [HALT]);
  t.code(0x1008, [JUMP_FAR, 0, 1], [HALT]);
  t.code(0x2000, [ADDI, 1, 1, -1], [JUMP_IF, 1, 2], [HALT], [RETURN, 3]);
  expect(t.run(0x1000)).toBe(Env.EXIT_HALTED);
  expect(t.get(R[1]!)).toBe(0n);
  expect(entered).toEqual(installed);
  expect(inside).toEqual(installed);
});

describe.each(ENGINES)('$name', (engine) => {
  it.each([1, 2, 3, 7, 50, 301])('stops after exactly %d instructions and goes on', (slice) => {
    const t = toy([], engine);
    t.code(0x1000, ...LOOP);
    let pc: number | undefined = 0x1000;
    for (let executed = slice; executed < 303; executed += slice) {
      expect(t.run(pc, slice)).toBe(Env.EXIT_BUDGET);
      pc = undefined;
      expect(t.accelerator.instructionsExecuted(t.cpu)).toBe(executed);
    }
    expect(t.run(undefined, slice)).toBe(Env.EXIT_HALTED);
    expect(t.get(R[2]!)).toBe(300n);
  });

  it('faults in a loop with the state of that iteration', () => {
    const t = toy([], engine);
    // Walks up until 0xe000, which is not mapped.
    t.code(0x1000, [SET, 1, 0x00, 0xd0], [LOAD, 3, 1, 0], [ADD, 4, 4, 3], [ADDI, 1, 1, 8], [ADDI, 2, 2, 1], [JUMP, 0, -4]);
    t.physical.bytes.fill(1, 0xd000, 0xe000);
    expect(t.run(0x1000)).toBe(Env.EXIT_HALTED);
    expect([t.get(FAULT_ADDRESS), t.get(FAULT_PC), t.get(R[2]!)]).toEqual([0xe000n, 0x1004n, 512n]);
    expect(t.get(R[4]!)).toBe(BigInt.asIntN(64, 0x0101010101010101n * 512n));
    expect(t.accelerator.instructionsExecuted(t.cpu)).toBe(1 + 512 * 5 + 1);
    expectCompiled(t, engine);
  });

  it('takes new code that a loop writes into itself', () => {
    const t = toy([], engine);
    // After 20 rounds the instruction at 0x1010 becomes ADDI r3, r3, 100.
    t.code(0x1000, [SET, 1, 40], [ADDI, 5, 1, -20], [JUMP_IF, 5, 2], [STORE, 6, 7, 0], [ADDI, 3, 3, 1], [ADDI, 1, 1, -1], [JUMP_IF, 1, -5], [HALT]);
    t.set(R[6]!, BigInt(ADDI) | 0x64_03_03_00n | (BigInt(ADDI) << 32n) | (0xff_01_01_00n << 32n));
    t.set(R[7]!, 0x1010);
    expect(t.run(0x1000)).toBe(Env.EXIT_HALTED);
    expect(t.get(R[3]!)).toBe(20n + 20n * 100n);
    expectCompiled(t, engine);
    if (isCompiled(engine)) expect(t.accelerator.counters.regionsDropped).toBeGreaterThan(0);
  });

  it('calls and returns over pages', () => {
    const t = toy([], engine);
    t.code(0x1000, [SET, 1, 200], [SET, 3, 0x08, 0x10], [JUMP_FAR, 0, 1], [HALT]);
    t.code(0x1008, [JUMP_FAR, 0, 1], [HALT]);
    t.code(0x2000, [ADDI, 1, 1, -1], [JUMP_IF, 1, 2], [HALT], [RETURN, 3]);
    expect(t.run(0x1000)).toBe(Env.EXIT_HALTED);
    expect(t.accelerator.instructionsExecuted(t.cpu)).toBe(2 + 200 * 3 + 199 + 1);
    expectCompiled(t, engine);
  });

  it('sees that a page of code was mapped elsewhere', () => {
    const remap: Instruction = (ir, { next }) => {
      ir.call(FLUSH, ir.i32(0));
      ir.end({ kind: 'goto', pc: next });
      return true;
    };
    const t = toy([remap], engine);
    t.code(0x1000, [SET, 1, 200], [SET, 3, 0x08, 0x10], [JUMP_FAR, 0, 1], [HALT]);
    t.code(0x1008, [OWN], [JUMP_FAR, 0, 1]);
    t.code(0x2000, [ADDI, 1, 1, -1], [JUMP_IF, 1, 2], [HALT], [RETURN, 3]);
    t.code(0x5000, [ADDI, 2, 2, 1], [ADDI, 1, 1, -1], [JUMP_IF, 1, 2], [HALT], [RETURN, 3]);
    expect(t.run(0x1000, 500)).toBe(Env.EXIT_BUDGET);
    const left = t.get(R[1]!);
    t.map(0x2000, 0x5000);
    expect(t.run(undefined)).toBe(Env.EXIT_HALTED);
    expect([t.get(R[1]!), t.get(R[2]!)]).toEqual([0n, left]);
    expectCompiled(t, engine);
  });

  it('does not use a page that was unmapped by a helper', () => {
    const flush: Instruction = (ir) => void ir.call(FLUSH, ir.i32(0));
    const t = toy([flush], engine);
    t.code(0x1000, [SET, 1, 0x00, 0x50], [SET, 2, 200], [LOAD, 3, 1, 0], [ADD, 4, 4, 3], [OWN], [ADDI, 2, 2, -1], [JUMP_IF, 2, -4], [HALT]);
    t.physical.bytes[0x5000] = 1;
    t.physical.bytes[0x6000] = 2;
    expect(t.run(0x1000, 502)).toBe(Env.EXIT_BUDGET);
    t.map(0x5000, 0x6000);
    t.run(undefined);
    expect(t.get(R[4]!)).toBe(100n + 2n * 100n);
  });

  it('does not use a page that the memory map moved, from the very next access on', () => {
    const t = toy([], engine);
    t.code(0x1000, [SET, 1, 0x00, 0x50], [SET, 2, 200], [LOAD, 3, 1, 0], [STORE, 2, 5, 0], [LOAD, 6, 1, 0], [ADD, 4, 4, 6], [ADDI, 2, 2, -1]);
    t.code(0x101c, [JUMP_IF, 2, -5], [HALT]);
    t.physical.bytes[0x5000] = 1;
    t.physical.bytes[0x6000] = 2;
    t.physical.write8 = (_, value) => {
      if (value !== 100n) return;
      t.map(0x5000, 0x6000);
      t.physical.changes$.next();
    };
    t.set(R[5]!, DEVICE_AT);
    expect(t.run(0x1000)).toBe(Env.EXIT_HALTED);
    expect(t.get(R[4]!)).toBe(100n + 2n * 100n);
    expectCompiled(t, engine);
  });

  it('tells devices and helpers the same', () => {
    const double: Instruction = (ir, { a, b }) => ir.set(R[a]!, ir.call(DOUBLE, ir.get(R[b]!)));
    const raise: Instruction = (ir, { a }) => ir.exitIf(ir.ne(ir.and(ir.get(R[a]!), ir.i64(63)), ir.i64(0)), { kind: 'goto', pc: 0x1008 });
    const fault: Instruction = (ir, { b }) => void ir.call(RAISE, ir.i64(b));
    const t = toy([double, raise, fault], engine);
    t.code(0x1000, [SET, 2, 1], [SET, 9, 7], [OWN, 2, 2], [ADDI, 1, 1, 1], [STORE, 2, 5, 0], [LOAD, 3, 5, 8], [OWN + 1, 1], [OWN + 2, 0, 77], [HALT]);
    t.set(R[5]!, DEVICE_AT);
    t.run(0x1000);
    expect(t.physical.log.length).toBe(128);
    expect(t.physical.log[126]).toBe(`write8 ${DEVICE_AT.toString(16)} 0`);
    expect([t.get(R[1]!), t.get(R[3]!), t.get(FAULT_PC)]).toEqual([64n, 0x1122334455667788n, 0x101cn]);
    expect(t.accelerator.instructionsExecuted(t.cpu)).toBe(2 + 64 * 5 + 1);
    expectCompiled(t, engine);
  });
});
