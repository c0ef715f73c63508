/** DR0-DR7 and single stepping (SDM volume 3B, chapter 18). */
import { updateBlockFlags } from './block-flags';
import { privileged } from './control-registers';
import * as L from './layout';
import { announce, DB, KIND_TRAP, raise, raiseGp, UD } from './raise';
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

/** After an instruction that began with TF set: #DB as a trap. Also ends what lasts for one instruction. */
export function single_step(env: usize, nextPc: u64): void {
  store<i32>(env, 0, L.INHIBIT);
  S.setEflags(env, S.eflags(env) & ~(L.FLAG_RF as u32));
  store<u64>(env, load<u64>(env, L.DEBUG_PENDING) | DR6_BS, L.DEBUG_PENDING);
  announce(env, DB, -1, KIND_TRAP, nextPc);
}
