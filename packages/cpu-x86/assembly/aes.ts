/** AES-NI (SDM volume 2, AESENC and following; FIPS 197 for the transformations). State bytes are numbered down the columns. */

/** Four tables of 256: S-box and its inverse (bytes), MixColumns of the S-box's output and its inverse (dwords, column 0 lowest). */
const FORWARD: usize = memory.data(256, 16);
const INVERSE: usize = memory.data(256, 16);
const FORWARD_MIXED: usize = memory.data(1024, 16);
const INVERSE_MIXED: usize = memory.data(1024, 16);

/** Multiplication in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1. */
function times(a: u32, b: u32): u32 {
  let product: u32 = 0;
  for (; b; b >>= 1) {
    if (b & 1) product ^= a;
    a = (a << 1) ^ (a & 0x80 ? 0x11b : 0);
  }
  return product;
}

/** A column of four bytes times a constant each, from the lowest on. */
function column(value: u32, c0: u32, c1: u32, c2: u32, c3: u32): u32 {
  return times(value, c0) | (times(value, c1) << 8) | (times(value, c2) << 16) | (times(value, c3) << 24);
}

/** The S-box is the inverse in the field, then an affine map of its bits: FIPS 197, 5.1.1. */
function fillTables(): void {
  // Walks the field's multiplicative group by the generator 3, and backwards by its inverse 0xf6.
  let element: u32 = 1;
  let inverse: u32 = 1;
  setBox(0, 0x63);
  do {
    let mapped = inverse ^ 0x63;
    for (let turn = 1; turn < 5; turn++) mapped ^= ((inverse << turn) | (inverse >> (8 - turn))) & 0xff;
    setBox(element, mapped);
    element = times(element, 3);
    inverse = times(inverse, 0xf6);
  } while (element != 1);
}

function setBox(from: u32, to: u32): void {
  store<u8>(FORWARD + from, to);
  store<u8>(INVERSE + to, from);
  store<u32>(FORWARD_MIXED + (from << 2), column(to, 2, 1, 1, 3));
  store<u32>(INVERSE_MIXED + (to << 2), column(from, 14, 9, 13, 11));
}

fillTables();

@inline
function byte(word: u32, n: u32): u32 {
  return (word >> (n << 3)) & 0xff;
}

/** A column of the next state: four bytes of the present one, each through a table of mixed columns. */
@inline
function mixed(table: usize, b0: u32, b1: u32, b2: u32, b3: u32): u32 {
  return load<u32>(table + (b0 << 2)) ^ rotl<u32>(load<u32>(table + (b1 << 2)), 8) ^ rotl<u32>(load<u32>(table + (b2 << 2)), 16) ^ rotl<u32>(load<u32>(table + (b3 << 2)), 24);
}

/** The same without mixing. */
@inline
function plain(table: usize, b0: u32, b1: u32, b2: u32, b3: u32): u32 {
  return (load<u8>(table + b0) as u32) | ((load<u8>(table + b1) as u32) << 8) | ((load<u8>(table + b2) as u32) << 16) | ((load<u8>(table + b3) as u32) << 24);
}

/** The four columns. */
@inline
function columns(w0: u32, w1: u32, w2: u32, w3: u32): v128 {
  return i32x4.replace_lane(i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(w0), 1, w1), 2, w2), 3, w3);
}

/** AESENC, or with `last` AESENCLAST: row r of the state moves r columns to the left. */
export function aes_encrypt(env: usize, last: i32, state: v128, key: v128): v128 {
  const s0: u32 = i32x4.extract_lane(state, 0);
  const s1: u32 = i32x4.extract_lane(state, 1);
  const s2: u32 = i32x4.extract_lane(state, 2);
  const s3: u32 = i32x4.extract_lane(state, 3);
  const next = last
    ? columns(
        plain(FORWARD, byte(s0, 0), byte(s1, 1), byte(s2, 2), byte(s3, 3)),
        plain(FORWARD, byte(s1, 0), byte(s2, 1), byte(s3, 2), byte(s0, 3)),
        plain(FORWARD, byte(s2, 0), byte(s3, 1), byte(s0, 2), byte(s1, 3)),
        plain(FORWARD, byte(s3, 0), byte(s0, 1), byte(s1, 2), byte(s2, 3)),
      )
    : columns(
        mixed(FORWARD_MIXED, byte(s0, 0), byte(s1, 1), byte(s2, 2), byte(s3, 3)),
        mixed(FORWARD_MIXED, byte(s1, 0), byte(s2, 1), byte(s3, 2), byte(s0, 3)),
        mixed(FORWARD_MIXED, byte(s2, 0), byte(s3, 1), byte(s0, 2), byte(s1, 3)),
        mixed(FORWARD_MIXED, byte(s3, 0), byte(s0, 1), byte(s1, 2), byte(s2, 3)),
      );
  return v128.xor(next, key);
}

/** AESDEC, AESDECLAST: rows move to the right. */
export function aes_decrypt(env: usize, last: i32, state: v128, key: v128): v128 {
  const s0: u32 = i32x4.extract_lane(state, 0);
  const s1: u32 = i32x4.extract_lane(state, 1);
  const s2: u32 = i32x4.extract_lane(state, 2);
  const s3: u32 = i32x4.extract_lane(state, 3);
  const next = last
    ? columns(
        plain(INVERSE, byte(s0, 0), byte(s3, 1), byte(s2, 2), byte(s1, 3)),
        plain(INVERSE, byte(s1, 0), byte(s0, 1), byte(s3, 2), byte(s2, 3)),
        plain(INVERSE, byte(s2, 0), byte(s1, 1), byte(s0, 2), byte(s3, 3)),
        plain(INVERSE, byte(s3, 0), byte(s2, 1), byte(s1, 2), byte(s0, 3)),
      )
    : columns(
        mixed(INVERSE_MIXED, byte(s0, 0), byte(s3, 1), byte(s2, 2), byte(s1, 3)),
        mixed(INVERSE_MIXED, byte(s1, 0), byte(s0, 1), byte(s3, 2), byte(s2, 3)),
        mixed(INVERSE_MIXED, byte(s2, 0), byte(s1, 1), byte(s0, 2), byte(s3, 3)),
        mixed(INVERSE_MIXED, byte(s3, 0), byte(s2, 1), byte(s1, 2), byte(s0, 3)),
      );
  return v128.xor(next, key);
}

@inline
function unmixed(word: u32): u32 {
  return mixed(INVERSE_MIXED, load<u8>(FORWARD + byte(word, 0)), load<u8>(FORWARD + byte(word, 1)), load<u8>(FORWARD + byte(word, 2)), load<u8>(FORWARD + byte(word, 3)));
}

/** AESIMC: InvMixColumns alone; the S-box ahead undoes the inverse one that is in the table. */
export function aes_inverse_mix(env: usize, value: v128): v128 {
  return columns(
    unmixed(i32x4.extract_lane(value, 0)),
    unmixed(i32x4.extract_lane(value, 1)),
    unmixed(i32x4.extract_lane(value, 2)),
    unmixed(i32x4.extract_lane(value, 3)),
  );
}

@inline
function substituted(word: u32): u32 {
  return plain(FORWARD, byte(word, 0), byte(word, 1), byte(word, 2), byte(word, 3));
}

/** AESKEYGENASSIST: of dwords 1 and 3 the S-box's output, and that rotated by a byte with the round constant. */
export function aes_key_assist(env: usize, roundConstant: i32, value: v128): v128 {
  const low = substituted(i32x4.extract_lane(value, 1));
  const high = substituted(i32x4.extract_lane(value, 3));
  return columns(low, rotr<u32>(low, 8) ^ roundConstant, high, rotr<u32>(high, 8) ^ roundConstant);
}
