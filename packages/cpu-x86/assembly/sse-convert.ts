/** SSE conversions between integers and floating point, and between precisions (SDM volume 2: CVT*). */
import { isOrdinary, isOrdinarySingle } from './sse-ordinary';
import { OPERAND_A, RESULT, endLane, finish, handledNanA, isPlain, packLane, start, startLane, unpackLane } from './sse-state';
import { LOWER_OF_TWO } from './layout';
import { A, Context, DE, TRUNCATE, resultFromA, toInteger } from './softfloat';
import { unpackInteger } from './softfloat-formats';

/**
 * One lane (of 64 bits if `double`, in the low bits of `bits`) to an integer of 32 or 64 bits; `truncate` for CVTT*. What
 * does not fit gives the most negative number. 32-bit results come zero-extended.
 */
export function sse_to_integer(env: usize, double: i32, bytes: i32, truncate: i32, bits: i64): i64 {
  if (isPlain(env)) {
    const x: f64 = double ? reinterpret<f64>(bits) : f64(reinterpret<f32>(u32(bits)));
    // Denormals are inexact like other fractions.
    const whole = truncate ? trunc(x) : nearest(x);
    if (bytes == 4 ? whole >= -2147483648.0 && whole <= 2147483647.0 : Math.abs(whole) < 9223372036854775808.0) {
      return bytes == 4 ? i64(u32(i32(whole))) : i64(whole);
    }
  }
  store<i64>(env + OPERAND_A, bits);
  start(env, 0);
  const value = laneToInteger(env + OPERAND_A, double != 0, bytes << 3, truncate != 0);
  finish(env);
  return bytes == 4 ? i64(u32(value)) : value;
}

function laneToInteger(address: usize, double: bool, bits: i32, truncate: bool): i64 {
  startLane();
  if (truncate) Context.rounding = TRUNCATE;
  unpackLane(address, double);
  const value = toInteger(bits);
  endLane();
  return value;
}

/** An integer to single (0) or double (1) precision: the bits. */
export function sse_from_integer(env: usize, double: i32, value: i64): i64 {
  if (isPlain(env)) return double ? reinterpret<i64>(f64(value)) : i64(reinterpret<u32>(f32(value)));
  start(env, 0);
  startLane();
  fromInteger(value, env + RESULT, double != 0);
  endLane();
  finish(env);
  return double ? load<i64>(env + RESULT) : i64(load<u32>(env + RESULT));
}

function fromInteger(value: i64, result: usize, double: bool): void {
  unpackInteger(value);
  resultFromA();
  packLane(result, double);
}

/** Doubleword integers to floating point of either precision: `lanes` of them, the rest of the result is 0. */
export function sse_from_integers(env: usize, mark: i32, lanes: i32, a: v128): v128 {
  const double = mark & ~LOWER_OF_TWO;
  v128.store(env + OPERAND_A, a);
  v128.store(env + RESULT, i64x2.splat(0));
  start(env, mark);
  const size: usize = double ? 8 : 4;
  for (let i: usize = 0; i < usize(lanes); i++) {
    startLane();
    fromInteger(i64(load<i32>(env + OPERAND_A + i * 4)), env + RESULT + i * size, double != 0);
    endLane();
  }
  return finish(env) ? v128.load(env + RESULT) : a;
}

/** Floating point to doubleword integers; the rest of the result is 0. */
export function sse_to_integers(env: usize, mark: i32, lanes: i32, truncate: i32, a: v128): v128 {
  const double = mark & ~LOWER_OF_TWO;
  v128.store(env + OPERAND_A, a);
  v128.store(env + RESULT, i64x2.splat(0));
  start(env, mark);
  const size: usize = double ? 8 : 4;
  for (let i: usize = 0; i < usize(lanes); i++) {
    store<i32>(env + RESULT + i * 4, i32(laneToInteger(env + OPERAND_A + i * size, double != 0, 32, truncate != 0)));
  }
  return finish(env) ? v128.load(env + RESULT) : a;
}

/** Between precisions: `toDouble` tells the direction; the rest of the result is 0. */
export function sse_convert(env: usize, mark: i32, lanes: i32, a: v128): v128 {
  const toDouble = mark & ~LOWER_OF_TWO;
  if (lanes == 1 && isPlain(env)) {
    if (toDouble) {
      const x = f32x4.extract_lane(a, 0);
      if (isOrdinarySingle(x)) return f64x2.replace_lane(i64x2.splat(0), 0, f64(x));
    } else {
      const x = f64x2.extract_lane(a, 0);
      const y = f32(x);
      if (isOrdinary(x) && isOrdinarySingle(y) && (y != 0 || x == 0)) return f32x4.replace_lane(i64x2.splat(0), 0, y);
    }
  }
  v128.store(env + OPERAND_A, a);
  v128.store(env + RESULT, i64x2.splat(0));
  start(env, mark);
  const from: usize = toDouble ? 4 : 8;
  const to: usize = toDouble ? 8 : 4;
  for (let i: usize = 0; i < usize(lanes); i++) {
    startLane();
    unpackLane(env + OPERAND_A + i * from, toDouble == 0);
    if (!handledNanA()) {
      if (A.denormal) Context.flags |= DE;
      resultFromA();
    }
    packLane(env + RESULT + i * to, toDouble != 0);
    endLane();
  }
  return finish(env) ? v128.load(env + RESULT) : a;
}

/**
 * RCPPS, RSQRTPS (`root`): approximations, correct to 12 bits, with no exceptions; denormals count as zero. The manual leaves
 * the other bits open: here they are 0.
 */
export function sse_approximate(env: usize, root: i32, lanes: i32, a: v128, b: v128): v128 {
  v128.store(env + OPERAND_A, b);
  v128.store(env + RESULT, a);
  for (let i: usize = 0; i < usize(lanes); i++) {
    const bits = load<u32>(env + OPERAND_A + i * 4);
    store<u32>(env + RESULT + i * 4, root ? inverseRoot(bits) : inverse(bits));
  }
  return v128.load(env + RESULT);
}

const SIGN: u32 = 0x80000000;
const INFINITY: u32 = 0x7f800000;

function inverse(bits: u32): u32 {
  const magnitude = bits & ~SIGN;
  const sign = bits & SIGN;
  if (magnitude > INFINITY) return bits | 0x400000;
  if (magnitude == INFINITY) return sign;
  if (magnitude < 0x800000) return sign | INFINITY;
  const result = reinterpret<u32>(<f32>1 / reinterpret<f32>(magnitude));
  // Tiny results are flushed.
  return sign | (result < 0x800000 ? 0 : (result + 0x400) & ~0x7ff);
}

function inverseRoot(bits: u32): u32 {
  const magnitude = bits & ~SIGN;
  if (magnitude > INFINITY) return bits | 0x400000;
  if (magnitude < 0x800000) return (bits & SIGN) | INFINITY;
  if (bits & SIGN) return 0xffc00000;
  if (magnitude == INFINITY) return 0;
  const result = reinterpret<u32>(<f32>(1 / Math.sqrt(<f64>reinterpret<f32>(bits))));
  return (result + 0x400) & ~0x7ff;
}
