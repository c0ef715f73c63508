/** From pc to translated code, without TypeScript where the block exists: execute TLB, then the hash table, then the jump cache is filled. */
import {
  ENV_BLOCK_FLAGS, ENV_CODE_BASE, ENV_JUMP_CACHE, ENV_PC, TLB_ADDEND, TLB_EXECUTE,
} from '../../tcg/src/env';
import {
  BLOCK_CODE_BASE, BLOCK_FLAGS, BLOCK_HASH, BLOCK_HASH_BITS, BLOCK_LINEAR, BLOCK_NEXT, BLOCK_PC, BLOCK_PC_MASK, BLOCK_REGION, FETCH_MMU, FETCH_MMU_ENTRIES, SLOT_TLB_FILL,
} from '../src/memory-map';
import { JUMP_CODE, JUMP_CODE_BASE, JUMP_ENTRIES, JUMP_FLAGS, JUMP_LINEAR, JUMP_PC, JUMP_SIZE, JUMP_TLB_ENTRY } from '../src/jump-cache';
import { entryOf } from './tlb';

const PAGE_MASK: i64 = ~0xfff;
const ACCESS_EXECUTE = 2;

/** Slot of the block hash. The same function is in `block-table.ts`. */
// @ts-ignore: decorator
@inline
function hashOf(linear: u32, flags: u32): u32 {
  return ((linear ^ (flags << 12)) * 0x9e37_79b1) >>> (32 - BLOCK_HASH_BITS);
}

/** Address of the block for env's pc, flags and code base; 0: there is none, or TypeScript must look; -1: the fetch faulted. */
export function find_block(env: u32): i32 {
  const pc = load<i64>(env, ENV_PC);
  const flags = load<u32>(env, ENV_BLOCK_FLAGS);
  const base = load<u32>(env, ENV_CODE_BASE);
  const virtual: i64 = base == 0 ? pc : <i64>(<u32>pc + base);
  const regime: u32 = FETCH_MMU + ((flags ^ (flags >>> 8) ^ (flags >>> 16)) & (FETCH_MMU_ENTRIES - 1)) * 8;
  const mmu = load<u32>(regime, 4);
  if (load<u32>(regime) != flags || mmu == 0) return 0;
  const entry = entryOf(env, virtual, mmu - 1);
  const page = virtual & PAGE_MASK;
  if (load<i64>(entry, TLB_EXECUTE) != page) {
    if (!call_indirect<i32>(SLOT_TLB_FILL, env, virtual, ACCESS_EXECUTE, mmu - 1)) return -1;
    if (load<i64>(entry, TLB_EXECUTE) != page) return 0;
  }
  const linear = <u32>virtual + load<u32>(entry, TLB_ADDEND);
  let block = load<u32>(BLOCK_HASH + hashOf(linear, flags) * 4);
  while (block != 0) {
    if (
      load<u32>(block, BLOCK_LINEAR) == linear && load<i64>(block, BLOCK_PC) == (pc & <i64>load<i32>(block, BLOCK_PC_MASK)) &&
      load<u32>(block, BLOCK_FLAGS) == flags && load<u32>(block, BLOCK_CODE_BASE) == base
    ) {
      break;
    }
    block = load<u32>(block, BLOCK_NEXT);
  }
  if (block != 0) {
    const at: u32 = env + ENV_JUMP_CACHE + ((<u32>pc ^ (<u32>pc >>> 12)) & (JUMP_ENTRIES - 1)) * JUMP_SIZE;
    store<i64>(at, pc, JUMP_PC);
    store<u32>(at, flags, JUMP_FLAGS);
    store<u32>(at, base, JUMP_CODE_BASE);
    store<u32>(at, linear, JUMP_LINEAR);
    store<u32>(at, entry - env, JUMP_TLB_ENTRY);
    store<u32>(at, block, JUMP_CODE);
  }
  return block;
}

/** Slot of the region that starts at the block for env's pc, or 0. */
export function find_region(env: u32): u32 {
  const block = find_block(env);
  return block > 0 ? load<u32>(block, BLOCK_REGION) : 0;
}

/** Whether the second page of a block is still the one it was made from; fills the TLB. -1: the fetch faulted. */
export function check_page(env: u32, virtual: i64, linear: u32, mmu: u32): i32 {
  const entry = entryOf(env, virtual, mmu);
  if (load<i64>(entry, TLB_EXECUTE) != virtual) {
    if (!call_indirect<i32>(SLOT_TLB_FILL, env, virtual, ACCESS_EXECUTE, mmu)) return -1;
    if (load<i64>(entry, TLB_EXECUTE) != virtual) return 0;
  }
  return <i32>(<u32>virtual + load<u32>(entry, TLB_ADDEND) == linear);
}
