/** Packed shifts (SDM volume 2: PSLL, PSRL, PSRA, PSLLDQ, PSRLDQ). Counts of a lane's width or more give zeros, or signs. */
import type { Ir, OpName, Value } from '@nandu/tcg';
import type { OpcodeRow, OpcodeTable } from '../decode/opcode-table.js';
import type { Translation } from './translation.js';
import { immediate, inMmx, lowHalf, range, widen, zero } from './vectors.js';

type Direction = 'shl' | 'shr_u' | 'shr_s';
type Shape = 'i16x8' | 'i32x4' | 'i64x2';
const BITS = { i16x8: 16, i32x4: 32, i64x2: 64 } as const;

/** Opcode with a count in a register or memory, opcode and digit with an immediate. */
const SHIFTS: readonly (readonly [opcode: string, byImmediate: string, mnemonic: string, direction: Direction, shape: Shape])[] = [
  ['D1', '71 /2', 'psrlw', 'shr_u', 'i16x8'],
  ['D2', '72 /2', 'psrld', 'shr_u', 'i32x4'],
  ['D3', '73 /2', 'psrlq', 'shr_u', 'i64x2'],
  ['E1', '71 /4', 'psraw', 'shr_s', 'i16x8'],
  ['E2', '72 /4', 'psrad', 'shr_s', 'i32x4'],
  ['F1', '71 /6', 'psllw', 'shl', 'i16x8'],
  ['F2', '72 /6', 'pslld', 'shl', 'i32x4'],
  ['F3', '73 /6', 'psllq', 'shl', 'i64x2'],
];

export const SSE_SHIFTS: OpcodeTable = [
  ...SHIFTS.flatMap(([opcode, byImmediate, mnemonic, direction, shape]): OpcodeRow[] => [
    [`66 0F ${opcode}`, mnemonic, 'Vdq,Wdq', (t, a, b) => shift(t.ir, direction, shape, a!, lowHalf(t.ir, b!)), 'sse', 'cpuid:sse2'],
    [`NP 0F ${opcode}`, mnemonic, 'Pq,Qq', inMmx((t, a, b) => lowHalf(t.ir, shift(t.ir, direction, shape, widen(t.ir, a!), b!))), 'mmx', 'cpuid:mmx'],
    [`66 0F ${byImmediate}`, mnemonic, 'Udq,Ib', (t, a) => shiftBy(t.ir, direction, shape, a!, immediate(t)), 'sse', 'cpuid:sse2'],
    [
      `NP 0F ${byImmediate}`,
      mnemonic,
      'Nq,Ib',
      inMmx((t, a) => lowHalf(t.ir, shiftBy(t.ir, direction, shape, widen(t.ir, a!), immediate(t)))),
      'mmx',
      'cpuid:mmx',
    ],
  ]),
  ['66 0F 73 /3', 'psrldq', 'Udq,Ib', (t, a) => shiftBytes(t, a!, 1), 'sse', 'cpuid:sse2'],
  ['66 0F 73 /7', 'pslldq', 'Udq,Ib', (t, a) => shiftBytes(t, a!, -1), 'sse', 'cpuid:sse2'],
];

function shiftBy(ir: Ir, direction: Direction, shape: Shape, a: Value, count: number): Value {
  const most = BITS[shape] - 1;
  if (count > most && direction !== 'shr_s') return zero(ir);
  return ir.op(`${shape}.${direction}` as OpName, a, ir.i32(Math.min(count, most)));
}

/** By a count in all 64 bits of an i64. */
function shift(ir: Ir, direction: Direction, shape: Shape, a: Value, count: Value): Value {
  const bits = ir.i64(BITS[shape]);
  const fits = ir.ltU(count, bits);
  const short = ir.wrap(count);
  const name = `${shape}.${direction}` as OpName;
  if (direction === 'shr_s') return ir.op(name, a, ir.select(fits, short, ir.i32(BITS[shape] - 1)));
  return ir.select(fits, ir.op(name, a, short), zero(ir));
}

function shiftBytes(t: Translation, a: Value, sign: 1 | -1): Value {
  const { ir } = t;
  const count = Math.min(immediate(t), 16);
  // Lanes of a and then of zeros, or of zeros and then of a.
  return sign > 0 ? ir.shuffle(a, zero(ir), range(16, count)) : ir.shuffle(zero(ir), a, range(16, 16 - count));
}
