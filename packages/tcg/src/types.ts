import { ENV_CODE_CHANGED, ENV_CODE_PAGE } from './env.js';
import type { Ir } from './ir.js';

/** The types of IR values: WebAssembly's, since a guest register of any machine fits one of them. */
export const VALUE_TYPES = ['i32', 'i64', 'f32', 'f64', 'v128'] as const;
export type ValueType = (typeof VALUE_TYPES)[number];

/** Bytes that a value of each type takes in a slot of the vCPU block. */
export const SIZE_OF: Readonly<Record<ValueType, number>> = { i32: 4, i64: 8, f32: 4, f64: 8, v128: 16 };

/**
 * A guest register or a piece of guest state: a slot at a fixed offset in every vCPU's block. Tier 1 keeps globals in
 * locals while a region runs, so nobody but the code itself and helpers that declare it may look at one in between.
 */
export interface Global {
  readonly name: string;
  readonly type: ValueType;
  /** Bytes from the start of the vCPU block; aligned to the type's size, below `GLOBALS_END`. */
  readonly offset: number;
}

/** Written by helpers that store to guest memory; the accelerator's own. */
export const CODE_CHANGED: Global = { name: 'code_changed', type: 'i32', offset: ENV_CODE_CHANGED };

/** What relocatable blocks add to their addresses (see `Ir.codeAddress`); the accelerator's own. */
export const CODE_PAGE: Global = { name: 'code_page', type: 'i64', offset: ENV_CODE_PAGE };

/** A value of a block under construction; made by an `IrBuilder`, good only with that builder. */
export type Value = number & { readonly __value: unique symbol };

/** A guest memory access. */
export interface MemoryAccess {
  /** Bytes accessed, little-endian. */
  readonly size: 1 | 2 | 4 | 8 | 16;
  /** The type of the value: narrower integers are extended to it. A load of size 4 or 8 into v128 clears the rest. */
  readonly type: ValueType;
  /** Sign-extend a narrow integer load. */
  readonly signed?: boolean;
  /** The alignment that the access demands, in bytes; what is less aligned goes to the target's `misaligned`. */
  readonly aligned?: number;
  /** A load whose page must be writable too: the first half of a read-modify-write. */
  readonly forWrite?: boolean;
  /** Index of the translation regime, chosen by the target (for x86: 0 kernel, 1 user, 2 kernel without SMAP). */
  readonly mmu: number;
  /** What `encodeAccess` makes of all this, if the target keeps it. */
  readonly code?: number;
}

/** What a helper touches besides its arguments: nothing, everything, or named globals. */
export type Touches = 'none' | 'all' | readonly Global[];

/**
 * A function that translated code calls. Its first argument is always the vCPU block's address (`env`, i32).
 * Helpers marked `wasm` are exports of the target's own WebAssembly module; `js` ones are methods of the target's CPU.
 */
export interface Helper {
  readonly name: string;
  readonly where: 'wasm' | 'js';
  readonly params: readonly ValueType[];
  readonly result?: ValueType;
  readonly reads: Touches;
  readonly writes: Touches;
  /**
   * May set `ENV_FAULT`: the block is then left at once, with `pc` the address of the instruction that called. A
   * helper that does not fault returns normally.
   */
  readonly mayFault: boolean;
  /**
   * Stores to guest memory by itself, and so may hit the code that is running; CODE_CHANGED is among what it writes then. The block
   * is left behind its instruction if it did.
   */
  readonly stores?: boolean;
  /**
   * The helper's common case as IR, for compilers to write in its place. `args` are as the call has them: constants are
   * constants. Called when the code is compiled; may answer undefined.
   */
  readonly quick?: (ir: Ir, args: readonly Value[]) => Quick | undefined;
}

/** Where `holds` (i32) is not zero, a call does nothing but give `result` and set these globals (which the helper declares to write). */
export interface Quick {
  readonly holds: Value;
  readonly result?: Value;
  readonly sets?: readonly (readonly [Global, Value])[];
}

/** How control leaves a block. */
export type Exit =
  /** To a known guest address (`pc` as the guest has it: RIP or EIP, without a code segment's base; as for `Ir.codeAddress`). */
  | { readonly kind: 'goto'; readonly pc: number }
  /** To wherever the `pc` global says by now: returns, indirect jumps, far transfers, changes of mode. */
  | { readonly kind: 'lookup' }
  /** Back to the main loop; the `pc` global is set by the block before. `reason` is one of `EXIT_*`. */
  | { readonly kind: 'leave'; readonly reason: number };
