/** x87 arithmetic and comparison (SDM volume 1, 8.3.5 and 8.3.6), operands in A (the destination) and B. */
import { CC_FLAGS, CC_OP, CC_SRC, FLAG_CF, FLAG_PF, FLAG_ZF } from './layout';
import { C0, C1, C2, C3, finish, isEmpty, loadA, pop, precision, setStatus, stackFault, status, storeR, underflow } from './fpu-state';
import {
  A, B, Context, DE, IE, QUIET, R, SIGNALLING, UNSUPPORTED, add, compare, copyAToB, divide, invalid, multiply, roundTo,
  swapAB,
} from './softfloat';
import { EXTENDED_LEAST, EXTENDED_MOST, EXTENDED_WRAP } from './softfloat-formats';

/** Operations by the reg field of their ModRM. */
const ADD: i32 = 0;
const MUL: i32 = 1;
const SUB: i32 = 4;
const SUBR: i32 = 5;
const DIV: i32 = 6;
const DIVR: i32 = 7;

/** A NaN (quieted) into R. */
function setNan(sign: i32, significand: u64): void {
  R.kind = QUIET;
  R.sign = sign;
  R.hi = significand | 0x4000000000000000;
  R.lo = 0;
}

/** R = what NaN or unsupported operands give; false if A is neither. */
export function handledNanA(): bool {
  if (A.kind < QUIET) return false;
  if (A.kind == UNSUPPORTED) invalid();
  else {
    if (A.kind == SIGNALLING) Context.flags |= IE;
    setNan(A.sign, A.significand);
  }
  return true;
}

/**
 * The same for two operands (SDM volume 1, table 4-7): a quiet NaN wins over a signalling one, else the larger significand,
 * else the positive one.
 */
export function handledNans(): bool {
  if (A.kind < QUIET && B.kind < QUIET) return false;
  if (A.kind == UNSUPPORTED || B.kind == UNSUPPORTED) {
    invalid();
    return true;
  }
  if (A.kind == SIGNALLING || B.kind == SIGNALLING) Context.flags |= IE;
  let takeA = B.kind < QUIET;
  if (!takeA && A.kind >= QUIET) {
    if (A.kind != B.kind) takeA = A.kind == QUIET;
    else if (A.significand != B.significand) takeA = A.significand > B.significand;
    else takeA = A.sign == 0;
  }
  if (takeA) setNan(A.sign, A.significand);
  else setNan(B.sign, B.significand);
  return true;
}

/** R = A op B, rounded to `bits` of precision. */
function compute(operation: i32, bits: i32): void {
  if (handledNans()) return;
  if (operation == SUBR || operation == DIVR) swapAB();
  if (operation == ADD) add(0);
  else if (operation == MUL) multiply();
  else if (operation == SUB || operation == SUBR) add(1);
  else divide();
  // A division by zero or an invalid operation comes before a denormal operand.
  if ((A.denormal || B.denormal) && Context.flags == 0) Context.flags |= DE;
  roundTo(bits, EXTENDED_LEAST, EXTENDED_MOST, EXTENDED_WRAP);
}

/** ST(i) = A op B with A = ST(i), B loaded by the caller. */
export function arithmeticWithB(env: usize, operation: i32, i: i32): void {
  if (isEmpty(env, i)) return underflow(env, i, 0);
  loadA(env, i);
  compute(operation, precision(env));
  if (finish(env)) storeR(env, i);
}

/** ST(to) = ST(to) op ST(from). In forms that write ST(i), the manual's R forms trade places, as does their encoding. */
export function arithmetic(env: usize, operation: i32, to: i32, from: i32, pops: i32): void {
  if (isEmpty(env, to) || isEmpty(env, from)) return underflow(env, to, pops);
  loadA(env, from);
  copyAToB();
  loadA(env, to);
  compute(operation, precision(env));
  if (!finish(env)) return;
  storeR(env, to);
  if (pops) pop(env);
}

function conditionsOf(order: i32): i32 {
  return order < 0 ? C0 : order == 0 ? C3 : order == 1 ? 0 : C0 | C2 | C3;
}

/** -1, 0, 1 or 2 (unordered), raising IE for NaNs: for all, or with `quiet` for signalling ones only. */
function order(quiet: bool): i32 {
  if (A.kind >= QUIET || B.kind >= QUIET) {
    if (!quiet || A.kind > QUIET || B.kind > QUIET) Context.flags |= IE;
    return 2;
  }
  if (A.denormal || B.denormal) Context.flags |= DE;
  return compare();
}

/** Compares ST(0) with B into C3, C2, C0. */
export function compareWithB(env: usize, quiet: bool, pops: i32): void {
  if (isEmpty(env, 0)) return compareUnderflow(env, pops);
  loadA(env, 0);
  // Even an unmasked exception lets the condition codes be set; it forbids the popping.
  const conditions = conditionsOf(order(quiet));
  Context.roundedUp = false;
  const completes = finish(env);
  setStatus(env, (status(env) & ~(C0 | C1 | C2 | C3)) | conditions);
  if (!completes) return;
  for (; pops > 0; pops--) pop(env);
}

function compareUnderflow(env: usize, pops: i32): void {
  const masked = stackFault(env, false);
  setStatus(env, status(env) | C0 | C2 | C3);
  if (!masked) return;
  for (; pops > 0; pops--) pop(env);
}

export function compareRegisters(env: usize, i: i32, quiet: bool, pops: i32): void {
  if (isEmpty(env, i)) return compareUnderflow(env, pops);
  loadA(env, i);
  copyAToB();
  compareWithB(env, quiet, pops);
}

/**
 * FCOMI and relatives: the order goes to ZF, PF, CF; the other arithmetic flags are cleared. C1 changes only on underflow. An
 * unmasked exception forbids no more than popping.
 */
export function compareToEflags(env: usize, i: i32, quiet: bool, pops: i32): void {
  let relation: i32 = 2;
  let completes: bool;
  if (isEmpty(env, 0) || isEmpty(env, i)) {
    completes = stackFault(env, false);
  } else {
    loadA(env, i);
    copyAToB();
    loadA(env, 0);
    relation = order(quiet);
    const c1 = status(env) & C1;
    completes = finish(env);
    setStatus(env, status(env) | c1);
  }
  setOrderFlags(env, relation);
  if (pops && completes) pop(env);
}

export function setOrderFlags(env: usize, relation: i32): void {
  const flags = relation < 0 ? FLAG_CF : relation == 0 ? FLAG_ZF : relation == 1 ? 0 : FLAG_ZF | FLAG_PF | FLAG_CF;
  store<i32>(env + CC_OP, CC_FLAGS);
  store<i64>(env + CC_SRC, i64(flags));
}
