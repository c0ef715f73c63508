/** DR0-DR7 and single stepping (SDM volume 3B, chapter 18). */
import { updateBlockFlags } from './block-flags';
import { privileged } from './control-registers';
import * as L from './layout';
import { announce, DB, raise, raiseGp, UD } from './raise';
import * as S from './state';

const DR6_FIXED: u64 = 0xffff_0ff0;
const DR6_WRITABLE: u64 = 0xe00f;
const DR6_BD: u64 = 0x2000;
const DR6_BS: u64 = 0x4000;
const DR7_FIXED: u64 = 0x400;
const DR7_WRITABLE: u64 = 0xffff_23ff;
const DR7_GD: u64 = 0x2000;

/** Privilege, general detect, and DR4/5 as names of DR6/7 where CR4.DE is clear. The register's number, or -1 after a fault. */
function resolve(env: usize, number: i32): i32 {
  if ((number == 4 || number == 5) && (S.cr4(env) & S.CR4_DE)) {
    raise(env, UD, -1);
    return -1;
  }
  if (!privileged(env)) return -1;
  if (load<u64>(env, L.DR + 7 * 8) & DR7_GD) {
    store<u64>(env, load<u64>(env, L.DEBUG_PENDING) | DR6_BD, L.DEBUG_PENDING);
    raise(env, DB, -1);
    return -1;
  }
  return number == 4 || number == 5 ? number + 2 : number;
}

export function read_dr(env: usize, number: i32): u64 {
  const n = resolve(env, number);
  return n < 0 ? 0 : load<u64>(env + (n << 3), L.DR);
}

export function write_dr(env: usize, number: i32, value: u64): void {
  const n = resolve(env, number);
  if (n < 0) return;
  let stored = value;
  if (n >= 6) {
    if (value >> 32) {
      raiseGp(env);
      return;
    }
    stored = n == 6 ? (value & DR6_WRITABLE) | DR6_FIXED : (value & DR7_WRITABLE) | DR7_FIXED;
  }
  store<u64>(env + (n << 3), stored, L.DR);
  updateBlockFlags(env);
}

const KIND_EXECUTE: u32 = 0;
const KIND_WRITE: u32 = 1;
const KIND_ANY: u32 = 3;

/** Bits 0-3 of DR6 for the enabled breakpoints of DR7 that [linear, linear + size) meets, of the kinds in `kinds` (a bit each). */
function hits(env: usize, linear: u64, size: u64, kinds: u32): u64 {
  const dr7 = load<u32>(env, L.DR + 7 * 8);
  let found: u64 = 0;
  for (let i: u32 = 0; i < 4; i++) {
    if (!((dr7 >> (2 * i)) & 3)) continue;
    const control = (dr7 >> (16 + 4 * i)) & 15;
    if (!((kinds >> (control & 3)) & 1)) continue;
    // Lengths 1, 2, 8, 4; addresses are taken without the bits below.
    const code = control >> 2;
    const length: u64 = code == 0 ? 1 : code == 1 ? 2 : code == 2 ? 8 : 4;
    const start = load<u64>(env + (i << 3), L.DR) & ~(length - 1);
    if (linear < start + length && start < linear + size) found |= (1 as u64) << i;
  }
  return found;
}

/** Before an instruction at `linear`: #DB as a fault if an instruction breakpoint is there, unless RF (or Intel's MOV SS) says not now. */
export function watch_code(env: usize, linear: u64): void {
  if (S.eflags(env) & L.FLAG_RF) return;
  if (load<i32>(env, L.INHIBIT) == L.INHIBIT_BY_SS && load<i32>(env, L.SS_BLOCKS_CODE_BREAKPOINTS)) return;
  const found = hits(env, linear, 1, 1 << KIND_EXECUTE);
  if (!found) return;
  store<u64>(env, load<u64>(env, L.DEBUG_PENDING) | found, L.DEBUG_PENDING);
  raise(env, DB, -1);
}

/** Notes that an instruction accesses memory; `watch_end` makes a trap of it. */
export function watch_data(env: usize, linear: u64, size: i32, write: i32): void {
  const found = hits(env, linear, size, write ? (1 << KIND_WRITE) | (1 << KIND_ANY) : 1 << KIND_ANY);
  if (found) store<u64>(env, load<u64>(env, L.DEBUG_PENDING) | found, L.DEBUG_PENDING);
}

/** After an instruction: #DB as a trap if `watch_data` met a breakpoint. */
export function watch_end(env: usize, nextPc: u64): void {
  if (load<u64>(env, L.DEBUG_PENDING)) announce(env, DB, -1, L.KIND_TRAP, nextPc);
}

/** After an instruction that began with TF set: #DB as a trap. Also ends what lasts for one instruction. */
export function single_step(env: usize, nextPc: u64): void {
  store<i32>(env, 0, L.INHIBIT);
  S.setEflags(env, S.eflags(env) & ~(L.FLAG_RF as u32));
  store<u64>(env, load<u64>(env, L.DEBUG_PENDING) | DR6_BS, L.DEBUG_PENDING);
  announce(env, DB, -1, L.KIND_TRAP, nextPc);
}
