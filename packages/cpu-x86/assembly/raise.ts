/** Announcing exceptions; `exceptions.ts` delivers them. */
import { ENV_FAULT } from '../../tcg/src/env';
import * as L from './layout';

export const DE = 0;
export const DB = 1;
export const BP = 3;
export const OF = 4;
export const BR = 5;
export const UD = 6;
export const NM = 7;
export const DF = 8;
export const TS = 10;
export const NP = 11;
export const SS = 12;
export const GP = 13;
export const PF = 14;
export const AC = 17;

/** Announces an event; `error` is -1 where it has no error code. */
export function announce(env: usize, vector: i32, error: i32, kind: i32, nextPc: u64): void {
  store<i32>(env, vector, L.EXC_VECTOR);
  store<i32>(env, error < 0 ? 0 : error, L.EXC_ERROR);
  store<i32>(env, error < 0 ? 0 : 1, L.EXC_HAS_ERROR);
  store<i32>(env, kind, L.EXC_KIND);
  store<u64>(env, nextPc, L.EXC_NEXT_PC);
  store<i32>(env, 1, ENV_FAULT);
}

/** A fault: vector, error code (-1: none). */
export function raise(env: usize, vector: i32, error: i32): void {
  announce(env, vector, error, L.KIND_FAULT, 0);
}

/** A memory access to an address that is not canonical; answers false. */
export function raiseNotCanonical(env: usize, virtual: u64): bool {
  announce(env, GP, 0, L.KIND_NOT_CANONICAL, virtual);
  return false;
}

/** The same as `raise` if the condition is not 0. */
export function raise_if(env: usize, condition: i32, vector: i32, error: i32): void {
  if (condition) raise(env, vector, error);
}

/** #GP(0), by far the most frequent; answers false so that checks can end with it. */
export function raiseGp(env: usize): bool {
  raise(env, GP, 0);
  return false;
}

export function software_interrupt(env: usize, vector: i32, kind: i32, nextPc: u64): void {
  announce(env, vector, -1, kind, nextPc);
}

/** INTO: #OF as a trap if OF is set. */
export function into(env: usize, overflow: i32, nextPc: u64): void {
  if (overflow) announce(env, OF, -1, L.KIND_INT3, nextPc);
}

/** An access that had to be aligned: #GP(0) for SSE operands, #AC for what alignment checking covers. */
export function misaligned(env: usize, virtual: u64, alignment: i32): void {
  raise(env, alignment >= 16 ? GP : AC, 0);
}
