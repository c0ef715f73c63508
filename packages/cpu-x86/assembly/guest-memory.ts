/**
 * Guest memory as helpers see it: linear addresses through the TLB. On a fault ENV_FAULT is set (ask `faulted(env)`) and
 * loads answer 0. Stores that fault have changed nothing.
 */
import { TLB_ADDEND, TLB_ENTRIES, TLB_ENTRY_SIZE, TLB_READ, TLB_WRITE, ENV_TLB } from '../../tcg/src/env';
import { ACCESS_READ, ACCESS_WRITE, mmio_read, mmio_write, phys_read, phys_write } from './host';
import * as L from './layout';
import { lastPhysical, tlb_fill } from './paging';
import * as S from './state';

// @ts-ignore: decorator
@inline function entryOf(env: usize, linear: u64, mmu: i32): usize {
  return env + ENV_TLB + (mmu * TLB_ENTRIES + (((linear >> 12) as i32) & (TLB_ENTRIES - 1))) * TLB_ENTRY_SIZE;
}

/** Address in linear memory of a guest byte whose page the TLB allows to read, else 0: for the rest of that page only. */
// @ts-ignore: decorator
@inline export function hostForRead(env: usize, linear: u64, mmu: i32): usize {
  const entry = entryOf(env, linear, mmu);
  return load<u64>(entry, TLB_READ) == (linear & ~(0xfff as u64)) ? (((linear as u32) + load<u32>(entry, TLB_ADDEND)) as usize) : 0;
}
// @ts-ignore: decorator
@inline export function hostForWrite(env: usize, linear: u64, mmu: i32): usize {
  const entry = entryOf(env, linear, mmu);
  return load<u64>(entry, TLB_WRITE) == (linear & ~(0xfff as u64)) ? (((linear as u32) + load<u32>(entry, TLB_ADDEND)) as usize) : 0;
}

/** Addresses wrap at 4 GiB outside 64-bit mode: the caller computes them so; here only the next page's may need it. */
function nextPage(env: usize, linear: u64): u64 {
  const next = (linear | 0xfff) + 1;
  return S.is64Bit(env) ? next : next & 0xffff_ffff;
}

export function loadGuest<T>(env: usize, linear: u64, mmu: i32): T {
  if (((linear as u32) & 0xfff) + sizeof<T>() <= 0x1000) {
    let at = hostForRead(env, linear, mmu);
    if (at) return load<T>(at);
    if (!tlb_fill(env, linear, ACCESS_READ, mmu)) return 0 as T;
    at = hostForRead(env, linear, mmu);
    if (at) return load<T>(at);
    const physical = lastPhysical();
    at = phys_read(physical);
    return at ? load<T>(at) : (mmio_read(env, physical, sizeof<T>()) as T);
  }
  const first: u32 = 0x1000 - ((linear as u32) & 0xfff);
  const second = nextPage(env, linear);
  let value: u64 = 0;
  for (let i: u32 = 0; i < sizeof<T>(); i++) {
    const byte = loadGuest<u8>(env, i < first ? linear + i : second + (i - first), mmu);
    if (S.faulted(env)) return 0 as T;
    value |= (byte as u64) << (i << 3);
  }
  return value as T;
}

/** Whether `bytes` from `linear` on may be stored to; raises the fault if not. */
export function probeWrite(env: usize, linear: u64, bytes: u32, mmu: i32): bool {
  if (!hostForWrite(env, linear, mmu) && !tlb_fill(env, linear, ACCESS_WRITE, mmu)) return false;
  if (((linear as u32) & 0xfff) + bytes <= 0x1000) return true;
  const second = nextPage(env, linear);
  return hostForWrite(env, second, mmu) != 0 || tlb_fill(env, second, ACCESS_WRITE, mmu) != 0;
}

export function storeGuest<T>(env: usize, linear: u64, value: T, mmu: i32): void {
  if (((linear as u32) & 0xfff) + sizeof<T>() <= 0x1000) {
    let at = hostForWrite(env, linear, mmu);
    if (!at) {
      if (!tlb_fill(env, linear, ACCESS_WRITE, mmu)) return;
      const physical = lastPhysical();
      at = hostForWrite(env, linear, mmu);
      // No write tag: a device, or a page with translated code, which phys_write sees to.
      if (!at) at = phys_write(physical);
      if (!at) {
        mmio_write(env, physical, sizeof<T>(), value as u64);
        return;
      }
    }
    store<T>(at, value);
    return;
  }
  if (!probeWrite(env, linear, sizeof<T>(), mmu)) return;
  const first: u32 = 0x1000 - ((linear as u32) & 0xfff);
  const second = nextPage(env, linear);
  for (let i: u32 = 0; i < sizeof<T>(); i++) {
    storeGuest<u8>(env, i < first ? linear + i : second + (i - first), ((value as u64) >> (i << 3)) as u8, mmu);
  }
}

/** A store whose page was probed, of 1, 2 or 4 bytes. */
export function store_for_good(env: usize, linear: u64, value: u32, bytes: i32): void {
  const mmu = dataMmu(env);
  if (bytes == 1) storeGuest<u8>(env, linear, value as u8, mmu);
  else if (bytes == 2) storeGuest<u16>(env, linear, value as u16, mmu);
  else storeGuest<u32>(env, linear, value, mmu);
}

/** MMU index of explicit data accesses at the present privilege. */
export function dataMmu(env: usize): i32 {
  const hf = S.blockFlags(env);
  return (hf & L.HF_CPL) == 3 ? L.MMU_USER : hf & L.HF_SMAP ? L.MMU_KERNEL : L.MMU_KERNEL_NO_SMAP;
}
/** MMU index of implicit accesses to descriptor tables and task state: the supervisor's, whatever the privilege, and with SMAP. */
export function systemMmu(env: usize): i32 {
  return S.cr4(env) & S.CR4_SMAP ? L.MMU_KERNEL : L.MMU_KERNEL_NO_SMAP;
}
/** MMU index of a stack at a privilege level that is about to be entered. */
export function stackMmu(env: usize, level: u32): i32 {
  return level == 3 ? L.MMU_USER : systemMmu(env);
}

export function loadGuest8(env: usize, linear: u64, mmu: i32): u8 {
  return loadGuest<u8>(env, linear, mmu);
}
export function loadGuest16(env: usize, linear: u64, mmu: i32): u16 {
  return loadGuest<u16>(env, linear, mmu);
}
export function loadGuest32(env: usize, linear: u64, mmu: i32): u32 {
  return loadGuest<u32>(env, linear, mmu);
}
export function loadGuest64(env: usize, linear: u64, mmu: i32): u64 {
  return loadGuest<u64>(env, linear, mmu);
}
export function storeGuest8(env: usize, linear: u64, value: u8, mmu: i32): void {
  storeGuest<u8>(env, linear, value, mmu);
}
export function storeGuest16(env: usize, linear: u64, value: u16, mmu: i32): void {
  storeGuest<u16>(env, linear, value, mmu);
}
export function storeGuest32(env: usize, linear: u64, value: u32, mmu: i32): void {
  storeGuest<u32>(env, linear, value, mmu);
}
export function storeGuest64(env: usize, linear: u64, value: u64, mmu: i32): void {
  storeGuest<u64>(env, linear, value, mmu);
}
