/** A translated block, as the code cache keeps it. */
import type { CodeBlock, Region } from './region-compiler.js';

const PAGE_SIZE = 4096;
/**
 * There are 80,000 blocks after a boot, and most have few of these: lists are made anew by `concat`, since what `push` or
 * a spread makes has room for sixteen more.
 */
const NONE: readonly never[] = [];

export class Block implements CodeBlock {
  valid = true;
  region: Region | undefined;
  /** How often it was offered to tier 1. */
  timesHot = 0;
  /** Regions that contain it, its own among them. */
  regions: readonly Region[] = NONE;
  /** Addresses of the jumps that are linked to it. */
  incoming: readonly number[] = NONE;

  /** Linear addresses behind its last byte, in its first page and in its second (0: it has none there). */
  readonly end: number;
  readonly end2: number;

  constructor(
    readonly index: number,
    readonly address: number,
    /** Of a relocatable block: the offset in its page. */
    readonly pc: number,
    readonly flags: number,
    readonly codeBase: number,
    /** Runs wherever its page is mapped: see `Ir.codeAddress`. */
    readonly relocatable: boolean,
    readonly linear: number,
    readonly linear2: number,
    readonly byteLength: number,
    readonly instructionCount: number,
    readonly fetchMmu: number,
    /** The frame (guest-physical address / 4096) of each page. */
    readonly frame: number,
    readonly frame2: number,
    /** What `pc` began from when the block was last seen. */
    public home: number,
    /** Starts and ends (linear addresses) of bytes that it reads whenever it runs. */
    readonly reads: readonly number[] = [],
  ) {
    const inFirst = Math.min(byteLength, PAGE_SIZE - (linear % PAGE_SIZE));
    this.end = linear + inFirst;
    this.end2 = byteLength > inFirst ? linear2 + byteLength - inFirst : 0;
  }

  /** Whether it was made from some of these bytes of linear memory (within one page). */
  overlaps(from: number, to: number): boolean {
    return (this.linear < to && from < this.end) || (this.end2 !== 0 && this.linear2 < to && from < this.end2);
  }

  /** Whether a store there (within one page) makes it wrong. */
  isMadeFrom(from: number, to: number): boolean {
    if (!this.overlaps(from, to)) return false;
    for (let i = 0; i < this.reads.length; i += 2) if (this.reads[i]! <= from && to <= this.reads[i + 1]!) return false;
    return true;
  }
}
