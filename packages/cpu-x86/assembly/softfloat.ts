/**
 * Binary floating point in exact integer arithmetic, for every format of the x86: operands are unpacked into `A` and `B`,
 * an operation leaves its exact result (sticky bits included) in `R`, and `roundTo` cuts that to a format. What differs
 * between formats (NaNs, packing, x87 and MXCSR rules) stands with them, in `softfloat-formats.ts`, `fpu-*.ts`, `sse-*.ts`.
 */

/** Kinds of operands and results. */
export const ZERO: i32 = 0;
export const FINITE: i32 = 1;
export const INFINITE: i32 = 2;
export const QUIET: i32 = 3;
export const SIGNALLING: i32 = 4;
/** 80-bit encodings that no longer mean anything: unnormals, pseudo-infinities, pseudo-NaNs. */
export const UNSUPPORTED: i32 = 5;

/** Exception flags, at their places in the x87 status word and in MXCSR. */
export const IE: i32 = 1;
export const DE: i32 = 2;
export const ZE: i32 = 4;
export const OE: i32 = 8;
export const UE: i32 = 16;
export const PE: i32 = 32;

/** Rounding modes, as in the RC fields. */
export const NEAREST: i32 = 0;
export const DOWN: i32 = 1;
export const UP: i32 = 2;
export const TRUNCATE: i32 = 3;

export const TOP_BIT: u64 = 0x8000000000000000;

/** An operand. A finite one is significand * 2^(exponent - 63), bit 63 of the significand set. NaNs keep their fraction there. */
export class A {
  static kind: i32 = 0;
  static sign: i32 = 0;
  static exponent: i32 = 0;
  static significand: u64 = 0;
  /** The encoding was a denormal (or pseudo-denormal). */
  static denormal: bool = false;
}

export class B {
  static kind: i32 = 0;
  static sign: i32 = 0;
  static exponent: i32 = 0;
  static significand: u64 = 0;
  static denormal: bool = false;
}

/** A result: as an operand, with 64 more bits below, of which the lowest also stands for everything beyond. */
export class R {
  static kind: i32 = 0;
  static sign: i32 = 0;
  static exponent: i32 = 0;
  static hi: u64 = 0;
  static lo: u64 = 0;
}

/** The rounding mode, and which exceptions the operation met. */
export class Context {
  static rounding: i32 = NEAREST;
  static flags: i32 = 0;
  /** The rounded result is below the normal numbers (and not zero before rounding). */
  static tiny: bool = false;
  /** Rounding made the magnitude larger (C1 of the x87). */
  static roundedUp: bool = false;
  /** Exceptions that are unmasked: they change what overflow and underflow give. */
  static unmasked: i32 = 0;
}

export function copyAToB(): void {
  B.kind = A.kind;
  B.sign = A.sign;
  B.exponent = A.exponent;
  B.significand = A.significand;
  B.denormal = A.denormal;
}

export function swapAB(): void {
  const kind = A.kind;
  const sign = A.sign;
  const exponent = A.exponent;
  const significand = A.significand;
  const denormal = A.denormal;
  A.kind = B.kind;
  A.sign = B.sign;
  A.exponent = B.exponent;
  A.significand = B.significand;
  A.denormal = B.denormal;
  B.kind = kind;
  B.sign = sign;
  B.exponent = exponent;
  B.significand = significand;
  B.denormal = denormal;
}

export function resultFromA(): void {
  R.kind = A.kind;
  R.sign = A.sign;
  R.exponent = A.exponent;
  R.hi = A.significand;
  R.lo = 0;
}

export function setZero(sign: i32): void {
  R.kind = ZERO;
  R.sign = sign;
  R.exponent = 0;
  R.hi = 0;
  R.lo = 0;
}

export function setInfinity(sign: i32): void {
  R.kind = INFINITE;
  R.sign = sign;
  R.exponent = 0;
  R.hi = TOP_BIT;
  R.lo = 0;
}

/** The x86's default NaN ("real indefinite"): negative, quiet, no payload. */
export function setDefaultNan(): void {
  R.kind = QUIET;
  R.sign = 1;
  R.hi = 0xc000000000000000;
  R.lo = 0;
}

export function invalid(): void {
  Context.flags |= IE;
  setDefaultNan();
}

function setFinite(sign: i32, exponent: i32, hi: u64, lo: u64): void {
  R.kind = FINITE;
  R.sign = sign;
  R.exponent = exponent;
  R.hi = hi;
  R.lo = lo;
}

/** The high half of the 128-bit product. */
export function mulhi(a: u64, b: u64): u64 {
  const a0 = a & 0xffffffff;
  const a1 = a >> 32;
  const b0 = b & 0xffffffff;
  const b1 = b >> 32;
  const middle = a1 * b0 + ((a0 * b0) >> 32);
  const other = a0 * b1 + (middle & 0xffffffff);
  return a1 * b1 + (middle >> 32) + (other >> 32);
}

/** A value moved right by `count`, with everything that falls out kept in bit 0: high and low half. */
@inline
export function shiftRightHigh(hi: u64, count: i32): u64 {
  return count < 64 ? hi >> count : 0;
}

export function shiftRightLow(hi: u64, lo: u64, count: i32): u64 {
  if (count == 0) return lo;
  if (count < 64) return (hi << (64 - count)) | (lo >> count) | u64((lo << (64 - count)) != 0);
  if (count == 64) return hi | u64(lo != 0);
  if (count < 128) return (hi >> (count - 64)) | u64(((hi << (128 - count)) | lo) != 0);
  return u64((hi | lo) != 0);
}

/** A + B, or A - B if `negate` is 1. Neither is a NaN. */
export function add(negate: i32): void {
  const signB = B.sign ^ negate;
  if (A.kind == INFINITE) {
    if (B.kind == INFINITE && A.sign != signB) return invalid();
    return setInfinity(A.sign);
  }
  if (B.kind == INFINITE) return setInfinity(signB);
  if (B.kind == ZERO) {
    if (A.kind == ZERO) return setZero(A.sign == signB ? A.sign : i32(Context.rounding == DOWN));
    return resultFromA();
  }
  if (A.kind == ZERO) return setFinite(signB, B.exponent, B.significand, 0);
  const swapped = A.exponent < B.exponent || (A.exponent == B.exponent && A.significand < B.significand);
  const large = swapped ? B.significand : A.significand;
  const small = swapped ? A.significand : B.significand;
  let exponent = swapped ? B.exponent : A.exponent;
  const distance = exponent - (swapped ? A.exponent : B.exponent);
  const sign = swapped ? signB : A.sign;
  const smallHi = shiftRightHigh(small, distance);
  let lo = shiftRightLow(small, 0, distance);
  if (A.sign == signB) {
    let hi = large + smallHi;
    if (hi < large) {
      lo = (hi << 63) | (lo >> 1) | (lo & 1);
      hi = (hi >> 1) | TOP_BIT;
      exponent++;
    }
    return setFinite(sign, exponent, hi, lo);
  }
  let hi = large - smallHi - u64(lo != 0);
  lo = 0 - lo;
  if ((hi | lo) == 0) return setZero(i32(Context.rounding == DOWN));
  if (hi == 0) {
    hi = lo;
    lo = 0;
    exponent -= 64;
  }
  const shift = i32(clz(hi));
  if (shift != 0) {
    hi = (hi << shift) | (lo >> (64 - shift));
    lo <<= shift;
    exponent -= shift;
  }
  setFinite(sign, exponent, hi, lo);
}

/** A * B. Neither is a NaN. */
export function multiply(): void {
  const sign = A.sign ^ B.sign;
  if (A.kind == INFINITE || B.kind == INFINITE) {
    if (A.kind == ZERO || B.kind == ZERO) return invalid();
    return setInfinity(sign);
  }
  if (A.kind == ZERO || B.kind == ZERO) return setZero(sign);
  let hi = mulhi(A.significand, B.significand);
  let lo = A.significand * B.significand;
  let exponent = A.exponent + B.exponent + 1;
  if (!(hi >> 63)) {
    hi = (hi << 1) | (lo >> 63);
    lo <<= 1;
    exponent--;
  }
  setFinite(sign, exponent, hi, lo);
}

/** What `divide128` and `rootOf` leave over. */
export class Remainder {
  static value: u64 = 0;
}

/** hi:lo / divisor, where hi < divisor and the divisor's top bit is set (Knuth, volume 2, algorithm D, in digits of 32 bits). */
export function divide128(hi: u64, lo: u64, divisor: u64): u64 {
  const d1 = divisor >> 32;
  const d0 = divisor & 0xffffffff;
  let rest = hi;
  let quotient: u64 = 0;
  for (let i = 0; i < 2; i++) {
    const digit = i == 0 ? lo >> 32 : lo & 0xffffffff;
    let q = rest / d1;
    let r = rest - q * d1;
    while (q > 0xffffffff || q * d0 > ((r << 32) | digit)) {
      q--;
      r += d1;
      if (r > 0xffffffff) break;
    }
    rest = ((rest << 32) | digit) - q * divisor;
    quotient = (quotient << 32) | q;
  }
  Remainder.value = rest;
  return quotient;
}

/** A / B. Neither is a NaN. */
export function divide(): void {
  const sign = A.sign ^ B.sign;
  if (A.kind == INFINITE) return B.kind == INFINITE ? invalid() : setInfinity(sign);
  if (B.kind == INFINITE) return setZero(sign);
  if (B.kind == ZERO) {
    if (A.kind == ZERO) return invalid();
    Context.flags |= ZE;
    return setInfinity(sign);
  }
  if (A.kind == ZERO) return setZero(sign);
  const less = A.significand < B.significand;
  const hi = less
    ? divide128(A.significand, 0, B.significand)
    : divide128(A.significand >> 1, A.significand << 63, B.significand);
  const rest = Remainder.value;
  const half = B.significand - rest;
  const lo: u64 = rest == 0 ? 0 : rest < half ? 1 : rest == half ? TOP_BIT : TOP_BIT | 1;
  setFinite(sign, A.exponent - B.exponent - i32(less), hi, lo);
}

/** The square root of A, which is no NaN. */
export function squareRoot(): void {
  if (A.kind == ZERO) return setZero(A.sign);
  if (A.sign) return invalid();
  if (A.kind == INFINITE) return setInfinity(0);
  setFinite(0, A.exponent >> 1, rootOf(A.significand, (A.exponent & 1) != 0), Remainder.value);
}

const TWO_TO_32: f64 = 4294967296.0;
const TWO_TO_64: f64 = 18446744073709551616.0;

/**
 * The square root of a significand, its exponent odd or even, down to 64 bits. `Remainder.value` becomes what is cut off: the next
 * bit, and one for all beyond.
 */
export function rootOf(significand: u64, odd: bool): u64 {
  // The radicand as 128 bits, value in [1/4, 1), so that the root has bit 63 set.
  const hi = odd ? significand : significand >> 1;
  const lo: u64 = odd ? 0 : significand << 63;
  // Right to 50 bits or so; one step of Newton's method gives the others, but for one or two units.
  const estimate = Math.sqrt(f64(hi)) * TWO_TO_32;
  let root = estimate < TWO_TO_64 ? u64(estimate) : u64.MAX_VALUE;
  let square = root * root;
  let rest = lo - square;
  let restHi = hi - mulhi(root, root) - u64(lo < square);
  root += i64(Math.floor((f64(i64(restHi)) * TWO_TO_64 + f64(rest)) / (f64(root) * 2)));
  square = root * root;
  rest = lo - square;
  restHi = hi - mulhi(root, root) - u64(lo < square);
  while (i64(restHi) < 0) {
    root--;
    const more = (root << 1) | 1;
    rest += more;
    restHi += (root >> 63) + u64(rest < more);
  }
  // The remainder is at most twice the root...
  while (restHi > root >> 63 || (restHi == root >> 63 && rest > root << 1)) {
    const less = (root << 1) | 1;
    restHi -= (root >> 63) + u64(rest < less);
    rest -= less;
    root++;
  }
  // ... and the next bit is set exactly if it exceeds the root.
  Remainder.value = (restHi != 0 || rest > root ? TOP_BIT : 0) | u64((restHi | rest) != 0);
  return root;
}

/** -1, 0, 1 as A is below, equal to, above B; no NaNs. */
export function compare(): i32 {
  if (A.kind == ZERO && B.kind == ZERO) return 0;
  const signA = A.kind == ZERO ? B.sign ^ 1 : A.sign;
  const signB = B.kind == ZERO ? A.sign ^ 1 : B.sign;
  if (signA != signB) return signA ? -1 : 1;
  const larger = signA ? -1 : 1;
  if (A.kind == INFINITE) return B.kind == INFINITE ? 0 : larger;
  if (B.kind == INFINITE) return -larger;
  if (A.exponent != B.exponent) return A.exponent > B.exponent ? larger : -larger;
  if (A.significand != B.significand) return A.significand > B.significand ? larger : -larger;
  return 0;
}

/** Whether a magnitude is to be rounded up: `last` is the lowest bit kept, `rest` what is cut off, as a fraction of 2^64. */
@inline
function roundsUp(last: u64, rest: u64, sign: i32): bool {
  if (Context.rounding == NEAREST) return rest > TOP_BIT || (rest == TOP_BIT && (last & 1) != 0);
  if (Context.rounding == TRUNCATE) return false;
  return rest != 0 && (Context.rounding == DOWN) == (sign != 0);
}

/** The bits of hi:lo below the upper `precision` ones, as a fraction of 2^64 with bit 0 sticky. */
@inline
function restBelow(hi: u64, lo: u64, precision: i32): u64 {
  return precision == 64 ? lo : (hi << precision) | u64(lo != 0);
}

/**
 * Rounds R, if finite, to `precision` bits with exponents from `least` to `most`. Afterwards R.hi is the significand, with
 * bit 63 clear only in a denormal, whose exponent is `least`; R.lo is 0. With overflow or underflow unmasked (and `wrap` not 0) the exponent
 * is moved by `wrap` instead of the result being cut off.
 */
export function roundTo(precision: i32, least: i32, most: i32, wrap: i32): void {
  Context.roundedUp = false;
  Context.tiny = false;
  if (R.kind != FINITE) return;
  let hi = R.hi;
  let lo = R.lo;
  let exponent = R.exponent;
  const unit: u64 = 1 << u64(64 - precision);
  let tiny = false;
  let wrapped = false;
  if (exponent < least) {
    // Tiny after rounding: not if the value rounds up to the least normal number, given that no exponent were too small.
    const rest = restBelow(hi, lo, precision);
    const kept = hi & (0 - unit);
    tiny = !(exponent == least - 1 && roundsUp(kept >> u64(64 - precision), rest, R.sign) && kept == (0 - unit));
    if (tiny && (Context.unmasked & UE) && wrap) {
      Context.flags |= UE;
      exponent += wrap;
      wrapped = true;
      tiny = false;
    } else {
      const shift = least - exponent;
      lo = shiftRightLow(hi, lo, shift);
      hi = shiftRightHigh(hi, shift);
      exponent = least;
      Context.tiny = tiny;
    }
  }
  const rest = restBelow(hi, lo, precision);
  hi &= 0 - unit;
  if (rest != 0) {
    Context.flags |= PE;
    if (tiny) Context.flags |= UE;
    if (roundsUp(hi >> u64(64 - precision), rest, R.sign)) {
      Context.roundedUp = true;
      hi += unit;
      if (hi == 0) {
        hi = TOP_BIT;
        exponent++;
      }
    }
  } else if (tiny && (Context.unmasked & UE)) {
    Context.flags |= UE;
  }
  if (exponent > most && !wrapped) {
    Context.flags |= OE;
    if ((Context.unmasked & OE) && wrap) {
      exponent -= wrap;
    } else {
      Context.flags |= PE;
      const toInfinity = Context.rounding == NEAREST || (Context.rounding != TRUNCATE && (Context.rounding == DOWN) == (R.sign != 0));
      Context.roundedUp = toInfinity;
      if (toInfinity) return setInfinity(R.sign);
      hi = 0 - unit;
      exponent = most;
    }
  }
  R.exponent = exponent;
  R.hi = hi;
  R.lo = 0;
  if (hi == 0) R.kind = ZERO;
}

/** A, which is zero or finite, to an integer in A itself, by the rounding mode. */
export function roundAToIntegral(): void {
  Context.roundedUp = false;
  if (A.kind != FINITE || A.exponent >= 63) return;
  const shift = 63 - A.exponent;
  const rest = shift > 64 ? 1 : shiftRightLow(A.significand, 0, shift);
  let whole = shift > 63 ? 0 : A.significand >> u64(shift);
  if (rest == 0) return;
  Context.flags |= PE;
  if (roundsUp(whole, rest, A.sign)) {
    Context.roundedUp = true;
    whole++;
  }
  setAFromMagnitude(A.sign, whole);
}

export function setAFromMagnitude(sign: i32, magnitude: u64): void {
  A.sign = sign;
  A.denormal = false;
  if (magnitude == 0) {
    A.kind = ZERO;
    A.significand = 0;
    return;
  }
  const shift = clz(magnitude);
  A.kind = FINITE;
  A.exponent = 63 - i32(shift);
  A.significand = magnitude << shift;
}

/**
 * A to a signed integer of `bits` bits, by the rounding mode; what does not fit (NaNs, infinities) raises IE alone and
 * gives the "integer indefinite", the most negative number.
 */
export function toInteger(bits: i32): i64 {
  const indefinite: i64 = -1 << i64(bits - 1);
  Context.roundedUp = false;
  if (A.kind == ZERO) return 0;
  if (A.kind == FINITE && A.exponent < 64) {
    const before = Context.flags;
    roundAToIntegral();
    if (A.kind == ZERO) return 0;
    if (A.exponent < 64) {
      const magnitude = A.significand >> u64(63 - A.exponent);
      const limit: u64 = 1 << u64(bits - 1);
      if (magnitude < limit) return A.sign ? -i64(magnitude) : i64(magnitude);
      if (magnitude == limit && A.sign) return indefinite;
    }
    Context.flags = before;
    Context.roundedUp = false;
  }
  Context.flags |= IE;
  return indefinite;
}
