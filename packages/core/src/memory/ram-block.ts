import type { Observable } from 'rxjs';

/**
 * Guest RAM as devices and accelerators see it. Where the bytes live is the business of `@nandu/memory`: chunks of one
 * WebAssembly memory, taken on first touch.
 */
export interface RamBlock {
  /** Unique in the machine: 'pc.ram', '/objects/mem0'. */
  readonly id: string;
  readonly sizeBytes: number;
  /** All of linear memory: index it with what `hostAddress` gives. Stays good for ever. */
  readonly memory: DataView;
  /** Ranges given back by `discard`, or moved to make room, after the fact: host addresses of them are stale. */
  readonly moved$: Observable<{ readonly offset: number; readonly length: number }>;
  /**
   * Address in linear memory of the byte at `offset`, good to the end of its chunk (CHUNK_SIZE, aligned), until `moved$` says
   * otherwise; while guest code runs that is for discarded ranges only. Takes the chunk from the pool if it was never touched.
   * Throws `ConfigError` if the pool is used up.
   */
  hostAddress(offset: number): number;
  /** The same, but 0 where nothing was ever written (reads as zeros). */
  hostAddressIfTouched(offset: number): number;
  /** The same, but 0 where the chunk is not in linear memory at present, too. */
  hostAddressIfResident(offset: number): number;
  read(offset: number, into: Uint8Array): void;
  write(offset: number, from: Uint8Array): void;
  /** Gives the range back to the host; it reads as zeros afterwards. Offsets need no alignment. */
  discard(offset: number, length: number): void;
  /** Host bytes taken at present. */
  readonly residentBytes: number;
}

/** 2 MiB: granularity in which RAM is taken from the pool. */
export const CHUNK_SIZE = 0x20_0000;

/**
 * Linear memory below this address belongs to the accelerator (target data, vCPU blocks, translated code); the pool that backs
 * guest RAM starts here. The memory is one `WebAssembly.Memory` of LINEAR_PAGES 64 KiB pages, made at start and never grown.
 */
export const POOL_START = 0x1000_0000;
/** One page short of 4 GiB, so that its length still fits where 32-bit lengths are expected. */
export const LINEAR_PAGES = 0xffff;
