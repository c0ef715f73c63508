/** Packing and unpacking: IEEE 754 single and double, the x87's 80-bit format, integers. Always into A, out of R. */
import { A, FINITE, INFINITE, QUIET, R, SIGNALLING, TOP_BIT, UNSUPPORTED, ZERO, roundTo, setAFromMagnitude } from './softfloat';

export const SINGLE_PRECISION: i32 = 24;
export const SINGLE_LEAST: i32 = -126;
export const SINGLE_MOST: i32 = 127;
export const DOUBLE_PRECISION: i32 = 53;
export const DOUBLE_LEAST: i32 = -1022;
export const DOUBLE_MOST: i32 = 1023;
export const EXTENDED_LEAST: i32 = -16382;
export const EXTENDED_MOST: i32 = 16383;
/** What unmasked overflow and underflow move the exponent by (SDM volume 1, 8.5.4). */
export const EXTENDED_WRAP: i32 = 24576;

/** Fraction left-aligned below bit 63, where the implied bit belongs. */
function unpack(sign: i32, biased: i32, mostBiased: i32, fraction: u64): void {
  A.sign = sign;
  A.denormal = false;
  if (biased == 0) {
    if (fraction == 0) {
      A.kind = ZERO;
      A.significand = 0;
      return;
    }
    const shift = clz(fraction);
    A.kind = FINITE;
    A.denormal = true;
    A.significand = fraction << shift;
    A.exponent = 1 - (mostBiased >> 1) - i32(shift);
    return;
  }
  A.significand = TOP_BIT | fraction;
  A.exponent = biased - (mostBiased >> 1);
  A.kind = biased != mostBiased ? FINITE : fraction == 0 ? INFINITE : fraction >> 62 ? QUIET : SIGNALLING;
}

export function unpackSingle(bits: u32): void {
  unpack(bits >> 31, (bits >> 23) & 0xff, 0xff, u64(bits & 0x7fffff) << 40);
}

export function unpackDouble(bits: u64): void {
  unpack(i32(bits >> 63), i32(bits >> 52) & 0x7ff, 0x7ff, (bits & 0xfffffffffffff) << 11);
}

export function unpackHalf(bits: u32): void {
  unpack(bits >> 15, (bits >> 10) & 0x1f, 0x1f, u64(bits & 0x3ff) << 53);
}

/** `top` has the sign in bit 15 and the biased exponent below. */
export function unpackExtended(significand: u64, top: u32): void {
  A.sign = (top >> 15) & 1;
  A.denormal = false;
  A.significand = significand;
  const biased = top & 0x7fff;
  if (biased == 0) {
    if (significand == 0) {
      A.kind = ZERO;
      return;
    }
    const shift = clz(significand);
    A.kind = FINITE;
    A.denormal = true;
    A.significand = significand << shift;
    A.exponent = EXTENDED_LEAST - i32(shift);
    return;
  }
  A.exponent = biased - EXTENDED_MOST;
  if (!(significand >> 63)) A.kind = UNSUPPORTED;
  else if (biased != 0x7fff) A.kind = FINITE;
  else A.kind = significand == TOP_BIT ? INFINITE : significand & 0x4000000000000000 ? QUIET : SIGNALLING;
}

export function unpackInteger(value: i64): void {
  setAFromMagnitude(i32(value < 0), value < 0 ? u64(0 - value) : u64(value));
}

/** R rounded to single precision, as bits. NaNs lose the part of their payload that does not fit. `wrap`: see `roundTo`. */
export function packSingle(wrap: i32 = 0): u32 {
  roundTo(SINGLE_PRECISION, SINGLE_LEAST, SINGLE_MOST, wrap);
  const sign = u32(R.sign) << 31;
  if (R.kind == ZERO) return sign;
  if (R.kind != FINITE) return sign | 0x7f800000 | (u32(R.hi >> 40) & 0x7fffff);
  const biased = R.hi >> 63 ? R.exponent + 127 : 0;
  return sign | (u32(biased) << 23) | (u32(R.hi >> 40) & 0x7fffff);
}

export function packDouble(wrap: i32 = 0): u64 {
  roundTo(DOUBLE_PRECISION, DOUBLE_LEAST, DOUBLE_MOST, wrap);
  const sign = u64(R.sign) << 63;
  if (R.kind == ZERO) return sign;
  if (R.kind != FINITE) return sign | 0x7ff0000000000000 | ((R.hi >> 11) & 0xfffffffffffff);
  const biased = R.hi >> 63 ? R.exponent + 1023 : 0;
  return sign | (u64(biased) << 52) | ((R.hi >> 11) & 0xfffffffffffff);
}

/** R rounded to half precision. Unmasked overflow and underflow give no number that matters: any wrap will do. */
export function packHalf(): u32 {
  roundTo(11, -14, 15, 0x4000);
  const sign = u32(R.sign) << 15;
  if (R.kind == ZERO) return sign;
  if (R.kind != FINITE) return sign | 0x7c00 | (u32(R.hi >> 53) & 0x3ff);
  const biased = R.hi >> 63 ? R.exponent + 15 : 0;
  return sign | (u32(biased & 0x1f) << 10) | (u32(R.hi >> 53) & 0x3ff);
}

/** Sign and biased exponent of R, which is rounded already; R.hi is the significand. */
export function packExtendedTop(): u32 {
  const sign = u32(R.sign) << 15;
  if (R.kind == ZERO) return sign;
  if (R.kind != FINITE) return sign | 0x7fff;
  return sign | u32(R.hi >> 63 ? R.exponent + EXTENDED_MOST : 0);
}
