/** What MMX instructions do to the x87 (SDM volume 3, 12.2): its registers are theirs. */

import { FP_HELPERS } from '../fp-helpers.js';
import { FP_EMPTY, FP_TOP, MMX_TOPS } from '../state.js';
import type { Translation } from './translation.js';

/**
 * A pending x87 exception is raised; TOP becomes 0 and every register valid: with `evenIfFaults`, also if the instruction then
 * raises an SSE exception.
 */
export function enterMmx(t: Translation, evenIfFaults = false): void {
  t.callHelper(FP_HELPERS.x87_wait);
  t.set(FP_TOP, t.ir.i32(0));
  t.set(FP_EMPTY, t.ir.i32(0));
  if (evenIfFaults) t.commit();
  // The register that is written gets sign and exponent of all ones.
  const { operands, raw } = t.row!;
  const first = operands[0]!;
  if (raw) return;
  if (first.kind === 'P' || first.kind === 'N') markWritten(t, (first.kind === 'P' ? t.reg : t.rm) & 7);
  else if (first.kind === 'Q' && t.isRegister) markWritten(t, t.rm & 7);
}

function markWritten(t: Translation, number: number): void {
  t.set(MMX_TOPS[number]!, t.ir.i32(0xffff));
}
