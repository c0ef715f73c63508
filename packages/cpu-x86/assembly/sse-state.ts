/**
 * MXCSR and what every SSE floating-point helper has in common (SDM volume 1, 10.2.3 and 11.5). A helper is `start`, its
 * lanes, each with `startLane` and `endLane`, then `finish`.
 */
import { CR4, FP_SCRATCH, LOWER_OF_TWO, MXCSR } from './layout';
import { UD, raise } from './raise';
import { A, B, Context, DE, IE, QUIET, R, SIGNALLING, ZE, ZERO } from './softfloat';
import { packDouble, packSingle, unpackDouble, unpackSingle } from './softfloat-formats';

/** Formats, in the order of mandatory prefixes none, 66, F3, F2: PS, PD, SS, SD. */
export const PS: i32 = 0;
export const PD: i32 = 1;
export const SS: i32 = 2;
export const SD: i32 = 3;

/** The format in the first argument of helpers, whose next bit is LOWER_OF_TWO. */
export const FORMAT: i32 = 3;

const DAZ: i32 = 0x40;
const FTZ: i32 = 0x8000;
const VECTOR_XM: i32 = 19;
const CR4_OSXMMEXCPT: u64 = 1 << 10;
/** Moves any exponent into range: with overflow or underflow unmasked, PE tells about the significand alone. */
const WRAP: i32 = 0x4000;
const BEFORE: i32 = IE | DE | ZE;

/** Where lanes are taken apart: first operand, second, result. */
export const OPERAND_A: usize = FP_SCRATCH;
export const OPERAND_B: usize = FP_SCRATCH + 16;
export const RESULT: usize = FP_SCRATCH + 32;

/**
 * A 256-bit instruction is two calls, for the lower and the upper half, that must raise what one would: with all exceptions
 * masked each reports its own; with some unmasked, the lower half leaves its flags in `pending` for the upper.
 */
class Lanes {
  static flags: i32 = 0;
  static isLower: bool = false;
  static pending: i32 = 0;
  static flushes: bool = false;
  static zeroes: bool = false;
}

@inline
export function isDouble(format: i32): bool {
  return (format & 1) != 0;
}

/** The lower half of this instruction has raised something that is not reported yet. */
@inline
export function isPending(): bool {
  return Lanes.pending != 0;
}

@inline
export function laneCount(format: i32): i32 {
  return format == PS ? 4 : format == PD ? 2 : 1;
}

/** Nothing an operation on ordinary numbers does can show: default rounding, all masked, no DAZ or FTZ, PE set already. */
@inline
export function isPlain(env: usize): bool {
  return (load<u32>(env + MXCSR) & 0xffe0) == 0x1fa0;
}

/** `mark`: has LOWER_OF_TWO if this is the lower half of a 256-bit instruction. */
export function start(env: usize, mark: i32): void {
  const mxcsr = load<i32>(env + MXCSR);
  Lanes.flags = Lanes.pending;
  Lanes.pending = 0;
  Lanes.isLower = (mark & LOWER_OF_TWO) != 0;
  Lanes.zeroes = (mxcsr & DAZ) != 0;
  Context.rounding = (mxcsr >> 13) & 3;
  Context.unmasked = ~(mxcsr >> 7) & 0x3f;
  // Flushing is for masked underflow only.
  Lanes.flushes = (mxcsr & FTZ) != 0 && !(Context.unmasked & 0x10);
}

@inline
export function startLane(): void {
  Context.flags = 0;
}

@inline
export function endLane(): void {
  Lanes.flags |= Context.flags;
}

/** Ends one of several steps of an instruction. False: an unmasked exception was met, which keeps it from its next step. */
export function endStep(env: usize): bool {
  if (Lanes.flags & Context.unmasked) return false;
  store<i32>(env + MXCSR, load<i32>(env + MXCSR) | Lanes.flags);
  Lanes.flags = 0;
  return true;
}

/** Adds the exceptions to MXCSR. False: one is unmasked, #XM (or #UD) was raised, and nothing may be written. */
export function finish(env: usize): bool {
  let flags = Lanes.flags;
  if (Lanes.isLower && Context.unmasked) {
    Lanes.pending = flags;
    return true;
  }
  const stopped = flags & Context.unmasked;
  // Exceptions found before computing, in any lane, keep all lanes from being computed.
  if (stopped & BEFORE) flags &= BEFORE;
  store<i32>(env + MXCSR, load<i32>(env + MXCSR) | flags);
  if (!stopped) return true;
  const handled = (load<u64>(env + CR4) & CR4_OSXMMEXCPT) != 0;
  raise(env, handled ? VECTOR_XM : UD, -1);
  return false;
}

/** DAZ: a denormal operand counts as zero of its sign. */
export function zeroDenormalA(): void {
  if (A.denormal && Lanes.zeroes) {
    A.kind = ZERO;
    A.denormal = false;
  }
}

export function unpackLane(address: usize, double: bool): void {
  if (double) unpackDouble(load<u64>(address));
  else unpackSingle(load<u32>(address));
  zeroDenormalA();
}

/** R, rounded, with FTZ. */
export function packLane(address: usize, double: bool): void {
  const before = Context.flags;
  Context.flags &= ~0x30;
  let bits: u64 = double ? packDouble(WRAP) : u64(packSingle(WRAP));
  if (Lanes.flushes && Context.tiny) {
    Context.flags |= 0x30;
    bits &= double ? 0x8000000000000000 : 0x80000000;
  }
  Context.flags |= before;
  if (double) store<u64>(address, bits);
  else store<u32>(address, u32(bits));
}

/** R = the NaN that NaN operands give: the first's, quieted. False: neither is one. */
export function handledNans(): bool {
  if (A.kind < QUIET && B.kind < QUIET) return false;
  if (A.kind == SIGNALLING || B.kind == SIGNALLING) Context.flags |= IE;
  R.kind = QUIET;
  R.lo = 0;
  if (A.kind >= QUIET) {
    R.sign = A.sign;
    R.hi = A.significand | 0x4000000000000000;
  } else {
    R.sign = B.sign;
    R.hi = B.significand | 0x4000000000000000;
  }
  return true;
}

export function handledNanA(): bool {
  if (A.kind < QUIET) return false;
  if (A.kind == SIGNALLING) Context.flags |= IE;
  R.kind = QUIET;
  R.sign = A.sign;
  R.hi = A.significand | 0x4000000000000000;
  R.lo = 0;
  return true;
}

/** A denormal operand is reported unless the operation is invalid or a division by zero. */
export function reportDenormals(): void {
  if ((A.denormal || B.denormal) && !(Context.flags & (IE | ZE))) Context.flags |= DE;
}
