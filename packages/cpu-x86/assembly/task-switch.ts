/** Hardware task switches (SDM volume 3A, 8.3), 32-bit and 16-bit TSS. */
import { ENV_PC } from '../../tcg/src/env';
import { updateBlockFlags } from './block-flags';
import * as D from './descriptors';
import { readFlags, writeFlags } from './flags';
import { loadGuest16, loadGuest32, probeWrite, storeGuest16, storeGuest32, systemMmu } from './guest-memory';
import { tlb_flush } from './host';
import * as L from './layout';
import { GP, NP, raise, SS, TS } from './raise';
import { loadRealSegment } from './segments';
import * as S from './state';

/** What caused the switch: decides busy bits, the back link and NT. */
export const TASK_JUMP = 0;
export const TASK_CALL = 1;
export const TASK_GATE = 2;
export const TASK_RETURN = 3;

const BUSY: u32 = 0x200;
/** Segment registers in the order of the TSS: ES CS SS DS FS GS. */
const SEGMENT_COUNT = 6;

/** Where the fields of the two kinds of TSS are. Registers in the order of their encoding, then segments, then LDT. */
// @ts-ignore: decorator
@inline function pcAt(wide: bool): u32 {
  return wide ? 0x20 : 0x0e;
}
// @ts-ignore: decorator
@inline function registersAt(wide: bool): u32 {
  return wide ? 0x28 : 0x12;
}
// @ts-ignore: decorator
@inline function segmentsAt(wide: bool): u32 {
  return wide ? 0x48 : 0x22;
}

function loadField(env: usize, at: u64, wide: bool): u32 {
  return wide ? loadGuest32(env, at, systemMmu(env)) : (loadGuest16(env, at, systemMmu(env)) as u32);
}
function storeField(env: usize, at: u64, value: u32, wide: bool): void {
  if (wide) storeGuest32(env, at, value, systemMmu(env));
  else storeGuest16(env, at, value as u16, systemMmu(env));
}

/** ENV_PC must be where the old task goes on. Answers whether the new task runs (it may already have faulted). */
export function switchTask(env: usize, selector: u32, cause: i32): bool {
  const exception = cause == TASK_RETURN ? TS : GP;
  if (selector & 4) return D.fail(env, exception, selector);
  if (!D.fetchDescriptor(env, selector, exception)) return false;
  const newHigh = D.high;
  const newLow = D.low;
  const type = D.typeOf(newHigh);
  // Available for all but a return, which finds its task busy.
  if ((newHigh & S.DESC_S) || (type & 7) != (cause == TASK_RETURN ? 3 : 1)) return D.fail(env, exception, selector);
  if (!(newHigh & S.DESC_P)) return D.fail(env, NP, selector);
  const wide = (type & 8) != 0;
  const limit: u32 = D.limitOf(newLow, newHigh);
  const smallest: u32 = wide ? 0x67 : 0x2b;
  if (limit < smallest) return D.fail(env, TS, selector);
  const base: u64 = D.baseOf(newLow, newHigh);

  const oldSelector = S.segSelector(env, L.TR);
  const oldBase = S.segBase(env, L.TR);
  const oldWide = (S.segFlags(env, L.TR) & 0x800) != 0;
  const mmu = systemMmu(env);

  // Read all of the new state first, so that a page fault still belongs to the old task.
  const cr3 = wide ? loadGuest32(env, base + 0x1c, mmu) : 0;
  const pc = loadField(env, base + pcAt(wide), wide);
  let flags = loadField(env, base + pcAt(wide) + (wide ? 4 : 2), wide);
  const step: u32 = wide ? 4 : 2;
  for (let i: u32 = 0; i < 8; i++) store<u32>(env + (i << 2), loadField(env, base + registersAt(wide) + i * step, wide), L.SYS_SCRATCH);
  const segments: u32 = wide ? SEGMENT_COUNT : 4;
  for (let i: u32 = 0; i < (SEGMENT_COUNT as u32); i++) {
    store<u32>(env + (i << 2), i < segments ? loadField(env, base + segmentsAt(wide) + i * step, wide) & 0xffff : 0, L.SYS_SCRATCH + 32);
  }
  const ldt = loadGuest16(env, base + (wide ? 0x60 : 0x2a), mmu);
  const trap = wide ? loadGuest16(env, base + 0x64, mmu) & 1 : 0;
  if (S.faulted(env)) return false;
  if (!probeWrite(env, oldBase, oldWide ? 0x60 : 0x2a, mmu)) return false;

  // The old task: no longer busy, unless it is to be returned to.
  if (cause == TASK_JUMP || cause == TASK_RETURN) {
    if (!D.fetchDescriptor(env, oldSelector, TS)) return false;
    D.storeHigh(env, D.high & ~BUSY);
    if (S.faulted(env)) return false;
  }
  let oldFlags = readFlags(env);
  if (cause == TASK_RETURN) oldFlags &= ~(L.FLAG_NT as u32);
  storeField(env, oldBase + pcAt(oldWide), load<u32>(env, ENV_PC), oldWide);
  storeField(env, oldBase + pcAt(oldWide) + (oldWide ? 4 : 2), oldFlags, oldWide);
  const oldStep: u32 = oldWide ? 4 : 2;
  for (let i: u32 = 0; i < 8; i++) storeField(env, oldBase + registersAt(oldWide) + i * oldStep, S.reg(env, i) as u32, oldWide);
  const oldSegments: u32 = oldWide ? SEGMENT_COUNT : 4;
  for (let i: u32 = 0; i < oldSegments; i++) {
    storeGuest16(env, oldBase + segmentsAt(oldWide) + i * oldStep, S.segSelector(env, i) as u16, mmu);
  }
  if (cause == TASK_CALL || cause == TASK_GATE) {
    storeGuest16(env, base, oldSelector as u16, mmu);
    flags |= L.FLAG_NT;
  }
  if (cause != TASK_RETURN) {
    if (!D.fetchDescriptor(env, selector, exception)) return false;
    D.storeHigh(env, D.high | BUSY);
  }
  if (S.faulted(env)) return false;

  // The commit point: from here on, faults are the new task's.
  S.setSegment(env, L.TR, selector, base, limit, (newHigh | BUSY) & 0x00ff_ff00);
  store<u64>(env, S.cr0(env) | S.CR0_TS, L.CR0);
  if (wide && (S.cr0(env) & S.CR0_PG)) {
    store<u64>(env, cr3, L.CR3);
    tlb_flush(env, 1);
  }
  store<u64>(env, pc, ENV_PC);
  for (let i: i32 = 0; i < 8; i++) S.setReg(env, i, load<u32>(env + (i << 2), L.SYS_SCRATCH));
  store<u64>(env, load<u64>(env, L.DR + 7 * 8) & ~(0x155 as u64), L.DR + 7 * 8);
  for (let seg: i32 = 0; seg < SEGMENT_COUNT; seg++) {
    const selectorOf = load<u32>(env + (seg << 2), L.SYS_SCRATCH + 32);
    S.setSegment(env, seg, selectorOf, 0, 0, 0);
  }
  S.setSegment(env, L.LDTR, ldt, 0, 0, 0);
  S.setCpl(env, flags & L.FLAG_VM ? 3 : segmentRpl(env));
  writeFlags(env, flags, wide ? 0x3f_7fd5 : 0x7fd5);
  loadTaskSegments(env, ldt);
  if (!S.faulted(env) && trap) {
    store<u64>(env, load<u64>(env, L.DEBUG_PENDING) | 0x8000, L.DEBUG_PENDING);
    raise(env, 1, -1);
  }
  updateBlockFlags(env);
  return !S.faulted(env);
}

function segmentRpl(env: usize): u32 {
  return S.segSelector(env, L.CS) & 3;
}

/** LDTR and the segment registers of the new task; whatever is wrong with them is #TS (SDM volume 3A, table 8-1). */
function loadTaskSegments(env: usize, ldt: u32): void {
  if (ldt & 4) {
    D.fail(env, TS, ldt);
    return;
  }
  if (!D.isNull(ldt)) {
    if (!D.fetchDescriptor(env, ldt, TS)) return;
    if ((D.high & S.DESC_S) || D.typeOf(D.high) != 2 || !(D.high & S.DESC_P)) {
      D.fail(env, TS, ldt);
      return;
    }
    D.setFromDescriptor(env, L.LDTR, ldt, D.low, D.high);
  }
  if (S.eflags(env) & L.FLAG_VM) {
    for (let seg: i32 = 0; seg < SEGMENT_COUNT; seg++) loadRealSegment(env, seg, S.segSelector(env, seg));
    return;
  }
  const level = segmentRpl(env);
  if (!loadTaskSegment(env, L.CS, level) || !loadTaskSegment(env, L.SS, level)) return;
  if (!loadTaskSegment(env, L.DS, level) || !loadTaskSegment(env, L.ES, level)) return;
  if (loadTaskSegment(env, L.FS, level)) loadTaskSegment(env, L.GS, level);
}

function loadTaskSegment(env: usize, seg: i32, level: u32): bool {
  const selector = S.segSelector(env, seg);
  if (D.isNull(selector)) return seg == L.CS || seg == L.SS ? D.fail(env, TS, selector) : true;
  if (!D.fetchDescriptor(env, selector, TS)) return false;
  const hi = D.high;
  const dpl = D.dplOf(hi);
  const conforming = (hi & (S.DESC_CODE | S.DESC_EC)) == (S.DESC_CODE | S.DESC_EC);
  let good: bool;
  if (seg == L.CS) good = D.isCode(hi) && (conforming ? dpl <= level : dpl == level);
  else if (seg == L.SS) good = D.isWritableData(hi) && dpl == level && (selector & 3) == level;
  else good = (hi & S.DESC_S) != 0 && (hi & (S.DESC_CODE | S.DESC_RW)) != S.DESC_CODE && (conforming || (dpl >= level && dpl >= (selector & 3)));
  if (!good) return D.fail(env, TS, selector);
  if (!(hi & S.DESC_P)) return D.fail(env, seg == L.SS ? SS : NP, selector);
  if (!D.markAccessed(env)) return false;
  D.setFromDescriptor(env, seg, selector, D.low, D.high);
  return true;
}
