/** SSE comparisons: CMPPS and relatives, (U)COMISS and (U)COMISD. Nothing is rounded, so only NaNs and denormals can raise anything. */
import { FLAG_CF, FLAG_PF, FLAG_ZF } from './layout';
import {
  FORMAT, OPERAND_A, OPERAND_B, PD, RESULT, SD, SS, endLane, finish, isDouble, isPending, laneCount, reportDenormals, start, startLane, unpackLane,
} from './sse-state';
import { isOrdinaryAs } from './sse-ordinary';
import { A, B, Context, IE, QUIET, SIGNALLING, compare, copyAToB } from './softfloat';

/** By predicate: EQ LT LE UNORD NEQ NLT NLE ORD, then those that only AVX has. Bit 0: true when less, bit 1: when equal, bit 2: when greater, bit 3: when unordered, bit 4: signals quiet NaNs. */
const PREDICATES: StaticArray<i32> = [
  0b00010, 0b10001, 0b10011, 0b01000, 0b01101, 0b11110, 0b11100, 0b00111,
  0b01010, 0b11001, 0b11011, 0b00000, 0b00101, 0b10110, 0b10100, 0b01111,
  0b10010, 0b00001, 0b00011, 0b11000, 0b11101, 0b01110, 0b01100, 0b10111,
  0b11010, 0b01001, 0b01011, 0b10000, 0b10101, 0b00110, 0b00100, 0b11111,
];
const SIGNALS: i32 = 0b10000;
const UNORDERED: i32 = 2;

/** -1, 0, 1 or UNORDERED for A and B, with the exceptions. */
function orderOf(signalling: bool): i32 {
  if (A.kind >= QUIET || B.kind >= QUIET) {
    if (signalling || A.kind == SIGNALLING || B.kind == SIGNALLING) Context.flags |= IE;
    return UNORDERED;
  }
  reportDenormals();
  return compare();
}

/** CMPPS, CMPPD, CMPSS, CMPSD: all ones where the predicate holds. */
export function sse_compare(env: usize, mark: i32, predicate: i32, a: v128, b: v128): v128 {
  const format = mark & FORMAT;
  const truth = PREDICATES[predicate];
  if (isOrdinaryAs(format, a) && isOrdinaryAs(format, b) && !isPending()) return comparedByHost(format, truth & 7, a, b);
  v128.store(env + OPERAND_A, a);
  v128.store(env + OPERAND_B, b);
  v128.store(env + RESULT, a);
  start(env, mark);
  const double = isDouble(format);
  const size: usize = double ? 8 : 4;
  const end: usize = usize(laneCount(format)) * size;
  for (let at: usize = 0; at < end; at += size) {
    startLane();
    unpackLane(env + OPERAND_B + at, double);
    copyAToB();
    unpackLane(env + OPERAND_A + at, double);
    const holds = (truth >> (orderOf((truth & SIGNALS) != 0) + 1)) & 1;
    if (double) store<i64>(env + RESULT + at, -i64(holds));
    else store<i32>(env + RESULT + at, -holds);
    endLane();
  }
  return finish(env) ? v128.load(env + RESULT) : a;
}

/** `orders`: for which of less, equal, greater (bits 0 to 2) the predicate holds; there are no NaNs. */
function comparedByHost(format: i32, orders: i32, a: v128, b: v128): v128 {
  const mask = isDouble(format) ? comparedDoubles(orders, a, b) : comparedSingles(orders, a, b);
  if (format == SD) return i64x2.replace_lane(a, 0, i64x2.extract_lane(mask, 0));
  return format == SS ? i32x4.replace_lane(a, 0, i32x4.extract_lane(mask, 0)) : mask;
}

function comparedDoubles(orders: i32, a: v128, b: v128): v128 {
  switch (orders) {
    case 1: return f64x2.lt(a, b);
    case 2: return f64x2.eq(a, b);
    case 3: return f64x2.le(a, b);
    case 4: return f64x2.gt(a, b);
    case 5: return f64x2.ne(a, b);
    case 6: return f64x2.ge(a, b);
    default: return i64x2.splat(orders ? -1 : 0);
  }
}

function comparedSingles(orders: i32, a: v128, b: v128): v128 {
  switch (orders) {
    case 1: return f32x4.lt(a, b);
    case 2: return f32x4.eq(a, b);
    case 3: return f32x4.le(a, b);
    case 4: return f32x4.gt(a, b);
    case 5: return f32x4.ne(a, b);
    case 6: return f32x4.ge(a, b);
    default: return i64x2.splat(orders ? -1 : 0);
  }
}

/** COMIS* (`quiet` 0) and UCOMIS*: the flags, at their places in EFLAGS. `double`: the lowest lane is of 64 bits. */
export function sse_compare_flags(env: usize, format: i32, quiet: i32, a: v128, b: v128): i32 {
  const scalar = format == PD ? SD : SS;
  if (isOrdinaryAs(scalar, a) && isOrdinaryAs(scalar, b)) {
    const x: f64 = format == PD ? f64x2.extract_lane(a, 0) : f64(f32x4.extract_lane(a, 0));
    const y: f64 = format == PD ? f64x2.extract_lane(b, 0) : f64(f32x4.extract_lane(b, 0));
    return x < y ? FLAG_CF : x == y ? FLAG_ZF : 0;
  }
  v128.store(env + OPERAND_A, a);
  v128.store(env + OPERAND_B, b);
  start(env, 0);
  startLane();
  const double = format == PD;
  unpackLane(env + OPERAND_B, double);
  copyAToB();
  unpackLane(env + OPERAND_A, double);
  const order = orderOf(quiet == 0);
  endLane();
  finish(env);
  return order < 0 ? FLAG_CF : order == 0 ? FLAG_ZF : order == 1 ? 0 : FLAG_ZF | FLAG_PF | FLAG_CF;
}
