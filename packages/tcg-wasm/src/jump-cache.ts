/**
 * The jump cache: JUMP_ENTRIES entries of JUMP_SIZE bytes at env + ENV_JUMP_CACHE; the entry of pc is (pc ^ pc >> 12) %
 * JUMP_ENTRIES (low 32 bits of pc, unsigned). A hit needs pc, flags and code base equal, and, since it is not cleared when the TLB is, the execute
 * tag of the TLB entry at env + JUMP_TLB_ENTRY equal to the page of pc + code base and its addend + low word of that equal to
 * JUMP_LINEAR.
 */
export const JUMP_ENTRIES = 16384;
export const JUMP_SIZE = 32;
/** i64 */
export const JUMP_PC = 0;
/** i32: ENV_BLOCK_FLAGS. */
export const JUMP_FLAGS = 8;
/** i32: ENV_CODE_BASE. */
export const JUMP_CODE_BASE = 12;
/** i32: address of the code in linear memory. */
export const JUMP_LINEAR = 16;
/** i32: offset from env of the TLB entry of the page that the code is on. */
export const JUMP_TLB_ENTRY = 20;
/** i32: address of the block's head. If the block is gone meanwhile, that is a `stale` micro-op. */
export const JUMP_CODE = 24;
