import { CHUNK_SIZE, LINEAR_PAGES } from '@nandu/core';
import { ChunkSpace, type ReleasePolicy } from './chunk-space.js';

/** Where a chunk lies that is not in linear memory at present. */
export interface SpillPlace {
  readonly space: ChunkSpace;
  readonly address: number;
}

const SPACE_BYTES = Math.floor((LINEAR_PAGES * 0x1_0000) / CHUNK_SIZE) * CHUNK_SIZE;

/**
 * Chunks of guest RAM that found no room in linear memory, in WebAssembly memories of their own: no code runs on these, they are
 * memory that can be reserved without cost and given back page by page. Made as they are needed.
 */
export class SpillStore {
  private readonly spaces: ChunkSpace[] = [];

  constructor(private readonly policy: ReleasePolicy) {}

  /** Copies a chunk here; undefined where the host has no address space left. */
  put(bytes: Uint8Array, chunk: number): SpillPlace | undefined {
    const space = this.spaces.find(({ available }) => available > 0) ?? this.grow();
    const address = space?.take();
    if (!space || address === undefined) return undefined;
    space.bytes.set(bytes.subarray(chunk, chunk + CHUNK_SIZE), address);
    return { space, address };
  }

  private grow(): ChunkSpace | undefined {
    try {
      const memory = new WebAssembly.Memory({ initial: LINEAR_PAGES, maximum: LINEAR_PAGES });
      const space = new ChunkSpace(new Uint8Array(memory.buffer), 0, SPACE_BYTES, this.policy);
      this.spaces.push(space);
      return space;
    } catch {
      return undefined;
    }
  }
}
