import type { PhysicalMemory } from '@nandu/core';
import type { Target } from '@nandu/tcg';
import type { CodeBlock, RegionCompilerFactory } from './region-compiler.js';
import type { ModuleMakerFactory } from './regions/module-maker.js';

export interface AcceleratorOptions {
  /** 'interpreter' runs tier 0 only. */
  readonly tier?: 'both' | 'interpreter';
  /** Entries after which a block is offered to tier 1; 2000 unless said otherwise. */
  readonly threshold?: number;
  /** Which blocks are hot when they ran twice, and compiled at the end of the slice with all around them: for tests of tier 1. */
  readonly eager?: (block: CodeBlock) => boolean;
  /** Which blocks are never compiled, neither by themselves nor in another's region: for tests of tier 0. */
  readonly cold?: (block: CodeBlock) => boolean;
  /** Count the operations of what is translated, for `info opcount`. */
  readonly opcount?: boolean;
  /** Who compiles tier 1's modules; unless said otherwise, and with `eager` always, the thread of the machine. */
  readonly moduleMaker?: ModuleMakerFactory;
  /** Another tier 1 than ours. */
  readonly regions?: RegionCompilerFactory;
  /** Most guest instructions in a block; 128 unless said otherwise. */
  readonly maxInstructions?: number;
  /**
   * A slice ends before a block that would go beyond it, instead of running a part of that: for what does not have to be repeatable
   * to the instruction. Blocks that start in the middle of others, slice after slice, were half of what a boot translated.
   */
  readonly wholeBlocks?: boolean;
  /** Where the code arena ends; for tests of what happens when it is full. */
  readonly arenaEnd?: number;
}

export interface AcceleratorSetup {
  /** LINEAR_PAGES pages. */
  readonly memory: WebAssembly.Memory;
  readonly physical: PhysicalMemory;
  readonly target: Target;
  readonly options?: AcceleratorOptions;
}

/** For `info jit`. */
export interface Counters {
  blocksTranslated: number;
  instructionsTranslated: number;
  blocksInvalidated: number;
  /** The code arena was full. */
  flushes: number;
  /** Instructions run in blocks of their own: at the end of a slice, and where a store hit the code that was running. */
  alone: number;
  /** Times that the interpreter left to TypeScript to look up or translate, and to link. */
  misses: number;
  links: number;
  regionsInstalled: number;
  regionsDropped: number;
  slices: number;
}

export const newCounters = (): Counters => ({
  blocksTranslated: 0,
  instructionsTranslated: 0,
  blocksInvalidated: 0,
  flushes: 0,
  alone: 0,
  misses: 0,
  links: 0,
  regionsInstalled: 0,
  regionsDropped: 0,
  slices: 0,
});
