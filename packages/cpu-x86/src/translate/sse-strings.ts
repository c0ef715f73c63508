/** String comparison of SSE4.2 (SDM volume 2, 4.1). */
import type { Value } from '@nandu/tcg';
import { NO_RESULT, type OpcodeTable } from '../decode/opcode-table.js';
import { FP_HELPERS } from '../fp-helpers.js';
import { REGISTERS } from '../state.js';
import type { Translation } from './translation.js';
import { immediate, widen } from './vectors.js';

const RAX = 0;
const RCX = 1;
const RDX = 2;

export const SSE_STRINGS: OpcodeTable = [
  ['66 0F 3A 60', 'pcmpestrm', 'Vdq,Wdq,Ib', (t, a, b) => toMask(t, compare(t, true, a!, b!)), 'reads', 'unaligned', 'sse', 'cpuid:sse4.2'],
  ['66 0F 3A 61', 'pcmpestri', 'Vdq,Wdq,Ib', (t, a, b) => toIndex(t, compare(t, true, a!, b!)), 'reads', 'unaligned', 'sse', 'cpuid:sse4.2'],
  ['66 0F 3A 62', 'pcmpistrm', 'Vdq,Wdq,Ib', (t, a, b) => toMask(t, compare(t, false, a!, b!)), 'reads', 'unaligned', 'sse', 'cpuid:sse4.2'],
  ['66 0F 3A 63', 'pcmpistri', 'Vdq,Wdq,Ib', (t, a, b) => toIndex(t, compare(t, false, a!, b!)), 'reads', 'unaligned', 'sse', 'cpuid:sse4.2'],
];

/** Bits that say which elements of the second operand match. Lengths are in rAX and rDX, or end at a zero. */
function compare(t: Translation, explicit: boolean, a: Value, b: Value): Value {
  const { ir } = t;
  const length = (register: number) => {
    if (!explicit) return ir.i64(0);
    const value = t.get(REGISTERS[register]!);
    return t.rexW ? value : ir.op('i64.extend32_s', value);
  };
  t.flagsUnknown();
  return t.callHelper(FP_HELPERS.sse_compare_strings, ir.i32(immediate(t)), ir.i32(explicit ? 1 : 0), length(RAX), length(RDX), a, b);
}

/** Index of the lowest or (bit 6) highest match into ECX; the number of elements if there is none. */
function toIndex(t: Translation, bits: Value): typeof NO_RESULT {
  const { ir } = t;
  const count = immediate(t) & 1 ? 8 : 16;
  const index =
    immediate(t) & 0x40 ? ir.select(bits, ir.sub(ir.i32(31), ir.op('i32.clz', bits)), ir.i32(count)) : ir.op('i32.ctz', ir.or(bits, ir.i32(1 << count)));
  t.writeRegister(RCX, 4, index);
}

/** The bits into XMM0, as they are or (bit 6) as a mask of whole elements. */
function toMask(t: Translation, bits: Value): typeof NO_RESULT {
  const { ir } = t;
  t.writeXmm(0, immediate(t) & 0x40 ? expand(t, bits, immediate(t) & 1) : widen(ir, bits));
}

function expand(t: Translation, bits: Value, words: number): Value {
  const { ir } = t;
  if (words) {
    const weights = ir.v128([1, 0, 2, 0, 4, 0, 8, 0, 16, 0, 32, 0, 64, 0, 128, 0]);
    return ir.op('i16x8.eq', ir.op('v128.and', ir.op('i16x8.splat', bits), weights), weights);
  }
  const weights = ir.v128([1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128]);
  const spread = ir.shuffle(widen(ir, bits), widen(ir, bits), [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
  return ir.op('i8x16.eq', ir.op('v128.and', spread, weights), weights);
}
