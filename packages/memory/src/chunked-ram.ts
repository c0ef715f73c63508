import { CHUNK_SIZE, type RamBlock } from '@nandu/core';
import { type Observable, Subject } from 'rxjs';
import type { ChunkOwner, ChunkPool } from './chunk-pool.js';
import type { SpillPlace } from './spill-store.js';

/**
 * A RAM block whose bytes are chunks of the pool, each taken when it is first written, and moved out and back as the pool needs
 * room. Offsets and sizes in bytes.
 */
export class ChunkedRam implements RamBlock, ChunkOwner {
  /** Linear address of each chunk; 0 where it was never touched or is moved out. */
  private readonly chunks: Uint32Array;
  private readonly spilled = new Map<number, SpillPlace>();
  private readonly moved = new Subject<{ readonly offset: number; readonly length: number }>();
  readonly moved$: Observable<{ readonly offset: number; readonly length: number }> = this.moved.asObservable();
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
    if (chunk === 0) chunk = this.fetch(index);
    else this.pool.touch(chunk);
    return chunk + (offset % CHUNK_SIZE);
  }

  hostAddressIfTouched(offset: number): number {
    const index = Math.floor(offset / CHUNK_SIZE);
    return this.chunks[index] === 0 && !this.spilled.has(index) ? 0 : this.hostAddress(offset);
  }

  hostAddressIfResident(offset: number): number {
    const chunk = this.chunks[Math.floor(offset / CHUNK_SIZE)] as number;
    return chunk === 0 ? 0 : chunk + (offset % CHUNK_SIZE);
  }

  private fetch(index: number): number {
    const chunk = this.pool.take(this, index);
    const place = this.spilled.get(index);
    if (place) {
      this.pool.bringBack(place, chunk);
      this.spilled.delete(index);
    } else this.resident++;
    this.chunks[index] = chunk;
    return chunk;
  }

  movedOut(index: number, place: SpillPlace | undefined): void {
    this.chunks[index] = 0;
    if (place) this.spilled.set(index, place);
    else this.resident--;
    this.moved.next({ offset: index * CHUNK_SIZE, length: Math.min(CHUNK_SIZE, this.sizeBytes - index * CHUNK_SIZE) });
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
    let dropped = 0;
    let changed = false;
    for (let at = offset; at < end; ) {
      const index = Math.floor(at / CHUNK_SIZE);
      const [chunkStart, chunkEnd] = [index * CHUNK_SIZE, Math.min((index + 1) * CHUNK_SIZE, this.sizeBytes)];
      const until = Math.min(end, chunkEnd);
      const isWhole = at === chunkStart && until === chunkEnd;
      const chunk = this.chunks[index] as number;
      const place = this.spilled.get(index);
      if (chunk !== 0) {
        changed = true;
        if (isWhole) {
          this.chunks[index] = 0;
          freed.push(chunk);
        } else this.pool.clear(chunk + at - chunkStart, chunk + until - chunkStart);
      } else if (place) {
        if (isWhole) {
          place.space.put([place.address]);
          this.spilled.delete(index);
          dropped++;
        } else place.space.clear(place.address + at - chunkStart, place.address + until - chunkStart);
      }
      at = until;
    }
    this.resident -= freed.length + dropped;
    this.pool.put(freed);
    if (changed) this.moved.next({ offset, length: end - offset });
  }

  /** Gives everything back; the block is not used any more. */
  destroy(): void {
    this.discard(0, this.sizeBytes);
    this.moved.complete();
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
