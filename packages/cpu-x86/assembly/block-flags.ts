/** ENV_BLOCK_FLAGS and ENV_CODE_BASE: worked out anew after any change of what they mirror. */
import { ENV_BLOCK_FLAGS, ENV_CODE_BASE, ENV_EXIT_REQUEST } from '../../tcg/src/env';
import * as L from './layout';
import * as S from './state';

/** What a data segment must be for accesses outside 64-bit mode to need no check: present, writable, expand-up. */
const FLAT_MASK: u32 = S.DESC_P | S.DESC_S | S.DESC_CODE | S.DESC_EC | S.DESC_RW;
const FLAT: u32 = S.DESC_P | S.DESC_S | S.DESC_RW;

function isFlat(env: usize, seg: i32): bool {
  return S.segBase(env, seg) == 0 && S.segLimit(env, seg) == 0xffff_ffff && (S.segFlags(env, seg) & FLAT_MASK) == FLAT;
}

/** DR7: enabled breakpoints (bits 0-7, two each) whose kind (four bits each from 16 on) is execution. */
function hasInstructionBreakpoint(env: usize): bool {
  const dr7 = load<u32>(env, L.DR + 7 * 8);
  if (!(dr7 & 0xff)) return false;
  for (let i = 0; i < 4; i++) {
    if (((dr7 >> (2 * i)) & 3) != 0 && ((dr7 >> (16 + 4 * i)) & 3) == 0) return true;
  }
  return false;
}

export function updateBlockFlags(env: usize): void {
  const cr0 = S.cr0(env);
  const cr4 = S.cr4(env);
  const flags = S.eflags(env);
  const cs = S.segFlags(env, L.CS);
  const level = S.cpl(env);
  const longMode = (S.efer(env) & S.EFER_LMA) != 0;
  let hf: u32 = level;

  if (longMode && (cs & S.DESC_L)) {
    hf |= L.HF_CS64 | L.HF_SS32;
    store<u32>(env, 0, ENV_CODE_BASE);
  } else {
    if (cs & S.DESC_B) hf |= L.HF_CS32;
    if (S.segFlags(env, L.SS) & S.DESC_B) hf |= L.HF_SS32;
    store<u32>(env, S.segBase(env, L.CS) as u32, ENV_CODE_BASE);
    if (!(cr0 & S.CR0_PE) || (flags & L.FLAG_VM) || !isFlat(env, L.DS) || !isFlat(env, L.SS) || !isFlat(env, L.ES)) hf |= L.HF_ADDSEG;
  }
  if (cr0 & S.CR0_PE) hf |= L.HF_PE;
  if (longMode) hf |= L.HF_LMA;
  // VM, TF and RF sit at fixed distances; MP, EM, TS too, but a table of ifs stays readable.
  if (flags & L.FLAG_VM) hf |= L.HF_VM;
  if (flags & L.FLAG_TF) hf |= L.HF_TF;
  if (flags & L.FLAG_RF) {
    // RF matters only while an instruction breakpoint is on. Forgetting it at once saves a one-instruction block after every fault.
    if (hasInstructionBreakpoint(env)) hf |= L.HF_RF;
    else S.setEflags(env, flags & ~(L.FLAG_RF as u32));
  }
  if (cr0 & S.CR0_TS) hf |= L.HF_TS;
  if (cr0 & S.CR0_EM) hf |= L.HF_EM;
  if (cr0 & S.CR0_MP) hf |= L.HF_MP;
  if (cr4 & S.CR4_OSFXSR) hf |= L.HF_OSFXSR;
  if (cr4 & S.CR4_OSXSAVE) hf |= L.HF_OSXSAVE;
  if ((cr4 & S.CR4_OSXSAVE) && (load<u32>(env, L.XCR0) & 6) == 6 && (hf & L.HF_PE) && !(hf & L.HF_VM)) hf |= L.HF_AVX;
  if (cr4 & S.CR4_FSGSBASE) hf |= L.HF_FSGSBASE;
  if (cr4 & S.CR4_UMIP) hf |= L.HF_UMIP;
  if ((cr4 & S.CR4_SMAP) && !(flags & L.FLAG_AC)) hf |= L.HF_SMAP;
  if (load<i32>(env, L.INHIBIT)) hf |= L.HF_INHIBIT;
  if (load<u32>(env, L.DR + 7 * 8) & 0xff) hf |= L.HF_BREAKPOINTS;
  if (level == 3 && (cr0 & S.CR0_AM) && (flags & L.FLAG_AC)) hf |= L.HF_ALIGN;
  hf |= ((flags >> 12) & 3) << L.HF_IOPL_SHIFT;
  store<u32>(env, hf, ENV_BLOCK_FLAGS);

  const pending = load<i32>(env, L.INTERRUPT_PENDING);
  if (pending && !load<i32>(env, L.INHIBIT)) {
    const nmi = (pending & L.PENDING_NMI) != 0 && !load<i32>(env, L.NMI_BLOCKED);
    if (nmi || ((pending & L.PENDING_INTERRUPT) && (flags & L.FLAG_IF))) store<i32>(env, 1, ENV_EXIT_REQUEST);
  }
}

/** For the CPU class, after it changed state from outside. */
export function update_block_flags(env: usize, level: i32): void {
  S.setCpl(env, level);
  updateBlockFlags(env);
}

/** Blocks interrupts for one more instruction, after STI. */
export function startShadow(env: usize): void {
  store<i32>(env, L.INHIBIT_BY_STI, L.INHIBIT);
  updateBlockFlags(env);
}
