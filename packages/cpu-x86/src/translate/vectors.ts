/** Small things that the SSE and MMX tables share: constants, lanes, and one description for both register files. */
import type { Ir, Value } from '@nandu/tcg';
import type { Attribute, Feature, OpcodeRow } from '../decode/opcode-table.js';
import { enterMmx } from './mmx-state.js';
import type { Translation } from './translation.js';

/** An operation on two vectors that treats every lane alike. */
export type VectorOp = (ir: Ir, a: Value, b: Value) => Value;

export function zero(ir: Ir): Value {
  return ir.v128(new Uint8Array(16));
}

/** The same 64 bits in both halves. */
export function constant(ir: Ir, half: bigint): Value {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, half, true);
  view.setBigUint64(8, half, true);
  return ir.v128(bytes);
}

export function lowHalf(ir: Ir, v: Value): Value {
  return ir.op('i64x2.extract_lane.0', v);
}

export function highHalf(ir: Ir, v: Value): Value {
  return ir.op('i64x2.extract_lane.1', v);
}

/** An i64 or i32, zero-extended to a vector. */
export function widen(ir: Ir, value: Value): Value {
  const low = ir.typeOf(value) === 'i32' ? ir.extendU(value) : value;
  return ir.op('v128.of_i64', low, ir.i64(0));
}

/** A vector whose elements of `bytes` bytes are those numbered in `elements`: from `a`, then from `b`. */
export function pick(ir: Ir, a: Value, b: Value, bytes: number, elements: readonly number[]): Value {
  return ir.shuffle(
    a,
    b,
    elements.flatMap((element) => Array.from({ length: bytes }, (_, i) => element * bytes + i)),
  );
}

/** `count` numbers from `first` on, `step` apart. */
export function range(count: number, first = 0, step = 1): number[] {
  return Array.from({ length: count }, (_, i) => first + i * step);
}

/** Both forms of an instruction that treats lanes alike: without a prefix on MMX registers, with 66 on XMM registers. */
export function both(opcode: string, mnemonic: string, compute: VectorOp, mmxFeature: Feature = 'mmx', xmmFeature: Feature = 'sse2'): OpcodeRow[] {
  return [
    mmxRow(opcode, mnemonic, (ir, a, b) => lowHalf(ir, compute(ir, widen(ir, a), widen(ir, b))), mmxFeature),
    xmmRow(opcode, mnemonic, compute, xmmFeature),
  ];
}

/** The same where the forms differ, because halves meet: `joined` gets the two MMX operands as one vector, first operand lowest. */
export function bothJoined(
  opcode: string,
  mnemonic: string,
  joined: (ir: Ir, ab: Value) => Value,
  compute: VectorOp,
  mmxFeature: Feature = 'mmx',
  xmmFeature: Feature = 'sse2',
): OpcodeRow[] {
  return [
    mmxRow(opcode, mnemonic, (ir, a, b) => lowHalf(ir, joined(ir, ir.op('v128.of_i64', a, b))), mmxFeature),
    xmmRow(opcode, mnemonic, compute, xmmFeature),
  ];
}

/** An MMX instruction on i64 values. */
export function mmxRow(opcode: string, mnemonic: string, compute: VectorOp, feature: Feature): OpcodeRow {
  return [`NP ${opcode}`, mnemonic, 'Pq,Qq', inMmx((t, a, b) => compute(t.ir, a!, b!)), 'mmx', `cpuid:${feature}`];
}

export function xmmRow(opcode: string, mnemonic: string, compute: VectorOp, feature: Feature, ...attributes: Attribute[]): OpcodeRow {
  return [`66 ${opcode}`, mnemonic, 'Vdq,Wdq', (t, a, b) => compute(t.ir, a!, b!), 'sse', `cpuid:${feature}`, ...attributes];
}

/** Wraps semantics of an MMX instruction: it waits for pending x87 exceptions, and leaves the stack as MMX leaves it. */
export function inMmx(semantics: (t: Translation, ...operands: Value[]) => Value | undefined | void) {
  return (t: Translation, ...operands: Value[]) => {
    enterMmx(t);
    return semantics(t, ...operands);
  };
}

/** Semantics of one IR op on two vectors. */
export function op(name: Parameters<Ir['op']>[0]): VectorOp {
  return (ir, a, b) => ir.op(name, a, b);
}

/** The immediate byte of the present instruction. */
export function immediate(t: Translation): number {
  return t.immediate & 0xff;
}
