/**
 * What a target writes a block with. A block is one run of guest instructions, entered only at its top: a straight list of
 * ops, side exits among them, one end. There are no labels inside: what repeats (REP) is a block that goes to itself, what
 * chooses is `select`, what is large is a helper.
 *
 * Rules for targets:
 *  - Call `instruction(pc)` before each guest instruction. At that point the globals must be the architectural state.
 *  - Within an instruction, set no global before the last op that may fault (memory access, helper with `mayFault`), unless
 *    the value is harmless to repeat: then a fault needs no undoing, whichever tier runs.
 *  - `pc` need not be kept: the accelerator sets it on faults, on leaving, and before helpers that may fault or that read
 *    'all'. A block that ends in 'lookup' or 'leave' sets it itself.
 */
import type { OpName } from './ops.js';
import type { Exit, Global, Helper, MemoryAccess, Value, ValueType } from './types.js';

export interface Ir {
  /** Start of a guest instruction; `pc` as for `codeAddress`. */
  instruction(pc: number): void;

  /**
   * A code address as a value (i64): `pc` of the request plus a distance, or what else is known to be that. Relocatable blocks
   * run wherever their page is mapped; the addresses that they are translated with begin at 0 for their page.
   */
  codeAddress(pc: number): Value;
  i32(value: number): Value;
  /** Exact for safe integers; others come as bigint (taken modulo 2^64). */
  i64(value: number | bigint): Value;
  f32(value: number): Value;
  f64(value: number): Value;
  /** 16 bytes, lowest first. */
  v128(bytes: ArrayLike<number>): Value;

  typeOf(value: Value): ValueType;
  /** The value as a number if it is an integer constant that is a safe integer, else undefined. */
  constantOf(value: Value): number | undefined;

  /** The global's value at this point; later sets do not change it. */
  get(global: Global): Value;
  set(global: Global, value: Value): void;

  op(name: OpName, ...operands: Value[]): Value;
  /** i8x16.shuffle: lanes 0-15 of `a`, 16-31 of `b`. */
  shuffle(a: Value, b: Value, lanes: ArrayLike<number>): Value;

  /** Short forms: integer ops whose type (i32 or i64) is the first operand's. Shift counts have the operand's type. */
  add(a: Value, b: Value): Value;
  sub(a: Value, b: Value): Value;
  mul(a: Value, b: Value): Value;
  and(a: Value, b: Value): Value;
  or(a: Value, b: Value): Value;
  xor(a: Value, b: Value): Value;
  shl(a: Value, b: Value): Value;
  shrU(a: Value, b: Value): Value;
  shrS(a: Value, b: Value): Value;
  /** Comparisons and tests give an i32 of 0 or 1. */
  eq(a: Value, b: Value): Value;
  ne(a: Value, b: Value): Value;
  ltU(a: Value, b: Value): Value;
  ltS(a: Value, b: Value): Value;
  eqz(a: Value): Value;
  /** `condition` (i32) ? a : b, of any type. */
  select(condition: Value, a: Value, b: Value): Value;
  wrap(a: Value): Value;
  extendU(a: Value): Value;
  extendS(a: Value): Value;

  /** Guest memory at a linear (virtual) address (i64). May fault. */
  load(access: MemoryAccess, address: Value): Value;
  /** May fault; nothing is written then. Integers are cut to the access size. */
  store(access: MemoryAccess, address: Value, value: Value): void;

  /** The result, if the helper has one. `env` is passed for you. */
  call(helper: Helper, ...args: Value[]): Value;

  /** Leaves the block by `exit` if `condition` (i32) is not zero. */
  exitIf(condition: Value, exit: Exit): void;
  /** The end, one of these two once a block; nothing may follow. */
  end(exit: Exit): void;
  branch(condition: Value, taken: Exit, otherwise: Exit): void;
  /** Ops so far: a block has room for a few thousand values. */
  readonly length: number;
  /** Whether `end` or `branch` was called. */
  readonly ended: boolean;
}
