/** Random programs for `ReferenceMachine`. */
import { BlockBuilder, Env, type Exit, type Global, type Helper, type IrBlock, type MemoryAccess, type OpName, type Value } from '@nandu/tcg';
import { DATA_PAGE, type Program, ReferenceMachine, type State } from './reference-machine.test-support.js';

const PC: Global = { name: 'pc', type: 'i64', offset: Env.ENV_PC };
const LONGS: Global[] = Array.from({ length: 6 }, (_, i) => ({ name: `x${i}`, type: 'i64', offset: 64 + 8 * i }));
const WORDS: Global[] = Array.from({ length: 3 }, (_, i) => ({ name: `w${i}`, type: 'i32', offset: 128 + 4 * i }));
/** Set all the time and hardly ever looked at, as flags are. */
const FLAGS: Global[] = Array.from({ length: 3 }, (_, i) => ({ name: `f${i}`, type: 'i64', offset: 160 + 8 * i }));
const GLOBALS = [PC, ...LONGS, ...WORDS, ...FLAGS];
export const START = 0x40_0000;

/** Two instructions of ten bytes a block; four blocks a page. */
export const pcOf = (block: number): number => START + block * 0x400;

export function random(seed: number): (limit: number) => number {
  let state = seed * 2654435761;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

const MIX: Helper = { name: 'mix', where: 'wasm', params: ['i64'], result: 'i64', reads: [LONGS[1]!], writes: [LONGS[2]!], mayFault: false };
const RISKY: Helper = { name: 'risky', where: 'js', params: ['i32'], reads: 'all', writes: 'all', mayFault: true };
const HELPERS: Program['helpers'] = new Map<string, (env: number, ...args: bigint[]) => bigint | void>();

function helpers(machineMemory: WebAssembly.Memory): void {
  const view = new DataView(machineMemory.buffer);
  const map = HELPERS as Map<string, (env: number, ...args: bigint[]) => bigint | void>;
  map.set('mix', (env, x) => {
    const other = view.getBigUint64(env + LONGS[1]!.offset, true);
    if (x & 1n) view.setBigUint64(env + LONGS[2]!.offset, BigInt.asUintN(64, x + other), true);
    return BigInt.asUintN(64, x ^ other);
  });
  map.set('risky', (env, x) => {
    if ((x & 31n) === 7n) view.setInt32(env + Env.ENV_FAULT, 1, true);
    else view.setBigUint64(env + LONGS[3]!.offset, view.getBigUint64(env + Env.ENV_PC, true) + BigInt(view.getInt32(env + Env.ENV_BUDGET, true)), true);
  });
}
helpers(new ReferenceMachine({ blocks: new Map(), globals: GLOBALS, helpers: HELPERS }).memory);

const BINARY = ['add', 'sub', 'mul', 'and', 'or', 'xor', 'shl', 'shr_u', 'shr_s', 'rotl'] as const;
const COMPARE = ['eq', 'ne', 'lt_s', 'lt_u', 'ge_u', 'gt_s'] as const;

/** A program of `count` blocks that go to each other at random. */
export function randomProgram(seed: number, count: number, memoryOps: boolean): Program {
  const pick = random(seed);
  const blocks = new Map<number, IrBlock>();
  const builder = new BlockBuilder();
  for (let i = 0; i < count; i++) {
    builder.start();
    const values: Value[] = [];
    const long = (): Value =>
      values.length > 0 && pick(2) ? values[pick(values.length)]! : pick(4) ? builder.get(LONGS[pick(6)]!) : builder.i64(pick(200) - 100);
    const word = (): Value => (pick(2) ? builder.wrap(long()) : builder.get(WORDS[pick(3)]!));
    const condition = (): Value => builder.op(`i64.${COMPARE[pick(COMPARE.length)]!}` as OpName, long(), long());
    const address = (): Value => builder.add(builder.and(long(), builder.i64(pick(3) ? 0x2ff8 : 0x5fff)), builder.i64(DATA_PAGE));
    const exit = (): Exit => ({ kind: 'goto', pc: pcOf(pick(count)) });
    const instructions = 1 + pick(4);
    for (let k = 0; k < instructions; k++) {
      builder.instruction(pcOf(i) + 5 * k);
      if (memoryOps && pick(3) === 0) {
        const size = ([1, 2, 4, 8] as const)[pick(4)]!;
        const access: MemoryAccess = { size, type: 'i64', signed: pick(2) === 0, mmu: 0 };
        if (pick(2)) values.push(builder.load(access, address()));
        else builder.store({ ...access, signed: false }, address(), long());
      }
      if (memoryOps && pick(8) === 0) values.push(builder.call(MIX, long()));
      if (memoryOps && pick(12) === 0) builder.call(RISKY, word());
      for (let n = pick(4); n > 0; n--) values.push(builder.op(`i64.${BINARY[pick(BINARY.length)]!}` as OpName, long(), long()));
      if (pick(3) === 0) values.push(builder.select(condition(), long(), long()));
      if (pick(4) === 0) values.push(builder.extendU(builder.add(word(), word())));
      builder.set(LONGS[pick(6)]!, long());
      for (let n = pick(3); n > 0; n--) builder.set(FLAGS[pick(3)]!, long());
      if (pick(20) === 0) values.push(builder.get(FLAGS[pick(3)]!));
      if (pick(3) === 0) builder.set(WORDS[pick(3)]!, word());
      if (pick(6) === 0) builder.exitIf(condition(), exit());
    }
    const kind = pick(10);
    if (kind < 6) builder.branch(condition(), exit(), exit());
    else if (kind < 8) builder.end(exit());
    else {
      builder.set(PC, builder.select(condition(), builder.i64(pcOf(pick(count))), builder.i64(pcOf(pick(count)))));
      builder.end({ kind: 'lookup' });
    }
    const block = builder.block.copy();
    block.byteLength = 5 * instructions;
    blocks.set(pcOf(i), block);
  }
  return { blocks, globals: GLOBALS, helpers: HELPERS };
}

/** Runs the program by the reference and with the regions that were installed; both must leave the same state, which it returns. */
export function compare(program: Program, machine: ReferenceMachine, seed: number, budget: number): State {
  const pick = random(seed + 77);
  const values = Object.fromEntries(
    [...LONGS, ...WORDS, ...FLAGS].map(({ name }) => [name, BigInt(pick(2 ** 31)) * BigInt(pick(2 ** 31)) - BigInt(pick(2 ** 31))]),
  );
  const states = [false, true].map((useRegions) => {
    machine.reset(seed);
    machine.set(values);
    return machine.run([...program.blocks.keys()][0]!, budget, useRegions);
  });
  expect(states[1]).toEqual(states[0]);
  return states[0]!;
}
