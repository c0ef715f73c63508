/** Descriptors in the GDT and LDT (SDM volume 3A, chapters 3 and 5): fetching, decoding, marking. */
import { loadGuest32, storeGuest32, systemMmu } from './guest-memory';
import * as L from './layout';
import { raise } from './raise';
import * as S from './state';

/** The descriptor that `fetchDescriptor` found. */
export let low: u32 = 0;
export let high: u32 = 0;
let address: u64 = 0;

/**
 * 1 while an external event or an exception is being delivered: bit EXT of the error codes of whatever goes wrong then.
 */
export let ext: i32 = 0;
export function setExt(value: i32): void {
  ext = value;
}

/** Error code for a selector. */
// @ts-ignore: decorator
@inline export function errorFor(selector: u32): i32 {
  return ((selector & 0xfffc) as i32) | ext;
}

// @ts-ignore: decorator
@inline export function isNull(selector: u32): bool {
  return (selector & 0xfffc) == 0;
}

/** Raises `vector` with the selector as error code; answers false. */
export function fail(env: usize, vector: i32, selector: u32): bool {
  raise(env, vector, errorFor(selector));
  return false;
}

function tableAddress(env: usize, selector: u32, bytes: u32): u64 {
  const offset = selector & 0xfff8;
  if (selector & 4) {
    if (!(S.segFlags(env, L.LDTR) & S.DESC_P) || offset + bytes - 1 > S.segLimit(env, L.LDTR)) return 0;
    return S.segBase(env, L.LDTR) + offset;
  }
  if (offset + bytes - 1 > load<u32>(env, L.GDT_LIMIT)) return 0;
  return load<u64>(env, L.GDT_BASE) + offset;
}

/** Whether the selector lies within its table. Bases of 0 are real, so the answer is not the address. */
function inTable(env: usize, selector: u32, bytes: u32): bool {
  const offset = selector & 0xfff8;
  if (selector & 4) return (S.segFlags(env, L.LDTR) & S.DESC_P) != 0 && offset + bytes - 1 <= S.segLimit(env, L.LDTR);
  return offset + bytes - 1 <= load<u32>(env, L.GDT_LIMIT);
}

/** Fetches `low` and `high`; outside the table (or on a page fault) raises, `vector` with the selector, and answers false. */
export function fetchDescriptor(env: usize, selector: u32, vector: i32): bool {
  if (!inTable(env, selector, 8)) return fail(env, vector, selector);
  return fetch(env, selector);
}

/** The same for LAR, LSL, VERR, VERW: outside the table is false without an exception (ask `faulted`). */
export function tryDescriptor(env: usize, selector: u32): bool {
  return !isNull(selector) && inTable(env, selector, 8) && fetch(env, selector);
}

function fetch(env: usize, selector: u32): bool {
  const mmu = systemMmu(env);
  address = tableAddress(env, selector, 8);
  low = loadGuest32(env, address, mmu);
  if (S.faulted(env)) return false;
  high = loadGuest32(env, address + 4, mmu);
  return !S.faulted(env);
}

/** The third dword of a 16-byte system descriptor just fetched: bits 32-63 of its base or offset. */
export function fetchUpper(env: usize, selector: u32): u32 {
  if (!inTable(env, selector, 16)) {
    fail(env, 13, selector);
    return 0;
  }
  const mmu = systemMmu(env);
  const upper = loadGuest32(env, address + 8, mmu);
  if (S.faulted(env)) return 0;
  // The type field of the second half must be zero.
  if (loadGuest32(env, address + 12, mmu) & 0x1f00) {
    if (!S.faulted(env)) fail(env, 13, selector);
    return 0;
  }
  return upper;
}

/** Writes the high dword of the fetched descriptor back (accessed bit, TSS busy bit). */
export function storeHigh(env: usize, value: u32): void {
  storeGuest32(env, address + 4, value, systemMmu(env));
  high = value;
}

/** Sets the accessed bit of the fetched code or data descriptor. False on a page fault. */
export function markAccessed(env: usize): bool {
  if (high & S.DESC_ACCESSED) return true;
  storeHigh(env, high | S.DESC_ACCESSED);
  return !S.faulted(env);
}

// @ts-ignore: decorator
@inline export function baseOf(lo: u32, hi: u32): u32 {
  return (lo >> 16) | ((hi & 0xff) << 16) | (hi & 0xff00_0000);
}
// @ts-ignore: decorator
@inline export function limitOf(lo: u32, hi: u32): u32 {
  const limit = (lo & 0xffff) | (hi & 0xf_0000);
  return hi & S.DESC_G ? (limit << 12) | 0xfff : limit;
}
// @ts-ignore: decorator
@inline export function dplOf(hi: u32): u32 {
  return (hi >> 13) & 3;
}
// @ts-ignore: decorator
@inline export function typeOf(hi: u32): u32 {
  return (hi >> 8) & 15;
}
// @ts-ignore: decorator
@inline export function isCode(hi: u32): bool {
  return (hi & (S.DESC_S | S.DESC_CODE)) == (S.DESC_S | S.DESC_CODE);
}
// @ts-ignore: decorator
@inline export function isWritableData(hi: u32): bool {
  return (hi & (S.DESC_S | S.DESC_CODE | S.DESC_RW)) == (S.DESC_S | S.DESC_RW);
}

/** Puts a descriptor into a segment register. */
export function setFromDescriptor(env: usize, seg: i32, selector: u32, lo: u32, hi: u32): void {
  S.setSegment(env, seg, selector, baseOf(lo, hi), limitOf(lo, hi), hi & 0x00ff_ff00);
}

/** CS from a descriptor, at privilege `level`; block flags follow when the caller is done. */
export function setCode(env: usize, selector: u32, lo: u32, hi: u32, level: u32): void {
  setFromDescriptor(env, L.CS, (selector & 0xfffc) | level, lo, hi | S.DESC_ACCESSED);
  S.setCpl(env, level);
}

/** A null selector in a segment register: unusable. In SS at a privilege level above 3 64-bit mode can live with it. */
export function setNull(env: usize, seg: i32, selector: u32): void {
  S.setSegment(env, seg, selector, 0, 0, seg == L.SS ? (selector & 3) << 13 : 0);
}
