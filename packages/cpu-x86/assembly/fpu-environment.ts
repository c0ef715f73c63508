/**
 * x87 control, and its state as a whole: FNINIT, FNCLEX, FLDCW, FNSTENV, FNSAVE (SDM volume 1, figures 8-9 to 8-12), FXSAVE
 * and FXRSTOR (volume 1, 10.5). Addresses are linear; a fault part way through a load leaves the state alone.
 */
import {
  FP_CONTROL, FP_CS, FP_DP, FP_DS, FP_EMPTY, FP_IP, FP_OPCODE, FP_REGS, FP_STATUS, FP_TOP, MXCSR, XMM,
} from './layout';
import { setStatusWord, st, statusWord, storeExtended, updateSummary } from './fpu-state';
import {
  loadGuest16, loadGuest32, loadGuest64, loadGuest8, probeWrite, storeGuest16, storeGuest32, storeGuest64,
} from './guest-memory';
import { raiseGp } from './raise';
import { A, FINITE, ZERO } from './softfloat';
import { unpackExtended } from './softfloat-formats';
import { faulted } from './state';

/** Bits of the control word that exist; bit 6 reads as 1. */
const CONTROL_MASK: u32 = 0x1f3f;
const CONTROL_ONES: u32 = 0x40;
/** What FXSAVE reports as MXCSR_MASK. */
export const MXCSR_BITS: u32 = 0xffff;

export function fpInit(env: usize): void {
  store<i32>(env + FP_CONTROL, 0x37f);
  store<i32>(env + FP_STATUS, 0);
  store<i32>(env + FP_TOP, 0);
  store<i32>(env + FP_EMPTY, 0xff);
  store<i32>(env + FP_OPCODE, 0);
  store<i32>(env + FP_CS, 0);
  store<i32>(env + FP_DS, 0);
  store<u64>(env + FP_IP, 0);
  store<u64>(env + FP_DP, 0);
}

export function setControlWord(env: usize, word: u32): void {
  store<u32>(env + FP_CONTROL, (word & CONTROL_MASK) | CONTROL_ONES);
  updateSummary(env);
}

/** The tag word, two bits a physical register: 0 valid, 1 zero, 2 special, 3 empty. */
function tagWord(env: usize): u32 {
  const empty = load<u32>(env + FP_EMPTY);
  let tags: u32 = 0;
  for (let i = 0; i < 8; i++) {
    const at = env + FP_REGS + (usize(i) << 4);
    unpackExtended(load<u64>(at), load<u32>(at, 8));
    const tag = (empty >> i) & 1 ? 3 : A.kind == ZERO ? 1 : A.kind == FINITE && !A.denormal ? 0 : 2;
    tags |= tag << (i * 2);
  }
  return tags;
}

function setTagWord(env: usize, tags: u32): void {
  let empty: u32 = 0;
  for (let i = 0; i < 8; i++) {
    if (((tags >> (i * 2)) & 3) == 3) empty |= 1 << i;
  }
  store<u32>(env + FP_EMPTY, empty);
}

/** Bytes of the environment: seven fields of 2 or 4 bytes. `real` chooses the layout of real and virtual-8086 mode. */
@inline
function environmentBytes(wide: bool): i32 {
  return wide ? 28 : 14;
}

function storeField(env: usize, address: u64, index: i32, value: u32, wide: bool, mmu: i32): void {
  if (wide) storeGuest32(env, address + u64(index) * 4, value, mmu);
  else storeGuest16(env, address + u64(index) * 2, u16(value), mmu);
}

function storeEnvironmentFields(env: usize, address: u64, wide: bool, real: bool, mmu: i32): void {
  const ones: u32 = wide ? 0xffff0000 : 0;
  const ip = load<u32>(env + FP_IP);
  const dp = load<u32>(env + FP_DP);
  const opcode = load<u32>(env + FP_OPCODE) & 0x7ff;
  storeField(env, address, 0, load<u32>(env + FP_CONTROL) | ones, wide, mmu);
  storeField(env, address, 1, u32(statusWord(env)) | ones, wide, mmu);
  storeField(env, address, 2, tagWord(env) | ones, wide, mmu);
  if (real) {
    const ipLinear = (load<u32>(env + FP_CS) << 4) + ip;
    const dpLinear = (load<u32>(env + FP_DS) << 4) + dp;
    storeField(env, address, 3, ipLinear & 0xffff, wide, mmu);
    storeField(env, address, 4, wide ? ((ipLinear >> 16) << 12) | opcode : ((ipLinear >> 4) & 0xf000) | opcode, wide, mmu);
    storeField(env, address, 5, dpLinear & 0xffff, wide, mmu);
    storeField(env, address, 6, wide ? (dpLinear >> 16) << 12 : (dpLinear >> 4) & 0xf000, wide, mmu);
    return;
  }
  storeField(env, address, 3, ip, wide, mmu);
  storeField(env, address, 4, wide ? load<u32>(env + FP_CS) | (opcode << 16) : load<u32>(env + FP_CS), wide, mmu);
  storeField(env, address, 5, dp, wide, mmu);
  storeField(env, address, 6, load<u32>(env + FP_DS) | ones, wide, mmu);
}

/** FNSTENV; afterwards all exceptions are masked. */
export function storeEnvironment(env: usize, address: u64, wide: bool, real: bool, mmu: i32): void {
  if (!probeWrite(env, address, environmentBytes(wide), mmu)) return;
  storeEnvironmentFields(env, address, wide, real, mmu);
  if (faulted(env)) return;
  store<u32>(env + FP_CONTROL, load<u32>(env + FP_CONTROL) | 0x3f);
  updateSummary(env);
}

function loadField(env: usize, address: u64, index: i32, wide: bool, mmu: i32): u32 {
  if (faulted(env)) return 0;
  return wide ? loadGuest32(env, address + u64(index) * 4, mmu) : loadGuest16(env, address + u64(index) * 2, mmu);
}

/** FLDENV. False if it faulted. */
export function loadEnvironment(env: usize, address: u64, wide: bool, real: bool, mmu: i32): bool {
  const control = loadField(env, address, 0, wide, mmu);
  const word = loadField(env, address, 1, wide, mmu);
  const tags = loadField(env, address, 2, wide, mmu);
  const ip = loadField(env, address, 3, wide, mmu);
  const code = loadField(env, address, 4, wide, mmu);
  const dp = loadField(env, address, 5, wide, mmu);
  const data = loadField(env, address, 6, wide, mmu);
  if (faulted(env)) return false;
  store<u32>(env + FP_CONTROL, (control & CONTROL_MASK) | CONTROL_ONES);
  setStatusWord(env, word & 0xffff);
  setTagWord(env, tags);
  if (real) {
    store<u64>(env + FP_IP, wide ? (ip & 0xffff) | ((code << 4) & 0xffff0000) : ip | ((code & 0xf000) << 4));
    store<u64>(env + FP_DP, wide ? (dp & 0xffff) | ((data << 4) & 0xffff0000) : dp | ((data & 0xf000) << 4));
    store<u32>(env + FP_OPCODE, code & 0x7ff);
    store<u32>(env + FP_CS, 0);
    store<u32>(env + FP_DS, 0);
  } else {
    store<u64>(env + FP_IP, ip);
    store<u64>(env + FP_DP, dp);
    store<u32>(env + FP_OPCODE, wide ? (code >> 16) & 0x7ff : 0);
    store<u32>(env + FP_CS, code & 0xffff);
    store<u32>(env + FP_DS, data & 0xffff);
  }
  return true;
}

/** FNSAVE: environment, registers from ST(0), then FNINIT. */
export function saveState(env: usize, address: u64, wide: bool, real: bool, mmu: i32): void {
  const head = environmentBytes(wide);
  if (!probeWrite(env, address, head + 80, mmu)) return;
  storeEnvironmentFields(env, address, wide, real, mmu);
  for (let i = 0; i < 8; i++) {
    const at = st(env, i);
    storeGuest64(env, address + u64(head + i * 10), load<u64>(at), mmu);
    storeGuest16(env, address + u64(head + i * 10 + 8), load<u16>(at, 8), mmu);
  }
  if (!faulted(env)) fpInit(env);
}

/** FRSTOR. */
export function restoreState(env: usize, address: u64, wide: bool, real: bool, mmu: i32): void {
  const head = environmentBytes(wide);
  // Touches the last byte first, so that a fault there finds the state unchanged.
  loadGuest8(env, address, mmu);
  if (faulted(env)) return;
  loadGuest8(env, address + u64(head + 79), mmu);
  if (faulted(env) || !loadEnvironment(env, address, wide, real, mmu)) return;
  for (let i = 0; i < 8; i++) {
    const significand = loadGuest64(env, address + u64(head + i * 10), mmu);
    storeExtended(env, i, significand, loadGuest16(env, address + u64(head + i * 10 + 8), mmu));
  }
}

/** x87 state as FXSAVE lays it out, from `address` on; `wide` is REX.W (64-bit pointers). Everything but MXCSR and its mask. */
export function storeX87Image(env: usize, address: u64, wide: bool, mmu: i32): void {
  storeGuest64(env, address,
    u64(load<u32>(env + FP_CONTROL)) | (u64(statusWord(env)) << 16) | (u64(~load<u32>(env + FP_EMPTY) & 0xff) << 32)
      | (u64(load<u32>(env + FP_OPCODE) & 0x7ff) << 48), mmu);
  if (faulted(env)) return;
  const ip = load<u64>(env + FP_IP);
  const dp = load<u64>(env + FP_DP);
  storeGuest64(env, address + 8, wide ? ip : (ip & 0xffffffff) | (u64(load<u32>(env + FP_CS)) << 32), mmu);
  storeGuest64(env, address + 16, wide ? dp : (dp & 0xffffffff) | (u64(load<u32>(env + FP_DS)) << 32), mmu);
  for (let i = 0; i < 8; i++) {
    const at = st(env, i);
    storeGuest64(env, address + u64(32 + i * 16), load<u64>(at), mmu);
    storeGuest64(env, address + u64(40 + i * 16), load<u32>(at, 8) & 0xffff, mmu);
  }
}

export function storeMxcsrImage(env: usize, address: u64, mmu: i32): void {
  storeGuest32(env, address + 24, load<u32>(env + MXCSR), mmu);
  storeGuest32(env, address + 28, MXCSR_BITS, mmu);
}

/** `count` vectors of the vCPU block, from `from` on, to guest memory; and back. */
export function storeVectors(env: usize, address: u64, from: usize, count: i32, mmu: i32): void {
  for (let i = 0; i < count; i++) {
    const at = env + from + (usize(i) << 4);
    storeGuest64(env, address + u64(i * 16), load<u64>(at), mmu);
    storeGuest64(env, address + u64(i * 16 + 8), load<u64>(at, 8), mmu);
  }
}

export function loadVectors(env: usize, address: u64, to: usize, count: i32, mmu: i32): void {
  for (let i = 0; i < count; i++) {
    const at = env + to + (usize(i) << 4);
    store<u64>(at, loadGuest64(env, address + u64(i * 16), mmu));
    store<u64>(at, loadGuest64(env, address + u64(i * 16 + 8), mmu), 8);
  }
}

/** The opposite of `storeX87Image`. The caller knows that the memory can be read. */
export function loadX87Image(env: usize, address: u64, wide: bool, mmu: i32): void {
  const head = loadGuest64(env, address, mmu);
  const ip = loadGuest64(env, address + 8, mmu);
  const dp = loadGuest64(env, address + 16, mmu);
  store<u32>(env + FP_CONTROL, (u32(head) & CONTROL_MASK) | CONTROL_ONES);
  setStatusWord(env, i32(head >> 16) & 0xffff);
  store<u32>(env + FP_EMPTY, ~u32(head >> 32) & 0xff);
  store<u32>(env + FP_OPCODE, u32(head >> 48) & 0x7ff);
  store<u64>(env + FP_IP, wide ? ip : ip & 0xffffffff);
  store<u64>(env + FP_DP, wide ? dp : dp & 0xffffffff);
  store<u32>(env + FP_CS, wide ? 0 : u32(ip >> 32) & 0xffff);
  store<u32>(env + FP_DS, wide ? 0 : u32(dp >> 32) & 0xffff);
  for (let i = 0; i < 8; i++) {
    const significand = loadGuest64(env, address + u64(32 + i * 16), mmu);
    storeExtended(env, i, significand, loadGuest16(env, address + u64(40 + i * 16), mmu));
  }
}

/** FXSAVE: `xmmCount` is 16 in 64-bit mode, else 8, or 0 without CR4.OSFXSR. */
export function fxsave(env: usize, address: u64, wide: bool, xmmCount: i32, mmu: i32): void {
  if (address & 15) {
    raiseGp(env);
    return;
  }
  if (!probeWrite(env, address, 416, mmu)) return;
  storeX87Image(env, address, wide, mmu);
  if (faulted(env)) return;
  storeMxcsrImage(env, address, mmu);
  storeVectors(env, address + 160, XMM, xmmCount, mmu);
}

export function fxrstor(env: usize, address: u64, wide: bool, xmmCount: i32, mmu: i32): void {
  if (address & 15) {
    raiseGp(env);
    return;
  }
  loadGuest64(env, address, mmu);
  if (faulted(env)) return;
  loadGuest64(env, address + 408, mmu);
  if (faulted(env)) return;
  const mxcsr = loadGuest32(env, address + 24, mmu);
  if (mxcsr & ~MXCSR_BITS) {
    raiseGp(env);
    return;
  }
  loadX87Image(env, address, wide, mmu);
  if (xmmCount == 0) return;
  store<u32>(env + MXCSR, mxcsr);
  loadVectors(env, address + 160, XMM, xmmCount, mmu);
}
