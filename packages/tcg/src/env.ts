/**
 * The head of a vCPU block, which the accelerator and every target share. Plain constants, so that AssemblyScript can
 * import this file as well. Offsets are in bytes from the start of the block (`env`).
 */

/** i32: guest instructions left in this slice; blocks subtract their length on entry; negative ends the slice. */
export const ENV_BUDGET = 0;
/** i32: not zero asks translated code to return to the main loop at its next check. Set by anybody. */
export const ENV_EXIT_REQUEST = 4;
/** i32: not zero after a guest exception was raised (by a helper or a memory access); cleared by the target's `fault`. */
export const ENV_FAULT = 8;
/** i32: why the last `run` returned, one of EXIT_*. */
export const ENV_EXIT_REASON = 12;
/** i64: the guest's program counter; exact whenever a helper that may fault runs, and whenever no code runs. */
export const ENV_PC = 16;
/** i32: what a block depends on besides its address (mode, privilege, ...); the target keeps it true. */
export const ENV_BLOCK_FLAGS = 24;
/** i32: base added to pc to get the linear address of code, as unsigned; 0 where the target has none (64-bit mode). */
export const ENV_CODE_BASE = 28;
/** i64: guest instructions executed since the start: `ENV_RETIRED - ENV_BUDGET` is the count at any moment. */
export const ENV_RETIRED = 32;
/** i32: the block that the accelerator runs; its own. */
export const ENV_BLOCK = 40;
/** i32: index of the vCPU, from 0. */
export const ENV_CPU_INDEX = 44;
/** i64: guest-physical address that a slow access found to be a device's, for helpers that go on with it. */
export const ENV_MMIO_ADDRESS = 48;
/** i64: accelerator's scratch. */
export const ENV_SCRATCH = 56;
/** Targets place their globals from here... */
export const GLOBALS_START = 64;
/** ...to here; then come the accelerator's temporaries up to 64 KiB. */
export const GLOBALS_END = 0x4000;
/** i32, the last of the globals: not zero once a helper's store hit the code that is running. */
export const ENV_CODE_CHANGED = 0x3ffc;
/**
 * i64, a global that no block sets: what is added to the addresses that the running block was made for. 0, or for relocatable blocks
 * the virtual address of the page that it begins on.
 */
export const ENV_CODE_PAGE = 0x3ff0;
export const TEMPORARIES_START = 0x4000;
export const TEMPORARIES_END = 0x10000;

/**
 * Soft TLBs: `MMU_INDEXES` direct-mapped tables of `TLB_ENTRIES`, one after the other. Entry of virtual address v in
 * table m: ENV_TLB + (m * TLB_ENTRIES + (v >> 12) % TLB_ENTRIES) * TLB_ENTRY_SIZE. Accesses to data name tables 0 to 3
 * (`ACCESS_*`); a target that fetches code through others keeps code and data from taking each other's entries.
 */
export const ENV_TLB = 0x10000;
export const MMU_INDEXES = 5;
export const TLB_ENTRIES = 4096;
export const TLB_ENTRY_SIZE = 32;
/** i64 each: the page's virtual address (v & ~0xfff) if that access may take the fast path, else TLB_INVALID. */
export const TLB_READ = 0;
export const TLB_WRITE = 8;
export const TLB_EXECUTE = 16;
/** i32: linear-memory address = low 32 bits of the virtual address + this. */
export const TLB_ADDEND = 24;
/** i32: the page's number in guest-physical space (address >> 12), for those who need it (code cache, dirty pages). */
export const TLB_FRAME = 28;
/** No page has this address: bits below 12 are set. */
export const TLB_INVALID = -1;
export const ENV_TLB_END = 0xb0000;

/** Jump cache: pc and block flags to block, direct-mapped; laid out by the accelerator. */
export const ENV_JUMP_CACHE = 0xd0000;
/** Bytes of a whole vCPU block. */
export const ENV_SIZE = 0x150000;

/** Reasons to leave, in ENV_EXIT_REASON. Targets use numbers from EXIT_TARGET up. */
/** The budget is used up. */
export const EXIT_BUDGET = 0;
/** ENV_EXIT_REQUEST was set. */
export const EXIT_REQUESTED = 1;
/** No translated block: the accelerator translates and goes on. */
export const EXIT_MISS = 2;
/** The vCPU waits for an interrupt. */
export const EXIT_HALTED = 3;
/** The guest spins or yields (PAUSE): another vCPU's turn. */
export const EXIT_YIELD = 4;
/** The target's state says what to do (a triple fault, an unrecoverable error). */
export const EXIT_TARGET = 16;
