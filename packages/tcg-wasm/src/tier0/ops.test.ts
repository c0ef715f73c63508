import { type Ir, OPS, type OpName, type Value, type ValueType } from '@nandu/tcg';
import { HALT, type Instruction, OWN, place, R, toy, V } from '../toy-target.test-support.js';
import { reference } from '../wasm/op-reference.test-support.js';

const INTEGERS = [
  0n,
  1n,
  31n,
  33n,
  0x80n,
  0x8000n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0xffff_ffff_ffff_ffffn,
  0x0123_4567_89ab_cdefn,
];
const FLOATS = [0, -0, 1, -1.5, 2.5, 3e9, -3e19, 1e-310, Infinity, -Infinity];
const SIZE = { i32: 4, i64: 8, f32: 4, f64: 8, v128: 16 } as const;
const RESULT = 3;

/** The forms in which operations occur. Each leaves its result in place RESULT. */
type Form = (ir: Ir, name: OpName, operands: Value[], constants: (Value | undefined)[]) => Value;
const FORMS: Record<string, Form> = {
  'from globals': (ir, name, operands) => ir.op(name, ...operands),
  'with a constant at its end': (ir, name, operands, constants) => ir.op(name, ...operands.slice(0, -1), constants.at(-1) ?? operands.at(-1)!),
  'with a constant in front': (ir, name, operands, constants) => ir.op(name, constants[0] ?? operands[0]!, ...operands.slice(1)),
  'of constants': (ir, name, operands, constants) => ir.op(name, ...operands.map((value, i) => constants[i] ?? value)),
};

describe.each(Object.entries(FORMS))('operations %s', (_, form) => {
  let current: { name: OpName; bytes: Uint8Array };
  const instruction: Instruction = (ir) => {
    const { name, bytes } = current;
    const { params, result } = OPS.get(name)!;
    const view = new DataView(bytes.buffer);
    const operands = params.map((type, i) => ir.get(place(type, i)));
    const constants = params.map((type, i) => constantOf(ir, type, view, 16 * i, bytes));
    ir.set(place(result, RESULT), form(ir, name, operands, constants));
  };
  const t = toy([instruction]);
  const { env } = t.cpu;
  const memory = new Uint8Array(t.accelerator.memory.buffer);

  it.each([...OPS.keys()])('%s', (name) => {
    const { params, result } = OPS.get(name)!;
    for (let round = 0; round < 4; round++) {
      const bytes = operandsOf(params, name, round);
      const expected = reference(name, bytes);
      if (expected === undefined) continue;
      current = { name, bytes };
      params.forEach((type, i) => memory.set(bytes.subarray(16 * i, 16 * i + 16), env + place(type, i).offset));
      t.accelerator.flushCode();
      t.code(0x1000, [OWN], [HALT]);
      t.run(0x1000);
      const at = env + place(result, RESULT).offset;
      const got = memory.slice(at, at + SIZE[result]);
      expect([round, Buffer.from(got).toString('hex')]).toEqual([round, Buffer.from(expected.slice(0, SIZE[result])).toString('hex')]);
    }
  });
});

function constantOf(ir: Ir, type: ValueType, view: DataView, at: number, bytes: Uint8Array): Value {
  switch (type) {
    case 'i32':
      return ir.i32(view.getInt32(at, true));
    case 'i64':
      return ir.i64(view.getBigInt64(at, true));
    case 'f32':
      return ir.f32(view.getFloat32(at, true));
    case 'f64':
      return ir.f64(view.getFloat64(at, true));
    case 'v128':
      return ir.v128(bytes.subarray(at, at + 16));
  }
}

let seed = 99;
function pick<T>(list: readonly T[]): T {
  seed = (Math.imul(seed, 1103515245) + 12345) | 0;
  return list[((seed >>> 8) & 0xffff) % list.length]!;
}

function operandsOf(params: readonly ValueType[], name: string, round: number): Uint8Array {
  const bytes = new Uint8Array(64);
  const view = new DataView(bytes.buffer);
  params.forEach((type, i) => {
    const lanes = type !== 'v128' ? type : name.includes('f32x4') ? 'f32' : name.startsWith('f64x2') ? 'f64' : 'i64';
    for (let at = 16 * i; at < 16 * i + 16; at += lanes === 'f32' ? 4 : 8) {
      if (lanes === 'f32') view.setFloat32(at, pick(FLOATS), true);
      else if (lanes === 'f64') view.setFloat64(at, pick(FLOATS), true);
      else view.setBigUint64(at, round === 0 && i === 1 ? 1n : pick(INTEGERS), true);
    }
  });
  return bytes;
}

it('shuffles', () => {
  const shuffle: Instruction = (ir) => ir.set(V[2]!, ir.shuffle(ir.get(V[0]!), ir.get(V[1]!), [0, 31, 1, 30, 2, 29, 3, 28, 4, 27, 5, 26, 6, 25, 7, 16]));
  const t = toy([shuffle]);
  const memory = new Uint8Array(t.accelerator.memory.buffer);
  for (let i = 0; i < 32; i++) memory[t.cpu.env + V[0]!.offset + i] = i + 100;
  t.code(0x1000, [OWN], [HALT]);
  t.run(0x1000);
  expect([...t.vector(V[2]!)]).toEqual([0, 31, 1, 30, 2, 29, 3, 28, 4, 27, 5, 26, 6, 25, 7, 16].map((lane) => lane + 100));
});

/** Globals and values get in each other's way here: what a slot holds must be what the value was. */
describe('slots', () => {
  const r = (i: number) => R[i]!;
  const cases: Record<string, [Instruction, Record<number, bigint>]> = {
    'exchange two globals': [
      (ir) => {
        const [a, b] = [ir.get(r(1)), ir.get(r(2))];
        ir.set(r(1), b);
        ir.set(r(2), a);
      },
      { 1: 2n, 2: 1n },
    ],
    'use a global after it changed': [
      (ir) => {
        const a = ir.get(r(1));
        ir.set(r(1), ir.i64(9));
        ir.set(r(3), ir.add(a, ir.i64(1)));
      },
      { 1: 9n, 3: 2n },
    ],
    'use a result after its global changed again': [
      (ir) => {
        const x = ir.add(ir.get(r(1)), ir.get(r(2)));
        ir.set(r(1), x);
        ir.store({ size: 8, type: 'i64', mmu: 0 }, ir.i64(0x8000), x);
        ir.set(r(1), ir.i64(7));
        ir.set(r(3), x);
      },
      { 1: 7n, 3: 3n },
    ],
    'set two globals to one result': [
      (ir) => {
        const x = ir.sub(ir.get(r(2)), ir.get(r(1)));
        ir.set(r(2), x);
        ir.set(r(3), x);
        ir.set(r(1), x);
      },
      { 1: 1n, 2: 1n, 3: 1n },
    ],
    'read a global between a result and its set': [
      (ir) => {
        const x = ir.mul(ir.get(r(2)), ir.i64(5));
        const old = ir.get(r(1));
        ir.set(r(1), x);
        ir.set(r(3), ir.add(old, x));
      },
      { 1: 10n, 3: 11n },
    ],
    'keep a value over a helper that writes everything': [
      (ir) => {
        const a = ir.get(r(1));
        ir.call({ name: 'double', where: 'wasm', params: ['i64'], result: 'i64', reads: 'all', writes: 'all', mayFault: false }, a);
        ir.set(r(1), ir.i64(4));
        ir.set(r(3), a);
      },
      { 1: 4n, 3: 1n },
    ],
    'an address whose base changes': [
      (ir) => {
        const address = ir.add(ir.get(r(4)), ir.i64(8));
        ir.set(r(4), ir.i64(0));
        ir.store({ size: 8, type: 'i64', mmu: 0 }, address, ir.get(r(2)));
        ir.set(r(3), ir.load({ size: 1, type: 'i64', mmu: 0 }, ir.i64(0x9008)));
      },
      { 3: 2n, 4: 0n },
    ],
    'a comparison whose operand changes before the exit': [
      (ir) => {
        const less = ir.ltU(ir.get(r(1)), ir.get(r(2)));
        ir.set(r(1), ir.i64(50));
        ir.exitIf(less, { kind: 'leave', reason: 4 });
      },
      { 1: 50n },
    ],
  };
  it.each(Object.entries(cases))('%s', (_, [instruction, after]) => {
    const t = toy([instruction]);
    [0, 1, 2, 0, 0x9000].forEach((value, i) => t.set(r(i), value));
    t.code(0x1000, [OWN], [HALT]);
    t.run(0x1000);
    expect(Object.fromEntries(Object.keys(after).map((i) => [i, t.get(r(Number(i)))]))).toEqual(after);
  });
});
