/** A block, and where it lies. */
import type { CodeBlock } from '../region-compiler.js';

export const PAGE_SIZE = 4096;

/** What compiled code has to know of a block besides its IR. */
export type CodeFacts = Pick<CodeBlock, 'address' | 'pc' | 'codeBase' | 'relocatable' | 'linear' | 'linear2' | 'instructionCount' | 'fetchMmu'>;

/** `pc`: the block's own address; of a relocatable block the distance from the page that addresses of its region begin at. */
export interface Place<Block extends CodeFacts = CodeFacts> {
  readonly block: Block;
  readonly pc: number;
}

/** Virtual address of its first byte, as far as `pc` says. A code segment's base wraps at 4 GiB. */
export function addressOf({ block: { codeBase }, pc }: Place): number {
  return codeBase === 0 ? pc : (pc + codeBase) >>> 0;
}

/** Virtual address of the page that it begins on. */
export function pageOf(place: Place): number {
  return Math.floor(addressOf(place) / PAGE_SIZE) * PAGE_SIZE;
}
