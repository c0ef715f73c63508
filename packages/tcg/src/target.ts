/**
 * A guest architecture, as an accelerator sees it. The accelerator owns the loop, the TLB, the code cache and linear memory;
 * the target owns the meaning of the bytes.
 */
import type { Ir } from './ir.js';
import type { Global, Helper } from './types.js';

/**
 * Reads guest code. Only the block's own page, then, for the first instruction, the next: crossing tells the accelerator that the
 * block spans two. Decode before calling `Ir.instruction`: that is how the reader knows which instruction it reads for.
 */
export interface CodeReader {
  /** The byte at pc + offset of the block's first instruction (any mode: code base is added for you). Throws `CodeFault` if the page cannot be fetched. */
  u8(offset: number): number;
  /**
   * The address in linear memory of bytes that guests have been seen to overwrite time and again: if the block reads them there
   * whenever it runs, instead of being made for what they are now, it outlives the next change. 0: they are to be taken as they are.
   */
  changing?(offset: number, bytes: number): number;
}

/** Thrown by a CodeReader whose page is not executable; `translate` ends the block before the instruction that needs it. */
export class CodeFault extends Error {}

export interface TranslateRequest {
  /** Of a relocatable block: of its page's start, that is below 4096, or, as a part of a region, of the region's page. */
  readonly pc: number;
  readonly codeBase: number;
  /** Whether `pc` is a distance, and the block is to be right wherever its page is mapped. */
  readonly relocatable: boolean;
  readonly flags: number;
  readonly code: CodeReader;
  /** Most guest instructions to translate (at least 1). */
  readonly maxInstructions: number;
}

export interface TranslatedBlock {
  /** Bytes of guest code that the block was made from, from pc on. */
  readonly byteLength: number;
  readonly instructionCount: number;
}

/**
 * What the target's own WebAssembly module is instantiated with, beside `env.memory`. AssemblyScript declares them with
 * `@external("host", name)`. All of them are the accelerator's; numbers are i32 unless said otherwise.
 */
export interface TargetImports {
  /** Address in linear memory of a byte of guest-physical RAM for reading, or 0 if it is not RAM. (physical: i64) */
  phys_read(physical: bigint): number;
  /** The same for writing: also tells the code cache that the 8 bytes there change (page tables, descriptors). */
  phys_write(physical: bigint): number;
  /** Puts a page into the TLB of `env`. (env, virtual: i64, physical: i64, prot: PROT_*, mmu, pageSize: i64) */
  tlb_set(env: number, virtual: bigint, physical: bigint, prot: number, mmu: number, pageSize: bigint): void;
  /** Drops all entries of `env`'s TLB; with keepGlobal, all but those set with PROT_GLOBAL. Also the jump cache. */
  tlb_flush(env: number, keepGlobal: number): void;
  /** Drops one page (of whatever size it was set with). */
  tlb_flush_page(env: number, virtual: bigint): void;
  /** One access of a helper to guest-physical memory that is not RAM, of 1, 2, 4 or 8 bytes. (env, physical: i64, size) -> i64 */
  mmio_read(env: number, physical: bigint, size: number): bigint;
  /** (env, physical: i64, size, value: i64) */
  mmio_write(env: number, physical: bigint, size: number, value: bigint): void;
}

export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const PROT_EXECUTE = 4;
/** The mapping survives flushes that keep global pages. */
export const PROT_GLOBAL = 8;

/** Kinds of access given to `tlb_fill`. */
export const ACCESS_READ = 0;
export const ACCESS_WRITE = 1;
export const ACCESS_EXECUTE = 2;

/**
 * Exports that every target's WebAssembly module has, besides its `wasm` helpers:
 *
 *   tlb_fill(env, virtual: i64, access: ACCESS_*, mmu) -> i32
 *      Walks the page tables; on success calls `tlb_set` and returns 1; else raises the guest's exception (ENV_FAULT) and
 *      returns 0.
 *   misaligned(env, virtual: i64, alignment)
 *      Raises what an access with `MemoryAccess.aligned` gives.
 *   fault(env)
 *      Called with ENV_FAULT set, `pc` at the faulting instruction: delivers the exception to the guest (changes pc, stack,
 *      mode) and clears ENV_FAULT. If that cannot be done it sets ENV_EXIT_REQUEST and ENV_EXIT_REASON >= EXIT_TARGET.
 */
export const TARGET_EXPORTS = ['tlb_fill', 'misaligned', 'fault'] as const;

export interface Target {
  readonly name: string;
  /** Every global, for printers and for tier 1's locals. `pc` is among them, at ENV_PC. */
  readonly globals: readonly Global[];
  readonly helpers: readonly Helper[];
  /** The target's own WebAssembly module, compiled once a process: imports `env.memory` and the functions of TargetImports under `host`. */
  readonly module: WebAssembly.Module;
  /** Bytes of linear memory that the module's own data needs, from address `DATA_START`. */
  readonly dataBytes: number;
  /** Writes one block. Decode errors become guest exceptions in the IR, never exceptions here. */
  translate(ir: Ir, request: TranslateRequest): TranslatedBlock;
  /**
   * Whether blocks of these flags, without a code base, can be made that are right at every address, by `Ir.codeAddress`. The accelerator
   * then translates code once that is mapped at many addresses (shared libraries). Without the method: no.
   */
  isRelocatable?(flags: number): boolean;
  /** Which TLB table code is fetched through, for these block flags. */
  fetchMmu(flags: number): number;
  /** One instruction as text, for logs and monitors: 'mov eax, [rbx+8]'. `pc`: where the reader's first byte is, for relative targets. */
  disassemble?(code: CodeReader, flags: number, offset: number, pc?: number): { text: string; length: number };
}

/** What runs a target's code: made by the target for every vCPU, called by the accelerator's `js` helpers and loop. */
export interface TargetCpu {
  /** Start of this vCPU's block in linear memory. */
  readonly env: number;
  /** Methods named as the `js` helpers. */
  readonly jsHelpers: Readonly<Record<string, (...args: never[]) => number | bigint | void>>;
  /** Called by the loop before code runs, and when EXIT_REQUESTED: takes pending interrupts, INIT, SIPI, NMI. Returns whether the vCPU can run (false: halted). */
  prepareToRun(): boolean;
  /** Called when `run` returned a reason >= EXIT_TARGET. */
  handleExit(reason: number): void;
}

/** Where the target module's static data starts in linear memory; below it is nothing, so that address 0 stays free. */
export const DATA_START = 0x1_0000;
