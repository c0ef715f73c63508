/** What interrupts, calls and I/O ask of the current task-state segment (SDM volume 3A, 8.2 and 8.7). */
import * as D from './descriptors';
import { loadGuest16, loadGuest32, loadGuest64, systemMmu } from './guest-memory';
import * as L from './layout';
import { raise, raiseGp, TS } from './raise';
import * as S from './state';

export let stackSelector: u32 = 0;
export let stackPointer: u64 = 0;

function fail(env: usize): bool {
  raise(env, TS, D.errorFor(S.segSelector(env, L.TR)));
  return false;
}

/** SS and ESP of a privilege level, from a 32-bit or 16-bit TSS. */
export function loadStack(env: usize, level: u32): bool {
  const wide = (S.segFlags(env, L.TR) & 0x800) != 0;
  const offset: u32 = wide ? 4 + level * 8 : 2 + level * 4;
  if (offset + (wide ? 6 : 4) - 1 > S.segLimit(env, L.TR)) return fail(env);
  const mmu = systemMmu(env);
  const at = S.segBase(env, L.TR) + offset;
  stackPointer = wide ? (loadGuest32(env, at, mmu) as u64) : (loadGuest16(env, at, mmu) as u64);
  if (S.faulted(env)) return false;
  stackSelector = loadGuest16(env, wide ? at + 4 : at + 2, mmu);
  return !S.faulted(env);
}

/** A stack pointer of the 64-bit TSS: `slot` 0-2 for RSP0-2, 4-10 for IST1-7 (that is, 3 + IST). */
export function loadLongStack(env: usize, slot: u32): bool {
  const offset: u32 = 4 + slot * 8;
  if (offset + 7 > S.segLimit(env, L.TR)) return fail(env);
  stackPointer = loadGuest64(env, S.segBase(env, L.TR) + offset, systemMmu(env));
  return !S.faulted(env);
}

/** Whether interrupt `vector` of INT n in virtual-8086 mode goes to the 8086 program (its bit in the redirection map is 0). */
export function redirectsToProgram(env: usize, vector: u32): bool {
  const mmu = systemMmu(env);
  const tr = S.segBase(env, L.TR);
  if (S.segLimit(env, L.TR) < 0x67) return false;
  const map = (loadGuest16(env, tr + 0x66, mmu) as u32) - 32;
  if (S.faulted(env)) return false;
  const at = map + (vector >> 3);
  if (at > S.segLimit(env, L.TR)) return false;
  const bits: u32 = loadGuest16(env, tr + at, mmu);
  return !S.faulted(env) && ((bits >> (vector & 7)) & 1) == 0;
}

/** Port access: allowed by IOPL, or by the TSS's permission bitmap; else #GP(0) and false. */
export function check_io(env: usize, port: i32, bytes: i32): i32 {
  const hf = S.blockFlags(env);
  if (!(hf & L.HF_PE)) return 1;
  if (!(hf & L.HF_VM) && (hf & L.HF_CPL) <= S.iopl(env)) return 1;
  const tr = S.segFlags(env, L.TR);
  const type = D.typeOf(tr);
  const limit = S.segLimit(env, L.TR);
  if (!(tr & S.DESC_P) || (type != 9 && type != 11) || limit < 0x67) return raiseGp(env) ? 1 : 0;
  const mmu = systemMmu(env);
  const map = (loadGuest16(env, S.segBase(env, L.TR) + 0x66, mmu) as u32);
  if (S.faulted(env)) return 0;
  const at = map + ((port as u32) >> 3);
  // Two bytes are read, since an access may span a byte boundary.
  if (at + 1 > limit) return raiseGp(env) ? 1 : 0;
  const bits = (loadGuest16(env, S.segBase(env, L.TR) + at, mmu) as u32) >> (port & 7);
  if (S.faulted(env)) return 0;
  return bits & ((1 << bytes) - 1) ? (raiseGp(env) ? 1 : 0) : 1;
}
