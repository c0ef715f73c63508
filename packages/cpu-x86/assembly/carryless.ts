/** PCLMULQDQ (SDM volume 2): the product of polynomials over GF(2). */
import { FP_SCRATCH } from './layout';

/** 64 by 64 bits, four bits of `b` at a time: products of `a` with all polynomials of degree 3 are made first. */
export function carryless_multiply(env: usize, a: u64, b: u64): v128 {
  const table = env + FP_SCRATCH;
  // With its top three bits left out, no product in the table is longer than 64 bits.
  const short = a & 0x1fff_ffff_ffff_ffff;
  store<u64>(table, 0);
  store<u64>(table, short, 8);
  for (let i: usize = 2; i < 16; i += 2) {
    const even = load<u64>(table + (i << 2)) << 1;
    store<u64>(table + (i << 3), even);
    store<u64>(table + (i << 3), even ^ short, 8);
  }
  let low: u64 = 0;
  let high: u64 = 0;
  for (let shift = 60; shift >= 0; shift -= 4) {
    high = (high << 4) | (low >> 60);
    low = (low << 4) ^ load<u64>(table + (((b >> shift) & 15) << 3) as usize);
  }
  for (let bit = 61; bit < 64; bit++) {
    if (!((a >> bit) & 1)) continue;
    low ^= b << bit;
    high ^= b >> (64 - bit);
  }
  return i64x2.replace_lane(i64x2.splat(low), 1, high);
}
