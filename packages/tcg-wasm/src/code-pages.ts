/** Which bytes of guest memory blocks were made from, and where stores to them are noticed: CODE_MAP by page, CODE_GRAINS by 64 bytes. */
import type { Block } from './block.js';
import * as M from './memory-map.js';

const PAGE_SHIFT = 12;
const PAGE_SIZE = 4096;
/** A bit each. */
const GRAIN_BYTES_PER_PAGE = PAGE_SIZE / M.GRAIN / 8;

/** What is known of a page of linear memory that code was made from. */
interface CodePage {
  readonly blocks: Block[];
  /** Where it was in guest-physical memory when the last of them was made. */
  frame: number;
}

export class CodePages {
  /** By page of linear memory. */
  readonly #pages = new Map<number, CodePage>();
  /** By guest-physical frame. */
  readonly #frames = new Map<number, Set<number>>();

  constructor(
    /** Linear memory below the guest's. */
    private readonly bytes: Uint8Array,
    private readonly protect: (linearPage: number) => void,
  ) {}

  watch(block: Block): void {
    this.#addToPage(block, block.linear, block.end, block.frame);
    if (block.end2 !== 0) this.#addToPage(block, block.linear2, block.end2, block.frame2);
  }

  unwatch(block: Block): void {
    this.#removeFromPage(block.linear >>> PAGE_SHIFT, block);
    if (block.end2 !== 0) this.#removeFromPage(block.linear2 >>> PAGE_SHIFT, block);
  }

  /** The block was made from the bytes [start, end) of linear memory, in one page. */
  #addToPage(block: Block, start: number, end: number, frame: number): void {
    const number = start >>> PAGE_SHIFT;
    let page = this.#pages.get(number);
    if (page === undefined) {
      this.#pages.set(number, (page = { blocks: [], frame: -1 }));
      this.bytes[M.CODE_MAP + number] = 1;
      this.protect(number * PAGE_SIZE);
    }
    page.blocks.push(block);
    this.#markGrains(start, end);
    if (page.frame === frame) return;
    page.frame = frame;
    const pages = this.#frames.get(frame);
    if (pages === undefined) this.#frames.set(frame, new Set([number]));
    else pages.add(number);
  }

  /** The blocks that are wrong once these bytes of linear memory (within one page) change. */
  madeFrom(linear: number, length: number): Block[] {
    const found: Block[] = [];
    for (const block of this.onPage(linear >>> PAGE_SHIFT)) if (block.isMadeFrom(linear, linear + length)) found.push(block);
    return found;
  }

  /** Takes the marks off grains within this range that no block is left in. */
  tidyGrains(linear: number, length: number): void {
    for (let grain = linear >>> M.GRAIN_SHIFT; grain <= (linear + length - 1) >>> M.GRAIN_SHIFT; grain++) {
      const at = M.CODE_GRAINS + (grain >>> 3);
      if ((this.bytes[at]! & (1 << (grain & 7))) === 0) continue;
      const start = grain * M.GRAIN;
      if (!this.#isCode(start, start + M.GRAIN)) this.bytes[at]! &= ~(1 << (grain & 7));
    }
  }

  #isCode(from: number, to: number): boolean {
    return this.onPage(from >>> PAGE_SHIFT).some((block) => block.overlaps(from, to));
  }

  onPage(page: number): readonly Block[] {
    return this.#pages.get(page)?.blocks ?? [];
  }

  /** Linear pages that code was made from when they were at this guest-physical frame. */
  pagesOfFrame(frame: number): Iterable<number> {
    return this.#frames.get(frame) ?? [];
  }

  get frames(): Iterable<number> {
    return this.#frames.keys();
  }

  holdsCode(linear: number, length: number): boolean {
    return this.bytes.subarray(M.CODE_MAP + linear / PAGE_SIZE, M.CODE_MAP + (linear + length) / PAGE_SIZE).some((mark) => mark !== 0);
  }

  clear(): void {
    for (const page of this.#pages.keys()) this.#unmark(page);
    this.#pages.clear();
    this.#frames.clear();
  }

  #removeFromPage(page: number, block: Block): void {
    const blocks = this.#pages.get(page)?.blocks;
    const at = blocks?.indexOf(block) ?? -1;
    if (blocks === undefined || at < 0) return;
    const last = blocks.pop()!;
    if (last !== block) blocks[at] = last;
    // Grains of other blocks stay marked, and those of this one until somebody writes there: see `tidyGrains`.
    if (blocks.length > 0) return;
    this.#pages.delete(page);
    this.#unmark(page);
  }

  /** No code is left on the page. */
  #unmark(page: number): void {
    this.bytes[M.CODE_MAP + page] = 0;
    const grains = M.CODE_GRAINS + page * GRAIN_BYTES_PER_PAGE;
    this.bytes.fill(0, grains, grains + GRAIN_BYTES_PER_PAGE);
  }

  #markGrains(start: number, end: number): void {
    for (let grain = start >>> M.GRAIN_SHIFT; grain <= (end - 1) >>> M.GRAIN_SHIFT; grain++) {
      this.bytes[M.CODE_GRAINS + (grain >>> 3)]! |= 1 << (grain & 7);
    }
  }
}
