/**
 * The x87's registers, status and exceptions. An instruction is `begin`, then operands, then one of the `finish` functions
 * (or `stackFault`), which apply SDM volume 1, 8.4 to 8.6: flags are sticky; an unmasked one sets ES, stops what it must
 * stop, and becomes #MF at the next waiting instruction.
 */
import { ENV_PC } from '../../tcg/src/env';
import {
  FP_CONTROL, FP_EMPTY, FP_IP, FP_OPCODE, FP_REGS, FP_STATUS, FP_TOP,
} from './layout';
import { raise } from './raise';
import { Context, DE, IE, OE, PE, R, UE, ZE, setDefaultNan } from './softfloat';
import { packExtendedTop, unpackExtended } from './softfloat-formats';

/** Bits of the status word. */
export const SF: i32 = 0x40;
export const ES: i32 = 0x80;
export const C0: i32 = 0x100;
export const C1: i32 = 0x200;
export const C2: i32 = 0x400;
export const C3: i32 = 0x4000;
export const BUSY: i32 = 0x8000;
export const CONDITIONS: i32 = C0 | C1 | C2 | C3;
/** Exceptions found before computing: unmasked, they leave the operands as they are. */
const BEFORE: i32 = IE | DE | ZE;

export const VECTOR_MF: i32 = 16;

@inline
export function status(env: usize): i32 {
  return load<i32>(env + FP_STATUS);
}

@inline
export function setStatus(env: usize, value: i32): void {
  store<i32>(env + FP_STATUS, value);
}

/** The status word as the guest sees it, TOP in bits 11-13. */
export function statusWord(env: usize): i32 {
  return status(env) | (load<i32>(env + FP_TOP) << 11);
}

export function setStatusWord(env: usize, word: i32): void {
  store<i32>(env + FP_TOP, (word >> 11) & 7);
  setStatus(env, word & ~0x3800);
  updateSummary(env);
}

/** ES and B follow from what is pending and unmasked. */
export function updateSummary(env: usize): void {
  const word = status(env) & ~(ES | BUSY);
  setStatus(env, word & ~load<i32>(env + FP_CONTROL) & 0x3f ? word | ES | BUSY : word);
}

/** #MF if an exception is pending. */
export function wait(env: usize): bool {
  if (!(status(env) & ES)) return true;
  raise(env, VECTOR_MF, -1);
  return false;
}

/** Starts a waiting instruction that is not a control one; `fop` is the low 3 bits of its first byte, then the second byte. False: #MF was raised. */
export function begin(env: usize, fop: i32): bool {
  if (!wait(env)) return false;
  store<i32>(env + FP_OPCODE, fop);
  store<u64>(env + FP_IP, load<u64>(env + ENV_PC));
  const control = load<i32>(env + FP_CONTROL);
  Context.flags = 0;
  Context.rounding = (control >> 10) & 3;
  Context.unmasked = ~control & 0x3f;
  Context.roundedUp = false;
  return true;
}

/** Bits of significand that the precision control asks for; the reserved code 1 means 64. */
export function precision(env: usize): i32 {
  const code = (load<i32>(env + FP_CONTROL) >> 8) & 3;
  return code == 0 ? 24 : code == 2 ? 53 : 64;
}

/** Address of ST(i). */
@inline
export function st(env: usize, i: i32): usize {
  return env + FP_REGS + (usize((load<i32>(env + FP_TOP) + i) & 7) << 4);
}

@inline
export function isEmpty(env: usize, i: i32): bool {
  return ((load<i32>(env + FP_EMPTY) >> ((load<i32>(env + FP_TOP) + i) & 7)) & 1) != 0;
}

export function setEmpty(env: usize, i: i32): void {
  store<i32>(env + FP_EMPTY, load<i32>(env + FP_EMPTY) | (1 << ((load<i32>(env + FP_TOP) + i) & 7)));
}

export function setFull(env: usize, i: i32): void {
  store<i32>(env + FP_EMPTY, load<i32>(env + FP_EMPTY) & ~(1 << ((load<i32>(env + FP_TOP) + i) & 7)));
}

export function moveTop(env: usize, by: i32): void {
  store<i32>(env + FP_TOP, (load<i32>(env + FP_TOP) + by) & 7);
}

export function pop(env: usize): void {
  setEmpty(env, 0);
  moveTop(env, 1);
}

/** Makes room for a new ST(0), to be stored by the caller. */
export function push(env: usize): void {
  moveTop(env, -1);
  setFull(env, 0);
}

/** ST(i) into A. */
export function loadA(env: usize, i: i32): void {
  const at = st(env, i);
  unpackExtended(load<u64>(at), load<u32>(at, 8));
}

export function storeExtended(env: usize, i: i32, significand: u64, top: u32): void {
  const at = st(env, i);
  store<u64>(at, significand);
  store<u32>(at, top, 8);
}

/** R, which is rounded, into ST(i). */
export function storeR(env: usize, i: i32): void {
  storeExtended(env, i, R.hi, packExtendedTop());
  setFull(env, i);
}

/**
 * Accounts for Context.flags, with C1 telling whether rounding went up. False: an unmasked exception forbids storing and
 * popping.
 */
export function finish(env: usize): bool {
  const blocked = (Context.flags & Context.unmasked & BEFORE) != 0;
  if (blocked) Context.flags &= BEFORE;
  let word = (status(env) & ~C1) | Context.flags;
  if (Context.roundedUp && !blocked) word |= C1;
  if (Context.flags & Context.unmasked) word |= ES | BUSY;
  setStatus(env, word);
  return !blocked;
}

/** The same for results in memory: unmasked overflow and underflow forbid them, and leave rounding unreported. */
export function finishStore(env: usize): bool {
  const blocked = (Context.flags & Context.unmasked & (OE | UE)) != 0;
  if (blocked) {
    Context.flags &= ~PE;
    Context.roundedUp = false;
  }
  return finish(env) && !blocked;
}

/** Stack overflow (C1 set) or underflow; R becomes the default NaN. False: nothing may be stored. */
export function stackFault(env: usize, overflow: bool): bool {
  Context.flags = IE;
  Context.roundedUp = overflow;
  setDefaultNan();
  let word = (status(env) & ~C1) | IE | SF;
  if (overflow) word |= C1;
  if (Context.unmasked & IE) word |= ES | BUSY;
  setStatus(env, word);
  return !(Context.unmasked & IE);
}

/** Underflow of an instruction that would replace ST(i) (and pop `pops` registers). */
export function underflow(env: usize, i: i32, pops: i32): void {
  if (!stackFault(env, false)) return;
  storeR(env, i);
  for (; pops > 0; pops--) pop(env);
}

/** A push onto a stack that is full at ST(7) ends here with an overflow; true: there is room. */
export function canPush(env: usize): bool {
  if (isEmpty(env, 7)) return true;
  if (stackFault(env, true)) {
    push(env);
    storeR(env, 0);
  }
  return false;
}
