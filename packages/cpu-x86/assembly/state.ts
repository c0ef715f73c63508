/** Names for what lies in the vCPU block, and the control-register bits that several files ask for. */
import { ENV_BLOCK_FLAGS, ENV_FAULT } from '../../tcg/src/env';
import * as L from './layout';

export const CR0_PE: u64 = 1;
export const CR0_MP: u64 = 1 << 1;
export const CR0_EM: u64 = 1 << 2;
export const CR0_TS: u64 = 1 << 3;
export const CR0_ET: u64 = 1 << 4;
export const CR0_NE: u64 = 1 << 5;
export const CR0_WP: u64 = 1 << 16;
export const CR0_AM: u64 = 1 << 18;
export const CR0_NW: u64 = 1 << 29;
export const CR0_CD: u64 = 1 << 30;
export const CR0_PG: u64 = 1 << 31;
export const CR4_VME: u64 = 1;
export const CR4_PVI: u64 = 1 << 1;
export const CR4_TSD: u64 = 1 << 2;
export const CR4_DE: u64 = 1 << 3;
export const CR4_PSE: u64 = 1 << 4;
export const CR4_PAE: u64 = 1 << 5;
export const CR4_PGE: u64 = 1 << 7;
export const CR4_OSFXSR: u64 = 1 << 9;
export const CR4_UMIP: u64 = 1 << 11;
export const CR4_FSGSBASE: u64 = 1 << 16;
export const CR4_PCIDE: u64 = 1 << 17;
export const CR4_OSXSAVE: u64 = 1 << 18;
export const CR4_SMEP: u64 = 1 << 20;
export const CR4_SMAP: u64 = 1 << 21;
export const CR4_PKE: u64 = 1 << 22;
export const CR4_PKS: u64 = 1 << 24;
export const EFER_SCE: u64 = 1;
export const EFER_LME: u64 = 1 << 8;
export const EFER_LMA: u64 = 1 << 10;
export const EFER_NXE: u64 = 1 << 11;

/** Descriptor bits, in the high dword. */
export const DESC_ACCESSED: u32 = 1 << 8;
/** Writable data, readable code. */
export const DESC_RW: u32 = 1 << 9;
/** Expand-down data, conforming code. */
export const DESC_EC: u32 = 1 << 10;
export const DESC_CODE: u32 = 1 << 11;
export const DESC_S: u32 = 1 << 12;
export const DESC_P: u32 = 1 << 15;
export const DESC_L: u32 = 1 << 21;
export const DESC_B: u32 = 1 << 22;
export const DESC_G: u32 = 1 << 23;

/** Register numbers by encoding. */
export const RAX = 0;
export const RCX = 1;
export const RDX = 2;
export const RBX = 3;
export const RSP = 4;
export const RBP = 5;
export const RSI = 6;
export const RDI = 7;
export const R11 = 11;

// @ts-ignore: decorator
@inline export function reg(env: usize, n: i32): u64 {
  return load<u64>(env + (n << 3), L.REGS);
}
// @ts-ignore: decorator
@inline export function setReg(env: usize, n: i32, value: u64): void {
  store<u64>(env + (n << 3), value, L.REGS);
}

// @ts-ignore: decorator
@inline export function segBase(env: usize, seg: i32): u64 {
  return load<u64>(env + seg * L.SEGMENT_SIZE, L.SEGMENTS + L.SEG_BASE);
}
// @ts-ignore: decorator
@inline export function segLimit(env: usize, seg: i32): u32 {
  return load<u32>(env + seg * L.SEGMENT_SIZE, L.SEGMENTS + L.SEG_LIMIT);
}
// @ts-ignore: decorator
@inline export function segSelector(env: usize, seg: i32): u32 {
  return load<u32>(env + seg * L.SEGMENT_SIZE, L.SEGMENTS + L.SEG_SELECTOR);
}
// @ts-ignore: decorator
@inline export function segFlags(env: usize, seg: i32): u32 {
  return load<u32>(env + seg * L.SEGMENT_SIZE, L.SEGMENTS + L.SEG_FLAGS);
}
export function setSegment(env: usize, seg: i32, selector: u32, base: u64, limit: u32, flags: u32): void {
  const at = env + seg * L.SEGMENT_SIZE;
  store<u64>(at, base, L.SEGMENTS + L.SEG_BASE);
  store<u32>(at, limit, L.SEGMENTS + L.SEG_LIMIT);
  store<u32>(at, selector, L.SEGMENTS + L.SEG_SELECTOR);
  store<u32>(at, flags, L.SEGMENTS + L.SEG_FLAGS);
}

// @ts-ignore: decorator
@inline export function blockFlags(env: usize): u32 {
  return load<u32>(env, ENV_BLOCK_FLAGS);
}
/** The privilege level lives in the block flags: 0 in real mode, 3 in virtual-8086 mode. */
// @ts-ignore: decorator
@inline export function cpl(env: usize): u32 {
  return blockFlags(env) & L.HF_CPL;
}
export function setCpl(env: usize, level: u32): void {
  store<u32>(env, (blockFlags(env) & ~(L.HF_CPL as u32)) | level, ENV_BLOCK_FLAGS);
}

// @ts-ignore: decorator
@inline export function eflags(env: usize): u32 {
  return load<u32>(env, L.EFLAGS);
}
// @ts-ignore: decorator
@inline export function setEflags(env: usize, value: u32): void {
  store<u32>(env, value, L.EFLAGS);
}
// @ts-ignore: decorator
@inline export function iopl(env: usize): u32 {
  return (eflags(env) >> 12) & 3;
}

// @ts-ignore: decorator
@inline export function cr0(env: usize): u64 {
  return load<u64>(env, L.CR0);
}
// @ts-ignore: decorator
@inline export function cr4(env: usize): u64 {
  return load<u64>(env, L.CR4);
}
// @ts-ignore: decorator
@inline export function efer(env: usize): u64 {
  return load<u64>(env, L.EFER);
}

// @ts-ignore: decorator
@inline export function isProtected(env: usize): bool {
  return (blockFlags(env) & (L.HF_PE | L.HF_VM)) == L.HF_PE;
}
// @ts-ignore: decorator
@inline export function isV86(env: usize): bool {
  return (blockFlags(env) & L.HF_VM) != 0;
}
// @ts-ignore: decorator
@inline export function isLongMode(env: usize): bool {
  return (blockFlags(env) & L.HF_LMA) != 0;
}
// @ts-ignore: decorator
@inline export function is64Bit(env: usize): bool {
  return (blockFlags(env) & L.HF_CS64) != 0;
}

// @ts-ignore: decorator
@inline export function faulted(env: usize): bool {
  return load<i32>(env, ENV_FAULT) != 0;
}

// @ts-ignore: decorator
@inline export function isCanonical(address: u64): bool {
  return (((address as i64) << 16) >> 16) == (address as i64);
}
