import { type Observable, Subject } from 'rxjs';
import type { PhysicalMemory, RamPage } from './physical.js';
import type { MemoryRegion } from './region.js';

/** One stretch of the flattened view: all of it is the same region, contiguously. */
export interface FlatRange {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly region: MemoryRegion;
  /** Offset in `region` of `start`. */
  readonly offset: number;
  readonly readOnly: boolean;
}

/** What a bus master sees: a root region, flattened, and access to it. Injection tokens: `AddressSpaceMemory`, `AddressSpaceIo`. */
export declare class AddressSpaceContract implements PhysicalMemory {
  readonly name: string;
  readonly root: MemoryRegion;
  /** Sorted, without overlaps; gaps are unmapped. */
  readonly view: readonly FlatRange[];
  ramAt(address: number): RamPage | undefined;
  read(address: number, size: number): number;
  write(address: number, value: number, size: number): void;
  read8(address: number): bigint;
  write8(address: number, value: bigint): void;
  /** DMA: any length, any mix of RAM and devices. Unmapped reads as ones... and writes are dropped. Returns whether all was mapped. */
  readBytes(address: number, into: Uint8Array): boolean;
  writeBytes(address: number, from: Uint8Array): boolean;
  /** Runs `change`; views are made and announced once, at its end. Nests. */
  transaction(change: () => void): void;
  readonly changes$: Observable<void>;
  readonly written$: Observable<{ readonly address: number; readonly length: number }>;
}
void Subject;
