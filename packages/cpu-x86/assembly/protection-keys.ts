/** Protection keys of user and supervisor pages (SDM volume 3A, 4.6.2), RDPKRU and WRPKRU. */
import { PROT_EXECUTE, PROT_READ, PROT_WRITE, tlb_flush } from './host';
import * as L from './layout';
import { raise, raiseGp, UD } from './raise';
import * as S from './state';

const EVERYTHING = PROT_READ | PROT_WRITE | PROT_EXECUTE;
/** Of a page-table entry: where the key is. */
const KEY_SHIFT = 59;

/** What the key in the entry of a page leaves: code may be fetched always. `byUser`: the access has a user's rights. */
export function rightsOfKey(env: usize, entry: u64, userPage: bool, byUser: bool): i32 {
  if (!(S.efer(env) & S.EFER_LMA) || !(S.cr4(env) & (userPage ? S.CR4_PKE : S.CR4_PKS))) return EVERYTHING;
  const key = (entry >> KEY_SHIFT) & 15;
  const denied = load<u64>(env + (userPage ? L.PKRU : L.PKRS)) >> (2 * key);
  if (denied & 1) return PROT_EXECUTE;
  return (denied & 2) && (byUser || (S.cr0(env) & S.CR0_WP)) ? EVERYTHING & ~PROT_WRITE : EVERYTHING;
}

/** The checks that both instructions begin with. */
function mayAccess(env: usize): bool {
  if (!(S.cr4(env) & S.CR4_PKE)) {
    raise(env, UD, -1);
    return false;
  }
  return (S.reg(env, S.RCX) & 0xffff_ffff) == 0 ? true : raiseGp(env);
}

export function rdpkru(env: usize): void {
  if (!mayAccess(env)) return;
  S.setReg(env, S.RAX, load<u64>(env, L.PKRU));
  S.setReg(env, S.RDX, 0);
}

export function wrpkru(env: usize): void {
  if (!mayAccess(env)) return;
  if (S.reg(env, S.RDX) & 0xffff_ffff) raiseGp(env);
  else setPkru(env, S.reg(env, S.RAX) & 0xffff_ffff);
}

/** The TLB holds what the keys allowed when it was filled. */
export function setPkru(env: usize, value: u64): void {
  if (load<u64>(env, L.PKRU) == value) return;
  store<u64>(env, value, L.PKRU);
  if (S.cr4(env) & S.CR4_PKE) tlb_flush(env, 0);
}
