import type { IrBlock } from './block.js';
import { eliminate } from './eliminate.js';
import { simplify } from './simplify.js';

export type Pass = (block: IrBlock) => void;

/** In order; each works in place and may rely on none of the others. */
export const PASSES: readonly Pass[] = [simplify, eliminate];

export function optimise(block: IrBlock): void {
  for (const pass of PASSES) pass(block);
}
