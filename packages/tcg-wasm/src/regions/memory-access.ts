/** The fast paths of guest memory accesses: the site's pair, then the TLB, then the slow path. */
import { Code, Env } from '@nandu/tcg';
import { emitTlbIndex } from '../tlb-index.js';
import type { CodeWriter, Label } from '../wasm/code-writer.js';
import * as I from '../wasm/instructions.js';
import type { PagePair } from './page-cache.js';
import { ENV } from './region-globals.js';

const TABLE_BYTES = Env.TLB_ENTRIES * Env.TLB_ENTRY_SIZE;
/** From a virtual address to the offset of its entry in the table. */

export interface FastPath {
  /** Access code of the IR. */
  readonly code: number;
  readonly isWrite: boolean;
  /** Local with the virtual address. */
  readonly address: number;
  readonly pair: PagePair | undefined;
  /** Writes the access; its address in linear memory (i32) comes from `host`. */
  access(host: () => void): void;
  /** Writes what to do without a fast path. */
  slow(): void;
}

/** Writes the access all in all; afterwards control goes on here, by whichever path. */
export function emitAccess(w: CodeWriter, path: FastPath): void {
  const { pair } = path;
  const done = w.block();
  if (pair) {
    const hit = w.block();
    const addend = w.scratch('i32', 10);
    w.get(ENV);
    w.memory(I.I32_LOAD, pair.addend);
    w.set(addend);
    emitPairTest(w, path, pair);
    w.likely(true);
    w.brIf(hit);
    emitTlbTest(w, path);
    w.likely(true);
    w.if();
    w.get(ENV);
    w.get(w.scratch('i64', 9));
    w.memory(I.I64_STORE, pair.page);
    w.get(ENV);
    w.get(w.scratch('i32', 9));
    w.memory(I.I32_LOAD, tableOffset(path.code) + Env.TLB_ADDEND);
    w.tee(addend);
    w.memory(I.I32_STORE, pair.addend);
    w.br(hit);
    w.end();
    path.slow();
    w.br(done);
    w.end();
    path.access(() => emitHostAddress(w, path.address, () => w.get(addend)));
  } else {
    const slow: Label = w.block();
    emitTlbTest(w, path);
    w.op(I.I32_EQZ);
    w.likely(false);
    w.brIf(slow);
    path.access(() =>
      emitHostAddress(w, path.address, () => {
        w.get(w.scratch('i32', 9));
        w.memory(I.I32_LOAD, tableOffset(path.code) + Env.TLB_ADDEND);
      }),
    );
    w.br(done);
    w.end();
    path.slow();
  }
  w.end();
}

function emitHostAddress(w: CodeWriter, address: number, addend: () => void): void {
  w.get(address);
  w.op(I.I32_WRAP_I64);
  addend();
  w.op(I.I32_ADD);
}

/** Same page and aligned to the size: then it does not cross into the next page either. Others are for the TLB. */
function emitPairTest(w: CodeWriter, { code, address }: FastPath, pair: PagePair): void {
  const unit = 1 << Math.max(Code.accessSizeLog2(code), Code.accessAlignLog2(code));
  w.get(address);
  w.i64(-4096 | (unit - 1));
  w.op(I.I64_AND);
  w.get(ENV);
  w.memory(I.I64_LOAD, pair.page);
  w.op(I.I64_EQ);
}

/** Leaves whether the TLB has the page; its entry and tag are then in scratch locals. */
function emitTlbTest(w: CodeWriter, { code, address, isWrite }: FastPath): void {
  const size = 1 << Code.accessSizeLog2(code);
  const alignment = 1 << Code.accessAlignLog2(code);
  w.get(address);
  emitTlbIndex(w);
  w.get(ENV);
  w.op(I.I32_ADD);
  w.tee(w.scratch('i32', 9));
  w.memory(I.I64_LOAD, tableOffset(code) + (isWrite ? Env.TLB_WRITE : Env.TLB_READ));
  w.tee(w.scratch('i64', 9));
  // The page of the last byte. Tags have bits below the page that keep off the fast path, so alignment is asked apart.
  w.get(address);
  if (size > 1 && alignment < size) {
    w.i64(size - 1);
    w.op(I.I64_ADD);
  }
  w.i64(-4096);
  w.op(I.I64_AND);
  w.op(I.I64_EQ);
  if (alignment > 1) {
    w.get(address);
    w.i64(alignment - 1);
    w.op(I.I64_AND);
    w.op(I.I64_EQZ);
    w.op(I.I32_AND);
  }
}

function tableOffset(code: number): number {
  return Env.ENV_TLB + Code.accessMmu(code) * TABLE_BYTES;
}
