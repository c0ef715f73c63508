/** Random numbers that the same seed repeats (xorshift64*), and operands that find what goes wrong at the edges. */
let state = 1n;

export function seed(number) {
  state = BigInt(number) * 0x9e37_79b9_7f4a_7c15n + 1n;
}

export function random64() {
  state = BigInt.asUintN(64, state ^ (state << 13n));
  state ^= state >> 7n;
  state = BigInt.asUintN(64, state ^ (state << 17n));
  return BigInt.asUintN(64, state * 0x2545_f491_4f6c_dd1dn);
}

export const below = (n) => Number(random64() >> 11n) % n;
export const one = (list) => list[below(list.length)];

/** 64 bits of integers of one size: zeros, ones, the largest and smallest, or anything. */
export function integers() {
  const bits = one([8, 16, 32, 64]);
  let value = 0n;
  for (let at = 0; at < 64; at += bits) value |= BigInt.asUintN(bits, one([0n, 1n, -1n, 1n << BigInt(bits - 1), (1n << BigInt(bits - 1)) - 1n, random64()])) << BigInt(at);
  return value;
}
