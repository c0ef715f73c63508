/**
 * FMA: fused multiply-add of all formats. Where MXCSR is plain (see `isPlain`) and everything is in a comfortable range it is computed
 * with the host's additions and multiplications, exactly: by error-free sums and products, and rounding to odd before the last rounding
 * (S. Boldo and G. Melquiond, "Emulation of a FMA and correctly rounded sums: proved algorithms using rounding to odd", 2008).
 * All else goes through exact lanes.
 */
import { FUSED_NEGATE_EVEN, FUSED_NEGATE_ODD, FUSED_NEGATE_PRODUCT } from './layout';
import { A, B, Context, DE, IE, QUIET, R, SIGNALLING, copyAToB } from './softfloat';
import { C, copyAToC, multiplyAdd } from './softfloat-fused';
import { areOrdinary, areOrdinarySingles } from './sse-ordinary';
import {
  FORMAT, OPERAND_A, OPERAND_B, PD, PS, RESULT, SD, SS, endLane, finish, isDouble, isPlain, laneCount, packLane, start, startLane, unpackLane,
} from './sse-state';

/** Behind the other operands in FP_SCRATCH. */
const OPERAND_C: usize = RESULT + 16;
/** Signs of the lanes that are negated. */
const NEGATIVE_ZERO: f64 = reinterpret<f64>(0x8000000000000000 as u64);
const NEGATIVE_ZERO_SINGLE: f32 = reinterpret<f32>(0x80000000 as u32);
/** Factors below the first, a product and an addend between the others: no error term is lost, no splitting overflows. */
const MOST_FACTOR: f64 = reinterpret<f64>(u64(1023 + 500) << 52);
const LEAST: f64 = reinterpret<f64>(u64(1023 - 900) << 52);
const MOST: f64 = reinterpret<f64>(u64(1023 + 900) << 52);
const SPLITTER: f64 = 134217729;

/** a * b + c; `negated` is of FUSED_*. Scalar formats give lane 0 only. */
export function avx_fused(env: usize, mark: i32, negated: i32, a: v128, b: v128, c: v128): v128 {
  const format = mark & FORMAT;
  if (isPlain(env)) {
    const double = isDouble(format);
    const factor = negated & FUSED_NEGATE_PRODUCT ? v128.xor(a, double ? f64x2.splat(NEGATIVE_ZERO) : f32x4.splat(NEGATIVE_ZERO_SINGLE)) : a;
    const addend = v128.xor(c, signsOf(negated, double));
    if (format == PD || format == SD) {
      const scalar = format == SD;
      const x = scalar ? f64x2.splat(f64x2.extract_lane(factor, 0)) : factor;
      const y = scalar ? f64x2.splat(f64x2.extract_lane(b, 0)) : b;
      const z = scalar ? f64x2.splat(f64x2.extract_lane(addend, 0)) : addend;
      const result = fusedDoubles(x, y, z);
      if (v128.any_true(result)) return result;
      // All zero: either that is the result, or the operands were not comfortable.
    } else if (format == PS) {
      const result = fusedSingles(factor, b, addend);
      if (v128.any_true(result)) return result;
    } else {
      const result = fusedSingles(
        f32x4.splat(f32x4.extract_lane(factor, 0)), f32x4.splat(f32x4.extract_lane(b, 0)), f32x4.splat(f32x4.extract_lane(addend, 0)),
      );
      if (v128.any_true(result)) return result;
    }
  }
  return exact(env, mark, negated, a, b, c);
}

function signsOf(negated: i32, double: bool): v128 {
  const even = (negated & FUSED_NEGATE_EVEN) != 0;
  const odd = (negated & FUSED_NEGATE_ODD) != 0;
  if (double) return f64x2.replace_lane(f64x2.splat(even ? NEGATIVE_ZERO : 0), 1, odd ? NEGATIVE_ZERO : 0);
  const pair: u64 = (even ? 0x80000000 : 0) | (odd ? 0x8000000000000000 : 0);
  return i64x2.splat(pair);
}

/** What x + y loses when it is rounded to `sum`. */
@inline
function sumError(x: v128, y: v128, sum: v128): v128 {
  const part = f64x2.sub(sum, x);
  return f64x2.add(f64x2.sub(x, f64x2.sub(sum, part)), f64x2.sub(y, part));
}

/** x + y, where it is not exact the neighbour whose last bit is 1. */
@inline
function sumToOdd(x: v128, y: v128): v128 {
  const sum = f64x2.add(x, y);
  const error = sumError(x, y, sum);
  const one = i64x2.splat(1);
  const even = i64x2.eq(v128.and(sum, one), i64x2.splat(0));
  const inexact = f64x2.ne(error, f64x2.splat(0));
  // Away from zero if the error has the sum's sign, else towards it.
  const step = v128.or(one, i64x2.shr_s(v128.xor(error, sum), 63));
  return i64x2.add(sum, v128.and(step, v128.and(even, inexact)));
}

@inline
function within(x: v128, least: f64, most: f64): v128 {
  const magnitude = f64x2.abs(x);
  return v128.and(f64x2.ge(magnitude, f64x2.splat(least)), f64x2.le(magnitude, f64x2.splat(most)));
}

/** Zeros in all lanes if some operand or result is out of the range in which this is exact. */
function fusedDoubles(a: v128, b: v128, c: v128): v128 {
  const none = f64x2.splat(0);
  const high = f64x2.mul(a, b);
  const factors = v128.and(f64x2.le(f64x2.abs(a), f64x2.splat(MOST_FACTOR)), f64x2.le(f64x2.abs(b), f64x2.splat(MOST_FACTOR)));
  const zeroProduct = v128.or(f64x2.eq(a, none), f64x2.eq(b, none));
  const product = v128.or(within(high, LEAST, MOST), zeroProduct);
  const addend = v128.or(within(c, LEAST, MOST), f64x2.eq(c, none));
  if (!i64x2.all_true(v128.and(v128.and(factors, product), addend)) || !areOrdinary(a) || !areOrdinary(b)) return none;
  // Veltkamp's splitting and Dekker's product.
  const aScaled = f64x2.mul(a, f64x2.splat(SPLITTER));
  const aHigh = f64x2.sub(aScaled, f64x2.sub(aScaled, a));
  const aLow = f64x2.sub(a, aHigh);
  const bScaled = f64x2.mul(b, f64x2.splat(SPLITTER));
  const bHigh = f64x2.sub(bScaled, f64x2.sub(bScaled, b));
  const bLow = f64x2.sub(b, bHigh);
  const rest = f64x2.sub(f64x2.sub(f64x2.sub(high, f64x2.mul(aHigh, bHigh)), f64x2.mul(aLow, bHigh)), f64x2.mul(aHigh, bLow));
  const low = f64x2.sub(f64x2.mul(aLow, bLow), rest);

  const sum = f64x2.add(c, low);
  const sumLow = sumError(c, low, sum);
  const total = f64x2.add(high, sum);
  const totalLow = sumError(high, sum, total);
  const rounded = f64x2.add(total, sumToOdd(sumLow, totalLow));
  // A sum of zeros keeps the sign that the zeros have.
  const zeros = v128.and(zeroProduct, f64x2.eq(c, none));
  const result = v128.bitselect(f64x2.add(high, c), rounded, zeros);
  const good = v128.or(zeros, v128.and(f64x2.ne(rounded, none), f64x2.gt(f64x2.abs(rounded), f64x2.splat(LEAST))));
  return i64x2.all_true(good) && areOrdinary(result) ? result : none;
}

/** In double precision the product is exact, and rounding the sum to odd leaves enough bits for the last rounding. */
function fusedSingles(a: v128, b: v128, c: v128): v128 {
  const none = f32x4.splat(0);
  if (!areOrdinarySingles(a) || !areOrdinarySingles(b) || !areOrdinarySingles(c)) return none;
  const low = sumToOdd(f64x2.mul(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(b)), f64x2.promote_low_f32x4(c));
  const aHigh = v128.shuffle<u64>(a, a, 1, 1);
  const bHigh = v128.shuffle<u64>(b, b, 1, 1);
  const cHigh = v128.shuffle<u64>(c, c, 1, 1);
  const high = sumToOdd(f64x2.mul(f64x2.promote_low_f32x4(aHigh), f64x2.promote_low_f32x4(bHigh)), f64x2.promote_low_f32x4(cHigh));
  const result = v128.shuffle<u64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
  // A zero is right where it was one before the last rounding, with a zero product and a zero addend: its sign is in the sum.
  const zeros = v128.and(v128.or(f32x4.eq(a, none), f32x4.eq(b, none)), f32x4.eq(c, none));
  return i32x4.all_true(v128.or(zeros, f32x4.ne(result, none))) && areOrdinarySingles(result) ? result : none;
}

function exact(env: usize, mark: i32, negated: i32, a: v128, b: v128, c: v128): v128 {
  v128.store(env + OPERAND_A, a);
  v128.store(env + OPERAND_B, b);
  v128.store(env + OPERAND_C, c);
  start(env, mark);
  const format = mark & FORMAT;
  const double = isDouble(format);
  const size: usize = double ? 8 : 4;
  for (let i = 0; i < laneCount(format); i++) {
    const at = env + usize(i) * size;
    startLane();
    unpackLane(at + OPERAND_C, double);
    copyAToC();
    unpackLane(at + OPERAND_B, double);
    copyAToB();
    unpackLane(at + OPERAND_A, double);
    if (!handledNansOfThree()) {
      multiplyAdd(i32((negated & FUSED_NEGATE_PRODUCT) != 0), i32((negated & (i & 1 ? FUSED_NEGATE_ODD : FUSED_NEGATE_EVEN)) != 0));
      if ((A.denormal || B.denormal || C.denormal) && !(Context.flags & IE)) Context.flags |= DE;
    }
    packLane(at + RESULT, double);
    endLane();
  }
  return finish(env) ? v128.load(env + RESULT) : a;
}

/** R = the NaN that NaN operands give: the first of a, b, c that is one, quieted. False: none is. */
function handledNansOfThree(): bool {
  if (A.kind < QUIET && B.kind < QUIET && C.kind < QUIET) return false;
  if (A.kind == SIGNALLING || B.kind == SIGNALLING || C.kind == SIGNALLING) Context.flags |= IE;
  R.kind = QUIET;
  R.lo = 0;
  const quiet: u64 = 0x4000000000000000;
  if (A.kind >= QUIET) {
    R.sign = A.sign;
    R.hi = A.significand | quiet;
  } else if (B.kind >= QUIET) {
    R.sign = B.sign;
    R.hi = B.significand | quiet;
  } else {
    R.sign = C.sign;
    R.hi = C.significand | quiet;
  }
  return true;
}
