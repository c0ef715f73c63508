/**
 * Where tier 0 and tier 1 meet. Tier 0 (and the code cache) owns blocks, counts their entries and offers hot ones; tier 1
 * compiles regions of them and installs the functions.
 *
 * A region is a WebAssembly function `(env: i32) -> i32` in `RegionHost.table`:
 *  - Entered with `pc` stored, which is the address of its entry block. Globals are in the vCPU block.
 *    On entry nothing has been counted: it subtracts the instruction count of each block as it enters it (the entry block
 *    too), exactly as tier 0 does: `budget - count` negative, or ENV_EXIT_REQUEST not zero: leave before the block, nothing
 *    subtracted. (Counting per block, not per region or path, keeps the count that a device sees in the middle of a
 *    block the same in both tiers. Checks may be left out between blocks that cannot loop only if the sum fits.)
 *  - It returns 0 to go on at ENV_PC, which it has stored: the interpreter looks up the block, or delivers the fault if
 *    ENV_FAULT is set, or repeats the instruction alone if a store asked for it (see `store_slow`). Anything else: leave to
 *    the main loop, with ENV_PC and ENV_EXIT_REASON stored.
 *  - It may tail-call `dispatch` (regions/imports.ts), which goes on to another region after validating the jump (see jump-cache.ts).
 *  - On a fault or abandoned instruction in the middle of a block: globals as at the start of that instruction, ENV_PC its
 *    address, ENV_BUDGET plus the number of instructions of the block from this one on (this one included).
 *  - Before a helper that may fault or reads 'all': ENV_PC = address of the instruction.
 *  - A goto to another guest page (pc + codeBase) inside a region needs the check that the page is still mapped where it was
 *    when compiled: execute tag of the TLB entry (table `fetchMmu`) equal to the page, and low 32 bits of the virtual
 *    address + addend equal to the block's `linear`; else store pc and return 0. The same for `linear2` on entering a block
 *    that spans two pages.
 *  - It stores `entry.address` to ENV_BLOCK when entered: so the code cache knows what runs when a store hits code.
 *  - It counts down `entry.address` + BLOCK_REGION_HEAT when entered; at 0 it leaves to the main loop with EXIT_HOT, as a hot block
 *    does. A block of its that ends in a lookup may note in `targetRow` where that went.
 *  - On a side exit in the middle of a block (`exit_if`) it adds to ENV_BUDGET what the block counted and has not executed: the
 *    instructions after the current one.
 */
import type { Global, Helper, IrBlock } from '@nandu/tcg';

/** A translated block, as both tiers know it. */
export interface CodeBlock {
  readonly index: number;
  /** Address of its head in the code arena. */
  readonly address: number;
  /** Of a relocatable block: the offset in its page. */
  readonly pc: number;
  readonly flags: number;
  readonly codeBase: number;
  /** Made for any address (see `Ir.codeAddress`). */
  readonly relocatable: boolean;
  /** What its addresses began from when it was last seen: 0, or the virtual address of a relocatable block's page. */
  readonly home: number;
  /** Address in linear memory of the block's first byte of guest code. */
  readonly linear: number;
  /** Address in linear memory of the second page's start, if the block reaches into it; else 0. */
  readonly linear2: number;
  readonly byteLength: number;
  readonly instructionCount: number;
  /** TLB table that code of these flags is fetched through. */
  readonly fetchMmu: number;
  /** False once its code was overwritten or the cache flushed. */
  readonly valid: boolean;
  /** The region entered at this block, if there is one. */
  readonly region: Region | undefined;
}

/** What tier 1 hands in for one compiled function. */
export interface Region {
  /** The block that it is entered at. One region one entry. */
  readonly entry: CodeBlock;
  /** Every block whose code is in it, the entry among them: if one is overwritten the region is dropped. */
  readonly blocks: readonly CodeBlock[];
  /** Index in `RegionHost.table`; taken by tier 1 with `allocateSlot`, given back by the code cache when the region is dropped. */
  readonly slot: number;
  /** After so many entries its entry block is offered again. */
  entriesUntilOffered: number;
}

/** What compiled regions import, all under the module name `engine`, besides `engine.memory` and `engine.table`. */
export interface EngineImports {
  /**
   * A load that missed the fast path: (env, virtual: i64, access code) -> the raw bits, zero-extended. Handles page crossing,
   * MMIO, alignment demands, forWrite. Check ENV_FAULT afterwards: not zero = abandon the instruction.
   */
  readonly load_slow: CallableFunction;
  /** 16 bytes: the value is at env + SLOW_RESULT afterwards. */
  readonly load_slow16: CallableFunction;
  /** (env, virtual: i64, value: i64, access code) -> i32: not zero = abandon the instruction (fault, or the store hits code that is running). */
  readonly store_slow: CallableFunction;
  /** (env, virtual: i64, low: i64, high: i64, access code) -> i32. */
  readonly store_slow16: CallableFunction;
  /** (env) -> i32: looks the block for ENV_PC etc. up, filling the TLB and the jump cache; not zero = slot of its region. */
  readonly find_region: CallableFunction;
}

/** Where `load_slow16` leaves its result: offset from env, 16 bytes. */
export const SLOW_RESULT = 0xfff0;

/** What tier 1 may ask of the code cache. */
export interface RegionHost {
  readonly memory: WebAssembly.Memory;
  readonly table: WebAssembly.Table;
  /** All that blocks may call. */
  readonly helpers: readonly Helper[];
  /** By offset. */
  readonly globals: ReadonlyMap<number, Global>;
  readonly engine: EngineImports;
  /** The functions behind helpers, `wasm` ones directly, `js` ones wrapped so that they find their vCPU by env; (env, ...args). */
  helper(helper: Helper): CallableFunction;
  /**
   * The block's optimised IR, translated anew, or undefined if its code is gone. It is good until the next block is translated. `pc`: where a relocatable block lies from
   * the page that the addresses in the IR are to begin at; else the block's own.
   */
  ir(block: CodeBlock, pc: number): IrBlock | undefined;
  /** The translated block at `pc` (begun where that of `from` is) with the same flags, code base and kind as `from`, as the mapping is now; undefined if there is none. */
  successor(from: CodeBlock, pc: number): CodeBlock | undefined;
  /** How often tier 0 has entered the block (stops counting once the block was offered). */
  entries(block: CodeBlock): number;
  /** Addresses (begun where the block's is) that the lookup at its end lately went to from compiled code; some may be another block's. */
  lookupTargets(block: CodeBlock): readonly number[];
  /** Address of the row of TARGETS_PER_ROW places where they are noted. */
  targetRow(block: CodeBlock): number;
  /** Not now: the block is offered again after as many entries as it took to become hot, or `entriesUntilOffered` of its region. */
  postpone(block: CodeBlock): void;
  allocateSlot(): number;
  /** Makes the region live: its entry block now enters it, and no longer the one before. The function must be in the table already. */
  install(region: Region): void;
}

export interface RegionCompiler {
  /**
   * A block became hot. Usually queues it; is called between two blocks with the vCPU stopped, so compiling at once is fine
   * too. A block is offered once, unless it is postponed, and again after its region was entered `entriesUntilOffered` times.
   */
  offer(block: CodeBlock): void;
  /** Called at the end of slices: installs what other threads have finished. */
  collect?(): void;
  /** Something was begun, or so much has queued up that it should be. */
  readonly isBusy: boolean;
  /** Called at the end of slices, every so often and while `isBusy`: compile what has queued up, a step at least, about until `untilMs` (`performance.now()`). */
  compile(untilMs?: number): void;
  /** The region is gone (its code was overwritten, or the cache flushed): its slot was emptied. */
  dropped(region: Region): void;
  /** Everything was flushed. */
  reset(): void;
  /** The machine is gone. */
  dispose?(): void;
}

export type RegionCompilerFactory = (host: RegionHost) => RegionCompiler;
