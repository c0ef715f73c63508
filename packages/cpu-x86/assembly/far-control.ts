/** Far JMP, CALL and RET, with call gates (SDM volume 3A, 5.8; volume 2 under each mnemonic). */
import { ENV_PC } from '../../tcg/src/env';
import { updateBlockFlags } from './block-flags';
import * as D from './descriptors';
import { prepareInnerStack } from './exceptions';
import { loadGuest16, loadGuest32, dataMmu } from './guest-memory';
import * as L from './layout';
import { GP, NP, raiseGp, SS } from './raise';
import { dropPrivilegedSegments, loadRealSegment } from './segments';
import * as Stack from './stack';
import * as S from './state';
import { switchTask, TASK_CALL, TASK_JUMP } from './task-switch';
import * as Task from './task-state';

const CALL_GATE_16 = 4;
const TASK_GATE_TYPE = 5;
const CALL_GATE = 12;

function cut(offset: u64, bytes: i32): u64 {
  return bytes == 2 ? offset & 0xffff : bytes == 4 ? offset & 0xffff_ffff : offset;
}

/** Whether the fetched code descriptor takes `offset`: within the limit, or canonical where it is 64-bit. */
function offsetFits(env: usize, offset: u64): bool {
  if (S.isLongMode(env) && (D.high & S.DESC_L)) return S.isCanonical(offset) ? true : raiseGp(env);
  return offset <= D.limitOf(D.low, D.high) ? true : raiseGp(env);
}

/** Checks of a code segment that is the direct target of JMP or CALL. */
function directTarget(env: usize, selector: u32): bool {
  const hi = D.high;
  const dpl = D.dplOf(hi);
  const level = S.cpl(env);
  if (S.isLongMode(env) && (hi & (S.DESC_L | S.DESC_B)) == (S.DESC_L | S.DESC_B)) return D.fail(env, GP, selector);
  if (hi & S.DESC_EC ? dpl > level : (selector & 3) > level || dpl != level) return D.fail(env, GP, selector);
  if (!(hi & S.DESC_P)) return D.fail(env, NP, selector);
  return D.markAccessed(env);
}

function enterReal(env: usize, selector: u32, offset: u64): void {
  loadRealSegment(env, L.CS, selector);
  store<u64>(env, offset, ENV_PC);
  updateBlockFlags(env);
}

export function far_jump(env: usize, selector32: i32, target: u64, bytes: i32, nextPc: u64): void {
  const selector = (selector32 as u32) & 0xffff;
  const offset = cut(target, bytes);
  if (!S.isProtected(env)) {
    if (offset > 0xffff && offset > S.segLimit(env, L.CS)) raiseGp(env);
    else enterReal(env, selector, offset);
    return;
  }
  if (D.isNull(selector)) {
    raiseGp(env);
    return;
  }
  if (!D.fetchDescriptor(env, selector, GP)) return;
  if (!(D.high & S.DESC_S)) {
    throughGate(env, selector, false, nextPc);
    return;
  }
  if (!D.isCode(D.high)) {
    D.fail(env, GP, selector);
    return;
  }
  if (!directTarget(env, selector) || !offsetFits(env, offset)) return;
  D.setCode(env, selector, D.low, D.high, S.cpl(env));
  store<u64>(env, offset, ENV_PC);
  updateBlockFlags(env);
}

export function far_call(env: usize, selector32: i32, target: u64, bytes: i32, nextPc: u64): void {
  const selector = (selector32 as u32) & 0xffff;
  const offset = cut(target, bytes);
  if (!S.isProtected(env)) {
    Stack.useCurrent(env, false);
    if (!Stack.push(env, S.segSelector(env, L.CS), bytes) || !Stack.push(env, nextPc, bytes)) return;
    if (offset > 0xffff && offset > S.segLimit(env, L.CS)) {
      raiseGp(env);
      return;
    }
    Stack.commit(env);
    enterReal(env, selector, offset);
    return;
  }
  if (D.isNull(selector)) {
    raiseGp(env);
    return;
  }
  if (!D.fetchDescriptor(env, selector, GP)) return;
  if (!(D.high & S.DESC_S)) {
    throughGate(env, selector, true, nextPc);
    return;
  }
  if (!D.isCode(D.high)) {
    D.fail(env, GP, selector);
    return;
  }
  if (!directTarget(env, selector)) return;
  Stack.useCurrent(env, false);
  if (!Stack.push(env, S.segSelector(env, L.CS), bytes) || !Stack.push(env, nextPc, bytes) || !offsetFits(env, offset)) return;
  Stack.commit(env);
  D.setCode(env, selector, D.low, D.high, S.cpl(env));
  store<u64>(env, offset, ENV_PC);
  updateBlockFlags(env);
}

/** A system descriptor as target: call gate, task gate or TSS. */
function throughGate(env: usize, gate: u32, call: bool, nextPc: u64): void {
  const lo = D.low;
  const hi = D.high;
  const type = D.typeOf(hi);
  const long = S.isLongMode(env);
  const isTask = !long && (type == 1 || type == 9 || type == TASK_GATE_TYPE);
  if (!isTask && type != CALL_GATE && (long || type != CALL_GATE_16)) {
    D.fail(env, GP, gate);
    return;
  }
  const dpl = D.dplOf(hi);
  if (dpl < S.cpl(env) || dpl < (gate & 3)) {
    D.fail(env, GP, gate);
    return;
  }
  if (!(hi & S.DESC_P)) {
    D.fail(env, NP, gate);
    return;
  }
  if (isTask) {
    store<u64>(env, nextPc, ENV_PC);
    switchTask(env, type == TASK_GATE_TYPE ? lo >> 16 : gate, call ? TASK_CALL : TASK_JUMP);
    return;
  }

  const bytes = long ? 8 : type == CALL_GATE ? 4 : 2;
  let offset: u64 = (lo & 0xffff) | (type == CALL_GATE ? hi & 0xffff_0000 : 0);
  if (long) {
    offset |= (D.fetchUpper(env, gate) as u64) << 32;
    if (S.faulted(env)) return;
  }
  const parameters = hi & 31;
  const selector = lo >> 16;
  if (D.isNull(selector)) {
    raiseGp(env);
    return;
  }
  if (!D.fetchDescriptor(env, selector, GP)) return;
  const codeLow = D.low;
  const codeHigh = D.high;
  const level = S.cpl(env);
  const codeDpl = D.dplOf(codeHigh);
  const conforming = (codeHigh & S.DESC_EC) != 0;
  if (!D.isCode(codeHigh) || codeDpl > level || (long && (codeHigh & (S.DESC_L | S.DESC_B)) != S.DESC_L) || (!call && !conforming && codeDpl != level)) {
    D.fail(env, GP, selector);
    return;
  }
  if (!(codeHigh & S.DESC_P)) {
    D.fail(env, NP, selector);
    return;
  }
  if (!D.markAccessed(env)) return;
  const inner = call && !conforming && codeDpl < level;
  let newStackLow: u32 = 0;
  let newStackHigh: u32 = 0;
  if (call) {
    if (inner && long) {
      if (!Task.loadLongStack(env, codeDpl)) return;
      Stack.useLong(env, Task.stackPointer, codeDpl);
    } else if (inner) {
      if (!prepareInnerStack(env, codeDpl)) return;
      newStackLow = D.low;
      newStackHigh = D.high;
    } else {
      Stack.useCurrent(env, false);
      if (long) Stack.useLong(env, S.reg(env, S.RSP), level);
    }
    if (inner) {
      if (!Stack.push(env, S.segSelector(env, L.SS), bytes) || !Stack.push(env, S.reg(env, S.RSP), bytes)) return;
      if (!long && !copyParameters(env, parameters, bytes)) return;
    }
    if (!Stack.push(env, S.segSelector(env, L.CS), bytes) || !Stack.push(env, nextPc, bytes)) return;
  }
  const fits = long ? S.isCanonical(offset) : offset <= D.limitOf(codeLow, codeHigh);
  if (!fits) {
    raiseGp(env);
    return;
  }
  if (call) Stack.commit(env);
  const newLevel = inner ? codeDpl : level;
  if (inner) {
    if (long) D.setNull(env, L.SS, codeDpl);
    else D.setFromDescriptor(env, L.SS, (Task.stackSelector & 0xfffc) | codeDpl, newStackLow, newStackHigh);
  }
  D.setCode(env, selector, codeLow, codeHigh, newLevel);
  store<u64>(env, offset, ENV_PC);
  updateBlockFlags(env);
}

/** Copies the gate's parameters from the caller's stack, the last one pushed last. */
function copyParameters(env: usize, count: u32, bytes: i32): bool {
  const mask: u64 = S.segFlags(env, L.SS) & S.DESC_B ? 0xffff_ffff : 0xffff;
  const mmu = dataMmu(env);
  for (let i: i32 = (count as i32) - 1; i >= 0; i--) {
    const at = (S.segBase(env, L.SS) + ((S.reg(env, S.RSP) + i * bytes) & mask)) & 0xffff_ffff;
    const value: u64 = bytes == 4 ? (loadGuest32(env, at, mmu) as u64) : (loadGuest16(env, at, mmu) as u64);
    if (S.faulted(env) || !Stack.push(env, value, bytes)) return false;
  }
  return true;
}

/** The code segment that a return goes to, into D.low and D.high, with its checks (RET and IRET alike). */
export function fetchReturnTarget(env: usize, selector: u32): bool {
  if (D.isNull(selector)) return raiseGp(env);
  if (!D.fetchDescriptor(env, selector, GP)) return false;
  const hi = D.high;
  const rpl = selector & 3;
  const dpl = D.dplOf(hi);
  if (!D.isCode(hi) || rpl < S.cpl(env)) return D.fail(env, GP, selector);
  if (hi & S.DESC_EC ? dpl > rpl : dpl != rpl) return D.fail(env, GP, selector);
  if (S.isLongMode(env) && (hi & (S.DESC_L | S.DESC_B)) == (S.DESC_L | S.DESC_B)) return D.fail(env, GP, selector);
  if (!(hi & S.DESC_P)) return D.fail(env, NP, selector);
  return D.markAccessed(env);
}

/** The stack segment that a return to privilege `level` gives back, into D.low and D.high; a null one only for 64-bit code. */
export function fetchReturnStack(env: usize, selector: u32, level: u32, to64: bool): bool {
  if (D.isNull(selector)) {
    if (!to64 || level == 3 || (selector & 3) != level) return raiseGp(env);
    return true;
  }
  if ((selector & 3) != level) return D.fail(env, GP, selector);
  if (!D.fetchDescriptor(env, selector, GP)) return false;
  if (D.dplOf(D.high) != level || !D.isWritableData(D.high)) return D.fail(env, GP, selector);
  if (!(D.high & S.DESC_P)) return D.fail(env, SS, selector);
  return D.markAccessed(env);
}

/** Puts the stack that `fetchReturnStack` found into SS. */
export function setReturnStack(env: usize, selector: u32): void {
  if (D.isNull(selector)) D.setNull(env, L.SS, selector);
  else D.setFromDescriptor(env, L.SS, selector, D.low, D.high);
}

export function far_return(env: usize, bytes: i32, drop: i32): void {
  Stack.useCurrent(env, false);
  const offset = Stack.pop(env, bytes);
  const selector = (Stack.pop(env, bytes) as u32) & 0xffff;
  if (S.faulted(env)) return;
  if (!S.isProtected(env)) {
    if (offset > 0xffff && offset > S.segLimit(env, L.CS)) {
      raiseGp(env);
      return;
    }
    Stack.skip(drop);
    Stack.commit(env);
    enterReal(env, selector, offset);
    return;
  }
  if (!fetchReturnTarget(env, selector) || !offsetFits(env, offset)) return;
  const codeLow = D.low;
  const codeHigh = D.high;
  const level = selector & 3;
  Stack.skip(drop);
  if (level == S.cpl(env)) {
    Stack.commit(env);
    D.setCode(env, selector, codeLow, codeHigh, level);
  } else {
    const stackPointer = Stack.pop(env, bytes);
    const stackSelector = (Stack.pop(env, bytes) as u32) & 0xffff;
    if (S.faulted(env)) return;
    const to64 = S.isLongMode(env) && (codeHigh & S.DESC_L) != 0;
    if (!fetchReturnStack(env, stackSelector, level, to64)) return;
    setReturnStack(env, stackSelector);
    D.setCode(env, selector, codeLow, codeHigh, level);
    updateBlockFlags(env);
    // The parameters are dropped from the outer stack as well.
    Stack.setPointer(env, stackPointer + drop, S.segFlags(env, L.SS), to64 ? 8 : bytes == 8 ? 4 : bytes);
    dropPrivilegedSegments(env, level);
  }
  store<u64>(env, offset, ENV_PC);
  updateBlockFlags(env);
}
