import type { Observable } from 'rxjs';
import type { RamBlock } from './ram-block.js';

/** What lies at a guest-physical page: RAM (or ROM), or, as undefined, a device or nothing. */
export interface RamPage {
  readonly block: RamBlock;
  /** Offset in the block of the address that was asked for. */
  readonly offset: number;
  /** Bytes from there that are the same RAM. */
  readonly length: number;
  /** False for ROM: stores must go through `write`, which drops them. */
  readonly writable: boolean;
}

/** Guest-physical memory as an accelerator needs it; `AddressSpace` is one. Addresses are bytes. */
export interface PhysicalMemory {
  /** The RAM at `address`, or undefined for MMIO and unmapped addresses. */
  ramAt(address: number): RamPage | undefined;
  /** One access of 1, 2 or 4 bytes; unmapped reads as all ones. `read8`/`write8` are 8 bytes wide. */
  read(address: number, size: number): number;
  write(address: number, value: number, size: number): void;
  read8(address: number): bigint;
  write8(address: number, value: bigint): void;
  /** The map changed: cached translations and page pointers are stale. Emitted once a transaction. */
  readonly changes$: Observable<void>;
  /**
   * Somebody other than the vCPUs (a device by DMA, the monitor) wrote guest RAM: translated code there is stale.
   * `RamBlock.moved$` is announced here too.
   */
  readonly written$: Observable<{ readonly address: number; readonly length: number }>;
}
