import { ConfigError, LINEAR_PAGES } from '@nandu/core';
import { injectable } from 'tsyringe';
import { ChunkPool } from './chunk-pool.js';
import { ChunkedRam } from './chunked-ram.js';

/**
 * The machine's one linear memory: the accelerator's data below POOL_START, chunks of guest RAM above. Its maximum is reserved at
 * once (a memory that grows would leave stale views); pages that nobody touched cost nothing.
 */
@injectable()
export class HostMemory {
  readonly memory: WebAssembly.Memory;
  /** All of linear memory. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly pool: ChunkPool;

  constructor() {
    try {
      this.memory = new WebAssembly.Memory({ initial: LINEAR_PAGES, maximum: LINEAR_PAGES });
    } catch {
      throw new ConfigError('cannot reserve 4 GiB of address space for the machine: is a limit (ulimit -v) set?');
    }
    this.bytes = new Uint8Array(this.memory.buffer);
    this.view = new DataView(this.memory.buffer);
    this.pool = new ChunkPool(this.bytes);
  }

  /** A RAM block of zeros, backed on first touch. */
  createRam(id: string, sizeBytes: number): ChunkedRam {
    return new ChunkedRam(id, sizeBytes, this.view, this.bytes, this.pool);
  }
}
