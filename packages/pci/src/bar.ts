import type { MemoryRegion } from '@nandu/core';
import { BAR_0, COMMAND, COMMAND_IO, COMMAND_MEMORY, type ConfigSpace } from './config-space.js';

export interface BarOptions {
  readonly kind: 'memory' | 'io';
  readonly prefetchable?: boolean;
  /** Takes the next BAR's register for its upper half. */
  readonly is64?: boolean;
}

const SPACE_IO = 0x1;
const MEMORY_64 = 0x4;
const MEMORY_PREFETCH = 0x8;
/** Ports end here. */
const IO_END = 0x1_0000;
/** Addresses beyond what any processor of ours has are unmapped: sizing writes ones there. */
const PHYSICAL_END = 2 ** 52;

/** A base address register (PCI Local Bus 3.0, section 6.2.5.1), mapped while the command register decodes it. */
export class Bar {
  /** Present address, or undefined where it is not mapped. */
  address: number | undefined;

  constructor(
    readonly index: number,
    readonly region: MemoryRegion,
    readonly options: BarOptions,
    private readonly config: ConfigSpace,
    private readonly space: MemoryRegion,
  ) {
    const type = options.kind === 'io' ? SPACE_IO : (options.is64 ? MEMORY_64 : 0) | (options.prefetchable ? MEMORY_PREFETCH : 0);
    config.set32(this.offset, type);
    config.allow32(this.offset, -region.size >>> 0);
    if (options.is64) config.allow32(this.offset + 4, 0xffff_ffff);
  }

  get offset(): number {
    return BAR_0 + 4 * this.index;
  }
  get sizeBytes(): number {
    return this.region.size;
  }

  /** Follows the configuration: maps, moves or unmaps. */
  update(): void {
    const address = this.wanted();
    if (address === this.address) return;
    if (this.address !== undefined) this.space.remove(this.region);
    this.address = address;
    if (address !== undefined) this.space.add(address, this.region, 1);
  }

  unmap(): void {
    if (this.address !== undefined) this.space.remove(this.region);
    this.address = undefined;
  }

  private wanted(): number | undefined {
    const { kind, is64 } = this.options;
    const command = this.config.get16(COMMAND);
    if ((command & (kind === 'io' ? COMMAND_IO : COMMAND_MEMORY)) === 0) return undefined;
    const high = is64 ? this.config.get32(this.offset + 4) : 0;
    const address = high * 2 ** 32 + Math.floor(this.config.get32(this.offset) / this.sizeBytes) * this.sizeBytes;
    const end = address + this.sizeBytes;
    // A 32-bit BAR that reaches the very top is one that is being sized.
    if (address === 0 || end > (kind === 'io' ? IO_END : is64 ? PHYSICAL_END : 2 ** 32 - 1)) return undefined;
    return address;
  }
}
