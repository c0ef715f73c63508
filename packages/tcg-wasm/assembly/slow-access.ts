/** Guest memory accesses that miss the fast path: TLB misses, page crossings, alignment demands, devices, ROM, pages with code. */
import { ENV_MMIO_ADDRESS, TLB_ADDEND, TLB_FRAME, TLB_READ, TLB_WRITE } from '../../tcg/src/env';
import { CODE_MAP, ENV_ALONE, SLOT_MISALIGNED, SLOT_TLB_FILL, TLB_CODE, TLB_FAR, TLB_MMIO } from '../src/memory-map';
import { overlapsCode } from './code-map';
import { codeWritten, mmioRead, mmioRead8, mmioWrite, mmioWrite8 } from './host';
import { entryOf } from './tlb';

const PAGE_MASK: i64 = ~0xfff;
const ACCESS_READ = 0;
const ACCESS_WRITE = 1;
const FOR_WRITE = 16;
/** Where 16-byte loads leave their result; see SLOW_RESULT. */
const RESULT = 0xfff0;

// What `resolve` found.
/** Low bits of the tag: 0 plain RAM, else TLB_*. */
let kind: u32 = 0;
/** Address in linear memory, for RAM and ROM. */
let linear: u32 = 0;
let physical: f64 = 0;
let entry: u32 = 0;

/** Finds what is behind a virtual address; false: a fault was raised. */
function resolve(env: u32, virtual: i64, access: i32, mmu: u32): bool {
  const page = virtual & PAGE_MASK;
  entry = entryOf(env, virtual, mmu);
  const tagAt: u32 = entry + (access == ACCESS_WRITE ? TLB_WRITE : TLB_READ);
  let tag = load<i64>(tagAt);
  if ((tag & PAGE_MASK) != page || tag == -1) {
    if (!call_indirect<i32>(SLOT_TLB_FILL, env, virtual, access, mmu)) return false;
    tag = load<i64>(tagAt);
  }
  kind = <u32>tag & 0xfff;
  linear = <u32>virtual + load<u32>(entry, TLB_ADDEND);
  physical = <f64>load<u32>(entry, TLB_FRAME) * 4096 + <f64>(<u32>virtual & 0xfff);
  return true;
}

/** Whether the access demands an alignment that the address has not; the fault is raised then. */
function isMisaligned(env: u32, virtual: i64, access: i32): bool {
  const alignment = 1 << ((access >> 7) & 7);
  if ((<i32>virtual & (alignment - 1)) == 0) return false;
  call_indirect<void>(SLOT_MISALIGNED, env, virtual, alignment);
  return true;
}

// @ts-ignore: decorator
@inline
function mmuOf(access: i32): u32 {
  return (access >> 5) & 3;
}

// @ts-ignore: decorator
@inline
function isDevice(): bool {
  // ROM and pages with code are memory for reads.
  return (kind & ~6) != 0;
}

function readDevice(env: u32, size: u32): u64 {
  if (kind == TLB_FAR) return -1;
  store<u64>(env, <u64>physical, ENV_MMIO_ADDRESS);
  return size == 8 ? mmioRead8(physical) : <u64>mmioRead(physical, size);
}

function readResolved(env: u32, size: u32): u64 {
  if (isDevice()) return readDevice(env, size);
  if (size == 8) return load<u64>(linear);
  if (size == 4) return load<u32>(linear);
  if (size == 2) return load<u16>(linear);
  return load<u8>(linear);
}

export function load_slow(env: u32, virtual: i64, access: i32): u64 {
  if (isMisaligned(env, virtual, access)) return 0;
  const size: u32 = 1 << (access & 7);
  const how = access & FOR_WRITE ? ACCESS_WRITE : ACCESS_READ;
  const mmu = mmuOf(access);
  const inPage: u32 = 4096 - (<u32>virtual & 0xfff);
  if (inPage >= size) return resolve(env, virtual, how, mmu) ? readResolved(env, size) : 0;
  // Both pages must be there before anything is read: devices notice reads.
  if (!resolve(env, virtual, how, mmu) || !resolve(env, virtual + inPage, how, mmu)) return 0;
  return readBytes(env, virtual, size, how, mmu);
}

/** Up to 8 bytes one by one, across pages that are known to be mapped. */
function readBytes(env: u32, virtual: i64, size: u32, how: i32, mmu: u32): u64 {
  let value: u64 = 0;
  for (let i: u32 = 0; i < size; i++) {
    if (!resolve(env, virtual + i, how, mmu)) return 0;
    value |= (readResolved(env, 1) & 0xff) << (i * 8);
  }
  return value;
}

export function load_slow16(env: u32, virtual: i64, access: i32): void {
  if (isMisaligned(env, virtual, access)) return;
  const how = access & FOR_WRITE ? ACCESS_WRITE : ACCESS_READ;
  const mmu = mmuOf(access);
  const inPage: u32 = 4096 - (<u32>virtual & 0xfff);
  if (!resolve(env, virtual, how, mmu)) return;
  if (inPage >= 16) {
    if (isDevice()) {
      const low = readDevice(env, 8);
      physical += 8;
      store<u64>(env, readDevice(env, 8), RESULT + 8);
      store<u64>(env, low, RESULT);
    } else memory.copy(env + RESULT, linear, 16);
    return;
  }
  if (!resolve(env, virtual + inPage, how, mmu)) return;
  store<u64>(env, readBytes(env, virtual, 8, how, mmu), RESULT);
  store<u64>(env, readBytes(env, virtual + 8, 8, how, mmu), RESULT + 8);
}

/** Before `size` bytes at what was resolved are stored: drops translated code there. False: it is running, nothing may be stored now. */
function mayStore(env: u32, size: u32): bool {
  if (kind != TLB_CODE) return true;
  if (overlapsCode(linear, size) && codeWritten(linear, size, env) != 0) {
    store<i32>(env, 1, ENV_ALONE);
    return false;
  }
  // The page's last code is gone: stores may take the fast path again.
  if (!load<u8>(CODE_MAP + (linear >>> 12))) store<i64>(entry, load<i64>(entry, TLB_WRITE) & PAGE_MASK, TLB_WRITE);
  return true;
}

function writeResolved(env: u32, size: u32, value: u64): void {
  // Stores to ROM go where those to devices go: the memory map knows what becomes of them.
  if ((kind & ~TLB_CODE) != 0) {
    if (kind == TLB_FAR) return;
    store<u64>(env, <u64>physical, ENV_MMIO_ADDRESS);
    if (size == 8) mmioWrite8(physical, value);
    else mmioWrite(physical, <u32>value, size);
  } else if (size == 8) store<u64>(linear, value);
  else if (size == 4) store<u32>(linear, <u32>value);
  else if (size == 2) store<u16>(linear, <u16>value);
  else store<u8>(linear, <u8>value);
}

export function store_slow(env: u32, virtual: i64, value: u64, access: i32): i32 {
  if (isMisaligned(env, virtual, access)) return 1;
  const size: u32 = 1 << (access & 7);
  const mmu = mmuOf(access);
  const inPage: u32 = 4096 - (<u32>virtual & 0xfff);
  if (inPage < size) {
    if (!prepareCrossing(env, virtual, inPage, size, mmu)) return 1;
    writeBytes(env, virtual, size, value, mmu);
    return 0;
  }
  if (!resolve(env, virtual, ACCESS_WRITE, mmu) || !mayStore(env, size)) return 1;
  writeResolved(env, size, value);
  return 0;
}

export function store_slow16(env: u32, virtual: i64, low: u64, high: u64, access: i32): i32 {
  if (isMisaligned(env, virtual, access)) return 1;
  const mmu = mmuOf(access);
  const inPage: u32 = 4096 - (<u32>virtual & 0xfff);
  if (inPage < 16) {
    if (!prepareCrossing(env, virtual, inPage, 16, mmu)) return 1;
    writeBytes(env, virtual, 8, low, mmu);
    writeBytes(env, virtual + 8, 8, high, mmu);
    return 0;
  }
  if (!resolve(env, virtual, ACCESS_WRITE, mmu) || !mayStore(env, 16)) return 1;
  writeResolved(env, 8, low);
  linear += 8;
  physical += 8;
  writeResolved(env, 8, high);
  return 0;
}

/** A store over two pages: both must be writable, and the code in both dropped, before the first byte is written. */
function prepareCrossing(env: u32, virtual: i64, inPage: u32, size: u32, mmu: u32): bool {
  if (!resolve(env, virtual, ACCESS_WRITE, mmu) || !resolve(env, virtual + inPage, ACCESS_WRITE, mmu)) return false;
  if (!mayStore(env, size - inPage)) return false;
  return resolve(env, virtual, ACCESS_WRITE, mmu) && mayStore(env, inPage);
}

function writeBytes(env: u32, virtual: i64, size: u32, value: u64, mmu: u32): void {
  for (let i: u32 = 0; i < size; i++) {
    if (!resolve(env, virtual + i, ACCESS_WRITE, mmu)) return;
    writeResolved(env, 1, (value >> (i * 8)) & 0xff);
  }
}

/** One access of a target's helper to what is not RAM, by guest-physical address. */
export function mmio_read(env: u32, address: u64, size: u32): u64 {
  kind = TLB_MMIO;
  physical = <f64>address;
  return readDevice(env, size);
}

export function mmio_write(env: u32, address: u64, size: u32, value: u64): void {
  kind = TLB_MMIO;
  physical = <f64>address;
  writeResolved(env, size, value);
}
