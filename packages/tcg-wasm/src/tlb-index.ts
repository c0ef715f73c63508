/** Where a page's entry lies in a TLB table, as code computes it. */
import { Env } from '@nandu/tcg';
import type { CodeWriter } from './wasm/code-writer.js';
import * as I from './wasm/instructions.js';

const ENTRY_SHIFT = 12 - Math.log2(Env.TLB_ENTRY_SIZE);
const ENTRY_MASK = (Env.TLB_ENTRIES - 1) * Env.TLB_ENTRY_SIZE;

/** From a virtual address (i64 on the stack) to the offset of its page's entry from the table's start (i32). */
export function emitTlbIndex(w: CodeWriter): void {
  w.op(I.I32_WRAP_I64);
  w.i32(ENTRY_SHIFT);
  w.op(I.I32_SHR_U);
  w.i32(ENTRY_MASK);
  w.op(I.I32_AND);
}
