/** IRET in all modes (SDM volume 2, IRET). */
import { ENV_PC } from '../../tcg/src/env';
import { updateBlockFlags } from './block-flags';
import * as D from './descriptors';
import { fetchReturnStack, fetchReturnTarget, setReturnStack } from './far-control';
import { changeableFlags, writeFlags } from './flags';
import { loadGuest16, systemMmu } from './guest-memory';
import * as L from './layout';
import { raise, raiseGp, TS } from './raise';
import { dropPrivilegedSegments, loadRealSegment } from './segments';
import * as Stack from './stack';
import * as S from './state';
import { switchTask, TASK_RETURN } from './task-switch';

export function interrupt_return(env: usize, bytes: i32, nextPc: u64): void {
  const hf = S.blockFlags(env);
  if (!(hf & L.HF_PE)) returnReal(env, bytes, 0);
  else if (hf & L.HF_VM) returnV86(env, bytes);
  else returnProtected(env, bytes, nextPc);
  // The end of an NMI handler, if it was one; a fault leaves NMIs as they were.
  if (!S.faulted(env)) {
    store<i32>(env, 0, L.NMI_BLOCKED);
    updateBlockFlags(env);
  }
}

/** Real mode, and virtual-8086 mode with the flags of `kept` left alone. */
function returnReal(env: usize, bytes: i32, kept: u32): void {
  Stack.useCurrent(env, false);
  const offset = Stack.pop(env, bytes);
  const selector = (Stack.pop(env, bytes) as u32) & 0xffff;
  const image = Stack.pop(env, bytes) as u32;
  if (S.faulted(env)) return;
  if (offset > S.segLimit(env, L.CS)) {
    raiseGp(env);
    return;
  }
  Stack.commit(env);
  loadRealSegment(env, L.CS, selector);
  store<u64>(env, offset, ENV_PC);
  let mask: u32 = L.FLAGS_ARITHMETIC | L.FLAG_TF | L.FLAG_IF | L.FLAG_DF | L.FLAG_IOPL | L.FLAG_NT;
  if (bytes == 4) mask |= L.FLAG_RF | L.FLAG_AC | L.FLAG_ID;
  writeFlags(env, image, mask & ~kept);
}

function returnV86(env: usize, bytes: i32): void {
  if (S.iopl(env) == 3) {
    returnReal(env, bytes, L.FLAG_IOPL);
    return;
  }
  if (bytes != 2 || !(S.cr4(env) & S.CR4_VME)) {
    raiseGp(env);
    return;
  }
  // VME: IF of the image is VIF.
  Stack.useCurrent(env, false);
  const offset = Stack.pop(env, 2);
  const selector = Stack.pop(env, 2) as u32;
  const image = Stack.pop(env, 2) as u32;
  if (S.faulted(env)) return;
  if ((image & L.FLAG_TF) || ((image & L.FLAG_IF) && (S.eflags(env) & L.FLAG_VIP))) {
    raiseGp(env);
    return;
  }
  Stack.commit(env);
  loadRealSegment(env, L.CS, selector);
  store<u64>(env, offset, ENV_PC);
  writeFlags(env, image | (image & L.FLAG_IF ? L.FLAG_VIF : 0), L.FLAGS_ARITHMETIC | L.FLAG_DF | L.FLAG_NT | L.FLAG_VIF | L.FLAG_TF);
}

function returnProtected(env: usize, bytes: i32, nextPc: u64): void {
  const long = S.isLongMode(env);
  if (S.eflags(env) & L.FLAG_NT) {
    if (long) raiseGp(env);
    else returnTask(env, nextPc);
    return;
  }
  const from64 = S.is64Bit(env);
  const level = S.cpl(env);
  Stack.useCurrent(env, false);
  const offset = Stack.pop(env, bytes);
  const selector = (Stack.pop(env, bytes) as u32) & 0xffff;
  const image = Stack.pop(env, bytes) as u32;
  if (S.faulted(env)) return;
  if (!long && (image & L.FLAG_VM) && bytes == 4 && level == 0) {
    enterV86(env, offset, selector, image);
    return;
  }
  if (!fetchReturnTarget(env, selector)) return;
  const codeLow = D.low;
  const codeHigh = D.high;
  const newLevel = selector & 3;
  const to64 = long && (codeHigh & S.DESC_L) != 0;
  if (to64 ? !S.isCanonical(offset) : offset > D.limitOf(codeLow, codeHigh)) {
    raiseGp(env);
    return;
  }

  let mask = changeableFlags(env, level, bytes) | L.FLAG_RF;
  if (bytes > 2 && level == 0) mask |= L.FLAG_VIF | L.FLAG_VIP;
  if (bytes == 2) mask &= ~(L.FLAG_RF as u32);

  // IRET of 64-bit code always pops the stack, others only for an outer level.
  if (from64 || newLevel != level) {
    const stackPointer = Stack.pop(env, bytes);
    const stackSelector = (Stack.pop(env, bytes) as u32) & 0xffff;
    if (S.faulted(env) || !fetchReturnStack(env, stackSelector, newLevel, to64)) return;
    setReturnStack(env, stackSelector);
    D.setCode(env, selector, codeLow, codeHigh, newLevel);
    updateBlockFlags(env);
    Stack.setPointer(env, stackPointer, S.segFlags(env, L.SS), to64 ? 8 : bytes == 8 ? 4 : bytes);
    if (newLevel != level) dropPrivilegedSegments(env, newLevel);
  } else {
    Stack.commit(env);
    D.setCode(env, selector, codeLow, codeHigh, newLevel);
  }
  store<u64>(env, offset, ENV_PC);
  writeFlags(env, image, mask);
}

/** From level 0 into virtual-8086 mode: the rest of the frame is ESP, SS, ES, DS, FS, GS. */
function enterV86(env: usize, offset: u64, selector: u32, image: u32): void {
  const stackPointer = Stack.pop(env, 4);
  const ss = Stack.pop(env, 4) as u32;
  const es = Stack.pop(env, 4) as u32;
  const ds = Stack.pop(env, 4) as u32;
  const fs = Stack.pop(env, 4) as u32;
  const gs = Stack.pop(env, 4) as u32;
  if (S.faulted(env)) return;
  if (offset > 0xffff) {
    raiseGp(env);
    return;
  }
  S.setCpl(env, 3);
  writeFlags(env, image, 0x3f_7fd5);
  loadRealSegment(env, L.CS, selector & 0xffff);
  loadRealSegment(env, L.SS, ss & 0xffff);
  loadRealSegment(env, L.ES, es & 0xffff);
  loadRealSegment(env, L.DS, ds & 0xffff);
  loadRealSegment(env, L.FS, fs & 0xffff);
  loadRealSegment(env, L.GS, gs & 0xffff);
  S.setReg(env, S.RSP, stackPointer & 0xffff_ffff);
  store<u64>(env, offset & 0xffff, ENV_PC);
  updateBlockFlags(env);
}

/** NT was set: back to the task that the current TSS links to. */
function returnTask(env: usize, nextPc: u64): void {
  const link = loadGuest16(env, S.segBase(env, L.TR), systemMmu(env));
  if (S.faulted(env)) return;
  if (D.isNull(link) || link & 4) {
    raise(env, TS, D.errorFor(link));
    return;
  }
  store<u64>(env, nextPc, ENV_PC);
  switchTask(env, link, TASK_RETURN);
}
