/** Loads of segment registers and table registers, and what asks about selectors (SDM volume 2; 3A, 3.4 and 5.x). */
import { updateBlockFlags } from './block-flags';
import * as D from './descriptors';
import { setZeroFlag } from './flags';
import * as L from './layout';
import { GP, NP, raise, raiseGp, SS, UD } from './raise';
import * as S from './state';

/** Real and virtual-8086 mode: the selector is the base. Real mode keeps limit and attributes ("unreal mode" is real). */
export function loadRealSegment(env: usize, seg: i32, selector: u32): void {
  const v86 = S.isV86(env);
  S.setSegment(env, seg, selector, (selector & 0xffff) << 4, v86 ? 0xffff : S.segLimit(env, seg), v86 ? 0xf300 : S.segFlags(env, seg));
}

/** MOV Sreg, POP Sreg, LDS and their like. The shadow after MOV SS is the translator's business. */
export function load_segment(env: usize, seg: i32, selector32: i32): void {
  const selector = (selector32 as u32) & 0xffff;
  if (loadSegment(env, seg, selector)) updateBlockFlags(env);
}

export function loadSegment(env: usize, seg: i32, selector: u32): bool {
  if (!S.isProtected(env)) {
    loadRealSegment(env, seg, selector);
    return true;
  }
  const level = S.cpl(env);
  const rpl = selector & 3;
  if (D.isNull(selector)) {
    if (seg == L.SS && (!S.is64Bit(env) || level == 3 || rpl != level)) return raiseGp(env);
    D.setNull(env, seg, selector);
    return true;
  }
  if (!D.fetchDescriptor(env, selector, GP)) return false;
  const hi = D.high;
  const dpl = D.dplOf(hi);
  if (seg == L.SS) {
    if (rpl != level || dpl != level || !D.isWritableData(hi)) return D.fail(env, GP, selector);
    if (!(hi & S.DESC_P)) return D.fail(env, SS, selector);
  } else {
    if (!(hi & S.DESC_S) || (hi & (S.DESC_CODE | S.DESC_RW)) == S.DESC_CODE) return D.fail(env, GP, selector);
    const conforming = (hi & (S.DESC_CODE | S.DESC_EC)) == (S.DESC_CODE | S.DESC_EC);
    if (!conforming && (rpl > dpl || level > dpl)) return D.fail(env, GP, selector);
    if (!(hi & S.DESC_P)) return D.fail(env, NP, selector);
  }
  if (!D.markAccessed(env)) return false;
  D.setFromDescriptor(env, seg, selector, D.low, D.high);
  return true;
}

/** Returning to less privilege: data segments that the new level may not use become null (SDM volume 2, RET). */
export function dropPrivilegedSegments(env: usize, level: u32): void {
  for (let seg: i32 = L.ES; seg <= L.GS; seg++) {
    if (seg == L.CS || seg == L.SS) continue;
    const flags = S.segFlags(env, seg);
    const conforming = (flags & (S.DESC_CODE | S.DESC_EC)) == (S.DESC_CODE | S.DESC_EC);
    // Long mode keeps the base of a null FS or GS, which system software uses.
    if ((flags & S.DESC_P) && !conforming && D.dplOf(flags) < level) S.setSegment(env, seg, 0, S.isLongMode(env) ? S.segBase(env, seg) : 0, 0, 0);
  }
}

/** Outside 64-bit mode: #GP(0), or #SS(0) for the stack segment, unless [offset, offset + size) may be accessed. */
export function check_segment(env: usize, seg: i32, offset: u64, size: i32, write: i32): void {
  if (!segmentAllows(env, seg, offset as u32, size, write != 0)) raise(env, seg == L.SS ? SS : GP, 0);
}

export function segmentAllows(env: usize, seg: i32, offset: u32, size: u32, write: bool): bool {
  const flags = S.segFlags(env, seg);
  const limit = S.segLimit(env, seg);
  const last = (offset as u64) + size - 1;
  if (S.isProtected(env)) {
    if (!(flags & S.DESC_P)) return false;
    if (flags & S.DESC_CODE) {
      if (write || !(flags & S.DESC_RW)) return false;
    } else {
      if (write && !(flags & S.DESC_RW)) return false;
      if (flags & S.DESC_EC) return offset > limit && last <= (flags & S.DESC_B ? 0xffff_ffff : 0xffff);
    }
  }
  return last <= limit;
}

export function load_gdt(env: usize, limit: i32, base: u64): void {
  if (S.cpl(env)) {
    raiseGp(env);
    return;
  }
  if (S.is64Bit(env) && !S.isCanonical(base)) {
    raiseGp(env);
    return;
  }
  store<u64>(env, base, L.GDT_BASE);
  store<u32>(env, limit & 0xffff, L.GDT_LIMIT);
}

export function load_idt(env: usize, limit: i32, base: u64): void {
  if (S.cpl(env) || (S.is64Bit(env) && !S.isCanonical(base))) {
    raiseGp(env);
    return;
  }
  store<u64>(env, base, L.IDT_BASE);
  store<u32>(env, limit & 0xffff, L.IDT_LIMIT);
}

/** LLDT and LTR: `type` is what the descriptor must be, besides being in the GDT and present. */
function loadSystemSegment(env: usize, seg: i32, selector: u32, type: u32, typeMask: u32): bool {
  if (selector & 4) return D.fail(env, GP, selector);
  if (!D.fetchDescriptor(env, selector, GP)) return false;
  const lo = D.low;
  const hi = D.high;
  if ((hi & S.DESC_S) || (D.typeOf(hi) & typeMask) != type) return D.fail(env, GP, selector);
  if (!(hi & S.DESC_P)) return D.fail(env, NP, selector);
  let base: u64 = D.baseOf(lo, hi);
  if (S.isLongMode(env)) {
    base |= (D.fetchUpper(env, selector) as u64) << 32;
    if (S.faulted(env)) return false;
    if (!S.isCanonical(base)) return D.fail(env, GP, selector);
  }
  if (seg == L.TR) {
    D.storeHigh(env, hi | 0x200);
    if (S.faulted(env)) return false;
  }
  S.setSegment(env, seg, selector, base, D.limitOf(lo, hi), D.high & 0x00ff_ff00);
  return true;
}

export function load_ldtr(env: usize, selector32: i32): void {
  const selector = (selector32 as u32) & 0xffff;
  if (!S.isProtected(env)) {
    raise(env, UD, -1);
  } else if (S.cpl(env)) {
    raiseGp(env);
  } else if (D.isNull(selector)) {
    S.setSegment(env, L.LDTR, selector, 0, 0, 0);
  } else {
    loadSystemSegment(env, L.LDTR, selector, 2, 15);
  }
}

export function load_tr(env: usize, selector32: i32): void {
  const selector = (selector32 as u32) & 0xffff;
  if (!S.isProtected(env)) {
    raise(env, UD, -1);
  } else if (S.cpl(env) || D.isNull(selector)) {
    raiseGp(env);
  } else {
    // An available TSS: 9, or 1 for 16 bits, which long mode does not have.
    loadSystemSegment(env, L.TR, selector, S.isLongMode(env) ? 9 : 1, S.isLongMode(env) ? 15 : 7);
  }
}

/** Whether LAR, LSL, VERR and VERW see the fetched descriptor at all, by privilege. */
function visible(env: usize, selector: u32): bool {
  const hi = D.high;
  if ((hi & (S.DESC_S | S.DESC_CODE | S.DESC_EC)) == (S.DESC_S | S.DESC_CODE | S.DESC_EC)) return true;
  const dpl = D.dplOf(hi);
  return S.cpl(env) <= dpl && (selector & 3) <= dpl;
}

/** System descriptor types that LAR and LSL take, as bits: outside long mode, and in it. */
const LAR_TYPES = 0b0001_1010_0011_1110;
const LAR_TYPES_LONG = 0b0001_1010_0000_0100;
const LSL_TYPES = 0b0000_1010_0000_1110;
const LSL_TYPES_LONG = 0b0000_1010_0000_0100;

function inspect(env: usize, selector: u32, types: i32): bool {
  if (!D.tryDescriptor(env, selector) || !visible(env, selector)) return false;
  return (D.high & S.DESC_S) != 0 || ((types >> D.typeOf(D.high)) & 1) != 0;
}

export function lar(env: usize, selector32: i32, bytes: i32): u64 {
  if (!needProtected(env)) return 0;
  const selector = (selector32 as u32) & 0xffff;
  const ok = inspect(env, selector, S.isLongMode(env) ? LAR_TYPES_LONG : LAR_TYPES);
  if (S.faulted(env)) return 0;
  setZeroFlag(env, ok);
  return D.high & 0x00f0_ff00;
}

export function lsl(env: usize, selector32: i32, bytes: i32): u64 {
  if (!needProtected(env)) return 0;
  const selector = (selector32 as u32) & 0xffff;
  const ok = inspect(env, selector, S.isLongMode(env) ? LSL_TYPES_LONG : LSL_TYPES);
  if (S.faulted(env)) return 0;
  setZeroFlag(env, ok);
  return D.limitOf(D.low, D.high);
}

export function verr(env: usize, selector32: i32): void {
  if (!needProtected(env)) return;
  const selector = (selector32 as u32) & 0xffff;
  const ok = inspect(env, selector, 0) && (D.high & (S.DESC_CODE | S.DESC_RW)) != S.DESC_CODE;
  if (!S.faulted(env)) setZeroFlag(env, ok);
}

export function verw(env: usize, selector32: i32): void {
  if (!needProtected(env)) return;
  const selector = (selector32 as u32) & 0xffff;
  const ok = inspect(env, selector, 0) && D.isWritableData(D.high);
  if (!S.faulted(env)) setZeroFlag(env, ok);
}

function needProtected(env: usize): bool {
  if (S.isProtected(env)) return true;
  raise(env, UD, -1);
  return false;
}
