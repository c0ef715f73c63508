/**
 * The x87's frequent instructions in the case that nearly all programs are in all the time: every exception masked and none pending,
 * rounding to nearest, 64 bits of precision; registers that are full (or free, for a push), operands and results normal
 * numbers. Then only PE and C1 can change. Each function tries that first and leaves everything else, with nothing changed, to
 * `x87_register` or `x87_load`, which know all cases.
 */
import { ENV_PC } from '../../tcg/src/env';
import {
  CC_FLAGS, CC_OP, CC_SRC, FLAG_CF, FLAG_ZF, FP_DP, FP_EMPTY, FP_IP, FP_OPCODE, FP_REGS, FP_STATUS, FP_TOP, X87_NEGATE_FROM,
  X87_NEGATE_TO, X87_POPS,
} from './layout';
import { x87_load, x87_register } from './fpu';
import { pushExtendedValue } from './fpu-transfer';
import { C0, C1, C2, C3, ES, begin } from './fpu-state';
import { PE, Remainder, TOP_BIT, divide128, mulhi, rootOf, shiftRightHigh, shiftRightLow } from './softfloat';

/** Status and control word side by side: ES, then RC, PC and the six masks. */
const STATE_MASK: u64 = ((0xf3f as u64) << 32) | u64(ES);
const PLAIN_STATE: u64 = (0x33f as u64) << 32;
const SIGN: u32 = 0x8000;
const BIAS: i32 = 16383;
const MOST: i32 = 0x7ffe;

@inline
function isPlain(env: usize): bool {
  return (load<u64>(env + FP_STATUS) & STATE_MASK) == PLAIN_STATE;
}

/** What every instruction but the control ones leaves behind. */
@inline
function note(env: usize, fop: i32): void {
  store<i32>(env + FP_OPCODE, fop);
  store<u64>(env + FP_IP, load<u64>(env + ENV_PC));
}

@inline
function at(env: usize, register: i32): usize {
  return env + FP_REGS + (usize(register) << 4);
}

@inline
function isNormal(significand: u64, top: u32): bool {
  return i64(significand) < 0 && (top & 0x7fff) - 1 < u32(MOST);
}

@inline
function popOf(env: usize, top: i32): void {
  store<i32>(env + FP_EMPTY, load<i32>(env + FP_EMPTY) | (1 << top));
  store<i32>(env + FP_TOP, (top + 1) & 7);
}

/**
 * The magnitude hi + lo / 2^64 (bit 63 of `hi` set), rounded and stored. `exponent` is biased. False: it is too large or too small,
 * nothing was stored.
 */
@inline
function finishPlain(env: usize, to: usize, sign: u32, exponent: i32, hi: u64, lo: u64): bool {
  if (exponent < 1) return false;
  const up = u64(lo > TOP_BIT) | (u64(lo == TOP_BIT) & hi);
  const rounded = hi + (up & 1);
  const carry = rounded == 0;
  exponent += i32(carry);
  if (exponent > MOST) return false;
  store<u64>(to, carry ? TOP_BIT : rounded);
  store<u32>(to, sign | u32(exponent), 8);
  store<i32>(env + FP_STATUS, (load<i32>(env + FP_STATUS) & ~C1) | (lo != 0 ? PE : 0) | (i32(up & 1) << 9));
  return true;
}

@inline
function addPlain(env: usize, to: usize, a: u64, topA: u32, b: u64, topB: u32): bool {
  if (!isNormal(a, topA) || !isNormal(b, topB)) return false;
  const exponentA = i32(topA & 0x7fff);
  const exponentB = i32(topB & 0x7fff);
  const swapped = exponentA < exponentB || (exponentA == exponentB && a < b);
  const large = swapped ? b : a;
  const small = swapped ? a : b;
  let exponent = swapped ? exponentB : exponentA;
  const distance = exponent - (swapped ? exponentA : exponentB);
  const sign = (swapped ? topB : topA) & SIGN;
  const smallHi = shiftRightHigh(small, distance);
  let lo = shiftRightLow(small, 0, distance);
  if (!((topA ^ topB) & SIGN)) {
    let hi = large + smallHi;
    if (hi < large) {
      lo = (hi << 63) | (lo >> 1) | (lo & 1);
      hi = (hi >> 1) | TOP_BIT;
      exponent++;
    }
    return finishPlain(env, to, sign, exponent, hi, lo);
  }
  let hi = large - smallHi - u64(lo != 0);
  lo = 0 - lo;
  if (hi == 0) {
    if (lo == 0) {
      store<u64>(to, 0);
      store<u32>(to, 0, 8);
      store<i32>(env + FP_STATUS, load<i32>(env + FP_STATUS) & ~C1);
      return true;
    }
    hi = lo;
    lo = 0;
    exponent -= 64;
  }
  const shift = clz(hi);
  if (shift != 0) {
    hi = (hi << shift) | (lo >> (64 - shift));
    lo <<= shift;
    exponent -= i32(shift);
  }
  return finishPlain(env, to, sign, exponent, hi, lo);
}

@inline
function multiplyPlain(env: usize, to: usize, a: u64, topA: u32, b: u64, topB: u32): bool {
  if (!isNormal(a, topA) || !isNormal(b, topB)) return false;
  let hi = mulhi(a, b);
  let lo = a * b;
  const shift = ~hi >> 63;
  hi = (hi << shift) | ((lo >> 63) & shift);
  lo <<= shift;
  const exponent = i32(topA & 0x7fff) + i32(topB & 0x7fff) - BIAS + 1 - i32(shift);
  return finishPlain(env, to, (topA ^ topB) & SIGN, exponent, hi, lo);
}

@inline
function dividePlain(env: usize, to: usize, a: u64, topA: u32, b: u64, topB: u32): bool {
  if (!isNormal(a, topA) || !isNormal(b, topB)) return false;
  const less = a < b;
  const hi = less ? divide128(a, 0, b) : divide128(a >> 1, a << 63, b);
  const rest = Remainder.value;
  const half = b - rest;
  const lo: u64 = rest == 0 ? 0 : rest < half ? 1 : rest == half ? TOP_BIT : TOP_BIT | 1;
  const exponent = i32(topA & 0x7fff) - i32(topB & 0x7fff) + BIAS - i32(less);
  return finishPlain(env, to, (topA ^ topB) & SIGN, exponent, hi, lo);
}

/** FADD, FSUB, FSUBR, FADDP...: `form` is the register that is written, the other one << 3, X87_POPS, X87_NEGATE_TO, X87_NEGATE_FROM. */
/** What `findOperands` found: the top of the stack, addresses of the register that gets the result and of the other. */
let stackTop: i32 = 0;
let target: usize = 0;
let other: usize = 0;

/** Whether this is the common case so far: nothing unmasked or pending, both registers full. */
@inline
function findOperands(env: usize, form: i32): bool {
  if (!isPlain(env)) return false;
  stackTop = load<i32>(env + FP_TOP);
  const first = (stackTop + form) & 7;
  const second = (stackTop + (form >> 3)) & 7;
  const empty = load<i32>(env + FP_EMPTY);
  target = at(env, first);
  other = at(env, second);
  return !(((empty >> first) | (empty >> second)) & 1);
}

@inline
function finish(env: usize, fop: i32, form: i32): void {
  note(env, fop);
  if (form & X87_POPS) popOf(env, stackTop);
}

export function x87_add(env: usize, fop: i32, form: i32): void {
  if (findOperands(env, form)) {
    const topA = load<u32>(target, 8) ^ ((form & X87_NEGATE_TO) << 8);
    const topB = load<u32>(other, 8) ^ ((form & X87_NEGATE_FROM) << 7);
    if (addPlain(env, target, load<u64>(target), topA, load<u64>(other), topB)) return finish(env, fop, form);
  }
  x87_register(env, fop);
}

export function x87_multiply(env: usize, fop: i32, form: i32): void {
  if (findOperands(env, form)) {
    if (multiplyPlain(env, target, load<u64>(target), load<u32>(target, 8), load<u64>(other), load<u32>(other, 8))) return finish(env, fop, form);
  }
  x87_register(env, fop);
}

/** FDIV and, with X87_NEGATE_TO, FDIVR. */
export function x87_divide(env: usize, fop: i32, form: i32): void {
  if (findOperands(env, form)) {
    const reversed = (form & X87_NEGATE_TO) != 0;
    const a = reversed ? other : target;
    const b = reversed ? target : other;
    if (dividePlain(env, target, load<u64>(a), load<u32>(a, 8), load<u64>(b), load<u32>(b, 8))) return finish(env, fop, form);
  }
  x87_register(env, fop);
}

export function x87_square_root(env: usize, fop: i32): void {
  if (isPlain(env)) {
    const top = load<i32>(env + FP_TOP);
    const to = at(env, top);
    const significand = load<u64>(to);
    const word = load<u32>(to, 8);
    if (!((load<i32>(env + FP_EMPTY) >> top) & 1) && isNormal(significand, word) && !(word & SIGN)) {
      const exponent = i32(word) - BIAS;
      const root = rootOf(significand, (exponent & 1) != 0);
      finishPlain(env, to, 0, (exponent >> 1) + BIAS, root, Remainder.value);
      return note(env, fop);
    }
  }
  x87_register(env, fop);
}

/** FLD m32, FLD m64, FILD: `format` as of `unpackMemory`. */
export function x87_push(env: usize, fop: i32, format: i32, value: i64, address: u64): void {
  const top = (load<i32>(env + FP_TOP) - 1) & 7;
  const empty = load<i32>(env + FP_EMPTY);
  if (isPlain(env) && (empty >> top) & 1) {
    let significand: u64 = 0;
    let word: u32 = 0;
    let known = true;
    if (format == 2) {
      const exponent = u32(value >> 52) & 0x7ff;
      significand = TOP_BIT | (u64(value) << 11);
      word = (exponent + (BIAS - 1023)) | (u32(u64(value) >> 48) & SIGN);
      known = exponent - 1 < 0x7fe;
      if (!(value << 1)) {
        significand = 0;
        word &= SIGN;
        known = true;
      }
    } else if (format == 0) {
      const exponent = u32(value >> 23) & 0xff;
      significand = TOP_BIT | (u64(value) << 40);
      word = (exponent + (BIAS - 127)) | (u32(value >> 16) & SIGN);
      known = exponent - 1 < 0xfe;
      if (!(u32(value) << 1)) {
        significand = 0;
        word &= SIGN;
        known = true;
      }
    } else {
      const integer = format == 1 ? i64(i32(value)) : format == 3 ? i64(i16(value)) : value;
      if (integer != 0) {
        const magnitude = integer < 0 ? u64(0 - integer) : u64(integer);
        const shift = clz(magnitude);
        significand = magnitude << shift;
        word = (u32(BIAS + 63) - u32(shift)) | (integer < 0 ? SIGN : 0);
      }
    }
    if (known) {
      pushPlain(env, fop, top, empty, significand, word);
      store<u64>(env + FP_DP, address);
      return;
    }
  }
  x87_load(env, fop, value, address);
}

@inline
function pushPlain(env: usize, fop: i32, top: i32, empty: i32, significand: u64, word: u32): void {
  note(env, fop);
  const to = at(env, top);
  store<u64>(to, significand);
  store<u32>(to, word, 8);
  store<i32>(env + FP_TOP, top);
  store<i32>(env + FP_EMPTY, empty & ~(1 << top));
  store<i32>(env + FP_STATUS, load<i32>(env + FP_STATUS) & ~C1);
}

/** FLD m80, of whatever it is. */
export function x87_push_extended(env: usize, fop: i32, significand: i64, word: i32, address: u64): void {
  const top = (load<i32>(env + FP_TOP) - 1) & 7;
  const empty = load<i32>(env + FP_EMPTY);
  if (isPlain(env) && (empty >> top) & 1) {
    pushPlain(env, fop, top, empty, significand, word);
    store<u64>(env + FP_DP, address);
    return;
  }
  if (!begin(env, fop)) return;
  store<u64>(env + FP_DP, address);
  pushExtendedValue(env, significand, word);
}

/** FLD ST(i). */
export function x87_push_register(env: usize, fop: i32, i: i32): void {
  const top = (load<i32>(env + FP_TOP) - 1) & 7;
  const empty = load<i32>(env + FP_EMPTY);
  const from = (top + 1 + i) & 7;
  if (!isPlain(env) || !((empty >> top) & 1) || (empty >> from) & 1) return x87_register(env, fop);
  pushPlain(env, fop, top, empty, load<u64>(at(env, from)), load<u32>(at(env, from), 8));
}

export function x87_exchange(env: usize, fop: i32, i: i32): void {
  const top = load<i32>(env + FP_TOP);
  const other = (top + i) & 7;
  const empty = load<i32>(env + FP_EMPTY);
  if (!isPlain(env) || ((empty >> top) | (empty >> other)) & 1) return x87_register(env, fop);
  note(env, fop);
  const a = at(env, top);
  const b = at(env, other);
  const significand = load<u64>(a);
  const word = load<u32>(a, 8);
  store<u64>(a, load<u64>(b));
  store<u32>(a, load<u32>(b, 8), 8);
  store<u64>(b, significand);
  store<u32>(b, word, 8);
  store<i32>(env + FP_STATUS, load<i32>(env + FP_STATUS) & ~C1);
}

/** FST ST(i), FSTP ST(i). */
export function x87_store_register(env: usize, fop: i32, i: i32, pops: i32): void {
  const top = load<i32>(env + FP_TOP);
  const empty = load<i32>(env + FP_EMPTY);
  if (!isPlain(env) || (empty >> top) & 1) return x87_register(env, fop);
  note(env, fop);
  const to = (top + i) & 7;
  const from = at(env, top);
  store<u64>(at(env, to), load<u64>(from));
  store<u32>(at(env, to), load<u32>(from, 8), 8);
  store<i32>(env + FP_EMPTY, empty & ~(1 << to));
  store<i32>(env + FP_STATUS, load<i32>(env + FP_STATUS) & ~C1);
  if (pops) popOf(env, top);
}

@inline
function normalDouble(value: i64): bool {
  return (u32(value >> 52) & 0x7ff) - 1 < 0x7fe;
}

@inline
function normalSingle(value: i64): bool {
  return (u32(value >> 23) & 0xff) - 1 < 0xfe;
}

/** FADD, FMUL, FSUB, FSUBR of ST(0) with m32 (`format` 0) or m64 (2). `operation` is the reg field. */
export function x87_with_memory(env: usize, fop: i32, operation: i32, value: i64, address: u64): void {
  const top = load<i32>(env + FP_TOP);
  if (isPlain(env) && !((load<i32>(env + FP_EMPTY) >> top) & 1)) {
    const isDouble = (fop & 0x400) != 0;
    if (isDouble ? normalDouble(value) : normalSingle(value)) {
      const b: u64 = TOP_BIT | (isDouble ? u64(value) << 11 : u64(value) << 40);
      const topB: u32 = isDouble
        ? ((u32(value >> 52) & 0x7ff) + (BIAS - 1023)) | (u32(u64(value) >> 48) & SIGN)
        : ((u32(value >> 23) & 0xff) + (BIAS - 127)) | (u32(value >> 16) & SIGN);
      const to = at(env, top);
      const a = load<u64>(to);
      const topA = load<u32>(to, 8);
      let done: bool;
      if (operation == 1) done = multiplyPlain(env, to, a, topA, b, topB);
      else if (operation < 6) done = addPlain(env, to, a, operation == 5 ? topA ^ SIGN : topA, b, operation == 4 ? topB ^ SIGN : topB);
      else if (operation == 6) done = dividePlain(env, to, a, topA, b, topB);
      else done = dividePlain(env, to, b, topB, a, topA);
      if (done) {
        note(env, fop);
        store<u64>(env + FP_DP, address);
        return;
      }
    }
  }
  x87_load(env, fop, value, address);
}

/** FCOM, FUCOM and their popping forms. */
export function x87_compare(env: usize, fop: i32, i: i32, pops: i32): void {
  compare(env, fop, i, pops, false);
}

/** FCOMI and FUCOMI, which leave C1 alone. */
export function x87_compare_to_flags(env: usize, fop: i32, i: i32, pops: i32): void {
  compare(env, fop, i, pops, true);
}

/** FCMOVcc. */
export function x87_move_if(env: usize, fop: i32): void {
  x87_register(env, fop);
}

@inline
function compare(env: usize, fop: i32, i: i32, pops: i32, toEflags: bool): void {
  const top = load<i32>(env + FP_TOP);
  const other = (top + i) & 7;
  const empty = load<i32>(env + FP_EMPTY);
  if (isPlain(env) && !(((empty >> top) | (empty >> other)) & 1)) {
    const a = load<u64>(at(env, top));
    const b = load<u64>(at(env, other));
    const topA = load<u32>(at(env, top), 8);
    const topB = load<u32>(at(env, other), 8);
    if (isNormal(a, topA) && isNormal(b, topB)) {
      let below: bool;
      let equal = false;
      if ((topA ^ topB) & SIGN) below = (topA & SIGN) != 0;
      else {
        equal = topA == topB && a == b;
        below = !equal && (topA < topB || (topA == topB && a < b)) != ((topA & SIGN) != 0);
      }
      note(env, fop);
      if (toEflags) {
        store<i32>(env + CC_OP, CC_FLAGS);
        store<i64>(env + CC_SRC, i64((below ? FLAG_CF : 0) | (equal ? FLAG_ZF : 0)));
      } else {
        store<i32>(env + FP_STATUS, (load<i32>(env + FP_STATUS) & ~(C0 | C1 | C2 | C3)) | (below ? C0 : 0) | (equal ? C3 : 0));
      }
      if (pops) popOf(env, top);
      if (pops > 1) popOf(env, (top + 1) & 7);
      return;
    }
  }
  x87_register(env, fop);
}
