/** From one translated block to the next, for tier 1. */
import type { Block } from './block.js';
import type { BlockTable } from './block-table.js';
import type { CodeBlock } from './region-compiler.js';
import { linearOf, offsetInPage, type Translator } from './translator.js';

const PAGE_SIZE = 4096;

/** The block that a jump from `from` reaches, as the TLBs of the vCPUs at `envs` map it now: on the same page it is certain, else it is looked up. */
export function successorOf(table: BlockTable, translator: Translator, envs: readonly number[], from: CodeBlock, pc: number): Block | undefined {
  const here = linearOf(from.pc, from.codeBase);
  const there = linearOf(pc, from.codeBase);
  const herePage = Math.floor(here / PAGE_SIZE);
  const therePage = Math.floor(there / PAGE_SIZE);
  const at = (linear: number): Block | undefined => {
    const block = table.find(linear, pc + from.home, from.flags, from.codeBase);
    if (block?.relocatable !== from.relocatable) return undefined;
    block.home = pc + from.home - block.pc;
    return block;
  };
  if (herePage === therePage) return at(from.linear + there - here);
  if (from.linear2 !== 0 && therePage === herePage + 1) return at(from.linear2 + offsetInPage(there));
  for (const env of envs) {
    const linear = translator.mappedCode(env, there + from.home, from.fetchMmu);
    const block = linear === 0 ? undefined : at(linear);
    if (block !== undefined) return block;
  }
  return undefined;
}
