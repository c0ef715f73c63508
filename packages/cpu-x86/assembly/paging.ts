/**
 * Address translation (SDM volume 3A, chapter 4): no paging, 32-bit, PAE, and 4-level. One walk serves the TLB and the
 * helpers; a walk that fails raises #PF, or #GP for an address that is not canonical.
 */
import {
  ACCESS_EXECUTE, ACCESS_READ, ACCESS_WRITE, mmio_read, phys_read, phys_write,
  PROT_EXECUTE, PROT_GLOBAL, PROT_READ, PROT_WRITE, tlb_flush_page, tlb_set, tlb_flush,
} from './host';
import * as L from './layout';
import { rightsOfKey } from './protection-keys';
import { PF, raise, raiseGp, raiseNotCanonical } from './raise';
import * as S from './state';

const P: u64 = 1;
const RW: u64 = 1 << 1;
const US: u64 = 1 << 2;
const ACCESSED: u64 = 1 << 5;
const DIRTY: u64 = 1 << 6;
const PS: u64 = 1 << 7;
const GLOBAL: u64 = 1 << 8;
const NX: u64 = 1 << 63;
/** Address bits that an entry may hold at most: 12-51. */
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

const ERROR_P = 1;
const ERROR_W = 2;
const ERROR_U = 4;
const ERROR_RSVD = 8;
const ERROR_ID = 16;
const ERROR_PK = 32;

/** Results of the last successful walk. */
let walkPhysical: u64 = 0;
let walkProt: i32 = 0;
let walkPageSize: u64 = 0;
/** A debugger asks: no exception, no accessed bits. */
let quiet: bool = false;

/** Physical address of the byte that the last `walk` translated. */
export function lastPhysical(): u64 {
  return walkPhysical;
}

function readEntry(env: usize, address: u64, bytes: i32): u64 {
  const at = phys_read(address);
  if (!at) return mmio_read(env, address, bytes);
  return bytes == 8 ? load<u64>(at) : (load<u32>(at) as u64);
}

function setEntryBits(address: u64, entry: u64, bits: u64, bytes: i32): void {
  if (quiet || (entry & bits) == bits) return;
  const at = phys_write(address);
  if (!at) return;
  if (bytes == 8) store<u64>(at, load<u64>(at) | bits);
  else store<u32>(at, load<u32>(at) | (bits as u32));
}

function pageFault(env: usize, virtual: u64, access: i32, mmu: i32, why: i32): bool {
  if (quiet) return false;
  let error = why;
  if (access == ACCESS_WRITE) error |= ERROR_W;
  if (mmu == L.MMU_USER) error |= ERROR_U;
  if (access == ACCESS_EXECUTE) {
    const nx = (S.efer(env) & S.EFER_NXE) != 0 && (S.cr4(env) & S.CR4_PAE) != 0;
    if (nx || (S.cr4(env) & S.CR4_SMEP)) error |= ERROR_ID;
  }
  store<u64>(env, S.isLongMode(env) ? virtual : virtual & 0xffff_ffff, L.CR2);
  raise(env, PF, error);
  return false;
}

/** Addresses of the entries met by the walk under way, for their accessed bits. */
let address0: u64 = 0;
let address1: u64 = 0;
let address2: u64 = 0;
let entry0: u64 = 0;
let entry1: u64 = 0;
let entry2: u64 = 0;
let depth: i32 = 0;

function remember(address: u64, entry: u64): void {
  if (depth == 0) {
    address0 = address;
    entry0 = entry;
  } else if (depth == 1) {
    address1 = address;
    entry1 = entry;
  } else {
    address2 = address;
    entry2 = entry;
  }
  depth++;
}

/** Translates, checking rights for `access` as `mmu` has them. On failure raises and answers false. */
export function walk(env: usize, virtual: u64, access: i32, mmu: i32): bool {
  const a20 = load<u64>(env, L.A20_MASK);
  if (!(S.cr0(env) & S.CR0_PG)) {
    walkPhysical = virtual & 0xffff_ffff & a20;
    walkProt = PROT_READ | PROT_WRITE | PROT_EXECUTE;
    walkPageSize = 4096;
    return true;
  }
  const physMask = load<u64>(env, L.PHYS_MASK);
  const pae = (S.cr4(env) & S.CR4_PAE) != 0;
  const cr3 = load<u64>(env, L.CR3);
  const nxe = (S.efer(env) & S.EFER_NXE) != 0;
  /** Bits that must be zero in every entry. */
  let reserved: u64 = ADDRESS & ~physMask;
  let table: u64;
  let level: i32;
  /** Rights gathered on the way: RW and US are granted by all, NX is imposed by any. */
  let granted: u64 = RW | US;
  let imposed: u64 = 0;
  const bytes = pae ? 8 : 4;
  const indexBits = pae ? 9 : 10;
  depth = 0;

  if (S.efer(env) & S.EFER_LMA) {
    if (!S.isCanonical(virtual)) return quiet ? false : raiseNotCanonical(env, virtual);
    if (!nxe) reserved |= NX;
    table = cr3 & physMask;
    level = 3;
  } else if (pae) {
    // Outside long mode bits 52-62 are reserved too; the PDPT has four entries without rights of their own.
    reserved |= 0x7ff0_0000_0000_0000;
    if (!nxe) reserved |= NX;
    const address = (cr3 & 0xffff_ffe0) + (((virtual >> 30) & 3) << 3);
    const pdpte = readEntry(env, address & a20, 8);
    if (!(pdpte & P)) return pageFault(env, virtual, access, mmu, 0);
    if (pdpte & ((ADDRESS & ~physMask) | 0xfff0_0000_0000_01e6)) return pageFault(env, virtual, access, mmu, ERROR_P | ERROR_RSVD);
    table = pdpte & physMask;
    level = 1;
  } else {
    reserved = 0;
    table = cr3 & 0xffff_f000;
    level = 1;
  }

  let entry: u64;
  let address: u64;
  let shift: i32;
  for (;;) {
    shift = 12 + level * indexBits;
    const index = (virtual >> shift) & ((1 << indexBits) - 1);
    address = (table + index * bytes) & a20;
    entry = readEntry(env, address, bytes);
    if (!(entry & P)) return pageFault(env, virtual, access, mmu, 0);
    if (entry & reserved) return pageFault(env, virtual, access, mmu, ERROR_P | ERROR_RSVD);
    granted &= entry;
    imposed |= entry & NX;
    if (level == 0) break;
    if (entry & PS) {
      if (!pae) {
        if (S.cr4(env) & S.CR4_PSE) break;
      } else {
        if (level == 1) break;
        if (level == 3 || !load<i32>(env, L.HAS_GIB_PAGES)) return pageFault(env, virtual, access, mmu, ERROR_P | ERROR_RSVD);
        break;
      }
    }
    remember(address, entry);
    table = pae ? entry & physMask : entry & 0xffff_f000;
    level--;
  }

  const offsetMask: u64 = ((1 as u64) << shift) - 1;
  let frame: u64;
  if (level == 0) {
    frame = pae ? entry & physMask : entry & 0xffff_f000;
  } else if (pae) {
    // Bits below the frame, but for PAT in bit 12, are reserved.
    if (entry & offsetMask & ADDRESS & ~(0x1000 as u64)) return pageFault(env, virtual, access, mmu, ERROR_P | ERROR_RSVD);
    frame = entry & physMask & ~offsetMask;
  } else {
    // PSE-36: bits 13-20 are address bits 32-39.
    if (entry & 0x20_0000) return pageFault(env, virtual, access, mmu, ERROR_P | ERROR_RSVD);
    const high = ((entry >> 13) & 0xff) << 32;
    if (high & ~physMask) return pageFault(env, virtual, access, mmu, ERROR_P | ERROR_RSVD);
    frame = (entry & 0xffc0_0000) | high;
  }

  let prot = 0;
  const userPage = (granted & US) != 0;
  if (mmu == L.MMU_USER) {
    if (userPage) {
      prot = PROT_READ | PROT_EXECUTE;
      if (granted & RW) prot |= PROT_WRITE;
    }
  } else {
    prot = PROT_READ | PROT_WRITE | PROT_EXECUTE;
    if (!(granted & RW) && (S.cr0(env) & S.CR0_WP)) prot &= ~PROT_WRITE;
    if (userPage) {
      if (S.cr4(env) & S.CR4_SMEP) prot &= ~PROT_EXECUTE;
      if (mmu == L.MMU_KERNEL && (S.cr4(env) & S.CR4_SMAP)) prot &= ~(PROT_READ | PROT_WRITE);
    }
  }
  if (imposed) prot &= ~PROT_EXECUTE;
  const wanted = access == ACCESS_READ ? PROT_READ : access == ACCESS_WRITE ? PROT_WRITE : PROT_EXECUTE;
  // A debugger sees what has no key.
  if (!quiet) {
    const keyed = rightsOfKey(env, entry, userPage, mmu == L.MMU_USER);
    if (!(keyed & wanted)) return pageFault(env, virtual, access, mmu, ERROR_P | ERROR_PK);
    prot &= keyed;
  }
  if (!(prot & wanted)) return pageFault(env, virtual, access, mmu, ERROR_P);

  if (depth > 0) setEntryBits(address0, entry0, ACCESSED, bytes);
  if (depth > 1) setEntryBits(address1, entry1, ACCESSED, bytes);
  if (depth > 2) setEntryBits(address2, entry2, ACCESSED, bytes);
  setEntryBits(address, entry, access == ACCESS_WRITE ? ACCESSED | DIRTY : ACCESSED, bytes);
  // A clean page is mapped read-only, so that its first store comes here and sets the dirty bit.
  if (access != ACCESS_WRITE && !(entry & DIRTY)) prot &= ~PROT_WRITE;
  if ((entry & GLOBAL) && (S.cr4(env) & S.CR4_PGE)) prot |= PROT_GLOBAL;

  walkPhysical = (frame | (virtual & offsetMask)) & a20;
  walkProt = prot;
  walkPageSize = offsetMask + 1;
  return true;
}

export function tlb_fill(env: usize, virtual: u64, access: i32, mmu: i32): i32 {
  const rights = mmu < L.MMU_FETCH_KERNEL ? mmu : mmu == L.MMU_FETCH_USER ? L.MMU_USER : L.MMU_KERNEL;
  if (!walk(env, virtual, access, rights)) return 0;
  tlb_set(env, virtual, walkPhysical, walkProt, mmu, walkPageSize);
  return 1;
}

/**
 * For debuggers: the physical address, or -1, with no exception and no bits set. Rights are those of the kernel.
 */
export function translate_debug(env: usize, virtual: u64): i64 {
  quiet = true;
  const ok = walk(env, virtual, ACCESS_READ, L.MMU_KERNEL_NO_SMAP);
  quiet = false;
  return ok ? (walkPhysical as i64) : -1;
}

export function invlpg(env: usize, virtual: u64): void {
  if (S.cpl(env)) {
    raiseGp(env);
    return;
  }
  // Not canonical: nothing happens (SDM volume 2A, INVLPG).
  if (!S.isLongMode(env) || S.isCanonical(virtual)) tlb_flush_page(env, virtual);
}

/**
 * INVPCID (SDM volume 2): 0 one address of a PCID, 1 a PCID, 2 everything, 3 everything but global translations. The TLB holds
 * translations of the present PCID only.
 */
export function invalidateContext(env: usize, type: u64, pcid: u64, virtual: u64): void {
  const used = (S.cr4(env) & S.CR4_PCIDE) != 0;
  if (type > 3 || (pcid >> 12) || (type < 2 && pcid && !used) || (type == 0 && !S.isCanonical(virtual))) {
    raiseGp(env);
    return;
  }
  if (type < 2 && used && pcid != (load<u64>(env, L.CR3) & 0xfff)) return;
  if (type == 0) tlb_flush_page(env, virtual);
  else tlb_flush(env, type == 2 ? 0 : 1);
}
