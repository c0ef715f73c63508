/**
 * SSE arithmetic. Every entry first tries the host's own instruction: with MXCSR plain (see `isPlain`) and operands and result
 * zero or ordinary normal numbers, it gives the same bits and no flag can change. All else goes through exact lanes.
 */
import {
  FORMAT, OPERAND_A, OPERAND_B, PD, PS, RESULT, SD, SS, endLane, endStep, finish, handledNanA, handledNans, isDouble, isPending, isPlain, laneCount, packLane,
  reportDenormals, start, startLane, unpackLane,
} from './sse-state';
import { areOrdinary, areOrdinarySingles, isOrdinary, isOrdinaryAs, isOrdinarySingle } from './sse-ordinary';
import { A, B, Context, DE, IE, QUIET, ZERO, add, compare, copyAToB, divide, multiply, resultFromA, roundAToIntegral, setZero, squareRoot } from './softfloat';

const ADD: i32 = 0;
const SUBTRACT: i32 = 1;
const MULTIPLY: i32 = 2;
const DIVIDE: i32 = 3;
const MINIMUM: i32 = 4;
const MAXIMUM: i32 = 5;

export function sse_add(env: usize, mark: i32, a: v128, b: v128): v128 {
  const format = mark & FORMAT;
  if (isPlain(env)) {
    if (format == SD) {
      const x = f64x2.extract_lane(a, 0);
      const y = f64x2.extract_lane(b, 0);
      const r = x + y;
      if (isOrdinary(x) && isOrdinary(y) && isOrdinary(r)) return f64x2.replace_lane(a, 0, r);
    } else if (format == SS) {
      const x = f32x4.extract_lane(a, 0);
      const y = f32x4.extract_lane(b, 0);
      const r = x + y;
      if (isOrdinarySingle(x) && isOrdinarySingle(y) && isOrdinarySingle(r)) return f32x4.replace_lane(a, 0, r);
    } else if (format == PD) {
      const r = f64x2.add(a, b);
      if (areOrdinary(a) && areOrdinary(b) && areOrdinary(r)) return r;
    } else {
      const r = f32x4.add(a, b);
      if (areOrdinarySingles(a) && areOrdinarySingles(b) && areOrdinarySingles(r)) return r;
    }
  }
  return exact(env, ADD, mark, a, b);
}

export function sse_subtract(env: usize, mark: i32, a: v128, b: v128): v128 {
  const format = mark & FORMAT;
  if (isPlain(env)) {
    if (format == SD) {
      const x = f64x2.extract_lane(a, 0);
      const y = f64x2.extract_lane(b, 0);
      const r = x - y;
      if (isOrdinary(x) && isOrdinary(y) && isOrdinary(r)) return f64x2.replace_lane(a, 0, r);
    } else if (format == SS) {
      const x = f32x4.extract_lane(a, 0);
      const y = f32x4.extract_lane(b, 0);
      const r = x - y;
      if (isOrdinarySingle(x) && isOrdinarySingle(y) && isOrdinarySingle(r)) return f32x4.replace_lane(a, 0, r);
    } else if (format == PD) {
      const r = f64x2.sub(a, b);
      if (areOrdinary(a) && areOrdinary(b) && areOrdinary(r)) return r;
    } else {
      const r = f32x4.sub(a, b);
      if (areOrdinarySingles(a) && areOrdinarySingles(b) && areOrdinarySingles(r)) return r;
    }
  }
  return exact(env, SUBTRACT, mark, a, b);
}

/** A product or quotient of 0 may be an underflow; one of a zero operand is not. */
export function sse_multiply(env: usize, mark: i32, a: v128, b: v128): v128 {
  const format = mark & FORMAT;
  if (isPlain(env)) {
    if (format == SD) {
      const x = f64x2.extract_lane(a, 0);
      const y = f64x2.extract_lane(b, 0);
      const r = x * y;
      if (isOrdinary(x) && isOrdinary(y) && isOrdinary(r) && (r != 0 || x == 0 || y == 0)) return f64x2.replace_lane(a, 0, r);
    } else if (format == SS) {
      const x = f32x4.extract_lane(a, 0);
      const y = f32x4.extract_lane(b, 0);
      const r = x * y;
      if (isOrdinarySingle(x) && isOrdinarySingle(y) && isOrdinarySingle(r) && (r != 0 || x == 0 || y == 0)) return f32x4.replace_lane(a, 0, r);
    } else if (format == PD) {
      const r = f64x2.mul(a, b);
      const none = f64x2.splat(0);
      const underflow = v128.andnot(f64x2.eq(r, none), v128.or(f64x2.eq(a, none), f64x2.eq(b, none)));
      if (areOrdinary(a) && areOrdinary(b) && areOrdinary(r) && !v128.any_true(underflow)) return r;
    } else {
      const r = f32x4.mul(a, b);
      const none = f32x4.splat(0);
      const underflow = v128.andnot(f32x4.eq(r, none), v128.or(f32x4.eq(a, none), f32x4.eq(b, none)));
      if (areOrdinarySingles(a) && areOrdinarySingles(b) && areOrdinarySingles(r) && !v128.any_true(underflow)) return r;
    }
  }
  return exact(env, MULTIPLY, mark, a, b);
}

export function sse_divide(env: usize, mark: i32, a: v128, b: v128): v128 {
  const format = mark & FORMAT;
  if (isPlain(env)) {
    if (format == SD) {
      const x = f64x2.extract_lane(a, 0);
      const y = f64x2.extract_lane(b, 0);
      const r = x / y;
      if (isOrdinary(x) && isOrdinary(y) && isOrdinary(r) && y != 0 && (r != 0 || x == 0)) return f64x2.replace_lane(a, 0, r);
    } else if (format == SS) {
      const x = f32x4.extract_lane(a, 0);
      const y = f32x4.extract_lane(b, 0);
      const r = x / y;
      if (isOrdinarySingle(x) && isOrdinarySingle(y) && isOrdinarySingle(r) && y != 0 && (r != 0 || x == 0)) return f32x4.replace_lane(a, 0, r);
    } else if (format == PD) {
      const r = f64x2.div(a, b);
      const none = f64x2.splat(0);
      const bad = v128.or(f64x2.eq(b, none), v128.andnot(f64x2.eq(r, none), f64x2.eq(a, none)));
      if (areOrdinary(a) && areOrdinary(b) && areOrdinary(r) && !v128.any_true(bad)) return r;
    } else {
      const r = f32x4.div(a, b);
      const none = f32x4.splat(0);
      const bad = v128.or(f32x4.eq(b, none), v128.andnot(f32x4.eq(r, none), f32x4.eq(a, none)));
      if (areOrdinarySingles(a) && areOrdinarySingles(b) && areOrdinarySingles(r) && !v128.any_true(bad)) return r;
    }
  }
  return exact(env, DIVIDE, mark, a, b);
}

/** The second operand where both are zeros or one is a NaN; no rounding, so only unusual operands matter. */
export function sse_minimum(env: usize, mark: i32, a: v128, b: v128): v128 {
  const format = mark & FORMAT;
  // pmin(b, a) is a < b ? a : b, for whatever operands; only NaNs and denormals raise anything.
  if (isOrdinaryAs(format, a) && isOrdinaryAs(format, b) && !isPending()) {
    return keepUpper(format, a, isDouble(format) ? f64x2.pmin(b, a) : f32x4.pmin(b, a));
  }
  return exact(env, MINIMUM, mark, a, b);
}

export function sse_maximum(env: usize, mark: i32, a: v128, b: v128): v128 {
  const format = mark & FORMAT;
  if (isOrdinaryAs(format, a) && isOrdinaryAs(format, b) && !isPending()) {
    return keepUpper(format, a, isDouble(format) ? f64x2.pmax(b, a) : f32x4.pmax(b, a));
  }
  return exact(env, MAXIMUM, mark, a, b);
}

/** A result that was computed in all lanes, as the format wants it. */
@inline
function keepUpper(format: i32, a: v128, result: v128): v128 {
  if (format == SD) return f64x2.replace_lane(a, 0, f64x2.extract_lane(result, 0));
  return format == SS ? f32x4.replace_lane(a, 0, f32x4.extract_lane(result, 0)) : result;
}

/** Lane by lane; scalar formats keep the rest of a. */
function exact(env: usize, operation: i32, mark: i32, a: v128, b: v128): v128 {
  const format = mark & FORMAT;
  v128.store(env + OPERAND_A, a);
  v128.store(env + OPERAND_B, b);
  v128.store(env + RESULT, a);
  start(env, mark);
  const double = isDouble(format);
  const size: usize = double ? 8 : 4;
  const end: usize = usize(laneCount(format)) * size;
  for (let at: usize = 0; at < end; at += size) lane(operation, env + OPERAND_A + at, env + OPERAND_B + at, env + RESULT + at, double);
  return finish(env) ? v128.load(env + RESULT) : a;
}

function lane(operation: i32, a: usize, b: usize, result: usize, double: bool): void {
  startLane();
  unpackLane(b, double);
  copyAToB();
  unpackLane(a, double);
  if (operation >= MINIMUM) {
    chooseLane(operation == MAXIMUM, a, b, result, double);
  } else {
    if (!handledNans()) {
      if (operation == ADD) add(0);
      else if (operation == SUBTRACT) add(1);
      else if (operation == MULTIPLY) multiply();
      else divide();
      reportDenormals();
    }
    packLane(result, double);
  }
  endLane();
}

function chooseLane(maximum: bool, a: usize, b: usize, result: usize, double: bool): void {
  let takeA = false;
  if (A.kind >= QUIET || B.kind >= QUIET) {
    Context.flags |= IE;
  } else {
    const order = compare();
    takeA = maximum ? order > 0 : order < 0;
    reportDenormals();
  }
  // A denormal that counts as zero comes out as one.
  const zeroed = takeA ? A.kind == ZERO : B.kind == ZERO;
  if (double) {
    const bits = load<u64>(takeA ? a : b);
    store<u64>(result, zeroed ? bits & 0x8000000000000000 : bits);
  } else {
    const bits = load<u32>(takeA ? a : b);
    store<u32>(result, zeroed ? bits & 0x80000000 : bits);
  }
}

/** SQRT of b; scalar formats keep the rest of a. */
export function sse_square_root(env: usize, mark: i32, a: v128, b: v128): v128 {
  const format = mark & FORMAT;
  if (isPlain(env)) {
    if (format == SD) {
      const x = f64x2.extract_lane(b, 0);
      if (isOrdinary(x) && x >= 0) return f64x2.replace_lane(a, 0, Math.sqrt(x));
    } else if (format == SS) {
      const x = f32x4.extract_lane(b, 0);
      if (isOrdinarySingle(x) && x >= 0) return f32x4.replace_lane(a, 0, Mathf.sqrt(x));
    } else if (format == PD) {
      if (areOrdinary(b) && !v128.any_true(f64x2.lt(b, f64x2.splat(0)))) return f64x2.sqrt(b);
    } else if (areOrdinarySingles(b) && !v128.any_true(f32x4.lt(b, f32x4.splat(0)))) {
      return f32x4.sqrt(b);
    }
  }
  v128.store(env + OPERAND_B, b);
  v128.store(env + RESULT, a);
  start(env, mark);
  const double = isDouble(format);
  const size: usize = double ? 8 : 4;
  const end: usize = usize(laneCount(format)) * size;
  for (let at: usize = 0; at < end; at += size) {
    startLane();
    unpackLane(env + OPERAND_B + at, double);
    if (!handledNanA()) {
      squareRoot();
      if (A.denormal && !(Context.flags & IE)) Context.flags |= DE;
    }
    packLane(env + RESULT + at, double);
    endLane();
  }
  return finish(env) ? v128.load(env + RESULT) : a;
}

/** HADD, HSUB (SSE3): neighbours of a, then of b. */
export function sse_horizontal(env: usize, subtract: i32, mark: i32, a: v128, b: v128): v128 {
  const format = mark & FORMAT;
  const first = format == PD ? v128.shuffle<u64>(a, b, 0, 2) : v128.shuffle<u32>(a, b, 0, 2, 4, 6);
  const second = format == PD ? v128.shuffle<u64>(a, b, 1, 3) : v128.shuffle<u32>(a, b, 1, 3, 5, 7);
  return subtract ? sse_subtract(env, mark, first, second) : sse_add(env, mark, first, second);
}

/** ADDSUB (SSE3): even lanes subtracted, odd ones added. */
export function sse_add_subtract(env: usize, mark: i32, a: v128, b: v128): v128 {
  const format = mark & FORMAT;
  v128.store(env + OPERAND_A, a);
  v128.store(env + OPERAND_B, b);
  start(env, mark);
  const double = isDouble(format);
  const size: usize = double ? 8 : 4;
  for (let i: usize = 0; i < 16 / size; i++) {
    const at = i * size;
    lane(i & 1 ? ADD : SUBTRACT, env + OPERAND_A + at, env + OPERAND_B + at, env + RESULT + at, double);
  }
  return finish(env) ? v128.load(env + RESULT) : a;
}

/** ROUND of b (SSE4.1): bits 0-1 of the control are the mode unless bit 2 says MXCSR's; bit 3 suppresses PE. */
export function sse_round(env: usize, mark: i32, control: i32, a: v128, b: v128): v128 {
  const format = mark & FORMAT;
  if (isPlain(env) && isOrdinaryAs(format, b)) return keepUpper(format, a, roundedByHost(isDouble(format), control & 4 ? 0 : control & 3, b));
  v128.store(env + OPERAND_B, b);
  v128.store(env + RESULT, a);
  start(env, mark);
  if (!(control & 4)) Context.rounding = control & 3;
  const double = isDouble(format);
  const size: usize = double ? 8 : 4;
  const end: usize = usize(laneCount(format)) * size;
  for (let at: usize = 0; at < end; at += size) {
    startLane();
    unpackLane(env + OPERAND_B + at, double);
    if (!handledNanA()) {
      roundAToIntegral();
      resultFromA();
      if (control & 8) Context.flags = 0;
    }
    packLane(env + RESULT + at, double);
    endLane();
  }
  return finish(env) ? v128.load(env + RESULT) : a;
}

function roundedByHost(double: bool, mode: i32, x: v128): v128 {
  if (double) return mode == 0 ? f64x2.nearest(x) : mode == 1 ? f64x2.floor(x) : mode == 2 ? f64x2.ceil(x) : f64x2.trunc(x);
  return mode == 0 ? f32x4.nearest(x) : mode == 1 ? f32x4.floor(x) : mode == 2 ? f32x4.ceil(x) : f32x4.trunc(x);
}

/** DPPS, DPPD (SSE4.1): the high half of the control chooses the products, the low half where the sum goes. */
export function sse_dot_product(env: usize, mark: i32, control: i32, a: v128, b: v128): v128 {
  const format = mark & FORMAT;
  v128.store(env + OPERAND_A, a);
  v128.store(env + OPERAND_B, b);
  start(env, mark);
  const double = isDouble(format);
  const size: usize = double ? 8 : 4;
  const lanes: usize = 16 / size;
  const products = env + RESULT;
  v128.store(products, i64x2.splat(0));
  for (let i: usize = 0; i < lanes; i++) {
    const at = i * size;
    if ((control >> (4 + i32(i))) & 1) lane(MULTIPLY, env + OPERAND_A + at, env + OPERAND_B + at, products + at, double);
  }
  // (0 + 1) + (2 + 3); the first sum lands in lane 0.
  if (endStep(env)) {
    lane(ADD, products, products + size, products, double);
    if (!double) {
      lane(ADD, products + 8, products + 12, products + 8, false);
      if (endStep(env)) lane(ADD, products, products + 8, products, false);
    }
  }
  const sum: u64 = double ? load<u64>(products) : u64(load<u32>(products));
  for (let i: usize = 0; i < lanes; i++) {
    const value: u64 = (control >> i32(i)) & 1 ? sum : 0;
    if (double) store<u64>(products + i * 8, value);
    else store<u32>(products + i * 4, u32(value));
  }
  return finish(env) ? v128.load(products) : a;
}
