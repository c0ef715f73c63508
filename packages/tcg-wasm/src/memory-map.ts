/**
 * What lies where in linear memory below POOL_START. Plain constants: TypeScript and AssemblyScript import this file. Sizes
 * in bytes. Pages that are never touched cost nothing.
 */

/** The target's static data: DATA_START to here. */
export const DATA_END = 0x0100_0000;
/** One byte for each page of linear memory: not zero if translated code was made from it. */
export const CODE_MAP = 0x0300_0000;
/** One bit for each GRAIN of linear memory: set if translated code was made from some of its bytes. */
export const CODE_GRAINS = 0x0310_0000;
export const GRAIN_SHIFT = 6;
export const GRAIN = 1 << GRAIN_SHIFT;
/** Guest-physical page to linear memory, direct-mapped: u32 frame + 1, u32 page address | RAM_*. */
export const PAGE_CACHE = 0x0390_0000;
export const PAGE_CACHE_ENTRIES = 0x1_0000;
/** The page is RAM or ROM (else a device or nothing); it may be written. */
export const RAM_PRESENT = 1;
export const RAM_WRITABLE = 2;
/** Heads of the chains of translated blocks: u32 address of the block's code, 0 = end. */
export const BLOCK_HASH = 0x0398_0000;
export const BLOCK_HASH_BITS = 17;
/** Block flags to the MMU index that code is fetched through: u32 flags, u32 index + 1. */
export const FETCH_MMU = 0x03a0_0000;
export const FETCH_MMU_ENTRIES = 256;
/**
 * Where blocks that end in a lookup went from compiled code, TARGETS_PER_ROW addresses (i64) of each: row (number of the block) %
 * TARGET_ROWS, place (pc ^ pc >> 4) % TARGETS_PER_ROW. Of what shares a place the last stays.
 */
export const TARGETS = 0x03b0_0000;
export const TARGET_ROWS = 8192;
export const TARGETS_PER_ROW = 16;
/** Translated code. */
export const ARENA_START = 0x0400_0000;
export const ARENA_END = 0x0ac0_0000;
/** vCPU blocks, ENV_SIZE each. */
export const VCPU_START = 0x0ac0_0000;
export const MAX_VCPUS = 64;
/** Behind the last of them. */
export const VCPUS_END = 0x1000_0000;

/**
 * Low bits of a TLB tag that keep an access off the fast path although the page is mapped: it is a device's, holds translated
 * code (write tags), is ROM (write tags), or lies beyond what a frame number holds.
 */
export const TLB_MMIO = 1;
export const TLB_CODE = 2;
export const TLB_ROM = 4;
export const TLB_FAR = 8;

/**
 * Bookkeeping of a vCPU's TLB, offsets from env, between the TLB and the jump cache: a byte of ENTRY_* an entry; then two lists
 * (u16 numbers of entries in use) so that a flush touches only what was used; their lengths; and filters of large pages.
 */
export const TLB_STATES = 0xb_0000;
export const TLB_LOCALS = 0xb_5000;
export const TLB_GLOBALS = 0xb_f000;
export const TLB_LOCAL_COUNT = 0xc_9000;
export const TLB_GLOBAL_COUNT = 0xc_9004;
/** u64: bit (virtual >> 30) % 64 for pages larger than 2 MiB. */
export const TLB_HUGE_FILTER = 0xc_9008;
/** 128 bytes: bit (virtual >> 21) % 1024 for pages larger than 4 KiB. */
export const TLB_LARGE_FILTER = 0xc_9010;
/** Pairs of compiled code (page of the last access at a site, addend), offsets from env; good while one region runs. */
export const PAGE_PAIRS = 0xc_a000;
/** i64: the page's virtual address, or TLB_INVALID; then i32: as TLB_ADDEND. */
export const PAIR_SIZE = 16;
export const PAIR_ADDEND = 8;
export const MOST_PAIRS = 32;
export const ENTRY_IN_LOCALS = 1;
export const ENTRY_IN_GLOBALS = 2;
export const ENTRY_GLOBAL = 4;
export const ENTRY_LARGE = 8;
export const ENTRY_HUGE = 16;

/** i32 at env: not zero asks the main loop to run the instruction at pc in a block of its own, whose stores may hit any code. */
export const ENV_ALONE = 56;

/** The head of a translated block in the arena; its code starts right behind. */
export const BLOCK_HEAD = 64;
/** u16 opcode ENTER or what replaced it; u16 instruction count; u32 entries left until the block is hot; i64 pc. */
export const BLOCK_COUNT = 2;
export const BLOCK_HEAT = 4;
export const BLOCK_PC = 8;
/** u32: number of the block; address of its instructions' addresses (i32 each, relative to pc); flags; code base. */
export const BLOCK_INDEX = 16;
export const BLOCK_PCS = 20;
export const BLOCK_FLAGS = 24;
export const BLOCK_CODE_BASE = 28;
/** u32: linear address of the code; next block in the hash chain; slot of the region, or 0; linear address of the second page, or 0. */
export const BLOCK_LINEAR = 32;
export const BLOCK_NEXT = 36;
export const BLOCK_REGION = 40;
export const BLOCK_LINEAR2 = 44;
/** i32, extended to 64 bits: the bits of pc that are the block's own: all, or, of a relocatable block, the lowest 12. */
export const BLOCK_PC_MASK = 48;
/** u32: times that the region may still be entered before it is offered to be compiled again, with more around it. */
export const BLOCK_REGION_HEAT = 52;
/** i64: virtual address of the second page, without ENV_CODE_PAGE; its low bits are the TLB table that code is fetched through. */
export const BLOCK_PAGE2 = 56;

/** Functions of the target in the table that all modules share. Regions come after. */
export const SLOT_TLB_FILL = 1;
export const SLOT_MISALIGNED = 2;
export const FIRST_REGION_SLOT = 16;
