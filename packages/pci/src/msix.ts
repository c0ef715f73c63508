import { MemoryRegion, type MmioHandler, ownRegion, type Saveable } from '@nandu/core';
import { CAPABILITY_MSIX, type ConfigSpace } from './config-space.js';
import type { PciDevice } from './pci-device.js';

const ENABLE = 0x8000;
const MASK_ALL = 0x4000;
const ENTRY_SIZE = 16;
const ENTRY_MASKED = 1;

interface MsixState {
  readonly table: Uint32Array;
  readonly pending: Uint32Array;
}

/** MSI-X (PCI Local Bus 3.0, section 6.8.2): a table of vectors in a BAR, each an address and a word to write there. */
export class Msix implements Saveable {
  /** Offset of the capability in configuration space. */
  readonly offset: number;
  /** To be mapped in the BAR: the table, and from half of it on the pending bits. */
  readonly region: MemoryRegion;
  private readonly table: Uint32Array;
  private readonly pending: Uint32Array;

  constructor(
    private readonly device: PciDevice,
    private readonly config: ConfigSpace,
    readonly vectorCount: number,
    barIndex: number,
    name: string,
  ) {
    this.table = new Uint32Array(vectorCount * 4);
    this.pending = new Uint32Array(Math.ceil(vectorCount / 32));
    let size = 4096;
    while (size < 2 * vectorCount * ENTRY_SIZE) size *= 2;
    const pbaOffset = size / 2;
    const make = (region: MemoryRegion): MemoryRegion => ownRegion(device, region);
    this.region = make(MemoryRegion.container(name, size));
    this.region.add(0, make(MemoryRegion.io('msix-table', vectorCount * ENTRY_SIZE, this.tableAccess(), { impl: { min: 4 } })));
    this.region.add(pbaOffset, make(MemoryRegion.io('msix-pba', Math.ceil(vectorCount / 64) * 8, this.pendingAccess(), { impl: { min: 4 } })));
    this.offset = config.addCapability(CAPABILITY_MSIX, 12);
    config.set16(this.offset + 2, vectorCount - 1);
    config.allow16(this.offset + 2, ENABLE | MASK_ALL);
    config.set32(this.offset + 4, barIndex);
    config.set32(this.offset + 8, pbaOffset | barIndex);
    this.reset();
  }

  get enabled(): boolean {
    return (this.config.get16(this.offset + 2) & ENABLE) !== 0;
  }

  /** Raises a vector: sends its message, or remembers it while it is masked. */
  notify(vector: number): void {
    if (vector >= this.vectorCount || !this.enabled) return;
    if (this.isMasked(vector)) this.setPending(vector, true);
    else this.send(vector);
  }

  /** After a guest write to the capability: masks may have gone. */
  controlWritten(): void {
    if (this.enabled) for (let vector = 0; vector < this.vectorCount; vector++) this.deliverPending(vector);
  }

  save(): MsixState {
    return { table: this.table.slice(), pending: this.pending.slice() };
  }
  load(state: MsixState): void {
    this.table.set(state.table);
    this.pending.set(state.pending);
  }
  /** All vectors are masked. */
  reset(): void {
    this.table.fill(0);
    this.pending.fill(0);
    for (let vector = 0; vector < this.vectorCount; vector++) this.table[vector * 4 + 3] = ENTRY_MASKED;
  }

  private isMasked(vector: number): boolean {
    return (this.config.get16(this.offset + 2) & MASK_ALL) !== 0 || ((this.table[vector * 4 + 3] as number) & ENTRY_MASKED) !== 0;
  }

  private setPending(vector: number, on: boolean): void {
    const word = this.pending[vector >> 5] as number;
    this.pending[vector >> 5] = on ? word | (1 << (vector & 31)) : word & ~(1 << (vector & 31));
  }

  private deliverPending(vector: number): void {
    if (this.isMasked(vector) || ((this.pending[vector >> 5] as number) & (1 << (vector & 31))) === 0) return;
    this.setPending(vector, false);
    this.send(vector);
  }

  private send(vector: number): void {
    if (!this.device.isBusMaster) return;
    const [low = 0, high = 0, data = 0] = this.table.subarray(vector * 4, vector * 4 + 3);
    const address = high * 2 ** 32 + low;
    const { msi, dma } = this.device.pciBus.wiring;
    if (msi) msi.send(address, data);
    else dma.write(address, data, 4);
  }

  private tableAccess(): MmioHandler {
    return {
      read: (offset) => this.table[offset >> 2] ?? 0,
      write: (offset, value) => {
        this.table[offset >> 2] = value;
        if (this.enabled) this.deliverPending(Math.floor(offset / ENTRY_SIZE));
      },
    };
  }

  private pendingAccess(): MmioHandler {
    return { read: (offset) => this.pending[offset >> 2] ?? 0, write: () => {} };
  }
}
