/** XSAVE, XSAVEOPT, XSAVEC, XRSTOR (SDM volume 1, chapter 13) and XCR0, for x87, SSE and AVX state and PKRU. */
import { fpInit, loadVectors, loadX87Image, MXCSR_BITS, storeMxcsrImage, storeVectors, storeX87Image } from './fpu-environment';
import { updateBlockFlags } from './block-flags';
import { dataMmu, loadGuest32, loadGuest64, probeWrite, storeGuest64 } from './guest-memory';
import {
  FP_CONTROL, FP_CS, FP_DP, FP_DS, FP_EMPTY, FP_IP, FP_OPCODE, FP_REGS, FP_STATUS, FP_TOP, MXCSR, PKRU, XCR0, XCR0_ALLOWED, XMM, XSAVE_ALL,
  XSAVE_COMPACTED, YMM_HIGH,
} from './layout';
import { setPkru } from './protection-keys';
import { raise, raiseGp, UD } from './raise';
import * as S from './state';

/** State components, as bits of XCR0 and of XSTATE_BV. */
const X87: u64 = 1;
const SSE: u64 = 2;
const AVX: u64 = 4;
const PROTECTION_KEYS: u64 = 0x200;
const COMPACTED: u64 = 0x8000000000000000;
/** Where things are in the area. AVX is at the same place in both formats; PKRU follows it, or the header, in the compacted one. */
const XMM_AREA: u64 = 160;
const HEADER: u64 = 512;
const AVX_AREA: u64 = 576;
const AVX_BYTES: u64 = 256;
const PKRU_AREA: u64 = 2688;
const MXCSR_INITIAL: u32 = 0x1f80;

/** Registers that exist in this mode; those beyond are neither saved nor restored. */
function registerCount(env: usize): i32 {
  return S.is64Bit(env) ? 16 : 8;
}

function isZero(at: usize, bytes: usize): bool {
  for (let i: usize = 0; i < bytes; i += 16) {
    if (v128.any_true(v128.load(at + i))) return false;
  }
  return true;
}

/** XINUSE: components that are not in their initial state. */
function inUse(env: usize): u64 {
  let used: u64 = 0;
  if (
    load<u32>(env + FP_CONTROL) != 0x37f || load<i32>(env + FP_STATUS) != 0 || load<i32>(env + FP_TOP) != 0 || load<u32>(env + FP_EMPTY) != 0xff ||
    load<u32>(env + FP_OPCODE) != 0 || load<u64>(env + FP_IP) != 0 || load<u64>(env + FP_DP) != 0 || load<i32>(env + FP_CS) != 0 ||
    load<i32>(env + FP_DS) != 0 || !isZero(env + FP_REGS, 128)
  ) used |= X87;
  if (!isZero(env + XMM, 256)) used |= SSE;
  if (!isZero(env + YMM_HIGH, 256)) used |= AVX;
  if (load<u64>(env + PKRU)) used |= PROTECTION_KEYS;
  return used;
}

/** EDX:EAX, cut to what XCR0 enables. */
function requested(env: usize): u64 {
  return ((S.reg(env, S.RAX) & 0xffffffff) | (S.reg(env, S.RDX) << 32)) & load<u64>(env + XCR0);
}

/** Offset of PKRU in an area; `components`: those that a compacted one has room for, or 0 for the standard format. */
function pkruOffset(components: u64): u64 {
  if (!components) return PKRU_AREA;
  return components & AVX ? AVX_AREA + AVX_BYTES : AVX_AREA;
}

function areaBytes(wanted: u64, components: u64): u64 {
  if (wanted & PROTECTION_KEYS) return pkruOffset(components) + 8;
  return wanted & AVX ? AVX_AREA + AVX_BYTES : AVX_AREA;
}

export function xsave(env: usize, address: u64, kind: i32, wide: i32): void {
  if (address & 63) {
    raiseGp(env);
    return;
  }
  const mmu = dataMmu(env);
  const wanted = requested(env);
  const used = inUse(env);
  const saved = kind == XSAVE_ALL ? wanted : wanted & used;
  const components: u64 = kind == XSAVE_COMPACTED ? wanted | COMPACTED : 0;
  if (!probeWrite(env, address, u32(areaBytes(wanted, components)), mmu)) return;
  let present = wanted & used;
  if (saved & X87) storeX87Image(env, address, wide != 0, mmu);
  if (saved & SSE) storeVectors(env, address + XMM_AREA, XMM, registerCount(env), mmu);
  if (saved & AVX) storeVectors(env, address + AVX_AREA, YMM_HIGH, registerCount(env), mmu);
  if (saved & PROTECTION_KEYS) storeGuest64(env, address + pkruOffset(components), load<u64>(env + PKRU), mmu);
  if (kind == XSAVE_COMPACTED) {
    if ((wanted & SSE) && load<u32>(env + MXCSR) != MXCSR_INITIAL) present |= SSE;
    if (present & SSE) storeMxcsrImage(env, address, mmu);
    storeGuest64(env, address + HEADER, present, mmu);
    storeGuest64(env, address + HEADER + 8, wanted | COMPACTED, mmu);
    return;
  }
  if (wanted & (SSE | AVX)) storeMxcsrImage(env, address, mmu);
  const others = loadGuest64(env, address + HEADER, mmu) & ~wanted;
  if (!S.faulted(env)) storeGuest64(env, address + HEADER, others | present, mmu);
}

/** Whether a header may be restored from; `format` is XCOMP_BV. */
function isValid(env: usize, address: u64, present: u64, format: u64, mmu: i32): bool {
  const enabled = load<u64>(env + XCR0);
  const compacted = (format & COMPACTED) != 0;
  if (compacted) {
    const contained = format & ~COMPACTED;
    if ((contained & ~enabled) || (present & ~contained)) return false;
  } else if (format || (present & ~enabled)) {
    return false;
  }
  const reserved: u64 = compacted ? 64 : 24;
  for (let at: u64 = 16; at < reserved; at += 8) {
    if (loadGuest64(env, address + HEADER + at, mmu)) return false;
  }
  return true;
}

/** Whether every page of the area can be read; raises what is wrong. */
function readable(env: usize, address: u64, bytes: u64, mmu: i32): bool {
  loadGuest64(env, address, mmu);
  if (!S.faulted(env)) loadGuest64(env, address + bytes - 8, mmu);
  return !S.faulted(env);
}

export function xrstor(env: usize, address: u64, wide: i32): void {
  if (address & 63) {
    raiseGp(env);
    return;
  }
  const mmu = dataMmu(env);
  const wanted = requested(env);
  if (!readable(env, address, AVX_AREA, mmu)) return;
  const present = loadGuest64(env, address + HEADER, mmu);
  const format = loadGuest64(env, address + HEADER + 8, mmu);
  const compacted = (format & COMPACTED) != 0;
  if (!isValid(env, address, present, format, mmu)) {
    if (!S.faulted(env)) raiseGp(env);
    return;
  }
  const loaded = wanted & present;
  if (!readable(env, address, areaBytes(loaded, format), mmu)) return;
  // The standard format restores MXCSR whenever SSE or AVX state is asked for, the compacted one as part of SSE state.
  const withMxcsr = compacted ? (loaded & SSE) != 0 : (wanted & (SSE | AVX)) != 0;
  const mxcsr = loadGuest32(env, address + 24, mmu);
  if (withMxcsr && (mxcsr & ~MXCSR_BITS)) {
    raiseGp(env);
    return;
  }
  if (withMxcsr) store<u32>(env + MXCSR, mxcsr);
  else if (compacted && (wanted & SSE)) store<u32>(env + MXCSR, MXCSR_INITIAL);
  const count = registerCount(env);
  if (loaded & X87) {
    loadX87Image(env, address, wide != 0, mmu);
  } else if (wanted & X87) {
    memory.fill(env + FP_REGS, 0, 128);
    fpInit(env);
  }
  restoreVectors(env, address + XMM_AREA, XMM, count, wanted & SSE, loaded & SSE, mmu);
  restoreVectors(env, address + AVX_AREA, YMM_HIGH, count, wanted & AVX, loaded & AVX, mmu);
  if (wanted & PROTECTION_KEYS) setPkru(env, loaded & PROTECTION_KEYS ? loadGuest32(env, address + pkruOffset(format), mmu) as u64 : 0);
}

function restoreVectors(env: usize, address: u64, to: usize, count: i32, wanted: u64, loaded: u64, mmu: i32): void {
  if (loaded) loadVectors(env, address, to, count, mmu);
  else if (wanted) memory.fill(env + to, 0, usize(count) << 4);
}

/** ECX 0: XCR0; 1, if the model has it: XCR0 and XINUSE. `inUseToo`: the model has it. */
export function xgetbv(env: usize, inUseToo: i32): void {
  if (!(S.cr4(env) & S.CR4_OSXSAVE)) {
    raise(env, UD, -1);
    return;
  }
  const number = u32(S.reg(env, S.RCX));
  if (number > u32(inUseToo)) {
    raiseGp(env);
    return;
  }
  const value = number ? load<u64>(env + XCR0) & inUse(env) : load<u64>(env + XCR0);
  S.setReg(env, S.RAX, value & 0xffffffff);
  S.setReg(env, S.RDX, value >> 32);
}

/** x87 state always, AVX not without SSE, and nothing that the model lacks. */
export function xsetbv(env: usize): void {
  if (!(S.cr4(env) & S.CR4_OSXSAVE)) {
    raise(env, UD, -1);
    return;
  }
  if (S.cpl(env) != 0) {
    raiseGp(env);
    return;
  }
  const value = (S.reg(env, S.RAX) & 0xffffffff) | (S.reg(env, S.RDX) << 32);
  const allowed = load<u64>(env + XCR0_ALLOWED);
  if (u32(S.reg(env, S.RCX)) || !(value & X87) || (value & (SSE | AVX)) == AVX || (value & ~allowed)) {
    raiseGp(env);
    return;
  }
  store<u64>(env + XCR0, value);
  updateBlockFlags(env);
}
