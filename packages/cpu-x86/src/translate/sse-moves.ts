/** SSE moves (SDM volume 2): whole registers, halves, scalars, masks; to and from general and MMX registers. */
import type { Value } from '@nandu/tcg';
import { NO_RESULT, type OpcodeTable } from '../decode/opcode-table.js';
import { FP_HELPERS } from '../fp-helpers.js';
import { REGISTERS } from '../state.js';
import type { Translation } from './translation.js';
import { highHalf, inMmx, lowHalf, pick, widen } from './vectors.js';

const RDI = 7;

export const SSE_MOVES: OpcodeTable = [
  ['NP 0F 10', 'movups', 'Vps,Wps', copy, 'writes', 'unaligned', 'sse', 'cpuid:sse'],
  ['66 0F 10', 'movupd', 'Vpd,Wpd', copy, 'writes', 'unaligned', 'sse', 'cpuid:sse2'],
  ['F3 0F 10', 'movss', 'Vd,Wsv', (t, a) => (t.isRegister ? t.ir.op('i32x4.extract_lane.0', a!) : a!), 'writes', 'sse', 'cpuid:sse'],
  ['F2 0F 10', 'movsd', 'Vq,Wdv', (t, a) => (t.isRegister ? lowHalf(t.ir, a!) : a!), 'writes', 'sse', 'cpuid:sse2'],
  ['NP 0F 11', 'movups', 'Wps,Vps', copy, 'writes', 'unaligned', 'sse', 'cpuid:sse'],
  ['66 0F 11', 'movupd', 'Wpd,Vpd', copy, 'writes', 'unaligned', 'sse', 'cpuid:sse2'],
  ['F3 0F 11', 'movss', 'Wd,Vd', copy, 'writes', 'sse', 'cpuid:sse'],
  ['F2 0F 11', 'movsd', 'Wq,Vq', copy, 'writes', 'sse', 'cpuid:sse2'],
  ['NP 0F 12', 'movlps', 'Vq,Mq', copy, 'writes', 'sse', 'cpuid:sse'],
  ['NP 0F 12', 'movhlps', 'Vq,Udq', takeHigh, 'writes', 'sse', 'cpuid:sse'],
  ['66 0F 12', 'movlpd', 'Vq,Mq', copy, 'writes', 'sse', 'cpuid:sse2'],
  ['F3 0F 12', 'movsldup', 'Vps,Wps', (t, a) => pick(t.ir, a!, a!, 4, [0, 0, 2, 2]), 'writes', 'sse', 'cpuid:sse3'],
  ['F2 0F 12', 'movddup', 'Vdq,Wq', (t, a) => t.ir.op('i64x2.splat', a!), 'writes', 'sse', 'cpuid:sse3'],
  ['NP 0F 13', 'movlps', 'Mq,Vq', copy, 'writes', 'sse', 'cpuid:sse'],
  ['66 0F 13', 'movlpd', 'Mq,Vq', copy, 'writes', 'sse', 'cpuid:sse2'],
  ['NP 0F 16', 'movhps', 'Vdq,Mq', setHigh, 'sse', 'cpuid:sse'],
  ['NP 0F 16', 'movlhps', 'Vdq,Uq', setHigh, 'sse', 'cpuid:sse'],
  ['66 0F 16', 'movhpd', 'Vdq,Mq', setHigh, 'sse', 'cpuid:sse2'],
  ['F3 0F 16', 'movshdup', 'Vps,Wps', (t, a) => pick(t.ir, a!, a!, 4, [1, 1, 3, 3]), 'writes', 'sse', 'cpuid:sse3'],
  ['NP 0F 17', 'movhps', 'Mq,Vdq', takeHigh, 'writes', 'sse', 'cpuid:sse'],
  ['66 0F 17', 'movhpd', 'Mq,Vdq', takeHigh, 'writes', 'sse', 'cpuid:sse2'],
  ['NP 0F 28', 'movaps', 'Vps,Wps', copy, 'writes', 'sse', 'cpuid:sse'],
  ['66 0F 28', 'movapd', 'Vpd,Wpd', copy, 'writes', 'sse', 'cpuid:sse2'],
  ['NP 0F 29', 'movaps', 'Wps,Vps', copy, 'writes', 'sse', 'cpuid:sse'],
  ['66 0F 29', 'movapd', 'Wpd,Vpd', copy, 'writes', 'sse', 'cpuid:sse2'],
  ['NP 0F 2B', 'movntps', 'Mps,Vps', copy, 'writes', 'sse', 'cpuid:sse'],
  ['66 0F 2B', 'movntpd', 'Mpd,Vpd', copy, 'writes', 'sse', 'cpuid:sse2'],
  ['66 0F 6F', 'movdqa', 'Vdq,Wdq', copy, 'writes', 'sse', 'cpuid:sse2'],
  ['F3 0F 6F', 'movdqu', 'Vdq,Wdq', copy, 'writes', 'unaligned', 'sse', 'cpuid:sse2'],
  ['66 0F 7F', 'movdqa', 'Wdq,Vdq', copy, 'writes', 'sse', 'cpuid:sse2'],
  ['F3 0F 7F', 'movdqu', 'Wdq,Vdq', copy, 'writes', 'unaligned', 'sse', 'cpuid:sse2'],
  ['66 0F E7', 'movntdq', 'Mdq,Vdq', copy, 'writes', 'sse', 'cpuid:sse2'],
  ['66 0F 38 2A', 'movntdqa', 'Vdq,Mdq', copy, 'writes', 'sse', 'cpuid:sse4.1'],
  ['F2 0F F0', 'lddqu', 'Vdq,Mdq', copy, 'writes', 'unaligned', 'sse', 'cpuid:sse3'],

  ['66 0F 6E', 'movd', 'Vdq,Ey', (t, a) => widen(t.ir, a!), 'writes', 'sse', 'cpuid:sse2'],
  ['66 0F 7E', 'movd', 'Ey,Vdq', takeLowY, 'writes', 'sse', 'cpuid:sse2'],
  ['F3 0F 7E', 'movq', 'Vdq,Wdv', (t, a) => (t.isRegister ? widen(t.ir, lowHalf(t.ir, a!)) : a!), 'writes', 'sse', 'cpuid:sse2'],
  ['66 0F D6', 'movq', 'Wq,Vq', (t, a) => (t.isRegister ? widen(t.ir, a!) : a!), 'writes', 'sse', 'cpuid:sse2'],
  ['NP 0F 50', 'movmskps', 'Gd,Udq', (t, a) => t.ir.op('i32x4.bitmask', a!), 'writes', 'sse', 'cpuid:sse'],
  ['66 0F 50', 'movmskpd', 'Gd,Udq', (t, a) => t.ir.op('i64x2.bitmask', a!), 'writes', 'sse', 'cpuid:sse2'],
  ['66 0F D7', 'pmovmskb', 'Gd,Udq', (t, a) => t.ir.op('i8x16.bitmask', a!), 'writes', 'sse', 'cpuid:sse2'],
  ['66 0F F7', 'maskmovdqu', 'Vdq,Udq', maskedStore, 'reads', 'sse', 'cpuid:sse2'],

  ['NP 0F 6E', 'movd', 'Pq,Ey', inMmx((_t, a) => a!), 'writes', 'mmx', 'cpuid:mmx'],
  ['NP 0F 7E', 'movd', 'Ey,Pq', inMmx((t, a) => (t.rexW ? a! : t.ir.wrap(a!))), 'writes', 'mmx', 'cpuid:mmx'],
  ['NP 0F 6F', 'movq', 'Pq,Qq', inMmx(copy), 'writes', 'mmx', 'cpuid:mmx'],
  ['NP 0F 7F', 'movq', 'Qq,Pq', inMmx(copy), 'writes', 'mmx', 'cpuid:mmx'],
  ['NP 0F E7', 'movntq', 'Mq,Pq', inMmx(copy), 'writes', 'mmx', 'cpuid:sse'],
  ['NP 0F D7', 'pmovmskb', 'Gd,Nq', inMmx((t, a) => t.ir.op('i8x16.bitmask', widen(t.ir, a!))), 'writes', 'mmx', 'cpuid:sse'],
  ['NP 0F F7', 'maskmovq', 'Pq,Nq', inMmx(maskedStoreMmx), 'raw', 'reg', 'mmx', 'cpuid:sse'],
  ['F3 0F D6', 'movq2dq', 'Vdq,Nq', inMmx((t, a) => widen(t.ir, a!)), 'writes', 'mmx', 'cpuid:sse2'],
  ['F2 0F D6', 'movdq2q', 'Pq,Uq', inMmx(copy), 'writes', 'mmx', 'cpuid:sse2'],
];

function copy(_t: Translation, a: Value): Value {
  return a;
}

function takeHigh(t: Translation, a: Value): Value {
  return highHalf(t.ir, a);
}

function setHigh(t: Translation, a: Value, b: Value): Value {
  return t.ir.op('i64x2.replace_lane.1', a, b);
}

function takeLowY(t: Translation, a: Value): Value {
  return t.rexW ? lowHalf(t.ir, a) : t.ir.op('i32x4.extract_lane.0', a);
}

/** Where MASKMOVDQU and MASKMOVQ store: DS:rDI, by the address size. */
function maskedStoreAddress(t: Translation, size: number): Value {
  const { ir } = t;
  const pointer = t.get(REGISTERS[RDI]!);
  const mask = t.addressSize === 8 ? undefined : t.addressSize === 4 ? 0xffff_ffff : 0xffff;
  return t.linearOf(t.dataSegment, mask === undefined ? pointer : ir.and(pointer, ir.i64(mask)), size, true);
}

function maskedStore(t: Translation, data: Value, mask: Value): typeof NO_RESULT {
  const { ir } = t;
  t.callHelper(FP_HELPERS.sse_masked_store, maskedStoreAddress(t, 16), lowHalf(ir, data), highHalf(ir, data), lowHalf(ir, mask), highHalf(ir, mask));
}

function maskedStoreMmx(t: Translation): typeof NO_RESULT {
  const none = t.ir.i64(0);
  t.callHelper(FP_HELPERS.sse_masked_store, maskedStoreAddress(t, 8), t.readMmx(t.reg), none, t.readMmx(t.rm), none);
}
