/** CR0-CR4, and what else needs privilege level 0 (SDM volume 3A, 2.5; volume 2, MOV CR, LMSW, XSETBV). */
import { updateBlockFlags } from './block-flags';
import { dataMmu, loadGuest64 } from './guest-memory';
import { phys_read, tlb_flush } from './host';
import * as L from './layout';
import { invalidateContext } from './paging';
import { raise, raiseGp, UD } from './raise';
import * as S from './state';

const CR0_WRITABLE: u64 = S.CR0_PE | S.CR0_MP | S.CR0_EM | S.CR0_TS | S.CR0_NE | S.CR0_WP | S.CR0_AM | S.CR0_NW | S.CR0_CD | S.CR0_PG;
/** A change of any of these makes translations stale. */
const CR0_TRANSLATION: u64 = S.CR0_PG | S.CR0_WP | S.CR0_PE;
const CR4_TRANSLATION: u64 = S.CR4_PSE | S.CR4_PAE | S.CR4_PGE | S.CR4_SMEP | S.CR4_SMAP | S.CR4_PKE | S.CR4_PKS;

/** The checks that all privileged instructions begin with; answers whether they may go on. */
export function privileged(env: usize): bool {
  return S.cpl(env) == 0 ? true : raiseGp(env);
}

function undefinedRegister(env: usize): void {
  raise(env, UD, -1);
}

export function read_cr(env: usize, number: i32): u64 {
  if (!privileged(env)) return 0;
  if (number == 0) return S.cr0(env);
  if (number == 2) return load<u64>(env, L.CR2);
  if (number == 3) return load<u64>(env, L.CR3);
  if (number == 4) return S.cr4(env);
  undefinedRegister(env);
  return 0;
}

export function write_cr(env: usize, number: i32, value: u64): void {
  if (!privileged(env)) return;
  if (number == 0) writeCr0(env, value);
  else if (number == 2) store<u64>(env, value, L.CR2);
  else if (number == 3) writeCr3(env, value);
  else if (number == 4) writeCr4(env, value);
  else undefinedRegister(env);
}

function writeCr0(env: usize, value: u64): void {
  const old = S.cr0(env);
  if (value >> 32) {
    raiseGp(env);
    return;
  }
  const cr0 = (value & CR0_WRITABLE) | S.CR0_ET;
  let bad = ((cr0 & S.CR0_PG) && !(cr0 & S.CR0_PE)) || ((cr0 & S.CR0_NW) && !(cr0 & S.CR0_CD));
  let efer = S.efer(env);
  if ((cr0 & S.CR0_PG) && !(old & S.CR0_PG)) {
    if (efer & S.EFER_LME) {
      if (!(S.cr4(env) & S.CR4_PAE) || (S.segFlags(env, L.CS) & S.DESC_L)) bad = true;
      else efer |= S.EFER_LMA;
    } else if ((S.cr4(env) & S.CR4_PAE) && !directoryPointersValid(env, load<u64>(env, L.CR3))) {
      bad = true;
    }
  } else if (!(cr0 & S.CR0_PG) && (old & S.CR0_PG)) {
    if (S.is64Bit(env) || (S.cr4(env) & S.CR4_PCIDE)) bad = true;
    else efer &= ~S.EFER_LMA;
  }
  if (bad) {
    raiseGp(env);
    return;
  }
  store<u64>(env, efer, L.EFER);
  store<u64>(env, cr0, L.CR0);
  if ((cr0 ^ old) & CR0_TRANSLATION) tlb_flush(env, 0);
  updateBlockFlags(env);
}

/** PAE outside long mode: reserved bits of present PDPTEs are #GP when CR3 is loaded (SDM volume 3A, 4.4.1). */
function directoryPointersValid(env: usize, cr3: u64): bool {
  const reserved: u64 = ~load<u64>(env, L.PHYS_MASK) & 0xffff_ffff_ffff_f1e6;
  for (let i: u64 = 0; i < 4; i++) {
    const at = phys_read((cr3 & 0xffff_ffe0) + (i << 3));
    if (!at) continue;
    const entry = load<u64>(at);
    if ((entry & 1) && (entry & reserved)) return false;
  }
  return true;
}

/**
 * With PCIDs, bit 63 says that translations of the new one may be kept. There is one TLB for all of them, so none are kept but
 * global ones, which is always allowed (SDM volume 3A, 4.10.4.1); the bit itself is not stored.
 */
function writeCr3(env: usize, value: u64): void {
  const long = S.isLongMode(env);
  if (S.cr4(env) & S.CR4_PCIDE) value &= ~(1 << 63);
  // Bits above the physical address width are reserved.
  if (long ? (value & ~(load<u64>(env, L.PHYS_MASK) | 0xfff)) != 0 : value >> 32 != 0) {
    raiseGp(env);
    return;
  }
  if (!long && (S.cr0(env) & S.CR0_PG) && (S.cr4(env) & S.CR4_PAE) && !directoryPointersValid(env, value)) {
    raiseGp(env);
    return;
  }
  store<u64>(env, value, L.CR3);
  tlb_flush(env, 1);
}

function writeCr4(env: usize, value: u64): void {
  const old = S.cr4(env);
  if (value & ~load<u64>(env, L.CR4_ALLOWED)) {
    raiseGp(env);
    return;
  }
  if (S.isLongMode(env) && !(value & S.CR4_PAE)) {
    raiseGp(env);
    return;
  }
  const changed = value ^ old;
  // PCIDs only in long mode, and from PCID 0 on (SDM volume 3A, 4.10.1).
  if ((changed & value & S.CR4_PCIDE) && (!S.isLongMode(env) || (load<u64>(env, L.CR3) & 0xfff))) {
    raiseGp(env);
    return;
  }
  const pagingPae = (S.cr0(env) & S.CR0_PG) != 0 && !S.isLongMode(env) && (value & S.CR4_PAE) != 0;
  if (pagingPae && (changed & CR4_TRANSLATION) && !directoryPointersValid(env, load<u64>(env, L.CR3))) {
    raiseGp(env);
    return;
  }
  store<u64>(env, value, L.CR4);
  if ((changed & CR4_TRANSLATION) || (changed & old & S.CR4_PCIDE)) tlb_flush(env, 0);
  updateBlockFlags(env);
}

export function clts(env: usize): void {
  if (!privileged(env)) return;
  store<u64>(env, S.cr0(env) & ~S.CR0_TS, L.CR0);
  updateBlockFlags(env);
}

/** Sets PE, MP, EM, TS; PE cannot be cleared this way. */
export function lmsw(env: usize, value: i32): void {
  if (!privileged(env)) return;
  const old = S.cr0(env);
  writeCr0(env, (old & ~(0xe as u64)) | (value & 0xf) | (old & S.CR0_PE));
}

export function invpcid(env: usize, type: u64, address: u64): void {
  if (!privileged(env)) return;
  const mmu = dataMmu(env);
  const pcid = loadGuest64(env, address, mmu);
  if (S.faulted(env)) return;
  const virtual = loadGuest64(env, address + 8, mmu);
  if (!S.faulted(env)) invalidateContext(env, type, pcid, virtual);
}

export function wbinvd(env: usize): void {
  privileged(env);
}
