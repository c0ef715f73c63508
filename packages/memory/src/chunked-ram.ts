import { CHUNK_SIZE, type RamBlock } from '@nandu/core';
import { type Observable, Subject } from 'rxjs';
import type { ChunkPool } from './chunk-pool.js';

/** A RAM block whose bytes are chunks of the pool, each taken when it is first written. Offsets and sizes in bytes. */
export class ChunkedRam implements RamBlock {
  /** Linear address of each chunk; 0 where it was never touched. */
  private readonly chunks: Uint32Array;
  private readonly discarded = new Subject<{ readonly offset: number; readonly length: number }>();
  readonly discarded$: Observable<{ readonly offset: number; readonly length: number }> = this.discarded.asObservable();
  private resident = 0;

  constructor(
    readonly id: string,
    readonly sizeBytes: number,
    readonly memory: DataView,
    private readonly bytes: Uint8Array,
    private readonly pool: ChunkPool,
  ) {
    this.chunks = new Uint32Array(Math.ceil(sizeBytes / CHUNK_SIZE));
  }

  get residentBytes(): number {
    return this.resident * CHUNK_SIZE;
  }

  hostAddress(offset: number): number {
    const index = Math.floor(offset / CHUNK_SIZE);
    let chunk = this.chunks[index] as number;
    if (chunk === 0) {
      chunk = this.pool.take(this.id);
      this.chunks[index] = chunk;
      this.resident++;
    }
    return chunk + (offset % CHUNK_SIZE);
  }

  hostAddressIfTouched(offset: number): number {
    const chunk = this.chunks[Math.floor(offset / CHUNK_SIZE)] as number;
    return chunk === 0 ? 0 : chunk + (offset % CHUNK_SIZE);
  }

  read(offset: number, into: Uint8Array): void {
    this.pieces(offset, into.length, (at, done, length) => {
      const host = this.hostAddressIfTouched(at);
      if (host === 0) into.fill(0, done, done + length);
      else into.set(this.bytes.subarray(host, host + length), done);
    });
  }

  write(offset: number, from: Uint8Array): void {
    this.pieces(offset, from.length, (at, done, length) => this.bytes.set(from.subarray(done, done + length), this.hostAddress(at)));
  }

  /** Takes all chunks of the range, so that nothing can run out later. */
  preallocate(offset: number, length: number): void {
    for (let at = offset; at < offset + length; at += CHUNK_SIZE) this.hostAddress(at);
  }

  discard(offset: number, length: number): void {
    const end = Math.min(offset + length, this.sizeBytes);
    const freed: number[] = [];
    let changed = false;
    for (let at = offset; at < end; ) {
      const index = Math.floor(at / CHUNK_SIZE);
      const [chunkStart, chunkEnd] = [index * CHUNK_SIZE, Math.min((index + 1) * CHUNK_SIZE, this.sizeBytes)];
      const until = Math.min(end, chunkEnd);
      const chunk = this.chunks[index] as number;
      if (chunk !== 0) {
        changed = true;
        if (at === chunkStart && until === chunkEnd) {
          this.chunks[index] = 0;
          freed.push(chunk);
        } else {
          this.pool.clear(chunk + at - chunkStart, chunk + until - chunkStart);
        }
      }
      at = until;
    }
    this.resident -= freed.length;
    this.pool.put(freed);
    if (changed) this.discarded.next({ offset, length: end - offset });
  }

  /** Gives everything back; the block is not used any more. */
  destroy(): void {
    this.discard(0, this.sizeBytes);
    this.discarded.complete();
  }

  private pieces(offset: number, total: number, visit: (at: number, done: number, length: number) => void): void {
    for (let done = 0; done < total; ) {
      const at = offset + done;
      const length = Math.min(total - done, CHUNK_SIZE - (at % CHUNK_SIZE));
      visit(at, done, length);
      done += length;
    }
  }
}
