import { CHUNK_SIZE, ConfigError, LINEAR_PAGES, MiB, POOL_START } from '@nandu/core';

/** Gives host memory behind a range of linear memory back to the host; it reads as zeros afterwards. */
export type HostRelease = (linearAddress: number, length: number) => void;

/** The guest (or a backend with prealloc) wants more memory than the emulator can back. The run loop stops the machine on it. */
export class OutOfHostMemory extends ConfigError {}

/** The smallest piece of memory that the host can take back. */
export const HOST_PAGE = 4096;

const POOL_END = POOL_START + Math.floor((LINEAR_PAGES * 0x1_0000 - POOL_START) / CHUNK_SIZE) * CHUNK_SIZE;

/**
 * The chunks of linear memory that back guest RAM. A chunk that was never taken costs the host nothing; one that is given back is
 * zeros when it is taken again. Addresses are offsets in linear memory.
 */
export class ChunkPool {
  /** Set by a Node host that can (see node/madvise.ts); without it, freed chunks are kept and used again. */
  release: HostRelease | undefined;
  /** Called once, when the first chunk is freed and kept. */
  onKept: (() => void) | undefined;
  private next = POOL_START;
  private readonly free: number[] = [];
  /** Freed chunks that still hold what the guest left there. */
  private readonly dirty = new Set<number>();
  private taken = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly endAddress = POOL_END,
  ) {}

  get capacityBytes(): number {
    return this.endAddress - POOL_START;
  }
  get usedBytes(): number {
    return this.taken * CHUNK_SIZE;
  }

  /** A chunk of zeros. */
  take(wantedBy: string): number {
    const chunk = this.free.pop() ?? this.fresh(wantedBy);
    if (this.dirty.delete(chunk)) this.bytes.fill(0, chunk, chunk + CHUNK_SIZE);
    this.taken++;
    return chunk;
  }

  private fresh(wantedBy: string): number {
    const chunk = this.next;
    if (chunk >= this.endAddress) {
      throw new OutOfHostMemory(
        `cannot back more guest memory: ${wantedBy} needs another ${CHUNK_SIZE / MiB} MiB and all ${this.capacityBytes / MiB} MiB that this process can back are in use; unplug memory or start with less`,
      );
    }
    this.next += CHUNK_SIZE;
    return chunk;
  }

  /** Gives chunks back; neighbours go to the host in one call. Sorts the array. */
  put(chunks: number[]): void {
    chunks.sort((a, b) => b - a);
    this.taken -= chunks.length;
    this.free.push(...chunks);
    if (!this.release) {
      for (const chunk of chunks) this.dirty.add(chunk);
      if (chunks.length > 0) this.onKept?.();
      this.onKept = undefined;
      return;
    }
    for (let i = 0; i < chunks.length; ) {
      let last = i;
      while (chunks[last + 1] === (chunks[last] as number) - CHUNK_SIZE) last++;
      this.release(chunks[last] as number, (last - i + 1) * CHUNK_SIZE);
      i = last + 1;
    }
  }

  /** Zeroes a part of a chunk that stays taken; whole host pages of it go back to the host. */
  clear(from: number, to: number): void {
    const [pageFrom, pageTo] = [Math.ceil(from / HOST_PAGE) * HOST_PAGE, Math.floor(to / HOST_PAGE) * HOST_PAGE];
    if (!this.release || pageFrom >= pageTo) {
      this.bytes.fill(0, from, to);
      return;
    }
    this.bytes.fill(0, from, pageFrom);
    this.release(pageFrom, pageTo - pageFrom);
    this.bytes.fill(0, pageTo, to);
  }
}
