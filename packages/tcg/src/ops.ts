/**
 * The operations of the IR, one row each: name and signature. Names and meanings are WebAssembly's (core specification
 * 2.0, with fixed-width SIMD), so most rows need no comment; the few of our own stand in OWN. What an accelerator does
 * for each stands in that accelerator, keyed by the same names, and the compiler sees to it that none is missing.
 */
import type { ValueType } from './types.js';

export interface OpSignature {
  readonly params: readonly ValueType[];
  readonly result: ValueType;
}

const INT = ['i32', 'i64'] as const;
const FLOAT = ['f32', 'f64'] as const;
const INT_BINARY = ['add', 'sub', 'mul', 'and', 'or', 'xor', 'shl', 'shr_s', 'shr_u', 'rotl', 'rotr'] as const;
/** These trap in WebAssembly for a zero divisor (and MIN / -1): a target guards them first. */
const INT_DIVIDE = ['div_s', 'div_u', 'rem_s', 'rem_u'] as const;
const INT_UNARY = ['clz', 'ctz', 'popcnt', 'extend8_s', 'extend16_s'] as const;
const INT_COMPARE = ['eq', 'ne', 'lt_s', 'lt_u', 'gt_s', 'gt_u', 'le_s', 'le_u', 'ge_s', 'ge_u'] as const;
const FLOAT_BINARY = ['add', 'sub', 'mul', 'div', 'min', 'max', 'copysign'] as const;
const FLOAT_UNARY = ['abs', 'neg', 'ceil', 'floor', 'trunc', 'nearest', 'sqrt'] as const;
const FLOAT_COMPARE = ['eq', 'ne', 'lt', 'gt', 'le', 'ge'] as const;

const CONVERSIONS = {
  'i32.wrap_i64': 'i64->i32',
  'i64.extend_i32_s': 'i32->i64',
  'i64.extend_i32_u': 'i32->i64',
  'i64.extend32_s': 'i64->i64',
  'f32.convert_i32_s': 'i32->f32',
  'f32.convert_i64_s': 'i64->f32',
  'f64.convert_i32_s': 'i32->f64',
  'f64.convert_i64_s': 'i64->f64',
  'f32.demote_f64': 'f64->f32',
  'f64.promote_f32': 'f32->f64',
  'i32.trunc_sat_f32_s': 'f32->i32',
  'i32.trunc_sat_f64_s': 'f64->i32',
  'i64.trunc_sat_f32_s': 'f32->i64',
  'i64.trunc_sat_f64_s': 'f64->i64',
  'i32.reinterpret_f32': 'f32->i32',
  'i64.reinterpret_f64': 'f64->i64',
  'f32.reinterpret_i32': 'i32->f32',
  'f64.reinterpret_i64': 'i64->f64',
} as const;

/** Lanes are part of the name, since WebAssembly takes them as immediates: `i32x4.extract_lane.2`. */
const V_BINARY = [
  'v128.and',
  'v128.or',
  'v128.xor',
  'v128.andnot',
  'i8x16.swizzle',
  'i8x16.add',
  'i8x16.sub',
  'i8x16.add_sat_s',
  'i8x16.add_sat_u',
  'i8x16.sub_sat_s',
  'i8x16.sub_sat_u',
  'i8x16.min_s',
  'i8x16.min_u',
  'i8x16.max_s',
  'i8x16.max_u',
  'i8x16.avgr_u',
  'i8x16.eq',
  'i8x16.gt_s',
  'i8x16.narrow_i16x8_s',
  'i8x16.narrow_i16x8_u',
  'i16x8.add',
  'i16x8.sub',
  'i16x8.mul',
  'i16x8.add_sat_s',
  'i16x8.add_sat_u',
  'i16x8.sub_sat_s',
  'i16x8.sub_sat_u',
  'i16x8.min_s',
  'i16x8.min_u',
  'i16x8.max_s',
  'i16x8.max_u',
  'i16x8.avgr_u',
  'i16x8.eq',
  'i16x8.gt_s',
  'i16x8.q15mulr_sat_s',
  'i16x8.narrow_i32x4_s',
  'i16x8.narrow_i32x4_u',
  'i16x8.extmul_low_i8x16_s',
  'i16x8.extmul_high_i8x16_s',
  'i16x8.extmul_low_i8x16_u',
  'i16x8.extmul_high_i8x16_u',
  'i32x4.add',
  'i32x4.sub',
  'i32x4.mul',
  'i32x4.min_s',
  'i32x4.min_u',
  'i32x4.max_s',
  'i32x4.max_u',
  'i32x4.eq',
  'i32x4.gt_s',
  'i32x4.dot_i16x8_s',
  'i32x4.extmul_low_i16x8_s',
  'i32x4.extmul_high_i16x8_s',
  'i32x4.extmul_low_i16x8_u',
  'i32x4.extmul_high_i16x8_u',
  'i64x2.add',
  'i64x2.sub',
  'i64x2.mul',
  'i64x2.eq',
  'i64x2.gt_s',
  'i64x2.extmul_low_i32x4_s',
  'i64x2.extmul_low_i32x4_u',
  'i64x2.extmul_high_i32x4_s',
  'i64x2.extmul_high_i32x4_u',
  'f32x4.add',
  'f32x4.sub',
  'f32x4.mul',
  'f32x4.div',
  'f32x4.min',
  'f32x4.max',
  'f32x4.pmin',
  'f32x4.pmax',
  'f32x4.eq',
  'f32x4.ne',
  'f32x4.lt',
  'f32x4.gt',
  'f32x4.le',
  'f32x4.ge',
  'f64x2.add',
  'f64x2.sub',
  'f64x2.mul',
  'f64x2.div',
  'f64x2.min',
  'f64x2.max',
  'f64x2.pmin',
  'f64x2.pmax',
  'f64x2.eq',
  'f64x2.ne',
  'f64x2.lt',
  'f64x2.gt',
  'f64x2.le',
  'f64x2.ge',
] as const;
const V_UNARY = [
  'v128.not',
  'i8x16.abs',
  'i16x8.abs',
  'i32x4.abs',
  'i64x2.abs',
  'i8x16.neg',
  'i16x8.neg',
  'i32x4.neg',
  'i64x2.neg',
  'i8x16.popcnt',
  'i16x8.extend_low_i8x16_s',
  'i16x8.extend_high_i8x16_s',
  'i16x8.extend_low_i8x16_u',
  'i16x8.extend_high_i8x16_u',
  'i32x4.extend_low_i16x8_s',
  'i32x4.extend_high_i16x8_s',
  'i32x4.extend_low_i16x8_u',
  'i32x4.extend_high_i16x8_u',
  'i64x2.extend_low_i32x4_s',
  'i64x2.extend_high_i32x4_s',
  'i64x2.extend_low_i32x4_u',
  'i64x2.extend_high_i32x4_u',
  'i16x8.extadd_pairwise_i8x16_s',
  'i16x8.extadd_pairwise_i8x16_u',
  'i32x4.extadd_pairwise_i16x8_s',
  'i32x4.extadd_pairwise_i16x8_u',
  'f32x4.abs',
  'f32x4.neg',
  'f32x4.sqrt',
  'f32x4.ceil',
  'f32x4.floor',
  'f32x4.trunc',
  'f32x4.nearest',
  'f64x2.abs',
  'f64x2.neg',
  'f64x2.sqrt',
  'f64x2.ceil',
  'f64x2.floor',
  'f64x2.trunc',
  'f64x2.nearest',
  'i32x4.trunc_sat_f32x4_s',
  'f32x4.convert_i32x4_s',
  'i32x4.trunc_sat_f64x2_s_zero',
  'f64x2.convert_low_i32x4_s',
  'f32x4.demote_f64x2_zero',
  'f64x2.promote_low_f32x4',
] as const;
const V_TEST = [
  'v128.any_true',
  'i8x16.all_true',
  'i16x8.all_true',
  'i32x4.all_true',
  'i64x2.all_true',
  'i8x16.bitmask',
  'i16x8.bitmask',
  'i32x4.bitmask',
  'i64x2.bitmask',
] as const;
const V_SHIFT = [
  'i8x16.shl',
  'i8x16.shr_s',
  'i8x16.shr_u',
  'i16x8.shl',
  'i16x8.shr_s',
  'i16x8.shr_u',
  'i32x4.shl',
  'i32x4.shr_s',
  'i32x4.shr_u',
  'i64x2.shl',
  'i64x2.shr_s',
  'i64x2.shr_u',
] as const;
const V_LANES = { i8x16: ['i32', 16], i16x8: ['i32', 8], i32x4: ['i32', 4], i64x2: ['i64', 2], f32x4: ['f32', 4], f64x2: ['f64', 2] } as const;

/** Operations that WebAssembly has no single instruction for. */
const OWN = {
  /** High 64 bits of the unsigned, and of the signed, 128-bit product. */
  'i64.mulhi_u': 'i64 i64->i64',
  'i64.mulhi_s': 'i64 i64->i64',
  /** Bytes in opposite order. */
  'i32.bswap': 'i32->i32',
  'i64.bswap': 'i64->i64',
  /** `select`: the first operand where the condition is not zero, else the second. */
  'i32.select': 'i32 i32 i32->i32',
  'i64.select': 'i64 i64 i32->i64',
  'f32.select': 'f32 f32 i32->f32',
  'f64.select': 'f64 f64 i32->f64',
  'v128.select': 'v128 v128 i32->v128',
  /** Bits of the first where the third has ones, else of the second. */
  'v128.bitselect': 'v128 v128 v128->v128',
  /** Two i64 halves, low first, to a v128. */
  'v128.of_i64': 'i64 i64->v128',
} as const;

type IntName =
  `${(typeof INT)[number]}.${(typeof INT_BINARY)[number] | (typeof INT_DIVIDE)[number] | (typeof INT_UNARY)[number] | (typeof INT_COMPARE)[number] | 'eqz'}`;
type FloatName = `${(typeof FLOAT)[number]}.${(typeof FLOAT_BINARY)[number] | (typeof FLOAT_UNARY)[number] | (typeof FLOAT_COMPARE)[number]}`;
type LaneName = `${keyof typeof V_LANES}.${'splat' | `extract_lane.${number}` | `replace_lane.${number}`}`;
/** Sixteen lane numbers, 0-31, in decimal with commas: `i8x16.shuffle.0,1,2,...` is one operation per pattern, made on demand. */
export type ShuffleName = `i8x16.shuffle.${string}`;
export type OpName =
  | IntName
  | FloatName
  | LaneName
  | keyof typeof CONVERSIONS
  | keyof typeof OWN
  | (typeof V_BINARY)[number]
  | (typeof V_UNARY)[number]
  | (typeof V_TEST)[number]
  | (typeof V_SHIFT)[number];

/** All fixed operations. Shuffles come through `IrBuilder.shuffle`. */
export const OPS: ReadonlyMap<OpName, OpSignature> = new Map(rows());

function* rows(): Generator<[OpName, OpSignature]> {
  for (const t of INT) {
    for (const name of [...INT_BINARY, ...INT_DIVIDE]) yield [`${t}.${name}`, { params: [t, t], result: t }];
    for (const name of INT_UNARY) yield [`${t}.${name}`, { params: [t], result: t }];
    for (const name of INT_COMPARE) yield [`${t}.${name}`, { params: [t, t], result: 'i32' }];
    yield [`${t}.eqz`, { params: [t], result: 'i32' }];
  }
  for (const t of FLOAT) {
    for (const name of FLOAT_BINARY) yield [`${t}.${name}`, { params: [t, t], result: t }];
    for (const name of FLOAT_UNARY) yield [`${t}.${name}`, { params: [t], result: t }];
    for (const name of FLOAT_COMPARE) yield [`${t}.${name}`, { params: [t, t], result: 'i32' }];
  }
  for (const [name, text] of Object.entries({ ...CONVERSIONS, ...OWN })) yield [name as OpName, parse(text)];
  for (const name of V_BINARY) yield [name, { params: ['v128', 'v128'], result: 'v128' }];
  for (const name of V_UNARY) yield [name, { params: ['v128'], result: 'v128' }];
  for (const name of V_TEST) yield [name, { params: ['v128'], result: 'i32' }];
  for (const name of V_SHIFT) yield [name, { params: ['v128', 'i32'], result: 'v128' }];
  for (const [shape, [type, lanes]] of Object.entries(V_LANES) as [keyof typeof V_LANES, readonly [ValueType, number]][]) {
    yield [`${shape}.splat`, { params: [type], result: 'v128' }];
    for (let lane = 0; lane < lanes; lane++) {
      // Narrow lanes come out unsigned: sign extension is an op of its own.
      yield [`${shape}.extract_lane.${lane}`, { params: ['v128'], result: type }];
      yield [`${shape}.replace_lane.${lane}`, { params: ['v128', type], result: 'v128' }];
    }
  }
}

function parse(text: string): OpSignature {
  const [params, result] = text.split('->') as [string, ValueType];
  return { params: params.split(' ') as ValueType[], result };
}
