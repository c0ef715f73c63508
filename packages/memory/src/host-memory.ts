import { ConfigError, GiB, LINEAR_PAGES } from '@nandu/core';
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
  /** What the host can hold, as far as that is known. Linear memory is reserved already, so a guest may have that much more. */
  hostBytes = Number.POSITIVE_INFINITY;

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

  /** Refuses base RAM that could never be backed. What is for hot-plug may be larger, since it may never be used. */
  expectToBack(name: string, sizeBytes: number): void {
    const most = this.pool.capacityBytes + this.hostBytes;
    if (sizeBytes <= most) return;
    throw new ConfigError(
      `cannot set up guest memory '${name}': Cannot allocate memory`,
      `${gib(sizeBytes)} GiB were asked for; this computer can back ${gib(most)} GiB at most`,
    );
  }

  /** A RAM block of zeros, backed on first touch. */
  createRam(id: string, sizeBytes: number): ChunkedRam {
    return new ChunkedRam(id, sizeBytes, this.view, this.bytes, this.pool);
  }
}

const gib = (bytes: number): string => (bytes / GiB).toFixed(1).replace('.0', '');
