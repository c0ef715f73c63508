/** Tier 0's case of a helper: its micro-op takes two records. */
import { Env, type Helper } from '@nandu/tcg';
import * as I from '../wasm/instructions.js';
import { ENV, type Frame, IP, operand, proceed, setPc, slot, storeResult } from './frame.js';
import { MICRO_OP_SIZE } from './micro-ops.js';

/** A helper's micro-op: d, a, b as ever (a and b its first arguments), u16 x 4 @8 more arguments, u32 @16 number of the instruction, i64 @24 its pc. */
export const HELPER_SIZE = 2 * MICRO_OP_SIZE;
export const MOST_HELPER_ARGUMENTS = 6;
const ARGUMENT_OFFSETS = [4, 6, 8, 10, 12, 14];
export const HELPER_INSTRUCTION = 16;
export const HELPER_PC = 24;

export function callHelper(f: Frame, helper: Helper, index: number): void {
  const { w } = f;
  if (helper.params.length > MOST_HELPER_ARGUMENTS) throw new Error(`helper ${helper.name} has more than ${MOST_HELPER_ARGUMENTS} parameters`);
  setPc(w, HELPER_PC);
  if (helper.result) slot(w, 2);
  w.get(ENV);
  helper.params.forEach((type, i) => operand(w, type, ARGUMENT_OFFSETS[i]!));
  w.call(index);
  if (helper.mayFault) {
    // The result stays where it is until it is known to be one.
    const result = helper.result ? w.scratch(helper.result, 9) : 0;
    if (helper.result) w.set(result);
    w.get(ENV);
    w.memory(I.I32_LOAD, Env.ENV_FAULT);
    w.if();
    w.get(IP);
    w.memory(I.I32_LOAD, HELPER_INSTRUCTION);
    w.set(f.instruction);
    w.br(f.abandon);
    w.end();
    if (helper.result) w.get(result);
  }
  if (helper.result) storeResult(w, helper.result);
  proceed(f, HELPER_SIZE);
}
