/** What WebAssembly asks of guest-physical memory: pages of RAM, and accesses to everything else. */
import { CHUNK_SIZE, type PhysicalMemory } from '@nandu/core';
import { RAM_PRESENT, RAM_WRITABLE } from './memory-map.js';

const PAGE_SIZE = 4096;

export class PhysicalBridge {
  /** Where each CHUNK_SIZE of guest-physical space was first seen in linear memory: address and the answer. */
  readonly #chunks = new Map<number, { readonly address: number; readonly linear: number }>();

  constructor(private readonly physical: PhysicalMemory) {}

  /** Address in linear memory of a page of RAM, or 0 for anything else (RAM that covers a page only in part, too). */
  linearOf(frame: number): number {
    const page = this.physical.ramAt(frame * PAGE_SIZE);
    if (page === undefined || page.length < PAGE_SIZE || page.offset % PAGE_SIZE !== 0) return 0;
    return page.block.hostAddress(page.offset);
  }

  /** As `ram_page` of `assembly/host.ts`. */
  ramPage(frame: number): number {
    const address = frame * PAGE_SIZE;
    const page = this.physical.ramAt(address);
    if (page === undefined || page.length < PAGE_SIZE || page.offset % PAGE_SIZE !== 0) return 0;
    const linear = page.block.hostAddress(page.offset);
    const chunk = Math.floor(address / CHUNK_SIZE);
    if (!this.#chunks.has(chunk)) this.#chunks.set(chunk, { address, linear });
    return linear + RAM_PRESENT + (page.writable ? RAM_WRITABLE : 0);
  }

  /** Whether the host pages behind a range of guest-physical memory moved since they were handed out: they were discarded, or moved to make room. */
  moved(address: number, length: number): boolean {
    for (let chunk = Math.floor(address / CHUNK_SIZE); chunk * CHUNK_SIZE < address + length; chunk++) {
      const known = this.#chunks.get(chunk);
      if (known === undefined) continue;
      const page = this.physical.ramAt(known.address);
      if (page === undefined || page.block.hostAddressIfResident(page.offset) !== known.linear) return true;
    }
    return false;
  }

  /** The memory map changed. */
  forget(): void {
    this.#chunks.clear();
  }

  readonly imports = {
    ram_page: (frame: number) => this.ramPage(frame),
    mmio_read: (address: number, size: number) => this.physical.read(address, size),
    mmio_read8: (address: number) => this.physical.read8(address),
    // Numbers from WebAssembly are signed.
    mmio_write: (address: number, value: number, size: number) => this.physical.write(address, value >>> 0, size),
    mmio_write8: (address: number, value: bigint) => this.physical.write8(address, BigInt.asUintN(64, value)),
  };
}
