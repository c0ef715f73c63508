import { CHUNK_SIZE } from '@nandu/core';
import type { ChunkPool } from './chunk-pool.js';
import { HOST_PAGE } from './chunk-space.js';

/** Chunks looked through at a time: some 10 ms where all of them are zeros, far less else. */
const CHUNKS_A_TURN = 16;
/** Chunks that must have been taken or given back before another round is worth its time. */
const CHANGES_A_ROUND = 16;

/**
 * Finds pages that hold nothing but zeros in chunks that are in use, and gives them back to the host, where they read as zeros as
 * before. A guest clears more than it uses: of the memory that a freshly booted Linux has touched, about a third.
 */
export class ZeroPages {
  private cursor = 0;
  /** Of the pool, when the last round began; a round is under way while `cursor` is not 0. */
  private roundChanges = 0;

  constructor(private readonly pool: ChunkPool) {}

  /** A turn of housekeeping; called now and then, never while guest code runs. Returns the bytes that were given back. */
  turn(): number {
    const { pool } = this;
    if (!pool.release) return 0;
    if (this.cursor === 0) {
      if (pool.changes - this.roundChanges < CHANGES_A_ROUND) return 0;
      this.roundChanges = pool.changes;
    }
    let released = 0;
    for (let looked = 0; looked < CHUNKS_A_TURN; this.cursor++) {
      const chunk = pool.chunkAt(this.cursor);
      if (chunk === 'end') {
        this.cursor = 0;
        return released;
      }
      if (chunk === undefined) continue;
      looked++;
      released += this.release(pool.bytes, chunk);
    }
    return released;
  }

  /** Gives back the runs of zero pages in a chunk. */
  private release(bytes: Uint8Array, chunk: number): number {
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + chunk, CHUNK_SIZE / 4);
    const wordsAPage = HOST_PAGE / 4;
    let released = 0;
    for (let page = 0, first = -1; page <= CHUNK_SIZE / HOST_PAGE; page++) {
      const isZero = page < CHUNK_SIZE / HOST_PAGE && isAllZeros(words, page * wordsAPage, (page + 1) * wordsAPage);
      if (isZero && first < 0) first = page;
      if (isZero || first < 0) continue;
      this.pool.release!(bytes.subarray(chunk + first * HOST_PAGE, chunk + page * HOST_PAGE));
      released += (page - first) * HOST_PAGE;
      first = -1;
    }
    return released;
  }
}

export function isAllZeros(words: Int32Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (words[i] !== 0) return false;
  return true;
}
