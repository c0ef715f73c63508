/**
 * 256-bit instructions as two 128-bit ones: operands are loaded for the lower and the upper half, the semantics run once for each
 * (with `t.half` 0 and 1), then both results are stored. Nothing is stored, and no exception flag set, before the last load.
 */
import type { Value } from '@nandu/tcg';
import type { Semantics } from '../decode/opcode-table.js';
import { type Operand, sizeOf } from '../decode/operand.js';
import { FP_HELPERS } from '../fp-helpers.js';
import type { Translation } from './translation.js';

export interface HalvesOptions {
  /** Which operands of the row the semantics get. The first operand is the destination. */
  readonly arguments: readonly number[];
  /** Bits of the immediate that the lower half takes for itself: the upper half sees those above. */
  readonly immediateStep?: number;
  /** The last argument is the same for both halves: a count in the low quadword. */
  readonly shared?: boolean;
  /** Makes one value, which the destination gets, from the results of two halves. */
  readonly join?: (t: Translation, results: readonly Value[]) => Value;
  /** The semantics only read. */
  readonly reads?: boolean;
}

/** Semantics of a raw row that carries out `inner` by halves; on one half where VEX.L is 0 or the row is `narrow`. */
export function byHalves(inner: Semantics, options: HalvesOptions, narrow = false): Semantics {
  return (t) => {
    const { operands } = t.row!;
    const halves = t.vexL && !narrow ? ([0, 1] as const) : ([0] as const);
    t.isWide = halves.length === 2;
    const loaded = halves.map((half) => {
      t.half = half;
      return options.arguments.map((number) => t.loadOperand(operands[number]!));
    });
    if (options.shared && t.isWide) loaded[1]!.splice(-1, 1, loaded[0]!.at(-1)!);
    const { immediate } = t;
    const results = halves.map((half) => {
      t.half = half;
      t.immediate = immediate >> (half * (options.immediateStep ?? 0));
      return inner(t, ...loaded[half]!) as Value;
    });
    t.half = 0;
    t.immediate = immediate;
    if (options.reads) return;
    if (!options.join || !t.isWide) return storeHalves(t, operands[0]!, results);
    t.isWide = false;
    t.storeOperand(operands[0]!, options.join(t, results));
  };
}

/** Stores one or two halves; to memory both or, if that faults, none. */
function storeHalves(t: Translation, to: Operand, results: readonly Value[]): void {
  const isMemory = (to.kind === 'M' || to.kind === 'W') && !t.isRegister;
  const size = sizeOf(to, t);
  // What must be aligned is in one page.
  if (isMemory && results.length === 2 && t.row!.unaligned) t.callHelper(FP_HELPERS.avx_probe_store, t.linear(2 * size, true), t.ir.i32(2 * size));
  storeEach(t, to, results);
}

/** Stores one or two halves, one after the other. */
export function storeEach(t: Translation, to: Operand, results: readonly Value[]): void {
  results.forEach((result, half) => {
    t.half = half as 0 | 1;
    t.storeOperand(to, result);
  });
  t.half = 0;
}
