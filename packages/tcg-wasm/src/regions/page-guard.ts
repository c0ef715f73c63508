/** Whether code is still mapped where it was when it was compiled: asked when a region goes to another guest page. */
import { Env } from '@nandu/tcg';
import type { CodeBlock } from '../region-compiler.js';
import type { CodeWriter } from '../wasm/code-writer.js';
import * as I from '../wasm/instructions.js';
import { ENV } from './region-globals.js';

export const PAGE_SIZE = 4096;

/** Virtual address of a block's first byte. A code segment's base wraps at 4 GiB. */
function addressOf(block: CodeBlock): number {
  return block.codeBase === 0 ? block.pc : (block.pc + block.codeBase) >>> 0;
}

/** Virtual address of the page that the block begins on. */
export function pageOf(block: CodeBlock): number {
  return Math.floor(addressOf(block) / PAGE_SIZE) * PAGE_SIZE;
}

/** Offset from `env` of the TLB entry for a page. */
export function tlbEntryOffset(mmu: number, page: number): number {
  return Env.ENV_TLB + (mmu * Env.TLB_ENTRIES + ((page >>> 12) & (Env.TLB_ENTRIES - 1))) * Env.TLB_ENTRY_SIZE;
}

/** Leaves an i32 that is not zero if the block's first page, or its second, is mapped elsewhere or not in the TLB. */
export function emitIsUnmapped(w: CodeWriter, block: CodeBlock, second: boolean): void {
  const page = pageOf(block) + (second ? PAGE_SIZE : 0);
  const pageLinear = second ? block.linear2 : block.linear - (addressOf(block) - pageOf(block));
  const entry = tlbEntryOffset(block.fetchMmu, page);
  w.get(ENV);
  w.memory(I.I64_LOAD, entry + Env.TLB_EXECUTE);
  w.i64(page);
  w.op(I.I64_NE);
  w.get(ENV);
  w.memory(I.I32_LOAD, entry + Env.TLB_ADDEND);
  w.i32((pageLinear - (page % 0x1_0000_0000)) | 0);
  w.op(I.I32_NE);
  w.op(I.I32_OR);
}
