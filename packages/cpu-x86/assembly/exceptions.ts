/**
 * Delivery of exceptions and interrupts (SDM volume 3A, chapter 6): real mode, protected mode, virtual-8086 mode, 64-bit.
 * Errors of delivery become double and triple faults here.
 */
import { ENV_EXIT_REASON, ENV_EXIT_REQUEST, ENV_FAULT, ENV_PC } from '../../tcg/src/env';
import { updateBlockFlags } from './block-flags';
import * as D from './descriptors';
import { readFlags, writeFlags } from './flags';
import { loadGuest16, loadGuest32, loadGuest64, systemMmu } from './guest-memory';
import * as L from './layout';
import * as R from './raise';
import { loadRealSegment } from './segments';
import * as Stack from './stack';
import { isStackAccess } from './stack-access';
import * as S from './state';
import { switchTask, TASK_GATE } from './task-switch';
import * as Task from './task-state';

/** Vectors whose faults add up to a double fault (SDM volume 3A, table 6-4). */
const CONTRIBUTORY: u32 = (1 << R.DE) | (1 << R.TS) | (1 << R.NP) | (1 << R.SS) | (1 << R.GP);

function isContributory(vector: i32): bool {
  return vector < 32 && ((CONTRIBUTORY >> vector) & 1) != 0;
}

/** The event being delivered. */
let vector: i32 = 0;
let kind: i32 = 0;
let errorCode: u32 = 0;
let hasError: bool = false;
/** Where the handler returns to, and the flags it finds on its stack. */
let returnPc: u64 = 0;
let savedFlags: u32 = 0;

/** Delivers what ENV_FAULT announces, and what debug exceptions are due then. */
export function fault(env: usize): void {
  deliverAnnounced(env);
  if (!load<u64>(env, L.DEBUG_PENDING)) return;
  if (kind == L.KIND_INT || kind == L.KIND_INT3) {
    // Data breakpoints that MOV SS met just before an INT n come as soon as its handler is reached.
    R.announce(env, R.DB, -1, L.KIND_TRAP, load<u64>(env, ENV_PC));
    deliverAnnounced(env);
  } else {
    // An instruction that did not finish has met none.
    store<u64>(env, 0, L.DEBUG_PENDING);
  }
}

function deliverAnnounced(env: usize): void {
  let first = -1;
  for (;;) {
    vector = load<i32>(env, L.EXC_VECTOR);
    kind = load<i32>(env, L.EXC_KIND);
    if (kind == L.KIND_NOT_CANONICAL) {
      kind = L.KIND_FAULT;
      if (first < 0 && isStackAccess(env, load<u64>(env, L.EXC_NEXT_PC))) vector = R.SS;
    }
    errorCode = load<u32>(env, L.EXC_ERROR);
    hasError = load<i32>(env, L.EXC_HAS_ERROR) != 0;
    store<i32>(env, 0, ENV_FAULT);
    if (first >= 0) {
      if (first == R.DF && (isContributory(vector) || vector == R.PF)) {
        tripleFault(env);
        return;
      }
      if ((isContributory(first) && isContributory(vector)) || (first == R.PF && (isContributory(vector) || vector == R.PF))) {
        vector = R.DF;
        errorCode = 0;
        hasError = true;
      }
    }
    store<i32>(env, vector, L.EXC_DELIVERING);
    deliver(env);
    if (!S.faulted(env)) break;
    // INT n and outside events are benign: a fault in their delivery is simply that fault.
    first = kind == L.KIND_FAULT || kind == L.KIND_TRAP ? vector : 0x100;
  }
  D.setExt(0);
  store<i32>(env, -1, L.EXC_DELIVERING);
}

/** For the CPU: an external interrupt or an NMI, between instructions. */
export function interrupt(env: usize, interruptVector: i32, interruptKind: i32): void {
  R.announce(env, interruptVector, -1, interruptKind, load<u64>(env, ENV_PC));
  fault(env);
}

function tripleFault(env: usize): void {
  D.setExt(0);
  store<i32>(env, -1, L.EXC_DELIVERING);
  store<i32>(env, L.EXIT_TRIPLE_FAULT, ENV_EXIT_REASON);
  store<i32>(env, 1, ENV_EXIT_REQUEST);
}

function deliver(env: usize): void {
  const software = kind == L.KIND_INT || kind == L.KIND_INT3;
  const instruction = software || kind == L.KIND_ICEBP;
  D.setExt(instruction ? 0 : 1);
  returnPc = kind == L.KIND_FAULT ? load<u64>(env, ENV_PC) : load<u64>(env, L.EXC_NEXT_PC);
  // A fault in the delivery of INT n returns to the INT; in that of a trap or an outside event, to what comes next.
  if (!instruction) store<u64>(env, returnPc, ENV_PC);
  savedFlags = readFlags(env);
  // Restarted instructions must not meet their own breakpoint again; a finished one has used RF up.
  if (kind == L.KIND_FAULT) savedFlags |= L.FLAG_RF;
  else if (kind != L.KIND_EXTERNAL && kind != L.KIND_NMI) savedFlags &= ~(L.FLAG_RF as u32);
  if (vector == R.DB && kind != L.KIND_INT) takeDebug(env);

  if (!(S.blockFlags(env) & L.HF_PE)) deliverReal(env);
  else if (S.isLongMode(env)) deliverLong(env, software);
  else deliverProtected(env, software);
  if (S.faulted(env)) return;

  if (kind == L.KIND_NMI) store<i32>(env, 1, L.NMI_BLOCKED);
  store<i32>(env, 0, L.INHIBIT);
  store<i32>(env, 0, L.HALTED);
  updateBlockFlags(env);
}

/**
 * DR6 gets the pending bits, DR7.GD is cleared (SDM volume 3B, 18.2). The bits of the four breakpoints are those of this exception,
 * the others of DR6 stay until software clears them.
 */
function takeDebug(env: usize): void {
  const pending = load<u64>(env, L.DEBUG_PENDING);
  const dr6 = load<u64>(env, L.DR + 6 * 8);
  if (pending) store<u64>(env, (dr6 & ~(0xf as u64)) | pending, L.DR + 6 * 8);
  store<u64>(env, 0, L.DEBUG_PENDING);
  store<u64>(env, load<u64>(env, L.DR + 7 * 8) & ~(0x2000 as u64), L.DR + 7 * 8);
}

function setPc(env: usize, pc: u64): void {
  store<u64>(env, pc, ENV_PC);
}

/** Through the interrupt vector table at IDT_BASE; also for INT n of an 8086 program under VME. */
function deliverReal(env: usize): void {
  const at = load<u64>(env, L.IDT_BASE) + (vector << 2);
  if (((vector << 2) + 3) as u32 > load<u32>(env, L.IDT_LIMIT)) {
    // #GP has no error code in real mode, and a table too small for #GP itself is a shutdown in the end.
    R.raise(env, vector == R.GP ? R.DF : R.GP, -1);
    return;
  }
  const mmu = systemMmu(env);
  const offset = loadGuest16(env, at, mmu);
  const selector = loadGuest16(env, at + 2, mmu);
  if (S.faulted(env)) return;
  enterReal(env, selector, offset, savedFlags);
  if (!S.faulted(env)) writeFlags(env, 0, L.FLAG_IF | L.FLAG_TF | L.FLAG_AC | L.FLAG_RF);
}

function enterReal(env: usize, selector: u32, offset: u32, image: u32): void {
  Stack.useCurrent(env, true);
  if (!Stack.push(env, image, 2) || !Stack.push(env, S.segSelector(env, L.CS), 2) || !Stack.push(env, returnPc, 2)) return;
  Stack.commit(env);
  loadRealSegment(env, L.CS, selector);
  setPc(env, offset);
}

/** Error code for something wrong with the gate itself: vector, bit IDT, and EXT. */
function gateError(env: usize, exception: i32): void {
  R.raise(env, exception, (vector << 3) | 2 | D.ext);
}

function deliverProtected(env: usize, software: bool): void {
  const v86 = S.isV86(env);
  if (v86 && kind == L.KIND_INT) {
    if ((S.cr4(env) & S.CR4_VME) && Task.redirectsToProgram(env, vector)) {
      deliverToProgram(env);
      return;
    }
    if (S.faulted(env)) return;
    if (S.iopl(env) < 3) {
      R.raiseGp(env);
      return;
    }
  }
  const mmu = systemMmu(env);
  if (((vector << 3) + 7) as u32 > load<u32>(env, L.IDT_LIMIT)) {
    gateError(env, R.GP);
    return;
  }
  const at = load<u64>(env, L.IDT_BASE) + (vector << 3);
  const low = loadGuest32(env, at, mmu);
  if (S.faulted(env)) return;
  const high = loadGuest32(env, at + 4, mmu);
  if (S.faulted(env)) return;
  const type = (high >> 8) & 31;
  if (type != 5 && type != 6 && type != 7 && type != 14 && type != 15) {
    gateError(env, R.GP);
    return;
  }
  if (software && D.dplOf(high) < S.cpl(env)) {
    gateError(env, R.GP);
    return;
  }
  if (!(high & S.DESC_P)) {
    gateError(env, R.NP);
    return;
  }
  if (type == 5) {
    setPc(env, returnPc);
    if (switchTask(env, low >> 16, TASK_GATE) && hasError) {
      Stack.useCurrent(env, true);
      if (Stack.push(env, errorCode, S.segFlags(env, L.TR) & 0x800 ? 4 : 2)) Stack.commit(env);
    }
    return;
  }
  const wide = (type & 8) != 0;
  const bytes = wide ? 4 : 2;
  const offset: u32 = wide ? (high & 0xffff_0000) | (low & 0xffff) : low & 0xffff;
  const selector = low >> 16;

  if (!fetchHandler(env, selector)) return;
  const codeLow = D.low;
  const codeHigh = D.high;
  const dpl = D.dplOf(codeHigh);
  const conforming = (codeHigh & S.DESC_EC) != 0;
  const level = S.cpl(env);
  const inner = !conforming && dpl < level;
  if (v86 && (!inner || dpl != 0)) {
    D.fail(env, R.GP, selector);
    return;
  }
  const newLevel = inner ? dpl : level;
  let stackSelector: u32 = 0;
  let stackLow: u32 = 0;
  let stackHigh: u32 = 0;
  if (inner) {
    if (!prepareInnerStack(env, dpl)) return;
    stackSelector = Task.stackSelector;
    stackLow = D.low;
    stackHigh = D.high;
    if (v86) {
      for (let i: i32 = 0; i < 4; i++) {
        const seg: i32 = i == 0 ? L.GS : i == 1 ? L.FS : i == 2 ? L.DS : L.ES;
        if (!Stack.push(env, S.segSelector(env, seg), bytes)) return;
      }
    }
    if (!Stack.push(env, S.segSelector(env, L.SS), bytes) || !Stack.push(env, S.reg(env, S.RSP), bytes)) return;
  } else {
    Stack.useCurrent(env, true);
  }
  if (!Stack.push(env, savedFlags, bytes) || !Stack.push(env, S.segSelector(env, L.CS), bytes) || !Stack.push(env, returnPc, bytes)) return;
  if (hasError && !Stack.push(env, errorCode, bytes)) return;
  if (offset > D.limitOf(codeLow, codeHigh)) {
    R.raise(env, R.GP, D.ext);
    return;
  }

  // Nothing can fault any more.
  Stack.commit(env);
  let cleared: u32 = L.FLAG_TF | L.FLAG_NT | L.FLAG_RF | L.FLAG_VM;
  if (!(type & 1)) cleared |= L.FLAG_IF;
  if (inner) {
    if (v86) {
      for (let seg: i32 = L.ES; seg <= L.GS; seg++) {
        if (seg != L.CS && seg != L.SS) S.setSegment(env, seg, 0, 0, 0, 0);
      }
    }
    D.setFromDescriptor(env, L.SS, (stackSelector & 0xfffc) | dpl, stackLow, stackHigh);
  }
  D.setCode(env, selector, codeLow, codeHigh, newLevel);
  setPc(env, offset);
  writeFlags(env, 0, cleared);
}

/** INT n of a virtual-8086 program under VME, to the program's own handler (SDM volume 3B, 21.3). */
function deliverToProgram(env: usize): void {
  const at = (vector << 2) as u64;
  const offset = loadGuest16(env, at, L.MMU_USER);
  const selector = loadGuest16(env, at + 2, L.MMU_USER);
  if (S.faulted(env)) return;
  const virtual = S.iopl(env) < 3;
  let image = savedFlags;
  if (virtual) image = (image & ~(L.FLAG_IF as u32)) | L.FLAG_IOPL | (image & L.FLAG_VIF ? L.FLAG_IF : 0);
  enterReal(env, selector, offset, image);
  if (!S.faulted(env)) writeFlags(env, 0, L.FLAG_TF | L.FLAG_RF | (virtual ? L.FLAG_VIF : L.FLAG_IF));
}

/** The gate's code segment into D.low and D.high, with its checks. */
function fetchHandler(env: usize, selector: u32): bool {
  if (D.isNull(selector)) {
    R.raise(env, R.GP, D.ext);
    return false;
  }
  if (!D.fetchDescriptor(env, selector, R.GP)) return false;
  if (!D.isCode(D.high) || D.dplOf(D.high) > S.cpl(env)) return D.fail(env, R.GP, selector);
  if (!(D.high & S.DESC_P)) return D.fail(env, R.NP, selector);
  return D.markAccessed(env);
}

/** The TSS's stack for `level`, checked and put to use; D.low and D.high are its descriptor. */
export function prepareInnerStack(env: usize, level: u32): bool {
  if (!Task.loadStack(env, level)) return false;
  const selector = Task.stackSelector;
  if (D.isNull(selector)) {
    R.raise(env, R.TS, D.ext);
    return false;
  }
  if ((selector & 3) != level) return D.fail(env, R.TS, selector);
  if (!D.fetchDescriptor(env, selector, R.TS)) return false;
  if (D.dplOf(D.high) != level || !D.isWritableData(D.high)) return D.fail(env, R.TS, selector);
  if (!(D.high & S.DESC_P)) return D.fail(env, R.SS, selector);
  if (!D.markAccessed(env)) return false;
  Stack.useNew(env, D.baseOf(D.low, D.high), D.limitOf(D.low, D.high), D.high, Task.stackPointer, level, D.errorFor(selector));
  return true;
}

function deliverLong(env: usize, software: bool): void {
  const mmu = systemMmu(env);
  if (((vector << 4) + 15) as u32 > load<u32>(env, L.IDT_LIMIT)) {
    gateError(env, R.GP);
    return;
  }
  const at = load<u64>(env, L.IDT_BASE) + (vector << 4);
  const first = loadGuest64(env, at, mmu);
  if (S.faulted(env)) return;
  const second = loadGuest64(env, at + 8, mmu);
  if (S.faulted(env)) return;
  const high = (first >> 32) as u32;
  const type = (high >> 8) & 31;
  if ((type != 14 && type != 15) || (software && D.dplOf(high) < S.cpl(env))) {
    gateError(env, R.GP);
    return;
  }
  if (!(high & S.DESC_P)) {
    gateError(env, R.NP);
    return;
  }
  const selector = ((first >> 16) as u32) & 0xffff;
  const offset: u64 = (first & 0xffff) | (high & 0xffff_0000) | (second << 32);
  if (!fetchHandler(env, selector)) return;
  const codeLow = D.low;
  const codeHigh = D.high;
  if ((codeHigh & (S.DESC_L | S.DESC_B)) != S.DESC_L) {
    D.fail(env, R.GP, selector);
    return;
  }
  const dpl = D.dplOf(codeHigh);
  const level = S.cpl(env);
  const inner = !(codeHigh & S.DESC_EC) && dpl < level;
  const newLevel = inner ? dpl : level;
  const ist = high & 7;
  let pointer = S.reg(env, S.RSP);
  if (ist || inner) {
    if (!Task.loadLongStack(env, ist ? 3 + ist : dpl)) return;
    pointer = Task.stackPointer;
  }
  Stack.useLong(env, pointer & ~(15 as u64), newLevel);
  if (
    !Stack.push(env, S.segSelector(env, L.SS), 8) || !Stack.push(env, S.reg(env, S.RSP), 8) ||
    !Stack.push(env, savedFlags, 8) || !Stack.push(env, S.segSelector(env, L.CS), 8) || !Stack.push(env, returnPc, 8)
  ) return;
  if (hasError && !Stack.push(env, errorCode, 8)) return;
  if (!S.isCanonical(offset)) {
    R.raise(env, R.GP, D.ext);
    return;
  }

  if (inner) D.setNull(env, L.SS, dpl);
  D.setCode(env, selector, codeLow, codeHigh, newLevel);
  Stack.commit(env);
  setPc(env, offset);
  let cleared: u32 = L.FLAG_TF | L.FLAG_NT | L.FLAG_RF | L.FLAG_VM;
  if (!(type & 1)) cleared |= L.FLAG_IF;
  writeFlags(env, 0, cleared);
}
