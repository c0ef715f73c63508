/** SYSCALL, SYSRET, SYSENTER, SYSEXIT and SWAPGS (SDM volume 2; AMD64 manual volume 3 for the legacy-mode forms). */
import { ENV_PC } from '../../tcg/src/env';
import { updateBlockFlags } from './block-flags';
import { single_step } from './debug-registers';
import { readFlags, writeFlags } from './flags';
import * as L from './layout';
import { raise, raiseGp, UD } from './raise';
import * as S from './state';

/** Flat segments as these instructions make them, without looking at descriptors: accessed, present, page-granular. */
const FLAT_CODE: u32 = 0x00c0_9b00;
const FLAT_CODE_64: u32 = 0x00a0_9b00;
const FLAT_DATA: u32 = 0x00c0_9300;

function setFlat(env: usize, selector: u32, code64: bool, stackSelector: u32, level: u32): void {
  const dpl = level << 13;
  S.setSegment(env, L.CS, (selector & 0xfffc) | level, 0, 0xffff_ffff, (code64 ? FLAT_CODE_64 : FLAT_CODE) | dpl);
  S.setSegment(env, L.SS, (stackSelector & 0xfffc) | level, 0, 0xffff_ffff, FLAT_DATA | dpl);
  S.setCpl(env, level);
}

export function syscall(env: usize, nextPc: u64): void {
  if (!(S.efer(env) & S.EFER_SCE) || !S.isProtected(env)) {
    raise(env, UD, -1);
    return;
  }
  const star = load<u64>(env, L.STAR);
  const selector = ((star >> 32) as u32) & 0xffff;
  if (S.isLongMode(env)) {
    const from64 = S.is64Bit(env);
    const flags = readFlags(env) & ~(L.FLAG_RF as u32);
    S.setReg(env, S.RCX, nextPc);
    S.setReg(env, S.R11, flags);
    setFlat(env, selector, true, selector + 8, 0);
    store<u64>(env, from64 ? load<u64>(env, L.LSTAR) : load<u64>(env, L.CSTAR), ENV_PC);
    writeFlags(env, 0, (load<u64>(env, L.FMASK) as u32) | L.FLAG_RF);
    return;
  }
  S.setReg(env, S.RCX, nextPc & 0xffff_ffff);
  setFlat(env, selector, false, selector + 8, 0);
  store<u64>(env, star & 0xffff_ffff, ENV_PC);
  writeFlags(env, 0, L.FLAG_IF | L.FLAG_RF | L.FLAG_VM);
}

/** A single step that the new flags ask for comes right away, before the first instruction out there. */
export function sysret(env: usize, bytes: i32): void {
  returnToUser(env, bytes);
  if (!S.faulted(env) && S.eflags(env) & L.FLAG_TF) single_step(env, load<u64>(env, ENV_PC));
}

function returnToUser(env: usize, bytes: i32): void {
  if (!(S.efer(env) & S.EFER_SCE)) {
    raise(env, UD, -1);
    return;
  }
  if (!S.isProtected(env) || S.cpl(env)) {
    raiseGp(env);
    return;
  }
  const selector = (load<u64>(env, L.STAR) >> 48) as u32;
  const target = S.reg(env, S.RCX);
  if (S.isLongMode(env)) {
    if (bytes == 8 && !S.isCanonical(target)) {
      raiseGp(env);
      return;
    }
    setFlat(env, bytes == 8 ? selector + 16 : selector, bytes == 8, selector + 8, 3);
    store<u64>(env, bytes == 8 ? target : target & 0xffff_ffff, ENV_PC);
    writeFlags(env, S.reg(env, S.R11) as u32, 0x3c_7fd5 | L.FLAG_RF);
    // RF of R11 is ignored (SDM: mask 3C7FD7H).
    return;
  }
  setFlat(env, selector, false, selector + 8, 3);
  store<u64>(env, target & 0xffff_ffff, ENV_PC);
  writeFlags(env, L.FLAG_IF, L.FLAG_IF);
}

export function sysenter(env: usize, nextPc: u64): void {
  const selector = (load<u64>(env, L.SYSENTER_CS) as u32) & 0xffff;
  if (!(S.blockFlags(env) & L.HF_PE) || (selector & 0xfffc) == 0) {
    raiseGp(env);
    return;
  }
  const long = S.isLongMode(env);
  setFlat(env, selector, long, selector + 8, 0);
  const stack = load<u64>(env, L.SYSENTER_ESP);
  const target = load<u64>(env, L.SYSENTER_EIP);
  S.setReg(env, S.RSP, long ? stack : stack & 0xffff_ffff);
  store<u64>(env, long ? target : target & 0xffff_ffff, ENV_PC);
  writeFlags(env, 0, L.FLAG_IF | L.FLAG_RF | L.FLAG_VM);
}

export function sysexit(env: usize, bytes: i32): void {
  const selector = (load<u64>(env, L.SYSENTER_CS) as u32) & 0xffff;
  if (!S.isProtected(env) || S.cpl(env) || (selector & 0xfffc) == 0) {
    raiseGp(env);
    return;
  }
  const target = S.reg(env, S.RDX);
  const stack = S.reg(env, S.RCX);
  if (bytes == 8) {
    if (!S.isCanonical(target) || !S.isCanonical(stack)) {
      raiseGp(env);
      return;
    }
    setFlat(env, selector + 32, true, selector + 40, 3);
    S.setReg(env, S.RSP, stack);
    store<u64>(env, target, ENV_PC);
  } else {
    setFlat(env, selector + 16, false, selector + 24, 3);
    S.setReg(env, S.RSP, stack & 0xffff_ffff);
    store<u64>(env, target & 0xffff_ffff, ENV_PC);
  }
  updateBlockFlags(env);
}
