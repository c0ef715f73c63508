/** x87 instructions on ST(0) (and ST(1)) other than the four operations and the transcendental ones. */
import {
  C0, C1, C2, C3, CONDITIONS, canPush, finish, isEmpty, loadA, precision, push, setFull, setStatus, st, stackFault, status,
  storeExtended, storeR, underflow,
} from './fpu-state';
import { handledNanA, handledNans } from './fpu-arithmetic';
import {
  A, B, Context, DE, FINITE, IE, INFINITE, OE, PE, QUIET, R, UE, UNSUPPORTED, ZE, ZERO, copyAToB, invalid, resultFromA,
  roundAToIntegral, roundTo, setAFromMagnitude, setInfinity, setZero, squareRoot,
} from './softfloat';
import { EXTENDED_LEAST, EXTENDED_MOST, EXTENDED_WRAP, packExtendedTop, unpackInteger } from './softfloat-formats';

export function clearC1(env: usize): void {
  setStatus(env, status(env) & ~C1);
}

/** FCHS, FABS: no exception but underflow, whatever the register holds. */
export function changeSign(env: usize, keep: u32, flip: u32): void {
  if (isEmpty(env, 0)) return underflow(env, 0, 0);
  const at = st(env, 0);
  store<u32>(at, (load<u32>(at, 8) & keep) ^ flip, 8);
  clearC1(env);
}

/** FXAM: C1 is the sign; C3, C2, C0 the class, of an empty register too. */
export function examine(env: usize): void {
  const empty = isEmpty(env, 0);
  loadA(env, 0);
  let conditions: i32;
  if (empty) conditions = C3 | C0;
  else if (A.kind == UNSUPPORTED) conditions = 0;
  else if (A.kind >= QUIET) conditions = C0;
  else if (A.kind == INFINITE) conditions = C2 | C0;
  else if (A.kind == ZERO) conditions = C3;
  else conditions = A.denormal ? C3 | C2 : C2;
  setStatus(env, (status(env) & ~CONDITIONS) | conditions | (A.sign ? C1 : 0));
}

/**
 * The constants of D9 E8-EE: exponent, then 128 bits of significand. They are rounded as RC says, without raising PE.
 * Computed to 192 bits with integer arithmetic.
 */
const CONSTANTS: StaticArray<u64> = [
  0, 0x8000000000000000, 0, // 1
  1, 0xd49a784bcd1b8afe, 0x492bf6ff4dafdb4c, // log2(10)
  0, 0xb8aa3b295c17f0bb, 0xbe87fed0691d3e88, // log2(e)
  1, 0xc90fdaa22168c234, 0xc4c6628b80dc1cd1, // pi
  -2, 0x9a209a84fbcff798, 0x8f8959ac0b7c9178, // log10(2)
  -1, 0xb17217f7d1cf79ab, 0xc9e3b39803f2f6af, // ln(2)
  0, 0, 0, // 0
];

export function pushConstant(env: usize, which: i32): void {
  if (!canPush(env)) return;
  R.kind = which == 6 ? ZERO : FINITE;
  R.sign = 0;
  R.exponent = i32(CONSTANTS[which * 3]);
  R.hi = CONSTANTS[which * 3 + 1];
  R.lo = CONSTANTS[which * 3 + 2];
  roundTo(64, EXTENDED_LEAST, EXTENDED_MOST, 0);
  Context.flags = 0;
  Context.roundedUp = false;
  finish(env);
  push(env);
  storeR(env, 0);
}

/** A copy of ST(from) in ST(to): FST ST(i). */
export function copyRegister(env: usize, to: i32, from: i32): void {
  const source = st(env, from);
  storeExtended(env, to, load<u64>(source), load<u32>(source, 8));
  setFull(env, to);
}

export function storeRegister(env: usize, to: i32): void {
  if (isEmpty(env, 0)) {
    if (stackFault(env, false)) storeR(env, to);
    return;
  }
  copyRegister(env, to, 0);
  clearC1(env);
}

/** FXCH: an empty register counts as the default NaN, after the (masked) exception. */
export function exchange(env: usize, i: i32): void {
  const empty = isEmpty(env, 0);
  const otherEmpty = isEmpty(env, i);
  if (empty || otherEmpty) {
    if (!stackFault(env, false)) return;
    if (empty) storeR(env, 0);
    if (otherEmpty) storeR(env, i);
  } else {
    clearC1(env);
  }
  const a = st(env, 0);
  const b = st(env, i);
  const significand = load<u64>(a);
  const top = load<u32>(a, 8);
  storeExtended(env, 0, load<u64>(b), load<u32>(b, 8));
  storeExtended(env, i, significand, top);
}

/** FCMOVcc, the condition known. */
export function moveIf(env: usize, condition: bool, i: i32): void {
  if (isEmpty(env, 0) || isEmpty(env, i)) {
    // Whatever the condition.
    if (stackFault(env, false)) storeR(env, 0);
    return;
  }
  if (condition) copyRegister(env, 0, i);
}

export function root(env: usize): void {
  if (isEmpty(env, 0)) return underflow(env, 0, 0);
  loadA(env, 0);
  if (!handledNanA()) {
    squareRoot();
    if (A.denormal && !(Context.flags & IE)) Context.flags |= DE;
    roundTo(precision(env), EXTENDED_LEAST, EXTENDED_MOST, EXTENDED_WRAP);
  }
  if (finish(env)) storeR(env, 0);
}

export function roundToIntegral(env: usize): void {
  if (isEmpty(env, 0)) return underflow(env, 0, 0);
  loadA(env, 0);
  if (!handledNanA()) {
    if (A.denormal) Context.flags |= DE;
    roundAToIntegral();
    resultFromA();
  }
  if (finish(env)) storeR(env, 0);
}

/** FXTRACT: the exponent replaces ST(0), the significand is pushed. */
export function extract(env: usize): void {
  if (isEmpty(env, 0)) {
    if (!stackFault(env, false)) return;
    storeR(env, 0);
    push(env);
    return storeR(env, 0);
  }
  if (!isEmpty(env, 7)) {
    if (!stackFault(env, true)) return;
    storeR(env, 0);
    push(env);
    return storeR(env, 0);
  }
  loadA(env, 0);
  const sign = A.sign;
  const exponent = A.exponent;
  if (handledNanA()) {
    if (!finish(env)) return;
    storeR(env, 0);
    push(env);
    return storeR(env, 0);
  }
  if (A.denormal) Context.flags |= DE;
  if (A.kind == ZERO) {
    Context.flags |= ZE;
    setInfinity(1);
  } else if (A.kind == INFINITE) {
    setInfinity(0);
  } else {
    const significand = A.significand;
    unpackInteger(exponent);
    resultFromA();
    A.kind = FINITE;
    A.significand = significand;
  }
  if (!finish(env)) return;
  storeR(env, 0);
  push(env);
  A.sign = sign;
  A.exponent = 0;
  resultFromA();
  storeR(env, 0);
}

/** FSCALE: ST(0) * 2^trunc(ST(1)). */
export function scale(env: usize): void {
  if (isEmpty(env, 0) || isEmpty(env, 1)) return underflow(env, 0, 0);
  loadA(env, 1);
  copyAToB();
  loadA(env, 0);
  if (!handledNans()) {
    if (A.denormal || B.denormal) Context.flags |= DE;
    if (B.kind == INFINITE) {
      if (B.sign ? A.kind == INFINITE : A.kind == ZERO) {
        Context.flags &= ~DE;
        invalid();
      } else if (B.sign) setZero(A.sign);
      else setInfinity(A.sign);
    } else if (A.kind != FINITE || B.kind == ZERO) {
      resultFromA();
    } else {
      resultFromA();
      R.exponent += truncated(B.sign, B.exponent, B.significand);
    }
    if (R.kind == FINITE) saturateUnmasked();
    // Precision control has no say.
    roundTo(64, EXTENDED_LEAST, EXTENDED_MOST, EXTENDED_WRAP);
    if (R.kind == INFINITE && (Context.flags & OE)) Context.roundedUp = true;
  }
  if (finish(env)) storeR(env, 0);
}

/** Results that even the exponent's shift for unmasked exceptions leaves out of range become infinity or zero (SDM volume 1, 8.5.4). */
function saturateUnmasked(): void {
  if ((Context.unmasked & OE) && R.exponent - EXTENDED_WRAP > EXTENDED_MOST) {
    setInfinity(R.sign);
    Context.flags |= OE | PE;
  } else if ((Context.unmasked & UE) && R.exponent + EXTENDED_WRAP < EXTENDED_LEAST) {
    setZero(R.sign);
    Context.flags |= UE | PE;
  }
}

/** A finite number's integer part, limited to what moves any exponent past its range. */
function truncated(sign: i32, exponent: i32, significand: u64): i32 {
  const magnitude = exponent < 0 ? 0 : exponent > 16 ? 0x1ffff : i32(significand >> u64(63 - exponent));
  return sign ? -magnitude : magnitude;
}

/**
 * FPREM (quotient truncated) and FPREM1 (rounded to nearest, even): the remainder is exact. Exponents that differ by 64 or
 * more are brought nearer by at most 63 and C2 is set, for the program to go on; else C2 is clear and C0, C3, C1 are the low bits of the quotient.
 */
export function partialRemainder(env: usize, nearest: bool): void {
  // Without a quotient C3 and C0 stay as they are.
  setStatus(env, status(env) & ~C2);
  if (isEmpty(env, 0) || isEmpty(env, 1)) return underflow(env, 0, 0);
  loadA(env, 1);
  copyAToB();
  loadA(env, 0);
  let conditions: i32 = -1;
  if (!handledNans()) {
    if (A.kind == INFINITE || B.kind == ZERO) {
      invalid();
    } else {
      if (A.denormal || B.denormal) Context.flags |= DE;
      conditions = 0;
      if (A.kind == ZERO || B.kind == INFINITE) resultFromA();
      else conditions = remainderOfAB(nearest);
      roundTo(64, EXTENDED_LEAST, EXTENDED_MOST, EXTENDED_WRAP);
      Context.roundedUp = false;
    }
  }
  if (!finish(env)) return;
  if (conditions >= 0) setStatus(env, (status(env) & ~CONDITIONS) | conditions);
  storeR(env, 0);
}

/** R = the remainder of finite A and B; the condition bits. */
function remainderOfAB(nearest: bool): i32 {
  const distance = A.exponent - B.exponent;
  const sign = A.sign;
  resultFromA();
  if (distance < -1 || (distance < 0 && !nearest)) return 0;
  let rest = A.significand;
  let restHigh: u64 = 0;
  let quotient: u64 = 0;
  const complete = distance < 64;
  // A large distance is worked off in steps that leave less than 64.
  let steps = complete ? distance : 32 + (distance & 31);
  const exponent = A.exponent - (steps < 0 ? 0 : steps);
  if (steps >= 0) {
    for (let i = steps; ; i--) {
      quotient <<= 1;
      if (restHigh || rest >= B.significand) {
        rest -= B.significand;
        restHigh = 0;
        quotient |= 1;
      }
      if (i == 0) break;
      restHigh = rest >> 63;
      rest <<= 1;
    }
  }
  let flip: i32 = 0;
  if (complete && nearest) {
    // Compare twice the rest with B; at distance -1 the rest is A, at half B's scale.
    if (distance < 0) {
      if (rest > B.significand) {
        flip = 1;
        quotient = 1;
        // B - A, at A's scale: 2 * B.significand - rest, which is below B.significand.
        rest = B.significand - (rest - B.significand);
      }
    } else {
      const other = B.significand - rest;
      if (rest > other || (rest == other && (quotient & 1))) {
        flip = 1;
        quotient++;
        rest = other;
      }
    }
  }
  if (rest == 0) {
    setZero(sign);
  } else {
    setAFromMagnitude(sign ^ flip, rest);
    A.exponent += exponent - 63;
    resultFromA();
  }
  if (!complete) return C2;
  return (quotient & 4 ? C0 : 0) | (quotient & 2 ? C3 : 0) | (quotient & 1 ? C1 : 0);
}
