/** The soft TLBs: filling, flushing, and the pages of guest-physical memory behind them. */
import {
  ENV_TLB, MMU_INDEXES, TLB_ADDEND, TLB_ENTRIES, TLB_ENTRY_SIZE, TLB_EXECUTE, TLB_FRAME, TLB_READ, TLB_WRITE, ENV_TLB_END,
} from '../../tcg/src/env';
import {
  CODE_MAP, ENTRY_GLOBAL, ENTRY_HUGE, ENTRY_IN_GLOBALS, ENTRY_IN_LOCALS, ENTRY_LARGE, PAGE_CACHE, PAGE_CACHE_ENTRIES, RAM_PRESENT, RAM_WRITABLE,
  TLB_CODE, TLB_FAR, TLB_GLOBAL_COUNT, TLB_GLOBALS, TLB_HUGE_FILTER, TLB_LARGE_FILTER, TLB_LOCAL_COUNT, TLB_LOCALS, TLB_MMIO, TLB_ROM, TLB_STATES,
} from '../src/memory-map';
import { codeWritten, ramPage } from './host';
import { overlapsCode } from './code-map';

const PAGE: i64 = 4096;
const PAGE_MASK: i64 = ~0xfff;
const INVALID: i64 = -1;
// PROT_* of the target contract.
const READ = 1;
const WRITE = 2;
const EXECUTE = 4;
const GLOBAL = 8;

/** Address of the TLB entry of a virtual address. */
// @ts-ignore: decorator
@inline
export function entryOf(env: u32, virtual: i64, mmu: u32): u32 {
  return env + ENV_TLB + (mmu * TLB_ENTRIES + ((<u32>(virtual >>> 12)) & (TLB_ENTRIES - 1))) * TLB_ENTRY_SIZE;
}

/** The page of a frame: its address in linear memory | RAM_*, asked of the host once. */
function pageOf(frame: u32): u32 {
  const at: u32 = PAGE_CACHE + ((frame ^ (frame >>> 16)) & (PAGE_CACHE_ENTRIES - 1)) * 8;
  if (load<u32>(at) == frame + 1) return load<u32>(at, 4);
  const page = ramPage(<f64>frame);
  store<u32>(at, frame + 1);
  store<u32>(at, page, 4);
  return page;
}

/** The memory map changed, or host pages moved. */
export function forget_pages(): void {
  memory.fill(PAGE_CACHE, 0, PAGE_CACHE_ENTRIES * 8);
}

export function phys_read(physical: i64): u32 {
  const frame = <u64>physical >>> 12;
  if (frame >= 0xffff_ffff) return 0;
  const page = pageOf(<u32>frame);
  return page & RAM_PRESENT ? (page & ~0xfff) | (<u32>physical & 0xfff) : 0;
}

export function phys_write(physical: i64): u32 {
  const frame = <u64>physical >>> 12;
  if (frame >= 0xffff_ffff) return 0;
  const page = pageOf(<u32>frame);
  if ((page & RAM_WRITABLE) == 0) return 0;
  const linear = (page & ~0xfff) | (<u32>physical & 0xfff);
  if (load<u8>(CODE_MAP + (linear >>> 12)) && overlapsCode(linear, 8)) codeWritten(linear, 8, 0);
  return linear;
}

export function tlb_set(env: u32, virtual: i64, physical: i64, prot: i32, mmu: u32, pageSize: i64): void {
  const page = virtual & PAGE_MASK;
  const number: u32 = mmu * TLB_ENTRIES + ((<u32>(virtual >>> 12)) & (TLB_ENTRIES - 1));
  const at: u32 = env + ENV_TLB + number * TLB_ENTRY_SIZE;
  const frame = <u64>physical >>> 12;
  const far = frame >= 0xffff_ffff;
  const ram: u32 = far ? 0 : pageOf(<u32>frame);
  let readTag = page;
  let writeTag = page;
  let addend: u32 = 0;
  if (ram & RAM_PRESENT) {
    const linear: u32 = ram & ~0xfff;
    addend = linear - <u32>page;
    if ((ram & RAM_WRITABLE) == 0) writeTag |= TLB_ROM;
    else if (load<u8>(CODE_MAP + (linear >>> 12))) writeTag |= TLB_CODE;
  } else {
    readTag |= far ? TLB_FAR : TLB_MMIO;
    writeTag = readTag;
  }
  store<i64>(at, prot & READ ? readTag : INVALID, TLB_READ);
  store<i64>(at, prot & WRITE ? writeTag : INVALID, TLB_WRITE);
  store<i64>(at, prot & EXECUTE ? readTag : INVALID, TLB_EXECUTE);
  store<u32>(at, addend, TLB_ADDEND);
  store<u32>(at, <u32>frame, TLB_FRAME);
  note(env, virtual, number, prot, pageSize);
}

/** Lists the entry as in use, and remembers large pages. */
function note(env: u32, virtual: i64, number: u32, prot: i32, pageSize: i64): void {
  const stateAt: u32 = env + TLB_STATES + number;
  let state: u32 = load<u8>(stateAt) & (ENTRY_IN_LOCALS | ENTRY_IN_GLOBALS);
  if (prot & GLOBAL) {
    state |= ENTRY_GLOBAL;
    if ((state & ENTRY_IN_GLOBALS) == 0) {
      state |= ENTRY_IN_GLOBALS;
      append(env + TLB_GLOBAL_COUNT, env + TLB_GLOBALS, number);
    }
  } else if ((state & ENTRY_IN_LOCALS) == 0) {
    state |= ENTRY_IN_LOCALS;
    append(env + TLB_LOCAL_COUNT, env + TLB_LOCALS, number);
  }
  if (pageSize > PAGE) {
    if (pageSize > 0x20_0000) {
      state |= ENTRY_LARGE | ENTRY_HUGE;
      store<u64>(env, load<u64>(env, TLB_HUGE_FILTER) | (<u64>1 << (<u64>(virtual >>> 30) & 63)), TLB_HUGE_FILTER);
    } else {
      state |= ENTRY_LARGE;
      const at = largeFilter(env, virtual);
      store<u8>(at, <u8>(<u32>load<u8>(at) | (1 << (<u32>(virtual >>> 21) & 7))));
    }
  }
  store<u8>(stateAt, <u8>state);
}

// @ts-ignore: decorator
@inline
function largeFilter(env: u32, virtual: i64): u32 {
  return env + TLB_LARGE_FILTER + (<u32>(virtual >>> 24) & 127);
}

function append(countAt: u32, list: u32, number: u32): void {
  const count = load<u32>(countAt);
  store<u16>(list + count * 2, <u16>number);
  store<u32>(countAt, count + 1);
}

// @ts-ignore: decorator
@inline
function drop(env: u32, number: u32): void {
  const at: u32 = env + ENV_TLB + number * TLB_ENTRY_SIZE;
  store<i64>(at, INVALID, TLB_READ);
  store<i64>(at, INVALID, TLB_WRITE);
  store<i64>(at, INVALID, TLB_EXECUTE);
}

export function tlb_flush(env: u32, keepGlobal: i32): void {
  const locals = load<u32>(env, TLB_LOCAL_COUNT);
  for (let i: u32 = 0; i < locals; i++) {
    const number: u32 = load<u16>(env + TLB_LOCALS + i * 2);
    const stateAt: u32 = env + TLB_STATES + number;
    const state: u32 = load<u8>(stateAt);
    store<u8>(stateAt, <u8>(state & ~ENTRY_IN_LOCALS));
    if ((state & ENTRY_GLOBAL) == 0) drop(env, number);
  }
  store<u32>(env, 0, TLB_LOCAL_COUNT);
  if (keepGlobal) return;
  const globals = load<u32>(env, TLB_GLOBAL_COUNT);
  for (let i: u32 = 0; i < globals; i++) {
    const number: u32 = load<u16>(env + TLB_GLOBALS + i * 2);
    store<u8>(env + TLB_STATES + number, 0);
    drop(env, number);
  }
  store<u32>(env, 0, TLB_GLOBAL_COUNT);
  store<u64>(env, 0, TLB_HUGE_FILTER);
  memory.fill(env + TLB_LARGE_FILTER, 0, 128);
}

export function tlb_flush_page(env: u32, virtual: i64): void {
  for (let mmu: u32 = 0; mmu < <u32>MMU_INDEXES; mmu++) {
    drop(env, mmu * TLB_ENTRIES + ((<u32>(virtual >>> 12)) & (TLB_ENTRIES - 1)));
  }
  const huge = (load<u64>(env, TLB_HUGE_FILTER) >> (<u64>(virtual >>> 30) & 63)) & 1;
  const large = (<u32>load<u8>(largeFilter(env, virtual)) >> (<u32>(virtual >>> 21) & 7)) & 1;
  if (huge != 0 || large != 0) {
    dropLarge(env, virtual, load<u32>(env, TLB_LOCAL_COUNT), env + TLB_LOCALS);
    dropLarge(env, virtual, load<u32>(env, TLB_GLOBAL_COUNT), env + TLB_GLOBALS);
  }
}

/** Drops the entries of a list that come from the large page around `virtual`: for huge ones whatever is in the same GiB. */
function dropLarge(env: u32, virtual: i64, count: u32, list: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const number: u32 = load<u16>(list + i * 2);
    const state: u32 = load<u8>(env + TLB_STATES + number);
    if ((state & ENTRY_LARGE) == 0) continue;
    const at: u32 = env + ENV_TLB + number * TLB_ENTRY_SIZE;
    let tag = load<i64>(at, TLB_READ);
    if (tag == INVALID) tag = load<i64>(at, TLB_EXECUTE);
    if (tag == INVALID) tag = load<i64>(at, TLB_WRITE);
    const shift: i64 = state & ENTRY_HUGE ? 30 : 21;
    if (tag >> shift == virtual >> shift) drop(env, number);
  }
}

/** A new vCPU block, all zeros: no entry is valid. */
export function tlb_reset(env: u32): void {
  memory.fill(env + ENV_TLB, 0xff, ENV_TLB_END - ENV_TLB);
}

/** From now on stores to the page at `linear` take the slow path on this vCPU. */
export function tlb_protect(env: u32, linear: u32): void {
  protect(env, linear, load<u32>(env, TLB_LOCAL_COUNT), env + TLB_LOCALS);
  protect(env, linear, load<u32>(env, TLB_GLOBAL_COUNT), env + TLB_GLOBALS);
}

function protect(env: u32, linear: u32, count: u32, list: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const at: u32 = env + ENV_TLB + <u32>load<u16>(list + i * 2) * TLB_ENTRY_SIZE;
    const tag = load<i64>(at, TLB_WRITE);
    if ((tag & 0xfff) == 0 && <u32>tag + load<u32>(at, TLB_ADDEND) == linear) store<i64>(at, tag | TLB_CODE, TLB_WRITE);
  }
}
