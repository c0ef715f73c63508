import { CHUNK_SIZE, type RamBlock } from '@nandu/core';
import { PAGE_SIZE } from './protocol.js';

const PAGES_PER_CHUNK = CHUNK_SIZE / PAGE_SIZE;

/** Bits of one chunk's pages, and how many are set. */
class ChunkPages {
  private readonly bits = new Uint32Array(PAGES_PER_CHUNK / 32);
  count = 0;

  set(page: number, on: boolean): void {
    const mask = 1 << (page & 31);
    const before = this.bits[page >> 5] as number;
    if (((before & mask) !== 0) === on) return;
    this.bits[page >> 5] = before ^ mask;
    this.count += on ? 1 : -1;
  }
}

/**
 * Which pages are in the balloon, for one purpose: host memory is given back by chunks, so once all pages of a chunk are in, the
 * chunk can go as a whole (also where the host takes back nothing smaller).
 */
export class BalloonedPages {
  private readonly blocks = new Map<RamBlock, Map<number, ChunkPages>>();

  /** Notes a page; true if its chunk is now all in the balloon. */
  add(block: RamBlock, offset: number): boolean {
    const chunk = this.chunk(block, Math.floor(offset / CHUNK_SIZE));
    chunk.set((offset % CHUNK_SIZE) / PAGE_SIZE, true);
    return chunk.count === PAGES_PER_CHUNK;
  }

  remove(block: RamBlock, offset: number): void {
    this.blocks
      .get(block)
      ?.get(Math.floor(offset / CHUNK_SIZE))
      ?.set((offset % CHUNK_SIZE) / PAGE_SIZE, false);
  }

  clear(): void {
    this.blocks.clear();
  }

  private chunk(block: RamBlock, index: number): ChunkPages {
    let chunks = this.blocks.get(block);
    if (!chunks) this.blocks.set(block, (chunks = new Map<number, ChunkPages>()));
    let chunk = chunks.get(index);
    if (!chunk) chunks.set(index, (chunk = new ChunkPages()));
    return chunk;
  }
}
