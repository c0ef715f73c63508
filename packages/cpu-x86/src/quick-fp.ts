/**
 * The common case of SSE's floating-point helpers as IR, for compiled code: default rounding, all exceptions masked, the inexact
 * flag set already, operands and result normal numbers above the least one. Then the host's instruction gives the same bits and no
 * flag can change (as in `assembly/sse-arithmetic.ts`, which also takes zeros the short way).
 */
import type { Helper, Ir, OpName, Quick, Value } from '@nandu/tcg';
import { LOWER_OF_TWO } from '../assembly/layout.js';
import { MXCSR } from './state.js';

type QuickCase = NonNullable<Helper['quick']>;
const [PS, PD, SS, SD] = [0, 1, 2, 3];

/** Of a sign-less number shifted left by one: just above twice the least normal one, and as many as lie between that and infinity. */
const SINGLE = { least: 0x0100_0001, count: 0xfdff_ffff | 0 };
const DOUBLE = { least: 0x0020_0000_0000_0001n, count: 0xffbf_ffff_ffff_ffffn };
const LEAST_DOUBLE = [0, 0, 0, 0, 0, 0, 0x10, 0];
const INFINITE_DOUBLE = [0, 0, 0, 0, 0, 0, 0xf0, 0x7f];
const LEAST_SINGLE = [0, 0, 0x80, 0];
const INFINITE_SINGLE = [0, 0, 0x80, 0x7f];

/** Rounding to nearest, no DAZ or FTZ, all masked, PE set: bits 5-15 but the other flags. */
function isPlain(ir: Ir): Value {
  return ir.eq(ir.and(ir.get(MXCSR), ir.i32(0xffe0)), ir.i32(0x1fa0));
}

function isOrdinary(ir: Ir, bits: Value, double: boolean): Value {
  return double
    ? ir.ltU(ir.sub(ir.shl(bits, ir.i64(1)), ir.i64(DOUBLE.least)), ir.i64(DOUBLE.count))
    : ir.ltU(ir.sub(ir.shl(bits, ir.i32(1)), ir.i32(SINGLE.least)), ir.i32(SINGLE.count));
}

function areOrdinary(ir: Ir, x: Value, double: boolean): Value {
  const shape = double ? 'f64x2' : 'f32x4';
  const all = (lane: readonly number[]): Value => ir.v128(Array.from({ length: 16 }, (_, i) => lane[i % lane.length]!));
  const magnitude = ir.op(`${shape}.abs`, x);
  const large = ir.op(`${shape}.gt`, magnitude, all(double ? LEAST_DOUBLE : LEAST_SINGLE));
  return ir.op('v128.and', large, ir.op(`${shape}.lt`, magnitude, all(double ? INFINITE_DOUBLE : INFINITE_SINGLE)));
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
      const ordinary = [...operands, result].map((x) => areOrdinary(ir, x, isDouble)).reduce((x, y) => ir.op('v128.and', x, y));
      return { holds: ir.and(isPlain(ir), ir.op('i32x4.all_true', ordinary)), result };
    }
    if (format !== SS && format !== SD) return undefined;
    const [shape, scalar] = isDouble ? (['f64x2', 'f64'] as const) : (['f32x4', 'f32'] as const);
    const result = ir.op(`${scalar}.${operation}`, ...(operands.map((x) => ir.op(`${shape}.extract_lane.0`, x)) as [Value]));
    const bits = [...operands.map((x) => lowBits(ir, x, isDouble)), isDouble ? ir.op('i64.reinterpret_f64', result) : ir.op('i32.reinterpret_f32', result)];
    const ordinary = bits.map((x) => isOrdinary(ir, x, isDouble)).reduce((x, y) => ir.and(x, y));
    return { holds: ir.and(isPlain(ir), ordinary), result: ir.op(`${shape}.replace_lane.0`, a!, result) };
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
  const holds = ir.and(isOrdinary(ir, lowBits(ir, a!, isDouble), isDouble), isOrdinary(ir, lowBits(ir, b!, isDouble), isDouble));
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
