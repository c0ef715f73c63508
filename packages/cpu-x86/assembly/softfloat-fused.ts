/** A * B + C with a single rounding to come, in exact integer arithmetic: the product has 128 bits. */
import {
  A, B, Context, DOWN, FINITE, INFINITE, R, TOP_BIT, ZERO, invalid, mulhi, setInfinity, setZero, shiftRightHigh, shiftRightLow,
} from './softfloat';

export class C {
  static kind: i32 = 0;
  static sign: i32 = 0;
  static exponent: i32 = 0;
  static significand: u64 = 0;
  static denormal: bool = false;
}

export function copyAToC(): void {
  C.kind = A.kind;
  C.sign = A.sign;
  C.exponent = A.exponent;
  C.significand = A.significand;
  C.denormal = A.denormal;
}

function setResult(sign: i32, exponent: i32, hi: u64, lo: u64): void {
  R.kind = FINITE;
  R.sign = sign;
  R.exponent = exponent;
  R.hi = hi;
  R.lo = lo;
}

/** R = A * B + C, the product and C negated where the arguments are 1. None is a NaN. */
export function multiplyAdd(negateProduct: i32, negateAddend: i32): void {
  const sign = A.sign ^ B.sign ^ negateProduct;
  const signC = C.sign ^ negateAddend;
  if (A.kind == INFINITE || B.kind == INFINITE) {
    if (A.kind == ZERO || B.kind == ZERO || (C.kind == INFINITE && signC != sign)) return invalid();
    return setInfinity(sign);
  }
  if (C.kind == INFINITE) return setInfinity(signC);
  if (A.kind == ZERO || B.kind == ZERO) {
    if (C.kind == ZERO) return setZero(sign == signC ? sign : i32(Context.rounding == DOWN));
    return setResult(signC, C.exponent, C.significand, 0);
  }
  let hi = mulhi(A.significand, B.significand);
  let lo = A.significand * B.significand;
  let exponent = A.exponent + B.exponent + 1;
  if (!(hi >> 63)) {
    hi = (hi << 1) | (lo >> 63);
    lo <<= 1;
    exponent--;
  }
  if (C.kind == ZERO) return setResult(sign, exponent, hi, lo);
  addAligned(sign, exponent, hi, lo, signC);
}

/**
 * Adds C to a product of which the lowest bits are zeros (two significands have at most 106 bits), so that what an alignment by one
 * bit shifts out was zero, and by more leaves no cancellation beyond one bit: the sticky bit stays below what is rounded.
 */
function addAligned(sign: i32, exponent: i32, hi: u64, lo: u64, signC: i32): void {
  const addendIsLarger = exponent < C.exponent || (exponent == C.exponent && hi < C.significand);
  let largeHi = addendIsLarger ? C.significand : hi;
  let largeLo = addendIsLarger ? 0 : lo;
  const smallHi = addendIsLarger ? hi : C.significand;
  const smallLo = addendIsLarger ? lo : 0;
  const distance = addendIsLarger ? C.exponent - exponent : exponent - C.exponent;
  let result = addendIsLarger ? C.exponent : exponent;
  const shiftedLo = shiftRightLow(smallHi, smallLo, distance);
  const shiftedHi = shiftRightHigh(smallHi, distance);
  if (sign == signC) {
    largeLo += shiftedLo;
    const carry = u64(largeLo < shiftedLo);
    const sum = largeHi + shiftedHi;
    const total = sum + carry;
    if (sum < largeHi || total < sum) {
      largeLo = (total << 63) | (largeLo >> 1) | (largeLo & 1);
      largeHi = (total >> 1) | TOP_BIT;
      result++;
    } else {
      largeHi = total;
    }
    return setResult(sign, result, largeHi, largeLo);
  }
  const borrow = u64(largeLo < shiftedLo);
  largeLo -= shiftedLo;
  largeHi = largeHi - shiftedHi - borrow;
  if ((largeHi | largeLo) == 0) return setZero(i32(Context.rounding == DOWN));
  if (largeHi == 0) {
    largeHi = largeLo;
    largeLo = 0;
    result -= 64;
  }
  const shift = i32(clz(largeHi));
  if (shift != 0) {
    largeHi = (largeHi << shift) | (largeLo >> (64 - shift));
    largeLo <<= shift;
    result -= shift;
  }
  setResult(addendIsLarger ? signC : sign, result, largeHi, largeLo);
}
