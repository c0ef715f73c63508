/** SSE: what needs more than an IR op. */
import { MXCSR } from './layout';
import { dataMmu, probeWrite, storeGuest8 } from './guest-memory';
import { GP, raise } from './raise';

export { sse_add, sse_add_subtract, sse_divide, sse_dot_product, sse_horizontal, sse_maximum, sse_minimum, sse_multiply, sse_round, sse_square_root, sse_subtract } from './sse-arithmetic';
export { sse_compare, sse_compare_flags } from './sse-compare';
export { sse_approximate, sse_convert, sse_from_integer, sse_from_integers, sse_to_integer, sse_to_integers } from './sse-convert';
export { avx_gather, avx_masked_load, avx_masked_store, avx_probe_store, avx_zero_all, avx_zero_upper } from './avx-memory';
export { avx_fused } from './fma';
export { f16_from_single, f16_probe_store, f16_to_single } from './half-precision';
export { sse_compare_strings } from './sse-strings';
export { aes_decrypt, aes_encrypt, aes_inverse_mix, aes_key_assist } from './aes';
export { carryless_multiply } from './carryless';
export { sha1_next, sha1_rounds, sha1_schedule, sha256_rounds, sha256_schedule1, sha256_schedule2 } from './sha';

/** Bits of MXCSR that exist. */
const MXCSR_BITS: i32 = 0xffff;

export function sse_load_mxcsr(env: usize, value: i32): void {
  if (value & ~MXCSR_BITS) raise(env, GP, 0);
  else store<i32>(env + MXCSR, value);
}

/** MASKMOVDQU, MASKMOVQ: bytes whose mask has bit 7 set. Those that are not stored cannot fault. */
export function sse_masked_store(env: usize, address: u64, low: u64, high: u64, maskLow: u64, maskHigh: u64): void {
  const mmu = dataMmu(env);
  let first = -1;
  let last = -1;
  for (let i = 0; i < 16; i++) {
    if (!maskBit(maskLow, maskHigh, i)) continue;
    if (first < 0) first = i;
    last = i;
  }
  if (first < 0) return;
  // Only two bytes can be in different pages: ask for both before anything is stored.
  if (!probeWrite(env, address + u64(first), 1, mmu) || !probeWrite(env, address + u64(last), 1, mmu)) return;
  for (let i = first; i <= last; i++) {
    if (maskBit(maskLow, maskHigh, i)) storeGuest8(env, address + u64(i), u8((i < 8 ? low : high) >> u64((i & 7) << 3)), mmu);
  }
}

function maskBit(low: u64, high: u64, i: i32): bool {
  return (((i < 8 ? low : high) >> u64(((i & 7) << 3) + 7)) & 1) != 0;
}

/** PHMINPOSUW: the least of eight words, and its index in bits 16-18. */
export function sse_minimum_position(env: usize, low: u64, high: u64): u64 {
  let least: u64 = 0x10000;
  let index: u64 = 0;
  for (let i: u64 = 0; i < 8; i++) {
    const word = ((i < 4 ? low : high) >> ((i & 3) << 4)) & 0xffff;
    if (word < least) {
      least = word;
      index = i;
    }
  }
  return least | (index << 16);
}
