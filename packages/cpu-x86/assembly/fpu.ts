/**
 * x87 instructions by their opcode. `fop` is what the FPU calls the opcode: the low 3 bits of the first byte (D8-DF), then the
 * second byte, ModRM. Encodings that do not exist never get here; neither do #UD and #NM, which the translator sees to.
 */
import { FP_DP } from './layout';
import { arithmetic, arithmeticWithB, compareRegisters, compareToEflags, compareWithB } from './fpu-arithmetic';
import {
  fpInit, fxrstor, fxsave, loadEnvironment, restoreState, saveState, setControlWord, storeEnvironment,
} from './fpu-environment';
import {
  changeSign, clearC1, copyRegister, examine, exchange, extract, moveIf, partialRemainder, pushConstant, root, roundToIntegral,
  scale, storeRegister,
} from './fpu-functions';
import { ES, begin, isEmpty, moveTop, pop, setEmpty, setStatus, status, statusWord, wait } from './fpu-state';
import { dataMmu } from './guest-memory';
import {
  I16, I64, pushDecimal, pushMemory, pushRegister, storeDecimal, storeExtendedMemory, storeFloat, storeInteger,
  unpackMemory,
} from './fpu-transfer';
import { arctangent, cosine, exponential, logarithm, logarithmPlusOne, sine, sineCosine, tangent } from './fpu-transcendental';
import { compute_flags } from './flags';
import { copyAToB } from './softfloat';

/** Forms whose second byte is ModRM with a register, D8 C0 to DF FF. */
export function x87_register(env: usize, fop: i32): void {
  if (fop == 0x3e2) return clearExceptions(env);
  if (fop == 0x3e3) return fpInit(env);
  if (!begin(env, fop)) return;
  const i = fop & 7;
  const reg = (fop >> 3) & 7;
  switch (fop >> 8) {
    case 0:
      if (reg == 2 || reg == 3) return compareRegisters(env, i, false, reg - 2);
      return arithmetic(env, reg, 0, i, 0);
    case 1:
      return registerD9(env, reg, i);
    case 2:
      if (reg == 5) return compareRegisters(env, 1, true, 2);
      return moveIf(env, conditionHolds(env, reg), i);
    case 3:
      if (reg == 5 || reg == 6) return compareToEflags(env, i, reg == 5, 0);
      return moveIf(env, !conditionHolds(env, reg), i);
    case 4:
      if (reg == 2 || reg == 3) return compareRegisters(env, i, false, reg - 2);
      return arithmetic(env, reverse(reg), i, 0, 0);
    case 5:
      return registerDD(env, reg, i);
    case 6:
      if (reg == 2) return compareRegisters(env, i, false, 1);
      if (reg == 3) return compareRegisters(env, 1, false, 2);
      return arithmetic(env, reverse(reg), i, 0, 1);
    default:
      return registerDF(env, reg, i);
  }
}

/** Where ST(i) is the destination, FSUB and FSUBR trade encodings, and so do FDIV and FDIVR. */
function reverse(reg: i32): i32 {
  return reg < 4 ? reg : reg ^ 1;
}

function clearExceptions(env: usize): void {
  setStatus(env, status(env) & 0x7f00);
}

/** FCMOVB, E, BE, U. */
function conditionHolds(env: usize, which: i32): bool {
  const flags = i32(compute_flags(env));
  const mask = which == 0 ? 0x01 : which == 1 ? 0x40 : which == 2 ? 0x41 : 0x04;
  return (flags & mask) != 0;
}

/** FSTP ST(i). */
function storePopping(env: usize, i: i32): void {
  storeRegister(env, i);
  if (!(status(env) & ES)) pop(env);
}

function registerD9(env: usize, reg: i32, i: i32): void {
  switch (reg) {
    case 0: return pushRegister(env, i);
    case 1: return exchange(env, i);
    case 2: return; // FNOP
    case 3:
      // Undocumented, and without an underflow.
      if (isEmpty(env, 0)) return turn(env, 1);
      return storePopping(env, i);
    case 4:
      if (i == 0) return changeSign(env, 0xffff, 0x8000);
      if (i == 1) return changeSign(env, 0x7fff, 0);
      if (i == 4) return test(env);
      return examine(env);
    case 5: return pushConstant(env, i);
    case 6:
      switch (i) {
        case 0: return exponential(env);
        case 1: return logarithm(env);
        case 2: return tangent(env);
        case 3: return arctangent(env);
        case 4: return extract(env);
        case 5: return partialRemainder(env, true);
        case 6: return turn(env, -1);
        default: return turn(env, 1);
      }
    default:
      switch (i) {
        case 0: return partialRemainder(env, false);
        case 1: return logarithmPlusOne(env);
        case 2: return root(env);
        case 3: return sineCosine(env);
        case 4: return roundToIntegral(env);
        case 5: return scale(env);
        case 6: return sine(env);
        default: return cosine(env);
      }
  }
}

/** FTST. */
function test(env: usize): void {
  unpackMemory(I64, 0);
  copyAToB();
  compareWithB(env, false, 0);
}

/** FFREE. */
function free(env: usize, i: i32): void {
  setEmpty(env, i);
  clearC1(env);
}

/** FINCSTP, FDECSTP. */
function turn(env: usize, by: i32): void {
  moveTop(env, by);
  clearC1(env);
}

function registerDD(env: usize, reg: i32, i: i32): void {
  switch (reg) {
    case 0: return free(env, i);
    case 1: return exchange(env, i);
    case 2: return storeRegister(env, i);
    case 3: return storePopping(env, i);
    case 4: return compareRegisters(env, i, true, 0);
    default: return compareRegisters(env, i, true, 1);
  }
}

function registerDF(env: usize, reg: i32, i: i32): void {
  switch (reg) {
    case 0:
      free(env, i);
      return pop(env);
    case 1: return exchange(env, i);
    case 2:
    case 3: return storePopping(env, i);
    case 5: return compareToEflags(env, i, true, 1);
    default: return compareToEflags(env, i, false, 1);
  }
}

/** Forms that read 2, 4 or 8 bytes: the value, and the address that it came from. */
export function x87_load(env: usize, fop: i32, value: i64, address: u64): void {
  if (!begin(env, fop)) return;
  store<u64>(env + FP_DP, address);
  const reg = (fop >> 3) & 7;
  const format = fop >> 9;
  if (fop & 0x100) return pushMemory(env, reg == 5 ? I64 : format, value);
  unpackMemory(format, value);
  copyAToB();
  if (reg == 2 || reg == 3) compareWithB(env, false, reg - 2);
  else arithmeticWithB(env, reg, 0);
}

/** FLDCW. */
export function x87_set_control(env: usize, word: i32): void {
  if (wait(env)) setControlWord(env, word);
}

/** FNSTSW, in all forms. */
export function x87_status(env: usize): i32 {
  return statusWord(env);
}

/** FWAIT, and the check that starts waiting instructions which are no x87 ones (MMX). */
export function x87_wait(env: usize): void {
  wait(env);
}

/** Forms that write, or read what does not fit a register: m80, decimals, environments (`wide`: 32-bit form, `real`: that mode's). */
export function x87_memory(env: usize, fop: i32, address: u64, wide: i32, real: i32): void {
  const mmu = dataMmu(env);
  const reg = (fop >> 3) & 7;
  const form = ((fop >> 8) << 3) | reg;
  if (form == 0x0e) return storeEnvironment(env, address, wide != 0, real != 0, mmu);
  if (form == 0x2e) return saveState(env, address, wide != 0, real != 0, mmu);
  if (form == 0x0c || form == 0x2c) {
    if (!wait(env)) return;
    if (form == 0x2c) restoreState(env, address, wide != 0, real != 0, mmu);
    else loadEnvironment(env, address, wide != 0, real != 0, mmu);
    return;
  }
  if (!begin(env, fop)) return;
  store<u64>(env + FP_DP, address);
  switch (form) {
    case 0x0a: return storeFloat(env, false, address, mmu, false);
    case 0x0b: return storeFloat(env, false, address, mmu, true);
    case 0x19: return storeInteger(env, 32, address, mmu, true, true);
    case 0x1a: return storeInteger(env, 32, address, mmu, false, false);
    case 0x1b: return storeInteger(env, 32, address, mmu, true, false);
    case 0x1f: return storeExtendedMemory(env, address, mmu);
    case 0x29: return storeInteger(env, 64, address, mmu, true, true);
    case 0x2a: return storeFloat(env, true, address, mmu, false);
    case 0x2b: return storeFloat(env, true, address, mmu, true);
    case 0x39: return storeInteger(env, 16, address, mmu, true, true);
    case 0x3a: return storeInteger(env, 16, address, mmu, false, false);
    case 0x3b: return storeInteger(env, 16, address, mmu, true, false);
    case 0x3c: return pushDecimal(env, address, mmu);
    case 0x3e: return storeDecimal(env, address, mmu);
    default: return storeInteger(env, 64, address, mmu, true, false);
  }
}

/** FXSAVE, FXRSTOR. */
export function x87_fxsave(env: usize, address: u64, wide: i32, xmmCount: i32): void {
  fxsave(env, address, wide != 0, xmmCount, dataMmu(env));
}

export function x87_fxrstor(env: usize, address: u64, wide: i32, xmmCount: i32): void {
  fxrstor(env, address, wide != 0, xmmCount, dataMmu(env));
}
