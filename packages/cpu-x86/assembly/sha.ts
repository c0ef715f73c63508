/** The SHA extensions (SDM volume 2, SHA1RNDS4 and following; FIPS 180-4 for the functions). Dword 3 of an operand comes first. */

@inline
function lanes(w3: u32, w2: u32, w1: u32, w0: u32): v128 {
  return i32x4.replace_lane(i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(w0), 1, w1), 2, w2), 3, w3);
}
@inline
function lane(value: v128, n: u8): u32 {
  return n == 0 ? i32x4.extract_lane(value, 0) : n == 1 ? i32x4.extract_lane(value, 1) : n == 2 ? i32x4.extract_lane(value, 2) : i32x4.extract_lane(value, 3);
}

/** Choice, parity and majority, by the group of rounds. */
@inline
function mix(group: i32, b: u32, c: u32, d: u32): u32 {
  if (group == 0) return (b & c) ^ (~b & d);
  if (group == 2) return (b & c) ^ (b & d) ^ (c & d);
  return b ^ c ^ d;
}

/** Four rounds of SHA-1: A B C D in the first operand; in the second words to add, the first of which holds E already. */
export function sha1_rounds(env: usize, group: i32, state: v128, words: v128): v128 {
  const k: u32 = group == 0 ? 0x5a827999 : group == 1 ? 0x6ed9eba1 : group == 2 ? 0x8f1bbcdc : 0xca62c1d6;
  let a = lane(state, 3);
  let b = lane(state, 2);
  let c = lane(state, 1);
  let d = lane(state, 0);
  let e: u32 = 0;
  for (let round = 0; round < 4; round++) {
    const word = round == 0 ? lane(words, 3) : round == 1 ? lane(words, 2) : round == 2 ? lane(words, 1) : lane(words, 0);
    const next = mix(group, b, c, d) + rotl<u32>(a, 5) + word + e + k;
    e = d;
    d = c;
    c = rotl<u32>(b, 30);
    b = a;
    a = next;
  }
  return lanes(a, b, c, d);
}

/** SHA1NEXTE: E, rotated, on the first of the words. */
export function sha1_next(env: usize, state: v128, words: v128): v128 {
  return i32x4.replace_lane(words, 3, lane(words, 3) + rotl<u32>(lane(state, 3), 30));
}

/** SHA1MSG2: the last step of the schedule; its fourth word needs the first. */
export function sha1_schedule(env: usize, a: v128, b: v128): v128 {
  const w16 = rotl<u32>(lane(a, 3) ^ lane(b, 2), 1);
  const w17 = rotl<u32>(lane(a, 2) ^ lane(b, 1), 1);
  const w18 = rotl<u32>(lane(a, 1) ^ lane(b, 0), 1);
  const w19 = rotl<u32>(lane(a, 0) ^ w16, 1);
  return lanes(w16, w17, w18, w19);
}

/** Two rounds of SHA-256: C D G H in the first operand, A B E F in the second, two sums of word and constant in the third. */
export function sha256_rounds(env: usize, cdgh: v128, abef: v128, words: v128): v128 {
  let a = lane(abef, 3);
  let b = lane(abef, 2);
  let c = lane(cdgh, 3);
  let d = lane(cdgh, 2);
  let e = lane(abef, 1);
  let f = lane(abef, 0);
  let g = lane(cdgh, 1);
  let h = lane(cdgh, 0);
  for (let round = 0; round < 2; round++) {
    const sum = ((e & f) ^ (~e & g)) + (rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25)) + (round ? lane(words, 1) : lane(words, 0)) + h;
    const next = sum + ((a & b) ^ (a & c) ^ (b & c)) + (rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22));
    h = g;
    g = f;
    f = e;
    e = sum + d;
    d = c;
    c = b;
    b = a;
    a = next;
  }
  return lanes(a, b, e, f);
}

@inline
function sigma0(word: u32): u32 {
  return rotr<u32>(word, 7) ^ rotr<u32>(word, 18) ^ (word >> 3);
}
@inline
function sigma1(word: u32): u32 {
  return rotr<u32>(word, 17) ^ rotr<u32>(word, 19) ^ (word >> 10);
}

export function sha256_schedule1(env: usize, a: v128, b: v128): v128 {
  const w4 = lane(b, 0);
  const w3 = lane(a, 3);
  const w2 = lane(a, 2);
  const w1 = lane(a, 1);
  const w0 = lane(a, 0);
  return lanes(w3 + sigma0(w4), w2 + sigma0(w3), w1 + sigma0(w2), w0 + sigma0(w1));
}

export function sha256_schedule2(env: usize, a: v128, b: v128): v128 {
  const w16 = lane(a, 0) + sigma1(lane(b, 2));
  const w17 = lane(a, 1) + sigma1(lane(b, 3));
  const w18 = lane(a, 2) + sigma1(w16);
  const w19 = lane(a, 3) + sigma1(w17);
  return lanes(w19, w18, w17, w16);
}
