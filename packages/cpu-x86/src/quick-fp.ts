/**
 * The common case of SSE's floating-point helpers as IR, for compiled code: default rounding, all exceptions masked, the inexact
 * flag set already, operands and result normal numbers well above the least one. Then the host's instruction gives the same bits and no
 * flag can change (as in `assembly/sse-arithmetic.ts`, which also takes zeros the short way).
 */
import type { Helper, Ir, OpName, Quick, Value } from '@nandu/tcg';
import { LOWER_OF_TWO } from '../assembly/layout.js';
import { MXCSR } from './state.js';

type QuickCase = NonNullable<Helper['quick']>;
const [PS, PD, SS, SD] = [0, 1, 2, 3];

/**
 * A number's upper (or only) 32 bits shifted left by one, so that the sign is gone, and less `least`, are below `count` for normal numbers that
 * are at least twice the least one: a result that is as large was not tiny before it was rounded either.
 */
const SINGLE = { least: 0x0200_0000, count: 0xfd00_0000 | 0 };
const DOUBLE = { least: 0x0040_0000, count: 0xffa0_0000 | 0 };
/** Of all bits shifted so: what lies between denormals and infinities. */
const COMPARED_SINGLE = { least: 0x0100_0000, count: 0xfe00_0000 | 0 };
const COMPARED_DOUBLE = { least: 0x0020_0000_0000_0000n, count: 0xffc0_0000_0000_0000n };

/** Rounding to nearest, no DAZ or FTZ, all masked, PE set: bits 5-15 but the other flags. */
function isPlain(ir: Ir): Value {
  return ir.eq(ir.and(ir.get(MXCSR), ir.i32(0xffe0)), ir.i32(0x1fa0));
}

/** Zero, or normal: what is compared without any flag. */
function isComparable(ir: Ir, bits: Value, double: boolean): Value {
  const magnitude = ir.shl(bits, double ? ir.i64(1) : ir.i32(1));
  const normal = double
    ? ir.ltU(ir.sub(magnitude, ir.i64(COMPARED_DOUBLE.least)), ir.i64(COMPARED_DOUBLE.count))
    : ir.ltU(ir.sub(magnitude, ir.i32(COMPARED_SINGLE.least)), ir.i32(COMPARED_SINGLE.count));
  return ir.or(normal, ir.eqz(magnitude));
}

const splat = (ir: Ir, value: number): Value => ir.v128(Array.from({ length: 16 }, (_, i) => (value >> (8 * (i & 3))) & 0xff));

/** Whether all of these are ordinary in the lanes of a format: one comparison for the largest of what has to be below `count`. */
function areOrdinary(ir: Ir, vectors: readonly Value[], format: number): Value {
  const isDouble = format === SD || format === PD;
  const { least, count } = isDouble ? DOUBLE : SINGLE;
  const largest = vectors.map((x) => ir.op('i32x4.sub', ir.op('i32x4.shl', x, ir.i32(1)), splat(ir, least))).reduce((x, y) => ir.op('i32x4.max_u', x, y));
  const isBelow = (lane: 0 | 1 | 3): Value => ir.ltU(ir.op(`i32x4.extract_lane.${lane}`, largest), ir.i32(count));
  if (format === SS) return isBelow(0);
  if (format === SD) return isBelow(1);
  if (format === PD) return ir.and(isBelow(1), isBelow(3));
  const most = splat(ir, count - 1);
  return ir.op('i32x4.all_true', ir.op('i32x4.eq', ir.op('i32x4.max_u', largest, most), most));
}

/** Arguments: format, first and second operand. A square root takes the second alone. */
export function quickArithmetic(operation: 'add' | 'sub' | 'mul' | 'div' | 'sqrt'): QuickCase {
  return (ir, [formatValue, a, b]) => {
    const marked = ir.constantOf(formatValue!);
    if (marked === undefined) return undefined;
    const format = marked & ~LOWER_OF_TWO;
    const isDouble = format === SD || format === PD;
    const operands = operation === 'sqrt' ? [b!] : [a!, b!];
    if (format === PS || format === PD) {
      const result = ir.op(`${isDouble ? 'f64x2' : 'f32x4'}.${operation}` as OpName, ...(operands as [Value]));
      return { holds: ir.and(isPlain(ir), areOrdinary(ir, [...operands, result], format)), result };
    }
    if (format !== SS && format !== SD) return undefined;
    const [shape, scalar] = isDouble ? (['f64x2', 'f64'] as const) : (['f32x4', 'f32'] as const);
    const lane = ir.op(`${scalar}.${operation}`, ...(operands.map((x) => ir.op(`${shape}.extract_lane.0`, x)) as [Value]));
    const result = ir.op(`${shape}.replace_lane.0`, a!, lane);
    return { holds: ir.and(isPlain(ir), areOrdinary(ir, [...operands, result], format)), result };
  };
}

function lowBits(ir: Ir, x: Value, double: boolean): Value {
  return double ? ir.op('i64x2.extract_lane.0', x) : ir.op('i32x4.extract_lane.0', x);
}

/** Arguments: PS or PD for the precision, quiet, operands. Nothing is rounded, so MXCSR does not matter. Result: CF 1, ZF 0x40. */
export const quickCompareFlags: QuickCase = (ir, [formatValue, , a, b]) => {
  const isDouble = ir.constantOf(formatValue!) === PD;
  const [shape, scalar] = isDouble ? (['f64x2', 'f64'] as const) : (['f32x4', 'f32'] as const);
  const [x, y] = [a!, b!].map((v) => ir.op(`${shape}.extract_lane.0`, v)) as [Value, Value];
  const holds = ir.and(isComparable(ir, lowBits(ir, a!, isDouble), isDouble), isComparable(ir, lowBits(ir, b!, isDouble), isDouble));
  return { holds, result: ir.or(ir.op(`${scalar}.lt`, x, y), ir.shl(ir.op(`${scalar}.eq`, x, y), ir.i32(6))) };
};

/** Arguments: 1 for double precision, the integer. Result: the bits. */
export const quickFromInteger: QuickCase = (ir, [double, value]) => {
  const result =
    ir.constantOf(double!) === 1
      ? ir.op('i64.reinterpret_f64', ir.op('f64.convert_i64_s', value!))
      : ir.extendU(ir.op('i32.reinterpret_f32', ir.op('f32.convert_i64_s', value!)));
  return { holds: isPlain(ir), result };
};

/** Arguments: 1 for double precision, bytes of the integer, 1 to truncate, the bits. */
export const quickToInteger: QuickCase = (ir, [double, bytes, truncate, bits]): Quick | undefined => {
  if (ir.constantOf(truncate!) !== 1) return undefined;
  const x = ir.constantOf(double!) === 1 ? ir.op('f64.reinterpret_i64', bits!) : ir.op('f64.promote_f32', ir.op('f32.reinterpret_i32', ir.wrap(bits!)));
  const isWord = ir.constantOf(bytes!) === 4;
  const fits = ir.op('f64.lt', ir.op('f64.abs', x), ir.f64(isWord ? 2 ** 31 : 2 ** 63));
  return { holds: ir.and(isPlain(ir), fits), result: isWord ? ir.extendU(ir.op('i32.trunc_sat_f64_s', x)) : ir.op('i64.trunc_sat_f64_s', x) };
};
