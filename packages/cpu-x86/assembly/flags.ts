/** The arithmetic flags out of CC_*, and EFLAGS as a whole. */
import * as L from './layout';
import { raiseGp } from './raise';
import * as S from './state';
import { startShadow, updateBlockFlags } from './block-flags';

const CC_KIND = ~3;

/** The six arithmetic flags at their places in EFLAGS. */
export function arithmeticFlags(env: usize): u32 {
  const op = load<i32>(env, L.CC_OP);
  const rawSrc = load<u64>(env, L.CC_SRC);
  if (op == L.CC_FLAGS) return (rawSrc as u32) & L.FLAGS_ARITHMETIC;

  const bits: u64 = 8 << (op & 3);
  const mask: u64 = ~(0 as u64) >> (64 - bits);
  const sign: u64 = (1 as u64) << (bits - 1);
  const dst = load<u64>(env, L.CC_DST) & mask;
  const src = rawSrc & mask;
  const kind = op & CC_KIND;
  let carry = false;
  let overflow = false;
  let adjust: u64 = 0;

  if (kind == L.CC_LOGIC) {
    // Carry and overflow are clear.
  } else if (kind == L.CC_ADD || kind == L.CC_ADC) {
    const carryIn: u64 = kind == L.CC_ADC ? load<u64>(env, L.CC_SRC2) & 1 : 0;
    const first = (dst - src - carryIn) & mask;
    carry = carryIn ? dst <= src : dst < src;
    overflow = ((first ^ dst) & (src ^ dst) & sign) != 0;
    adjust = first ^ src ^ dst;
  } else if (kind == L.CC_SUB || kind == L.CC_SBB) {
    const carryIn: u64 = kind == L.CC_SBB ? load<u64>(env, L.CC_SRC2) & 1 : 0;
    const first = (dst + src + carryIn) & mask;
    carry = carryIn ? first <= src : first < src;
    overflow = ((first ^ src) & (first ^ dst) & sign) != 0;
    adjust = first ^ src ^ dst;
  } else if (kind == L.CC_INC) {
    carry = (rawSrc & 1) != 0;
    overflow = dst == sign;
    adjust = (dst & 15) == 0 ? 0x10 : 0;
  } else if (kind == L.CC_DEC) {
    carry = (rawSrc & 1) != 0;
    overflow = dst == sign - 1;
    adjust = (dst & 15) == 15 ? 0x10 : 0;
  } else if (kind == L.CC_SHL) {
    carry = (src & sign) != 0;
    overflow = ((src ^ dst) & sign) != 0;
  } else if (kind == L.CC_SAR) {
    carry = (src & 1) != 0;
    overflow = ((src ^ dst) & sign) != 0;
  } else if (kind == L.CC_MUL) {
    carry = rawSrc != 0;
    overflow = carry;
  }

  let flags: u32 = 0;
  if (carry) flags |= L.FLAG_CF;
  if (!(popcnt<u32>((dst as u32) & 0xff) & 1)) flags |= L.FLAG_PF;
  if (adjust & 0x10) flags |= L.FLAG_AF;
  if (dst == 0) flags |= L.FLAG_ZF;
  if (dst & sign) flags |= L.FLAG_SF;
  if (overflow) flags |= L.FLAG_OF;
  return flags;
}

export function compute_flags(env: usize): u64 {
  return arithmeticFlags(env);
}

export function setArithmeticFlags(env: usize, flags: u32): void {
  store<i32>(env, L.CC_FLAGS, L.CC_OP);
  store<u64>(env, flags & L.FLAGS_ARITHMETIC, L.CC_SRC);
}

export function setZeroFlag(env: usize, zero: bool): void {
  const flags = arithmeticFlags(env) & ~(L.FLAG_ZF as u32);
  setArithmeticFlags(env, zero ? flags | L.FLAG_ZF : flags);
}

/** EFLAGS with every bit in place. */
export function readFlags(env: usize): u32 {
  return S.eflags(env) | arithmeticFlags(env) | (load<i32>(env, L.DF) < 0 ? L.FLAG_DF : 0) | 2;
}

const KNOWN: u32 = 0x3f7fd5;

/** Takes the bits of `mask` from `value`; no checks. Block flags follow. */
export function writeFlags(env: usize, value: u32, mask: u32): void {
  const arithmetic = mask & L.FLAGS_ARITHMETIC;
  // What is not asked for stays lazy, and what is replaced as a whole need not be known.
  if (arithmetic == L.FLAGS_ARITHMETIC) setArithmeticFlags(env, value);
  else if (arithmetic) setArithmeticFlags(env, (arithmeticFlags(env) & ~arithmetic) | (value & arithmetic));
  if (mask & L.FLAG_DF) store<i32>(env, value & L.FLAG_DF ? -1 : 1, L.DF);
  S.setEflags(env, (((S.eflags(env) & ~mask) | (value & mask)) & KNOWN & ~((L.FLAGS_ARITHMETIC | L.FLAG_DF) as u32)) | 2);
  updateBlockFlags(env);
}

export function read_eflags(env: usize): u64 {
  return readFlags(env);
}
export function write_eflags(env: usize, value: u64, mask: u64): void {
  writeFlags(env, value as u32, mask as u32);
}

/** What POPF and IRET may change at privilege `level`, with operands of `bytes`. */
export function changeableFlags(env: usize, level: u32, bytes: i32): u32 {
  let mask: u32 = L.FLAGS_ARITHMETIC | L.FLAG_TF | L.FLAG_DF | L.FLAG_NT;
  if (bytes > 2) mask |= L.FLAG_AC | L.FLAG_ID;
  if (level <= S.iopl(env)) mask |= L.FLAG_IF;
  if (level == 0) mask |= L.FLAG_IOPL;
  return mask;
}

/** Virtual-8086 mode below IOPL 3 (its IF is VIF under VME); with PVI also ring 3 of protected mode. */
function virtualInterrupts(env: usize): bool {
  const hf = S.blockFlags(env);
  if (hf & L.HF_VM) return S.iopl(env) < 3 && (S.cr4(env) & S.CR4_VME) != 0;
  return (hf & L.HF_PE) != 0 && (hf & L.HF_CPL) == 3 && S.iopl(env) < 3 && (S.cr4(env) & S.CR4_PVI) != 0;
}

/** CLI and STI (SDM volume 2): IF, or VIF where interrupts are virtual, or #GP. */
export function cli(env: usize): void {
  if (!(S.blockFlags(env) & L.HF_PE) || S.cpl(env) <= S.iopl(env)) {
    S.setEflags(env, S.eflags(env) & ~(L.FLAG_IF as u32));
    return;
  }
  if (!virtualInterrupts(env)) {
    raiseGp(env);
    return;
  }
  S.setEflags(env, S.eflags(env) & ~(L.FLAG_VIF as u32));
}

export function sti(env: usize): void {
  const flags = S.eflags(env);
  if (!(S.blockFlags(env) & L.HF_PE) || S.cpl(env) <= S.iopl(env)) {
    if (flags & L.FLAG_IF) return;
    S.setEflags(env, flags | L.FLAG_IF);
    startShadow(env);
    return;
  }
  if (!virtualInterrupts(env) || (flags & L.FLAG_VIP)) {
    raiseGp(env);
    return;
  }
  S.setEflags(env, flags | L.FLAG_VIF);
}

/** The image that PUSHF pushes: VM and RF read as 0. Below IOPL 3 in virtual-8086 mode: #GP, or VIF as IF under VME. */
export function pushf_value(env: usize, bytes: i32): u64 {
  const flags = readFlags(env) & ~((L.FLAG_VM | L.FLAG_RF) as u32);
  if (S.isV86(env) && S.iopl(env) < 3) {
    if (bytes != 2 || !virtualInterrupts(env)) {
      raiseGp(env);
      return 0;
    }
    return (flags & ~(L.FLAG_IF as u32)) | L.FLAG_IOPL | (flags & L.FLAG_VIF ? L.FLAG_IF : 0);
  }
  return flags;
}

export function popf(env: usize, value: u64, bytes: i32): void {
  let image = value as u32;
  if (S.isV86(env) && S.iopl(env) < 3) {
    if (bytes != 2 || !virtualInterrupts(env) || (image & L.FLAG_TF) || ((image & L.FLAG_IF) && (S.eflags(env) & L.FLAG_VIP))) {
      raiseGp(env);
      return;
    }
    image = image & L.FLAG_IF ? image | L.FLAG_VIF : image & ~(L.FLAG_VIF as u32);
    writeFlags(env, image, L.FLAGS_ARITHMETIC | L.FLAG_DF | L.FLAG_NT | L.FLAG_VIF);
    return;
  }
  const level = S.isV86(env) ? 3 : S.cpl(env);
  let mask = changeableFlags(env, level, bytes);
  // POPF at level 0 with 32 bits or more also clears VIF and VIP; RF always ends up 0.
  if (bytes > 2 && level == 0 && !S.isV86(env)) {
    mask |= L.FLAG_VIF | L.FLAG_VIP;
    image &= ~((L.FLAG_VIF | L.FLAG_VIP) as u32);
  }
  writeFlags(env, image & ~(L.FLAG_RF as u32), mask | L.FLAG_RF);
}
