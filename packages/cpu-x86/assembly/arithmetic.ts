/** Integer instructions that are too large or too rare for IR. */
import { arithmeticFlags, setArithmeticFlags, setZeroFlag } from './flags';
import { dataMmu, loadGuest16, loadGuest32, loadGuest64, probeWrite, storeGuest64 } from './guest-memory';
import * as L from './layout';
import { BR, DE, raise, raiseGp } from './raise';
import * as S from './state';
import * as Stack from './stack';

/** Quotient and remainder of the last `divide128`. */
let quotient: u64 = 0;
let remainder: u64 = 0;

/**
 * high:low / divisor, with high < divisor so that the quotient fits. Knuth's algorithm D on 32-bit digits, as in Hacker's
 * Delight's divlu.
 */
function divide128(high: u64, low: u64, divisor: u64): void {
  if (high == 0) {
    quotient = low / divisor;
    remainder = low % divisor;
    return;
  }
  const shift = clz<u64>(divisor);
  const d = divisor << shift;
  const d1 = d >> 32;
  const d0 = d & 0xffff_ffff;
  const top = shift ? (high << shift) | (low >> (64 - shift)) : high;
  const rest = low << shift;
  const q1 = digit(top, rest >> 32, d1, d0);
  const middle = ((top << 32) | (rest >> 32)) - q1 * d;
  const q0 = digit(middle, rest & 0xffff_ffff, d1, d0);
  quotient = (q1 << 32) | q0;
  remainder = (((middle << 32) | (rest & 0xffff_ffff)) - q0 * d) >> shift;
}

/** One 32-bit digit of the quotient: estimated from d1, corrected by d0 at most twice. */
function digit(top: u64, next: u64, d1: u64, d0: u64): u64 {
  let q = top / d1;
  let r = top % d1;
  while (q >> 32 || q * d0 > ((r << 32) | next)) {
    q--;
    r += d1;
    if (r >> 32) break;
  }
  return q;
}

export function div64(env: usize, divisor: u64): void {
  const high = S.reg(env, S.RDX);
  if (high >= divisor) {
    raise(env, DE, -1);
    return;
  }
  divide128(high, S.reg(env, S.RAX), divisor);
  S.setReg(env, S.RAX, quotient);
  S.setReg(env, S.RDX, remainder);
}

export function idiv64(env: usize, divisor: u64): void {
  let low = S.reg(env, S.RAX);
  let high = S.reg(env, S.RDX);
  const negativeDividend = (high as i64) < 0;
  const negativeDivisor = (divisor as i64) < 0;
  if (negativeDividend) {
    low = 0 - low;
    high = ~high + (low == 0 ? 1 : 0);
  }
  const magnitude = negativeDivisor ? 0 - divisor : divisor;
  if (high >= magnitude) {
    raise(env, DE, -1);
    return;
  }
  divide128(high, low, magnitude);
  const negative = negativeDividend != negativeDivisor;
  const limit: u64 = negative ? 0x8000_0000_0000_0000 : 0x7fff_ffff_ffff_ffff;
  if (quotient > limit) {
    raise(env, DE, -1);
    return;
  }
  S.setReg(env, S.RAX, negative ? 0 - quotient : quotient);
  S.setReg(env, S.RDX, negativeDividend ? 0 - remainder : remainder);
}

export function cmpxchg16b(env: usize, address: u64): void {
  if (address & 15) {
    raiseGp(env);
    return;
  }
  const mmu = dataMmu(env);
  // Writable even when the comparison fails: the processor always writes.
  if (!probeWrite(env, address, 16, mmu)) return;
  const low = loadGuest64(env, address, mmu);
  if (S.faulted(env)) return;
  const high = loadGuest64(env, address + 8, mmu);
  if (S.faulted(env)) return;
  const equal = low == S.reg(env, S.RAX) && high == S.reg(env, S.RDX);
  if (equal) {
    storeGuest64(env, address, S.reg(env, S.RBX), mmu);
    storeGuest64(env, address + 8, S.reg(env, S.RCX), mmu);
  } else {
    S.setReg(env, S.RAX, low);
    S.setReg(env, S.RDX, high);
  }
  setZeroFlag(env, equal);
}

/** CRC32: the Castagnoli polynomial, bits reflected, one table of 256 entries. */
const CRC_TABLE: usize = memory.data(1024, 4);
let crcTableMade: bool = false;

function makeCrcTable(): void {
  for (let i: u32 = 0; i < 256; i++) {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0x82f6_3b78 : crc >> 1;
    store<u32>(CRC_TABLE + ((i as usize) << 2), crc);
  }
  crcTableMade = true;
}

export function crc32(env: usize, crc64: u64, data: u64, bytes: i32): u64 {
  if (!crcTableMade) makeCrcTable();
  let crc = crc64 as u32;
  for (let i = 0; i < bytes; i++) {
    const index = (crc ^ ((data >> (i << 3)) as u32)) & 0xff;
    crc = load<u32>(CRC_TABLE + ((index as usize) << 2)) ^ (crc >> 8);
  }
  return crc;
}

/** RCL and RCR: rotation through CF, one bit wider than the operand. Counts are taken modulo that width. */
export function rcl(env: usize, value: u64, count: i32, bytes: i32): u64 {
  return rotateThroughCarry(env, value, count, bytes, true);
}
export function rcr(env: usize, value: u64, count: i32, bytes: i32): u64 {
  return rotateThroughCarry(env, value, count, bytes, false);
}

function rotateThroughCarry(env: usize, operand: u64, count: i32, bytes: i32, left: bool): u64 {
  const bits = bytes << 3;
  const mask: u64 = ~(0 as u64) >> (64 - bits);
  const value = operand & mask;
  const by = count % (bits + 1);
  if (by == 0) return value;
  const flags = arithmeticFlags(env);
  const carry: u64 = flags & L.FLAG_CF;
  // Left by n is right by bits + 1 - n.
  const n = left ? by : bits + 1 - by;
  // The carry lands in bit n - 1; bits above the carry wrap around to below it.
  const shifted = n > 63 ? 0 : value << n;
  const wrapped = n > 1 ? value >> (bits + 1 - n) : 0;
  const result = (shifted | (carry << (n - 1)) | wrapped) & mask;
  const carryOut: u32 = ((value >> (bits - n)) & 1) as u32;
  const top = ((result >> (bits - 1)) & 1) as u32;
  // OF is defined for single rotations: RCL: top XOR CF; RCR: the two top bits differ.
  const below = ((result >> (bits - 2)) & 1) as u32;
  const overflow = left ? top ^ carryOut : top ^ below;
  setArithmeticFlags(env, (flags & ~((L.FLAG_CF | L.FLAG_OF) as u32)) | carryOut | (overflow ? L.FLAG_OF : 0));
  return result;
}

const AAA = 0x37;
const AAS = 0x3f;
const AAM = 0xd4;
const AAD = 0xd5;
const DAA = 0x27;
const DAS = 0x2f;

/** SF, ZF and PF of a byte. */
function byteFlags(value: u32): u32 {
  let flags: u32 = 0;
  if (!(popcnt<u32>(value & 0xff) & 1)) flags |= L.FLAG_PF;
  if (!(value & 0xff)) flags |= L.FLAG_ZF;
  if (value & 0x80) flags |= L.FLAG_SF;
  return flags;
}

/** Decimal adjustment, by opcode byte (SDM volume 2; flags that are undefined there are as current hardware leaves them). */
export function bcd(env: usize, opcode: i32, immediate: i32): void {
  const rax = S.reg(env, S.RAX);
  let al = (rax as u32) & 0xff;
  let ah = ((rax as u32) >> 8) & 0xff;
  const old = arithmeticFlags(env);
  let carry = (old & L.FLAG_CF) != 0;
  let adjust = (old & L.FLAG_AF) != 0;
  let flags: u32;

  if (opcode == AAM) {
    const base = (immediate as u32) & 0xff;
    if (!base) {
      raise(env, DE, -1);
      return;
    }
    ah = al / base;
    al %= base;
    flags = byteFlags(al);
  } else if (opcode == AAD) {
    al = (al + ah * ((immediate as u32) & 0xff)) & 0xff;
    ah = 0;
    flags = byteFlags(al);
  } else if (opcode == AAA || opcode == AAS) {
    adjust = (al & 15) > 9 || adjust;
    if (adjust) {
      const ax = (((ah << 8) | al) + (opcode == AAA ? 0x106 : 0x1_0000 - 0x106)) & 0xffff;
      ah = ax >> 8;
      al = ax & 0xff;
    }
    al &= 15;
    flags = byteFlags(al) | (adjust ? L.FLAG_AF | L.FLAG_CF : 0);
  } else {
    const before = al;
    const wasCarry = carry;
    carry = false;
    if ((al & 15) > 9 || adjust) {
      adjust = true;
      carry = wasCarry || (opcode == DAA ? al > 0xf9 : al < 6);
      al = (opcode == DAA ? al + 6 : al - 6) & 0xff;
    }
    if (before > 0x99 || wasCarry) {
      al = (opcode == DAA ? al + 0x60 : al - 0x60) & 0xff;
      carry = true;
    }
    flags = byteFlags(al) | (carry ? L.FLAG_CF : 0) | (adjust ? L.FLAG_AF : 0);
  }
  S.setReg(env, S.RAX, (rax & ~(0xffff as u64)) | (ah << 8) | al);
  setArithmeticFlags(env, flags);
}

/** BOUND: the index must lie between two signed words or dwords in memory, both inclusive. */
export function bound(env: usize, index: u64, address: u64, bytes: i32): void {
  const mmu = dataMmu(env);
  let lower: i32;
  let upper: i32;
  let value: i32;
  if (bytes == 2) {
    lower = (loadGuest16(env, address, mmu) as i16) as i32;
    if (S.faulted(env)) return;
    upper = (loadGuest16(env, address + 2, mmu) as i16) as i32;
    value = (index as i16) as i32;
  } else {
    lower = loadGuest32(env, address, mmu) as i32;
    if (S.faulted(env)) return;
    upper = loadGuest32(env, address + 4, mmu) as i32;
    value = index as i32;
  }
  if (!S.faulted(env) && (value < lower || value > upper)) raise(env, BR, -1);
}

/** ENTER (SDM volume 2): pushes the frame pointer, the display of `level` outer frames, and makes room for the locals. */
export function enter(env: usize, bytes: i32, size: i32, level: i32): void {
  const depth = level & 31;
  Stack.useCurrent(env, false);
  const frame = S.reg(env, S.RBP);
  if (!Stack.push(env, frame, bytes)) return;
  const framePointer = Stack.pointer;
  if (depth) {
    for (let i = 1; i < depth; i++) {
      const outer = Stack.peek(env, frame - ((i * bytes) as u64), bytes);
      if (S.faulted(env) || !Stack.push(env, outer, bytes)) return;
    }
    if (!Stack.push(env, framePointer, bytes)) return;
  }
  Stack.drop(size & 0xffff);
  // The new top of stack must be writable, or the instruction faults.
  if (!Stack.probe(env)) return;
  Stack.commit(env);
  const mask: u64 = bytes == 8 ? ~(0 as u64) : bytes == 4 ? 0xffff_ffff : 0xffff;
  const kept = bytes == 2 ? frame & ~mask : 0;
  S.setReg(env, S.RBP, kept | (framePointer & mask));
}

/** PDEP: the low bits of `value`, in order, to where `mask` has ones. */
export function pdep(env: usize, value: u64, mask: u64): u64 {
  let result: u64 = 0;
  for (let from = value, left = mask; left; from >>= 1, left &= left - 1) {
    if (from & 1) result |= left & (0 - left);
  }
  return result;
}

/** PEXT: the bits of `value` where `mask` has ones, in order, to the low bits. */
export function pext(env: usize, value: u64, mask: u64): u64 {
  let result: u64 = 0;
  let to: u64 = 1;
  for (let left = mask; left; to <<= 1, left &= left - 1) {
    if (value & left & (0 - left)) result |= to;
  }
  return result;
}
