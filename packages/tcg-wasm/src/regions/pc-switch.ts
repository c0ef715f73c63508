/** Where a lookup goes on: pc against the addresses of blocks, and the note of what it was instead. */
import { TARGETS_PER_ROW } from '../memory-map.js';
import type { CodeWriter } from '../wasm/code-writer.js';
import * as I from '../wasm/instructions.js';

/** Up to so many are compared one by one. */
const MOST_COMPARED = 4;
const MOST_TABLE_BITS = 7;

/** Bits of an address that tell all targets apart. */
interface Digest {
  readonly shift: number;
  readonly bits: number;
}

/** Writes `found(i)` for where pc (a local) is `pcs[i]`: it branches away. Elsewhere control goes on behind. */
export function emitPcSwitch(w: CodeWriter, pc: number, pcs: readonly number[], found: (target: number) => void): void {
  const digest = pcs.length > MOST_COMPARED ? digestOf(pcs) : undefined;
  if (!digest) {
    for (let i = 0; i < pcs.length; i++) emitIfEqual(w, pc, pcs[i]!, () => found(i));
    return;
  }
  const miss = w.block();
  const labels = pcs.map(() => w.block());
  const table = new Array<number>(2 ** digest.bits).fill(miss);
  pcs.forEach((target, i) => {
    table[digestAt(target, digest)] = labels[i]!;
  });
  w.get(pc);
  w.op(I.I32_WRAP_I64);
  w.i32(digest.shift);
  w.op(I.I32_SHR_U);
  w.i32(table.length - 1);
  w.op(I.I32_AND);
  w.brTable(table, miss);
  for (let i = pcs.length - 1; i >= 0; i--) {
    w.end();
    emitIfEqual(w, pc, pcs[i]!, () => found(i));
    w.br(miss);
  }
  w.end();
}

function emitIfEqual(w: CodeWriter, pc: number, target: number, then: () => void): void {
  w.get(pc);
  w.i64(target);
  w.op(I.I64_EQ);
  w.likely(true);
  w.if();
  then();
  w.end();
}

/** The fewest bits, in one place, that no two addresses share. */
export function digestOf(pcs: readonly number[]): Digest | undefined {
  for (let bits = Math.ceil(Math.log2(pcs.length)); bits <= MOST_TABLE_BITS; bits++) {
    for (let shift = 0; shift <= 12; shift++) {
      if (new Set(pcs.map((pc) => digestAt(pc, { shift, bits }))).size === pcs.length) return { shift, bits };
    }
  }
  return undefined;
}

function digestAt(pc: number, { shift, bits }: Digest): number {
  return (((pc % 0x1_0000_0000) | 0) >>> shift) & (2 ** bits - 1);
}

/** Leaves the address of pc's place in a row of targets. */
export function emitTargetPlace(w: CodeWriter, pc: number, row: number): void {
  const low = w.scratch('i32', 9);
  w.get(pc);
  w.op(I.I32_WRAP_I64);
  w.tee(low);
  w.get(low);
  w.i32(4);
  w.op(I.I32_SHR_U);
  w.op(I.I32_XOR);
  w.i32(TARGETS_PER_ROW - 1);
  w.op(I.I32_AND);
  w.i32(3);
  w.op(I.I32_SHL);
  w.i32(row);
  w.op(I.I32_ADD);
}
