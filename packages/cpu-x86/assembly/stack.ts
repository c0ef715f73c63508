/**
 * Stacks of control transfers. Pushes and pops go to a stack that need not be the current one, and RSP changes only when
 * everything has succeeded: until then a transfer that faults has changed nothing.
 */
import { dataMmu, loadGuest16, loadGuest32, loadGuest64, probeWrite, stackMmu, storeGuest16, storeGuest32, storeGuest64 } from './guest-memory';
import { ext } from './descriptors';
import * as L from './layout';
import { raise, SS } from './raise';
import * as S from './state';

/** The stack in use: pointer, base, mask of the pointer, limit, MMU index. */
export let pointer: u64 = 0;
let base: u64 = 0;
let mask: u64 = 0;
let limit: u32 = 0;
let expandDown: bool = false;
let checked: bool = false;
let mmu: i32 = 0;
/** Error code of #SS: the selector of a stack that is being switched to, else 0. */
let errorCode: i32 = 0;

function maskFor(flags: u32): u64 {
  return flags & S.DESC_B ? 0xffff_ffff : 0xffff;
}

/** The current stack; `implicit` where the accesses are those of an event being delivered. */
export function useCurrent(env: usize, implicit: bool): void {
  const long = S.is64Bit(env);
  const flags = S.segFlags(env, L.SS);
  mask = long ? ~(0 as u64) : maskFor(flags);
  base = long ? 0 : S.segBase(env, L.SS);
  limit = S.segLimit(env, L.SS);
  expandDown = S.isProtected(env) && (flags & S.DESC_EC) != 0;
  checked = !long;
  pointer = S.reg(env, S.RSP);
  mmu = implicit ? stackMmu(env, S.cpl(env)) : dataMmu(env);
  errorCode = ext;
}

/** A stack segment that is about to be loaded, from its descriptor. */
export function useNew(env: usize, segmentBase: u64, segmentLimit: u32, flags: u32, at: u64, level: u32, error: i32): void {
  mask = maskFor(flags);
  base = segmentBase;
  limit = segmentLimit;
  expandDown = (flags & S.DESC_EC) != 0;
  checked = true;
  pointer = at;
  mmu = stackMmu(env, level);
  errorCode = error;
}

/** A stack of 64-bit mode. */
export function useLong(env: usize, at: u64, level: u32): void {
  mask = ~(0 as u64);
  base = 0;
  checked = false;
  pointer = at;
  mmu = stackMmu(env, level);
  errorCode = ext;
}

function linearAt(env: usize, offset: u64, bytes: i32): u64 {
  const at = offset & mask;
  if (checked) {
    const last = at + bytes - 1;
    const outside = expandDown ? at <= limit || last > mask : last > limit;
    if (outside) {
      raise(env, SS, errorCode);
      return 0;
    }
    return (base + at) & 0xffff_ffff;
  }
  if (!S.isCanonical(at)) raise(env, SS, errorCode);
  return at;
}

/** Pushes 2, 4 or 8 bytes; false on a fault. */
export function push(env: usize, value: u64, bytes: i32): bool {
  const at = (pointer - bytes) & mask;
  const linear = linearAt(env, at, bytes);
  if (S.faulted(env)) return false;
  if (bytes == 8) storeGuest64(env, linear, value, mmu);
  else if (bytes == 4) storeGuest32(env, linear, value as u32, mmu);
  else storeGuest16(env, linear, value as u16, mmu);
  if (S.faulted(env)) return false;
  pointer = (pointer & ~mask) | at;
  return true;
}

/** Pops; ask `faulted` afterwards. */
export function pop(env: usize, bytes: i32): u64 {
  if (S.faulted(env)) return 0;
  const linear = linearAt(env, pointer, bytes);
  if (S.faulted(env)) return 0;
  const value: u64 = bytes == 8 ? loadGuest64(env, linear, mmu) : bytes == 4 ? (loadGuest32(env, linear, mmu) as u64) : (loadGuest16(env, linear, mmu) as u64);
  if (!S.faulted(env)) skip(bytes);
  return value;
}

/** Reads the stack segment at some other place. */
export function peek(env: usize, at: u64, bytes: i32): u64 {
  const linear = linearAt(env, at, bytes);
  if (S.faulted(env)) return 0;
  return bytes == 8 ? loadGuest64(env, linear, mmu) : bytes == 4 ? (loadGuest32(env, linear, mmu) as u64) : (loadGuest16(env, linear, mmu) as u64);
}

/** Makes room for `bytes` below the pointer. */
export function drop(bytes: u32): void {
  pointer = (pointer & ~mask) | ((pointer - bytes) & mask);
}

/** Whether the byte at the pointer may be written; raises the fault if not. */
export function probe(env: usize): bool {
  const linear = linearAt(env, pointer, 1);
  return !S.faulted(env) && probeWrite(env, linear, 1, mmu);
}

/** Moves the pointer up over `bytes`. */
export function skip(bytes: u32): void {
  pointer = (pointer & ~mask) | ((pointer + bytes) & mask);
}

/** Makes the pointer RSP: in 64-bit mode all of it, else SP or ESP (which clears the rest). */
export function commit(env: usize): void {
  if (mask == 0xffff) S.setReg(env, S.RSP, (S.reg(env, S.RSP) & ~(0xffff as u64)) | (pointer & 0xffff));
  else S.setReg(env, S.RSP, pointer & mask);
}

/** RSP for a stack that a return gives back: 16-bit stacks change SP only. */
export function setPointer(env: usize, value: u64, flags: u32, bytes: i32): void {
  if (bytes == 8 || S.is64Bit(env)) S.setReg(env, S.RSP, value);
  else if (flags & S.DESC_B) S.setReg(env, S.RSP, value & 0xffff_ffff);
  else S.setReg(env, S.RSP, (S.reg(env, S.RSP) & ~(0xffff as u64)) | (value & 0xffff));
}
