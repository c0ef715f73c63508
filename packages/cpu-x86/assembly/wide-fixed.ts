/**
 * 128-bit numbers for the transcendental functions: fixed point (unsigned, with 127 fraction bits unless said otherwise) in
 * pairs of u64, and normalised ones in `R` (bit 127 set; value R.hi:R.lo * 2^(R.exponent - 127)). Results of the first kind are in
 * `W`. Products and quotients are cut off, wrong by a few units of the last place: far below what 64 bits of result can show.
 */
import { FINITE, R, TOP_BIT, mulhi, shiftRightHigh, shiftRightLow } from './softfloat';

export class W {
  static hi: u64 = 0;
  static lo: u64 = 0;
}

@inline
function setW(hi: u64, lo: u64): void {
  W.hi = hi;
  W.lo = lo;
}

/** The upper 128 bits of a product. */
export function multiplyWide(aHi: u64, aLo: u64, bHi: u64, bLo: u64): void {
  const low = aHi * bHi;
  const first = mulhi(aHi, bLo);
  const second = mulhi(aLo, bHi);
  const partial = low + first;
  const sum = partial + second;
  setW(mulhi(aHi, bHi) + u64(partial < low) + u64(sum < partial), sum);
}

/** A number divided by a small one (less than 2^31). */
export function divideSmall(hi: u64, lo: u64, divisor: u64): void {
  const high = hi / divisor;
  let rest = ((hi % divisor) << 32) | (lo >> 32);
  const middle = rest / divisor;
  rest = ((rest % divisor) << 32) | (lo & 0xffffffff);
  setW(high, (middle << 32) | (rest / divisor));
}

/** Moves W right, dropping bits. */
export function shiftW(count: i32): void {
  const hi = W.hi;
  W.lo = shiftRightLow(hi, W.lo, count);
  W.hi = shiftRightHigh(hi, count);
}

/** hi:lo, where bit 127 is worth 2^exponent, normalised into R. */
export function normalise(sign: i32, exponent: i32, hi: u64, lo: u64): void {
  R.kind = FINITE;
  R.sign = sign;
  if (hi == 0) {
    hi = lo;
    lo = 0;
    exponent -= 64;
  }
  const shift = clz(hi);
  R.exponent = exponent - i32(shift);
  R.hi = shift == 0 ? hi : (hi << shift) | (lo >> (64 - shift));
  R.lo = lo << shift;
}

/** R times a normalised number. */
export function multiplyR(exponent: i32, hi: u64, lo: u64): void {
  multiplyWide(R.hi, R.lo, hi, lo);
  normalise(R.sign, R.exponent + exponent + 1, W.hi, W.lo);
}

/** R = a / b, both normalised and positive; by long division. */
export function divideNormalised(exponentA: i32, aHi: u64, aLo: u64, exponentB: i32, bHi: u64, bLo: u64): void {
  let exponent = exponentA - exponentB;
  let hi = aHi;
  let lo = aLo;
  let carry: bool = false;
  let quotientHi: u64 = 0;
  let quotientLo: u64 = 0;
  if (aHi < bHi || (aHi == bHi && aLo < bLo)) {
    exponent--;
    carry = (hi >> 63) != 0;
    hi = (hi << 1) | (lo >> 63);
    lo <<= 1;
  }
  for (let i = 0; i < 128; i++) {
    quotientHi = (quotientHi << 1) | (quotientLo >> 63);
    quotientLo <<= 1;
    if (carry || hi > bHi || (hi == bHi && lo >= bLo)) {
      hi -= bHi + u64(lo < bLo);
      lo -= bLo;
      quotientLo |= 1;
    }
    carry = (hi >> 63) != 0;
    hi = (hi << 1) | (lo >> 63);
    lo <<= 1;
  }
  R.kind = FINITE;
  R.sign = 0;
  R.exponent = exponent;
  R.hi = quotientHi;
  R.lo = quotientLo;
}

/** W = R as fixed point with `integerBits` bits before the point; R is below 2^integerBits. */
export function fixR(integerBits: i32): void {
  setW(R.hi, R.lo);
  shiftW(integerBits - 1 - R.exponent);
}

/** W = R squared, as fixed point with 128 fraction bits; R is below 1. */
function squareR(): void {
  multiplyWide(R.hi, R.lo, R.hi, R.lo);
  shiftW(min(-2 - 2 * R.exponent, 200));
}

const ONE: u64 = TOP_BIT;

/** W = 1 - t/d1 * (1 - t/d2 * (...)) with t (128 fraction bits) and d_k = (2k - 1 + odd) * (2k + odd): cosine, or sine over r. */
export function alternatingFactorials(odd: u64): void {
  squareR();
  const tHi = W.hi;
  const tLo = W.lo;
  setW(ONE, 0);
  for (let k: u64 = 18; k >= 1; k--) {
    multiplyWide(tHi, tLo, W.hi, W.lo);
    divideSmall(W.hi, W.lo, (2 * k - 1 + odd) * (2 * k + odd));
    oneMinusW();
  }
}

/** W = (e^r - 1) / r for r = R, |r| < 1: 1 +- r/2 (1 +- r/3 (...)), the sign being R's. */
export function exponentialSeries(): void {
  setW(R.hi, R.lo);
  shiftW(min(-1 - R.exponent, 200));
  const rHi = W.hi;
  const rLo = W.lo;
  setW(ONE, 0);
  for (let k: u64 = 36; k >= 2; k--) {
    multiplyWide(rHi, rLo, W.hi, W.lo);
    divideSmall(W.hi, W.lo, k);
    if (R.sign) oneMinusW();
    else W.hi += ONE;
  }
}

/** W = atan(r) / r (`alternating`), or atanh(r) / r, for r = R below 0.18: sum of (+-r^2)^k / (2k + 1). */
export function arctangentSeries(alternating: bool): void {
  squareR();
  const tHi = W.hi;
  const tLo = W.lo;
  setW(0, 0);
  for (let k: i32 = 28; k >= 0; k--) {
    multiplyWide(tHi, tLo, W.hi, W.lo);
    const termHi = W.hi;
    const termLo = W.lo;
    divideSmall(ONE, 0, u64(2 * k + 1));
    if (alternating) {
      W.hi -= termHi + u64(W.lo < termLo);
      W.lo -= termLo;
    } else {
      W.lo += termLo;
      W.hi += termHi + u64(W.lo < termLo);
    }
  }
  if (alternating && W.hi == ONE && W.lo == 0) setW(ONE - 1, ~(0 as u64));
}

/** W = 1 - W; a difference too small to see still makes it less than 1. */
function oneMinusW(): void {
  if ((W.hi | W.lo) == 0) return setW(ONE - 1, ~(0 as u64));
  W.hi = ONE - W.hi - u64(W.lo != 0);
  W.lo = 0 - W.lo;
}

/** R times W (fixed point). */
export function multiplyRByW(): void {
  const exponent = R.exponent;
  multiplyWide(R.hi, R.lo, W.hi, W.lo);
  normalise(R.sign, exponent + 1, W.hi, W.lo);
}
