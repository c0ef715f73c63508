/** x87 loads and stores, other than of the environment: FLD, FILD, FBLD; FST, FIST, FISTTP, FBSTP. Addresses are linear. */
import { canPush, finish, finishStore, isEmpty, loadA, pop, push, st, stackFault, storeExtended } from './fpu-state';
import { handledNanA } from './fpu-arithmetic';
import { loadGuest16, loadGuest64, probeWrite, storeGuest16, storeGuest32, storeGuest64 } from './guest-memory';
import {
  A, Context, DE, IE, INFINITE, R, TRUNCATE, ZERO, resultFromA, roundAToIntegral, toInteger,
} from './softfloat';
import { packDouble, packExtendedTop, packSingle, unpackDouble, unpackInteger, unpackSingle } from './softfloat-formats';
import { faulted } from './state';

/** Formats of operands in memory, by bits 1-2 of the first opcode byte (D8/D9, DA/DB, DC/DD, DE/DF). */
export const M32: i32 = 0;
export const I32: i32 = 1;
export const M64: i32 = 2;
export const I16: i32 = 3;
export const I64: i32 = 4;

/** An operand from memory, zero-extended, into A. */
export function unpackMemory(format: i32, value: i64): void {
  if (format == M32) unpackSingle(u32(value));
  else if (format == M64) unpackDouble(value);
  else unpackInteger(format == I32 ? i64(i32(value)) : format == I16 ? i64(i16(value)) : value);
}

/** FLD m32, m64, FILD: pushes the value, which no rounding can change. */
export function pushMemory(env: usize, format: i32, value: i64): void {
  if (!canPush(env)) return;
  unpackMemory(format, value);
  if (!handledNanA()) {
    if (A.denormal) Context.flags |= DE;
    resultFromA();
  }
  // Of the exceptions only an unmasked invalid operation keeps the value from being pushed.
  if (!finish(env) && (Context.flags & IE)) return;
  push(env);
  storeExtended(env, 0, R.hi, packExtendedTop());
}

/** FLD m80: a copy, of whatever it is. */
export function pushExtendedValue(env: usize, significand: u64, top: u32): void {
  if (!canPush(env)) return;
  finish(env);
  push(env);
  storeExtended(env, 0, significand, top);
}

/** FLD ST(i). */
export function pushRegister(env: usize, i: i32): void {
  if (isEmpty(env, i)) {
    if (!stackFault(env, false)) return;
    push(env);
    storeExtended(env, 0, R.hi, packExtendedTop());
    return;
  }
  const at = st(env, i);
  const significand = load<u64>(at);
  const top = load<u32>(at, 8);
  if (!canPush(env)) return;
  finish(env);
  push(env);
  storeExtended(env, 0, significand, top);
}

/** FST, FSTP to m32 or m64. */
export function storeFloat(env: usize, isDouble: bool, address: u64, mmu: i32, pops: bool): void {
  if (!probeWrite(env, address, isDouble ? 8 : 4, mmu)) return;
  let bits: u64;
  let stores: bool;
  if (isEmpty(env, 0)) {
    stores = stackFault(env, false);
    bits = isDouble ? packDouble() : u64(packSingle());
  } else {
    loadA(env, 0);
    if (!handledNanA()) resultFromA();
    bits = isDouble ? packDouble() : u64(packSingle());
    stores = finishStore(env);
  }
  if (!stores) return;
  if (isDouble) storeGuest64(env, address, bits, mmu);
  else storeGuest32(env, address, u32(bits), mmu);
  if (pops) pop(env);
}

/** FSTP m80. */
export function storeExtendedMemory(env: usize, address: u64, mmu: i32): void {
  if (!probeWrite(env, address, 10, mmu)) return;
  let significand: u64 = 0xc000000000000000;
  let top: u32 = 0xffff;
  if (isEmpty(env, 0)) {
    if (!stackFault(env, false)) return;
  } else {
    finish(env);
    const at = st(env, 0);
    significand = load<u64>(at);
    top = load<u32>(at, 8);
  }
  storeGuest64(env, address, significand, mmu);
  storeGuest16(env, address + 8, u16(top), mmu);
  pop(env);
}

/** FIST, FISTP, FISTTP. */
export function storeInteger(env: usize, bits: i32, address: u64, mmu: i32, pops: bool, truncate: bool): void {
  if (!probeWrite(env, address, bits >> 3, mmu)) return;
  let value: i64 = -1 << i64(bits - 1);
  if (isEmpty(env, 0)) {
    if (!stackFault(env, false)) return;
  } else {
    loadA(env, 0);
    if (truncate) Context.rounding = TRUNCATE;
    value = toInteger(bits);
    if (!finish(env)) return;
  }
  if (bits == 16) storeGuest16(env, address, u16(value), mmu);
  else if (bits == 32) storeGuest32(env, address, u32(value), mmu);
  else storeGuest64(env, address, value, mmu);
  if (pops) pop(env);
}

const DECIMAL_LIMIT: u64 = 1000000000000000000;

/** FBSTP: 18 decimal digits in 9 bytes, then the sign. */
export function storeDecimal(env: usize, address: u64, mmu: i32): void {
  if (!probeWrite(env, address, 10, mmu)) return;
  let digits: u64 = 0xc000000000000000;
  let top: u32 = 0xffff;
  if (isEmpty(env, 0)) {
    if (!stackFault(env, false)) return;
  } else {
    loadA(env, 0);
    const sign = A.sign;
    const fits = A.kind < INFINITE && (A.kind == ZERO || A.exponent < 63);
    if (fits) roundAToIntegral();
    const magnitude: u64 = !fits ? DECIMAL_LIMIT : A.kind == ZERO ? 0 : A.significand >> u64(63 - A.exponent);
    if (magnitude >= DECIMAL_LIMIT) {
      Context.flags = IE;
      Context.roundedUp = false;
    } else {
      digits = packDecimal(magnitude % 10000000000000000);
      top = (u32(sign) << 15) | u32(packDecimal(magnitude / 10000000000000000));
    }
    if (!finish(env)) return;
  }
  storeGuest64(env, address, digits, mmu);
  storeGuest16(env, address + 8, u16(top), mmu);
  pop(env);
}

function packDecimal(value: u64): u64 {
  let packed: u64 = 0;
  for (let shift: u64 = 0; value != 0; shift += 4) {
    packed |= (value % 10) << shift;
    value /= 10;
  }
  return packed;
}

/** FBLD. */
export function pushDecimal(env: usize, address: u64, mmu: i32): void {
  const digits = loadGuest64(env, address, mmu);
  if (faulted(env)) return;
  const top = loadGuest16(env, address + 8, mmu);
  if (faulted(env) || !canPush(env)) return;
  let magnitude: u64 = u64((top >> 4) & 15) * 10 + u64(top & 15);
  for (let shift = 60; shift >= 0; shift -= 4) magnitude = magnitude * 10 + ((digits >> u64(shift)) & 15);
  unpackInteger(magnitude);
  A.sign = (top >> 15) & 1;
  resultFromA();
  finish(env);
  push(env);
  storeExtended(env, 0, R.hi, packExtendedTop());
}
