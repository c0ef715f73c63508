/** AVX: masked loads and stores, gathers, and clearing of registers (SDM volume 2, VMASKMOV, VPGATHER, VZEROUPPER). */
import { dataMmu, loadGuest, probeWrite, storeGuest } from './guest-memory';
import { FP_SCRATCH, HF_ADDSEG, XMM, YMM_HIGH } from './layout';
import { check_segment } from './segments';
import { blockFlags, faulted, is64Bit } from './state';

export function avx_probe_store(env: usize, address: u64, bytes: i32): void {
  if ((u32(address) & 0xfff) + u32(bytes) > 0x1000) probeWrite(env, address, bytes, dataMmu(env));
}

export function avx_zero_upper(env: usize, count: i32): void {
  memory.fill(env + YMM_HIGH, 0, usize(count) << 4);
}

export function avx_zero_all(env: usize, count: i32): void {
  memory.fill(env + XMM, 0, usize(count) << 4);
  memory.fill(env + YMM_HIGH, 0, usize(count) << 4);
}

/** Elements of 4 or 8 bytes whose bit in `bits` is set; others are zero, and cannot fault. */
export function avx_masked_load(env: usize, address: u64, bits: i32, bytes: i32): v128 {
  const to = env + FP_SCRATCH;
  const mmu = dataMmu(env);
  v128.store(to, i64x2.splat(0));
  for (let at: i32 = 0; at < 16; at += bytes, bits >>= 1) {
    if (!(bits & 1)) continue;
    if (bytes == 4) store<u32>(to + usize(at), loadGuest<u32>(env, address + u64(at), mmu));
    else store<u64>(to + usize(at), loadGuest<u64>(env, address + u64(at), mmu));
    if (faulted(env)) break;
  }
  return v128.load(to);
}

/** Nothing is stored unless everything can be. */
export function avx_masked_store(env: usize, address: u64, bits: i32, bytes: i32, low: v128, high: v128): void {
  const from = env + FP_SCRATCH;
  const mmu = dataMmu(env);
  v128.store(from, low);
  v128.store(from + 16, high);
  for (let at: i32 = 0, left = bits; left; at += bytes, left >>= 1) {
    if ((left & 1) && !probeWrite(env, address + u64(at), bytes, mmu)) return;
  }
  for (let at: i32 = 0, left = bits; left; at += bytes, left >>= 1) {
    if (!(left & 1)) continue;
    if (bytes == 4) storeGuest<u32>(env, address + u64(at), load<u32>(from + usize(at)), mmu);
    else storeGuest<u64>(env, address + u64(at), load<u64>(from + usize(at)), mmu);
  }
}

/** Where element `i` of `bytes` bytes of a YMM register is. */
@inline
function element(env: usize, register: i32, i: i32, bytes: i32): usize {
  const at = i * bytes;
  return env + (at < 16 ? XMM : YMM_HIGH) + (usize(register) << 4) + usize(at & 15);
}

@inline
function loadSigned(at: usize, bytes: i32): i64 {
  return bytes == 4 ? i64(load<i32>(at)) : load<i64>(at);
}

@inline
function storeElement(at: usize, bytes: i32, value: u64): void {
  if (bytes == 4) store<u32>(at, u32(value));
  else store<u64>(at, value);
}

/**
 * `shape`, from bit 0: destination, mask and index register (4 bits each), scale (4), bytes of an index (4), of an element (4), elements.
 * `how`: bit 0 for 64-bit addresses, from bit 4 the segment. Each element that is done has its mask cleared, so that the instruction
 * goes on where it was after a fault.
 */
export function avx_gather(env: usize, shape: i32, how: i32, offset: u64, base: u64): void {
  const to = shape & 15;
  const mask = (shape >> 4) & 15;
  const index = (shape >> 8) & 15;
  const scale = (shape >> 12) & 15;
  const indexBytes = (shape >> 16) & 15;
  const bytes = (shape >> 20) & 15;
  const count = shape >> 24;
  const mmu = dataMmu(env);
  const wide = is64Bit(env);
  for (let i = 0; i < count; i++) {
    const wanted = element(env, mask, i, bytes);
    if (loadSigned(wanted, bytes) < 0) {
      let at = offset + (u64(loadSigned(element(env, index, i, indexBytes), indexBytes)) << u64(scale));
      if (!(how & 1)) at &= 0xffffffff;
      if (!wide && (blockFlags(env) & HF_ADDSEG)) {
        check_segment(env, how >> 4, at, bytes, 0);
        if (faulted(env)) return;
      }
      at += base;
      if (!wide) at &= 0xffffffff;
      const value: u64 = bytes == 4 ? u64(loadGuest<u32>(env, at, mmu)) : loadGuest<u64>(env, at, mmu);
      if (faulted(env)) return;
      storeElement(element(env, to, i, bytes), bytes, value);
    }
    storeElement(wanted, bytes, 0);
  }
  clearAbove(env, to, count * bytes);
  clearAbove(env, mask, count * bytes);
}

/** Clears a YMM register from byte `bytes` on. */
function clearAbove(env: usize, register: i32, bytes: i32): void {
  if (bytes < 16) memory.fill(env + XMM + (usize(register) << 4) + usize(bytes), 0, usize(16 - bytes));
  if (bytes <= 16) v128.store(env + YMM_HIGH + (usize(register) << 4), i64x2.splat(0));
}
