/**
 * REP CMPS and REP SCAS in bulk: how many elements do not end the repetition, as far as the TLB allows to look, going up. The one that
 * ends it, which sets the flags, is left to the translated loop, and so is the last one. `form` is bytes an element, and
 * WHILE_EQUAL for REPE.
 */
import { hostForRead } from './guest-memory';
import { STRING_WHILE_EQUAL } from './layout';
import { MOST, affordable, countIterations, leftInPage } from './strings';

/** A bit for each byte of the elements that are equal. */
// @ts-ignore: decorator
@inline function equalBytes(a: v128, b: v128, size: u64): i32 {
  if (size == 1) return i8x16.bitmask(i8x16.eq(a, b));
  if (size == 2) return i8x16.bitmask(i16x8.eq(a, b));
  if (size == 4) return i8x16.bitmask(i32x4.eq(a, b));
  return i8x16.bitmask(i64x2.eq(a, b));
}

// @ts-ignore: decorator
@inline function element(at: usize, size: u64): u64 {
  if (size == 1) return load<u8>(at);
  if (size == 2) return load<u16>(at);
  return size == 4 ? load<u32>(at) : load<u64>(at);
}

/** The first of `bytes` bytes whose element ends the repetition, or `bytes`. */
function endOfPair(a: usize, b: usize, bytes: u64, size: u64, ends: i32): u64 {
  let at: u64 = 0;
  for (; at + 16 <= bytes; at += 16) {
    const found = equalBytes(v128.load(a + (at as usize)), v128.load(b + (at as usize)), size) ^ ends;
    if (found) return at + ctz(found);
  }
  for (; at < bytes; at += size) {
    if ((element(a + (at as usize), size) == element(b + (at as usize), size)) != (ends != 0)) return at;
  }
  return bytes;
}

function endOfScan(value: u64, b: usize, bytes: u64, size: u64, ends: i32): u64 {
  const wanted = size == 1 ? i8x16.splat(value as i8) : size == 2 ? i16x8.splat(value as i16) : size == 4 ? i32x4.splat(value as i32) : i64x2.splat(value);
  let at: u64 = 0;
  for (; at + 16 <= bytes; at += 16) {
    const found = equalBytes(wanted, v128.load(b + (at as usize)), size) ^ ends;
    if (found) return at + ctz(found);
  }
  for (; at < bytes; at += size) {
    if ((value == element(b + (at as usize), size)) != (ends != 0)) return at;
  }
  return bytes;
}

/** Page by page, as far as the TLB allows. `compares`: with the elements at `source`, else with `value`. */
// @ts-ignore: decorator
@inline function search(
  env: usize, form: i32, compares: bool, source: u64, value: u64, destination: u64, elements: u64, mmu: i32,
): u64 {
  if (elements == 0) return 0;
  const size = (form & ~STRING_WHILE_EQUAL) as u64;
  const ends = form & STRING_WHILE_EQUAL ? 0xffff : 0;
  let done: u64 = 0;
  const wanted = affordable(env, min<u64>(elements - 1, MOST / size));
  while (done < wanted) {
    const from = source + done * size;
    const to = destination + done * size;
    const room = compares ? min<u64>(leftInPage(from), leftInPage(to)) : leftInPage(to);
    const count = min<u64>(room / size, wanted - done);
    if (!count) break;
    const a = compares ? hostForRead(env, from, mmu) : 0;
    const b = hostForRead(env, to, mmu);
    if ((compares && !a) || !b) break;
    const bytes = count * size;
    const passed = (compares ? endOfPair(a, b, bytes, size, ends) : endOfScan(value, b, bytes, size, ends)) / size;
    done += passed;
    if (passed < count) break;
  }
  countIterations(env, done, elements);
  return done;
}

export function rep_cmps(env: usize, form: i32, source: u64, destination: u64, elements: u64, mmu: i32): u64 {
  return search(env, form, true, source, 0, destination, elements, mmu);
}

export function rep_scas(env: usize, form: i32, value: u64, destination: u64, elements: u64, mmu: i32): u64 {
  return search(env, form, false, 0, value, destination, elements, mmu);
}
