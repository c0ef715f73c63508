import { CHUNK_SIZE } from '@nandu/core';

/** Gives the host memory behind a range back to the host; it reads as zeros afterwards. */
export type HostRelease = (range: Uint8Array) => void;

/** How freed memory is dealt with, for all spaces of a machine. */
export interface ReleasePolicy {
  /** Set by a Node host that can (see node/madvise.ts); without it, freed chunks are kept and used again. */
  release: HostRelease | undefined;
  /** Called once, when the first chunk is freed and kept. */
  onKept: (() => void) | undefined;
}

/** The smallest piece of memory that the host can take back. */
export const HOST_PAGE = 4096;

/**
 * A stretch of memory that is handed out in chunks of CHUNK_SIZE. One that was never taken costs the host nothing; one that is
 * given back is zeros when it is taken again. Addresses are offsets in `bytes`.
 */
export class ChunkSpace {
  private next: number;
  private readonly free: number[] = [];
  /** Freed chunks that still hold what was left there. */
  private readonly dirty = new Set<number>();

  constructor(
    readonly bytes: Uint8Array,
    readonly startAddress: number,
    public endAddress: number,
    private readonly policy: ReleasePolicy,
  ) {
    this.next = startAddress;
  }

  /** Chunks that can be taken. */
  get available(): number {
    return this.free.length + (this.endAddress - this.next) / CHUNK_SIZE;
  }

  /** A chunk of zeros; undefined where all are taken. */
  take(): number | undefined {
    let chunk = this.free.pop();
    if (chunk === undefined) {
      if (this.next >= this.endAddress) return undefined;
      chunk = this.next;
      this.next += CHUNK_SIZE;
    }
    if (this.dirty.delete(chunk)) this.bytes.fill(0, chunk, chunk + CHUNK_SIZE);
    return chunk;
  }

  /** Gives chunks back; neighbours go to the host in one call. Sorts the array. */
  put(chunks: number[]): void {
    chunks.sort((a, b) => b - a);
    this.free.push(...chunks);
    const { release } = this.policy;
    if (!release) {
      for (const chunk of chunks) this.dirty.add(chunk);
      if (chunks.length > 0) this.policy.onKept?.();
      this.policy.onKept = undefined;
      return;
    }
    for (let i = 0; i < chunks.length; ) {
      let last = i;
      while (chunks[last + 1] === (chunks[last] as number) - CHUNK_SIZE) last++;
      const from = chunks[last] as number;
      release(this.bytes.subarray(from, from + (last - i + 1) * CHUNK_SIZE));
      i = last + 1;
    }
  }

  /** Zeroes a part of a chunk that stays taken; whole host pages of it go back to the host. */
  clear(from: number, to: number): void {
    const [pageFrom, pageTo] = [Math.ceil(from / HOST_PAGE) * HOST_PAGE, Math.floor(to / HOST_PAGE) * HOST_PAGE];
    const { release } = this.policy;
    if (!release || pageFrom >= pageTo) {
      this.bytes.fill(0, from, to);
      return;
    }
    this.bytes.fill(0, from, pageFrom);
    release(this.bytes.subarray(pageFrom, pageTo));
    this.bytes.fill(0, pageTo, to);
  }
}
