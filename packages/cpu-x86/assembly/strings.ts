/**
 * REP MOVS and REP STOS in bulk. They do what the TLB already allows, page by page and going up; whatever needs a fault, a
 * device or a walk is left to the translated loop. The answer is the number of elements done.
 */
import { ENV_BUDGET } from '../../tcg/src/env';
import { hostForRead, hostForWrite } from './guest-memory';

/** Bytes done at most in one call, so that interrupts do not wait long. */
export const MOST: u64 = 0x1_0000;

// @ts-ignore: decorator
@inline export function leftInPage(linear: u64): u64 {
  return 0x1000 - (linear & 0xfff);
}

/** Elements that the slice has instructions left for: an iteration is one, and the block has counted the first. */
export function affordable(env: usize, elements: u64): u64 {
  return min<u64>(elements, (max<i32>(load<i32>(env, ENV_BUDGET), 0) as u64) + 1);
}

/** Counts the iterations but the first; if none is left, also not the entry that finds RCX to be 0. */
export function countIterations(env: usize, done: u64, elements: u64): void {
  if (done == 0) return;
  const counted = (done as i32) - (done == elements ? 2 : 1);
  store<i32>(env, load<i32>(env, ENV_BUDGET) - counted, ENV_BUDGET);
}

export function rep_movs(env: usize, elementBytes: i32, source: u64, destination: u64, elements: u64, mmu: i32): u64 {
  const size = elementBytes as u64;
  let done: u64 = 0;
  const wanted = affordable(env, min<u64>(elements, MOST / size));
  while (done < wanted) {
    const from = source + done * size;
    const to = destination + done * size;
    const room = min<u64>(leftInPage(from), leftInPage(to)) / size;
    // An element that crosses a page goes the slow way.
    if (!room) break;
    const read = hostForRead(env, from, mmu);
    const write = hostForWrite(env, to, mmu);
    if (!read || !write) break;
    const count = min<u64>(room, wanted - done);
    const bytes = (count * size) as usize;
    if (write > read && write < read + bytes) copyUp(write, read, bytes, elementBytes);
    else memory.copy(write, read, bytes);
    done += count;
  }
  countIterations(env, done, elements);
  return done;
}

/** Element by element, for a destination that overlaps what is still to be read: the pattern repeats. */
function copyUp(to: usize, from: usize, bytes: usize, size: i32): void {
  const end = to + bytes;
  if (size == 8) {
    for (; to < end; to += 8, from += 8) store<u64>(to, load<u64>(from));
  } else if (size == 4) {
    for (; to < end; to += 4, from += 4) store<u32>(to, load<u32>(from));
  } else if (size == 2) {
    for (; to < end; to += 2, from += 2) store<u16>(to, load<u16>(from));
  } else {
    for (; to < end; to++, from++) store<u8>(to, load<u8>(from));
  }
}

export function rep_stos(env: usize, elementBytes: i32, value: u64, destination: u64, elements: u64, mmu: i32): u64 {
  const size = elementBytes as u64;
  const pattern: u64 = size == 1 ? (value & 0xff) * 0x0101_0101_0101_0101
    : size == 2 ? (value & 0xffff) * 0x0001_0001_0001_0001
    : size == 4 ? (value & 0xffff_ffff) * 0x0000_0001_0000_0001 : value;
  const uniform = pattern == (pattern & 0xff) * 0x0101_0101_0101_0101;
  let done: u64 = 0;
  const wanted = affordable(env, min<u64>(elements, MOST / size));
  while (done < wanted) {
    const to = destination + done * size;
    const room = leftInPage(to) / size;
    if (!room) break;
    const write = hostForWrite(env, to, mmu);
    if (!write) break;
    const count = min<u64>(room, wanted - done);
    const bytes = (count * size) as usize;
    if (uniform) memory.fill(write, pattern as u8, bytes);
    else fillPattern(write, pattern, bytes);
    done += count;
  }
  countIterations(env, done, elements);
  return done;
}

function fillPattern(to: usize, pattern: u64, bytes: usize): void {
  const whole = to + (bytes & ~7);
  const end = to + bytes;
  for (; to < whole; to += 8) store<u64>(to, pattern);
  for (; to < end; to++, pattern >>= 8) store<u8>(to, pattern as u8);
}
