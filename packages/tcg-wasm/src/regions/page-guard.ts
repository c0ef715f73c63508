/** Whether code is still mapped where it was when it was compiled: asked when a region goes to another guest page. */
import { Env } from '@nandu/tcg';
import { emitTlbIndex } from '../tlb-index.js';
import type { CodeWriter } from '../wasm/code-writer.js';
import * as I from '../wasm/instructions.js';
import { addressOf, PAGE_SIZE, type Place, pageOf } from './place.js';
import { ENV } from './region-globals.js';

/** Offset from `env` of the TLB entry for a page. */
export function tlbEntryOffset(mmu: number, page: number): number {
  return Env.ENV_TLB + (mmu * Env.TLB_ENTRIES + ((page >>> 12) & (Env.TLB_ENTRIES - 1))) * Env.TLB_ENTRY_SIZE;
}

/**
 * Leaves an i32 that is not zero if the block's first page, or its second, is mapped elsewhere or not in the TLB. `home`: the local (i64)
 * with the address that the places of relocatable blocks begin at.
 */
export function emitIsUnmapped(w: CodeWriter, place: Place, second: boolean, home: number | undefined): void {
  const { block } = place;
  const page = pageOf(place) + (second ? PAGE_SIZE : 0);
  const pageLinear = second ? block.linear2 : block.linear - (addressOf(place) - pageOf(place));
  if (home !== undefined) return emitIsUnmappedAt(w, home, page, block.fetchMmu, pageLinear);
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

/** The same for `page` from an address in a local. */
function emitIsUnmappedAt(w: CodeWriter, home: number, page: number, mmu: number, pageLinear: number): void {
  const table = tlbEntryOffset(mmu, 0);
  const address = w.scratch('i64', 9);
  const entry = w.scratch('i32', 9);
  w.get(home);
  w.i64(page);
  w.op(I.I64_ADD);
  w.tee(address);
  emitTlbIndex(w);
  w.get(ENV);
  w.op(I.I32_ADD);
  w.tee(entry);
  w.memory(I.I64_LOAD, table + Env.TLB_EXECUTE);
  w.get(address);
  w.op(I.I64_NE);
  w.get(entry);
  w.memory(I.I32_LOAD, table + Env.TLB_ADDEND);
  w.get(address);
  w.op(I.I32_WRAP_I64);
  w.op(I.I32_ADD);
  w.i32(pageLinear | 0);
  w.op(I.I32_NE);
  w.op(I.I32_OR);
}
