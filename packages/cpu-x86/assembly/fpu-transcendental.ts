/**
 * The x87's transcendental functions (SDM volume 1, 8.3.7 and 8.3.10; special operands as in volume 2), computed with 128 bits
 * and rounded once: a processor's own results may differ from these in their last bit.
 */
import {
  C1, C2, finish, isEmpty, loadA, pop, push, setStatus, stackFault, status, storeExtended, storeR, underflow,
} from './fpu-state';
import { handledNanA, handledNans } from './fpu-arithmetic';
import {
  A, B, Context, DE, FINITE, IE, INFINITE, PE, R, TOP_BIT, ZE, ZERO, copyAToB, invalid, resultFromA, roundTo, setInfinity, setZero,
} from './softfloat';
import { EXTENDED_LEAST, EXTENDED_MOST, EXTENDED_WRAP } from './softfloat-formats';
import {
  W, alternatingFactorials, arctangentSeries, divideNormalised, exponentialSeries, fixR, multiplyR, multiplyRByW, normalise, shiftW,
} from './wide-fixed';

/** Normalised, 128 bits. */
const LN2_HI: u64 = 0xb17217f7d1cf79ab;
const LN2_LO: u64 = 0xc9e3b39803f2f6af;
const TWO_OVER_LN2_HI: u64 = 0xb8aa3b295c17f0bb;
const TWO_OVER_LN2_LO: u64 = 0xbe87fed0691d3e88;
const PI_HI: u64 = 0xc90fdaa22168c234;
const PI_LO: u64 = 0xc4c6628b80dc1cd1;
const THREE_QUARTERS_PI_HI: u64 = 0x96cbe3f9990e91a7;
const THREE_QUARTERS_PI_LO: u64 = 0x9394c9e8a0a5159c;
/** The low half of the pi that arguments are reduced by. */
const PI_66_LO: u64 = 0xc000000000000000;
/** atan(i/8) for i from 0 to 8, fixed point. */
const ARCTANGENTS: StaticArray<u64> = [
  0, 0,
  0x0feadd4d5617b6e3, 0x2c897989f3e888ef, 0x1f5b75f92c80dd62, 0xadb8f3debef442fc, 0x2dec3283c9bde11c, 0xe2a8c848b73f9120,
  0x3b58ce0ac3769ed1, 0x5bf9117b2f0ea340, 0x47802eaf7bfacfcd, 0xae41af0b32e21ba3, 0x525e3e8c9a7b8492, 0x0cd43f9522bed64f,
  0x5c029f15e118cf39, 0xe596d2a90852221e, 0x6487ed5110b4611a, 0x62633145c06e0e68,
];
/** Significand of the square root of 2. */
const ROOT_TWO: u64 = 0xb504f333f9de6484;

/** Rounds what a series gave: it is never exact. */
function roundInexact(): void {
  R.lo |= 1;
  roundResult();
}

function roundResult(): void {
  roundTo(64, EXTENDED_LEAST, EXTENDED_MOST, EXTENDED_WRAP);
}

/** A normalised constant, rounded, with a sign. */
function setConstant(sign: i32, exponent: i32, hi: u64, lo: u64): void {
  normalise(sign, exponent, hi, lo);
  roundInexact();
}

function negateR(): void {
  R.sign ^= 1;
}

/** F2XM1: 2^ST(0) - 1, for -1 <= ST(0) <= 1; beyond, where nothing is defined, ST(0) stays. */
export function exponential(env: usize): void {
  if (isEmpty(env, 0)) return underflow(env, 0, 0);
  loadA(env, 0);
  if (!handledNanA()) computeExponential();
  if (finish(env)) storeR(env, 0);
}

function computeExponential(): void {
  if (A.denormal) Context.flags |= DE;
  if (A.kind == ZERO) return setZero(A.sign);
  if (A.kind == INFINITE) {
    if (!A.sign) return setInfinity(0);
    return normalise(1, 0, TOP_BIT, 0);
  }
  resultFromA();
  if (A.exponent > 0 || (A.exponent == 0 && A.significand != TOP_BIT)) {
    Context.flags |= PE;
    return;
  }
  if (A.exponent == 0) {
    // 2^1 - 1, 2^-1 - 1.
    R.exponent = -A.sign;
    return;
  }
  multiplyR(-1, LN2_HI, LN2_LO);
  exponentialSeries();
  multiplyRByW();
  roundInexact();
}

/** FYL2X: ST(1) * log2(ST(0)), popping. */
export function logarithm(env: usize): void {
  if (isEmpty(env, 0) || isEmpty(env, 1)) return underflow(env, 1, 1);
  loadOperands(env);
  if (!handledNans()) {
    computeLogarithm();
    if ((A.denormal || B.denormal) && !(Context.flags & (IE | ZE))) Context.flags |= DE;
  }
  finishPopping(env);
}

/** ST(0) in A, ST(1) in B. */
function loadOperands(env: usize): void {
  loadA(env, 1);
  copyAToB();
  loadA(env, 0);
}

function finishPopping(env: usize): void {
  if (!finish(env)) return;
  storeR(env, 1);
  pop(env);
}

/** R = B * log2(A). */
function computeLogarithm(): void {
  if (A.kind == ZERO) {
    if (B.kind == ZERO) return invalid();
    if (B.kind != INFINITE) Context.flags |= ZE;
    return setInfinity(B.sign ^ 1);
  }
  if (A.sign) return invalid();
  if (A.kind == INFINITE) return B.kind == ZERO ? invalid() : setInfinity(B.sign);
  const isOne = A.exponent == 0 && A.significand == TOP_BIT;
  const below = i32(A.exponent < 0);
  if (B.kind == INFINITE) return isOne ? invalid() : setInfinity(B.sign ^ below);
  if (B.kind == ZERO || isOne) return setZero(B.sign ^ below);
  // A = m * 2^exponent with m from 1/sqrt(2) to sqrt(2).
  const halves = A.significand > ROOT_TWO;
  const exponent = A.exponent + i32(halves);
  if (A.significand == TOP_BIT) {
    normalise(i32(exponent < 0), 63, u64(abs(exponent)), 0);
    multiplyByB();
    Context.flags |= PE;
    return roundResult();
  }
  const distance = halves ? 0 - A.significand : A.significand - TOP_BIT;
  const shift = clz(distance);
  // (m - 1) / (m + 1); the sum has 65 bits.
  const sum = (A.significand >> 1) + (halves ? TOP_BIT : TOP_BIT >> 1);
  divideNormalised((halves ? -1 : 0) - i32(shift), distance << shift, 0, halves ? 0 : 1, sum, A.significand << 63);
  logarithmOfQuotient();
  R.sign = i32(halves);
  if (exponent != 0) addInteger(exponent);
  multiplyByB();
  roundInexact();
}

/** R = 2/ln(2) * atanh(R). */
function logarithmOfQuotient(): void {
  arctangentSeries(false);
  multiplyRByW();
  multiplyR(1, TWO_OVER_LN2_HI, TWO_OVER_LN2_LO);
}

/** R += an integer, in fixed point with 16 bits before the point. R is between -1 and 1. */
function addInteger(integer: i32): void {
  const negative = R.sign;
  fixR(16);
  const whole = u64(abs(integer)) << 48;
  const sign = i32(integer < 0);
  if (sign == negative) return normalise(sign, 15, whole + W.hi, W.lo);
  normalise(sign, 15, whole - W.hi - u64(W.lo != 0), 0 - W.lo);
}

function multiplyByB(): void {
  const sign = R.sign ^ B.sign;
  multiplyR(B.exponent, B.significand, 0);
  R.sign = sign;
}

/** FYL2XP1: ST(1) * log2(ST(0) + 1), popping. */
export function logarithmPlusOne(env: usize): void {
  if (isEmpty(env, 0) || isEmpty(env, 1)) return underflow(env, 1, 1);
  loadOperands(env);
  if (!handledNans()) {
    computeLogarithmPlusOne();
    if ((A.denormal || B.denormal) && !(Context.flags & IE)) Context.flags |= DE;
  }
  finishPopping(env);
}

function computeLogarithmPlusOne(): void {
  const sign = A.sign ^ B.sign;
  if (A.kind == ZERO) return B.kind == INFINITE ? invalid() : setZero(sign);
  if (A.kind == INFINITE) return A.sign || B.kind == ZERO ? invalid() : setInfinity(B.sign);
  // What is no logarithm at all comes out as it went in.
  if (A.sign && A.exponent >= 0) {
    Context.flags |= PE;
    return resultFromA();
  }
  if (B.kind == INFINITE) return setInfinity(sign);
  if (B.kind == ZERO) return setZero(sign);
  if (A.exponent >= -1) {
    // Far from 1: the sum, cut to 64 bits, will do.
    const negative = A.sign != 0;
    W.hi = A.significand;
    W.lo = 0;
    const scale = max(A.exponent, 0) + 1;
    shiftW(scale - A.exponent);
    const one = shiftedOne(scale);
    normalise(0, scale, negative ? one - W.hi - u64(W.lo != 0) : one + W.hi, negative ? 0 - W.lo : W.lo);
    A.sign = 0;
    A.exponent = R.exponent;
    A.significand = R.hi;
    return computeLogarithm();
  }
  // x / (2 + x).
  W.hi = A.significand;
  W.lo = 0;
  shiftW(min(1 - A.exponent, 200));
  const hi = A.sign ? TOP_BIT - W.hi - u64(W.lo != 0) : TOP_BIT + W.hi;
  const lo = A.sign ? 0 - W.lo : W.lo;
  normalise(0, 1, hi, lo);
  divideNormalised(A.exponent, A.significand, 0, R.exponent, R.hi, R.lo);
  logarithmOfQuotient();
  R.sign = A.sign;
  multiplyByB();
  roundInexact();
}

/** 1 where bit 63 is worth 2^scale. */
@inline
function shiftedOne(scale: i32): u64 {
  return scale < 64 ? TOP_BIT >> u64(scale) : 0;
}

/** FPATAN: the angle of the point (ST(0), ST(1)), popping. */
export function arctangent(env: usize): void {
  if (isEmpty(env, 0) || isEmpty(env, 1)) return underflow(env, 1, 1);
  loadOperands(env);
  if (!handledNans()) {
    if (A.denormal || B.denormal) Context.flags |= DE;
    computeArctangent();
  }
  finishPopping(env);
}

/** R = angle of (A, B). */
function computeArctangent(): void {
  const sign = B.sign;
  if (B.kind == INFINITE) {
    if (A.kind != INFINITE) return setConstant(sign, 0, PI_HI, PI_LO);
    return A.sign ? setConstant(sign, 1, THREE_QUARTERS_PI_HI, THREE_QUARTERS_PI_LO) : setConstant(sign, -1, PI_HI, PI_LO);
  }
  if (A.kind == INFINITE || B.kind == ZERO) return A.sign ? setConstant(sign, 1, PI_HI, PI_LO) : setZero(sign);
  if (A.kind == ZERO) return setConstant(sign, 0, PI_HI, PI_LO);
  const steep = B.exponent > A.exponent || (B.exponent == A.exponent && B.significand > A.significand);
  if (steep) divideNormalised(A.exponent, A.significand, 0, B.exponent, B.significand, 0);
  else divideNormalised(B.exponent, B.significand, 0, A.exponent, A.significand, 0);
  arctangentOfR();
  if (steep) subtractRFrom(0);
  if (A.sign) subtractRFrom(1);
  R.sign = sign;
  roundInexact();
}

/** R = atan(R), R from 0 to 1. */
function arctangentOfR(): void {
  if (R.exponent < -4) {
    arctangentSeries(true);
    return multiplyRByW();
  }
  // atan(t) = atan(c) + atan((t - c) / (1 + t c)) with c the nearest multiple of 1/8.
  fixR(1);
  const hi = W.hi;
  const lo = W.lo;
  const i = (hi + (1 << 59)) >> 60;
  const c = i << 60;
  const below = hi < c;
  const distanceHi = below ? c - hi - u64(lo != 0) : hi - c;
  const distanceLo = below ? 0 - lo : lo;
  const baseHi = ARCTANGENTS[i32(i) * 2];
  const baseLo = ARCTANGENTS[i32(i) * 2 + 1];
  if ((distanceHi | distanceLo) == 0) return normalise(0, 0, baseHi, baseLo);
  // t * c: an eighth of t, times i.
  const eighthHi = hi >> 3;
  const eighthLo = (hi << 61) | (lo >> 3);
  const productLo = eighthLo * i;
  const productHi = eighthHi * i + multiplyHighSmall(eighthLo, i);
  normalise(0, 0, distanceHi, distanceLo);
  divideNormalised(R.exponent, R.hi, R.lo, 0, TOP_BIT + productHi, productLo);
  arctangentSeries(true);
  multiplyRByW();
  fixR(1);
  if (below) normalise(0, 0, baseHi - W.hi - u64(baseLo < W.lo), baseLo - W.lo);
  else {
    const sum = baseLo + W.lo;
    normalise(0, 0, baseHi + W.hi + u64(sum < baseLo), sum);
  }
}

@inline
function multiplyHighSmall(a: u64, small: u64): u64 {
  return ((a >> 32) * small + (((a & 0xffffffff) * small) >> 32)) >> 32;
}

/** R = pi * 2^(exponent - 1) - R, in fixed point with two bits before the point. */
function subtractRFrom(exponent: i32): void {
  fixR(2);
  const hi = W.hi;
  const lo = W.lo;
  const fromHi = exponent ? PI_HI : PI_HI >> 1;
  const fromLo = exponent ? PI_LO : (PI_HI << 63) | (PI_LO >> 1);
  normalise(0, 1, fromHi - hi - u64(fromLo < lo), fromLo - lo);
}

/** The quarter of the circle (0 to 3) around which the angle lies, after reduction; R is the distance from its middle axis, at most pi/4. */
class Angle {
  static quarter: i32 = 0;
  static sign: i32 = 0;
  static exponent: i32 = 0;
  static hi: u64 = 0;
  static lo: u64 = 0;
}

/**
 * A (finite, below 2^63) modulo pi/2 into Angle. As in hardware pi has 66 bits here (SDM volume 1, 8.3.8), so that the remainder
 * is exact, and that of the true pi only for small arguments.
 */
function reduce(): void {
  Angle.quarter = 0;
  Angle.sign = A.sign;
  Angle.exponent = A.exponent;
  Angle.hi = A.significand;
  Angle.lo = 0;
  if (A.exponent < -1) return;
  let hi = A.significand;
  let lo: u64 = 0;
  let quarter: u64 = 0;
  if (A.exponent < 0) {
    lo = hi << 63;
    hi >>= 1;
  }
  let carry = false;
  for (let i = max(A.exponent, 0); ; i--) {
    quarter <<= 1;
    if (carry || hi > PI_HI || (hi == PI_HI && lo >= PI_66_LO)) {
      hi -= PI_HI + u64(lo < PI_66_LO);
      lo -= PI_66_LO;
      quarter |= 1;
    }
    if (i == 0) break;
    carry = (hi >> 63) != 0;
    hi = (hi << 1) | (lo >> 63);
    lo <<= 1;
  }
  let sign = A.sign;
  const otherHi = PI_HI - hi - u64(PI_66_LO < lo);
  const otherLo = PI_66_LO - lo;
  if (hi > otherHi || (hi == otherHi && lo > otherLo)) {
    hi = otherHi;
    lo = otherLo;
    sign ^= 1;
    quarter++;
  }
  normalise(sign, 0, hi, lo);
  Angle.quarter = i32(A.sign ? 0 - quarter : quarter) & 3;
  Angle.sign = sign;
  Angle.exponent = R.exponent;
  Angle.hi = R.hi;
  Angle.lo = R.lo;
}

/** sin (0) or cos (1) of the angle, by quarter and distance, into R. */
function trigonometric(cosine: i32): void {
  const quarter = (Angle.quarter + cosine) & 3;
  R.kind = FINITE;
  R.exponent = Angle.exponent;
  R.hi = Angle.hi;
  R.lo = Angle.lo;
  if (quarter & 1) {
    alternatingFactorials(0);
    normalise(0, 0, W.hi, W.lo);
  } else {
    alternatingFactorials(1);
    multiplyRByW();
    R.sign = Angle.sign;
  }
  if (quarter & 2) negateR();
}

/** NaNs and infinities: true if R is the result. */
function special(): bool {
  if (handledNanA()) return true;
  if (A.kind == INFINITE) {
    invalid();
    return true;
  }
  if (A.denormal) Context.flags |= DE;
  return false;
}

/** Arguments from 2^63 on are left alone, with C2 set. */
function outOfRange(env: usize): bool {
  setStatus(env, status(env) & ~C2);
  if (A.kind != FINITE || A.exponent < 63) return false;
  setStatus(env, (status(env) & ~C1) | C2);
  return true;
}

export function sine(env: usize): void {
  oneFunction(env, 0);
}

export function cosine(env: usize): void {
  oneFunction(env, 1);
}

function oneFunction(env: usize, cosine: i32): void {
  setStatus(env, status(env) & ~C2);
  if (isEmpty(env, 0)) return underflow(env, 0, 0);
  loadA(env, 0);
  if (outOfRange(env)) return;
  if (!special()) {
    if (A.kind == ZERO) setSineOrCosineOfZero(cosine);
    else {
      reduce();
      trigonometric(cosine);
      roundInexact();
    }
  }
  if (finish(env)) storeR(env, 0);
}

function setSineOrCosineOfZero(cosine: i32): void {
  if (cosine) normalise(0, 0, TOP_BIT, 0);
  else setZero(A.sign);
}

/** FSINCOS: the sine replaces ST(0), the cosine is pushed. */
export function sineCosine(env: usize): void {
  if (!startPair(env)) return;
  if (special()) return finishPair(env);
  if (A.kind == ZERO) {
    setSineOrCosineOfZero(0);
    if (!finish(env)) return;
    storeR(env, 0);
    setSineOrCosineOfZero(1);
    push(env);
    return storeR(env, 0);
  }
  reduce();
  trigonometric(0);
  roundInexact();
  if (!finish(env)) return;
  storeR(env, 0);
  // C1 is about the sine.
  const roundedUp = Context.roundedUp;
  trigonometric(1);
  roundInexact();
  Context.roundedUp = roundedUp;
  finish(env);
  push(env);
  storeR(env, 0);
}

/** FPTAN: the tangent replaces ST(0), 1 is pushed. */
export function tangent(env: usize): void {
  if (!startPair(env)) return;
  if (special()) return finishPair(env);
  if (A.kind == ZERO) {
    setZero(A.sign);
  } else {
    reduce();
    computeTangent();
  }
  if (!finish(env)) return;
  storeR(env, 0);
  push(env);
  storeExtended(env, 0, TOP_BIT, 0x3fff);
}

/** R = tangent of the angle. */
function computeTangent(): void {
  if (Angle.exponent < -62 && !(Angle.quarter & 1)) {
    // Larger than its argument, by less than can be seen.
    normalise(Angle.sign, Angle.exponent, Angle.hi, Angle.lo);
  } else {
    trigonometric(0);
    const sign = R.sign;
    const exponent = R.exponent;
    const hi = R.hi;
    const lo = R.lo;
    trigonometric(1);
    const signs = sign ^ R.sign;
    divideNormalised(exponent, hi, lo, R.exponent, R.hi, R.lo);
    R.sign = signs;
  }
  roundInexact();
}

/** ST(0) into A, with room for a second result. False: the instruction is over. */
function startPair(env: usize): bool {
  setStatus(env, status(env) & ~C2);
  const empty = isEmpty(env, 0);
  if (empty || !isEmpty(env, 7)) {
    if (stackFault(env, !empty)) storePair(env);
    return false;
  }
  loadA(env, 0);
  return !outOfRange(env);
}

/** The same NaN twice. */
function finishPair(env: usize): void {
  if (finish(env)) storePair(env);
}

function storePair(env: usize): void {
  storeR(env, 0);
  push(env);
  storeR(env, 0);
}
