import { AddressSpaceMemory, ConfigError, GiB, Log, MACHINE_CONFIG, type MachineConfig, MemoryRegion } from '@nandu/core';
import { inject, injectable } from 'tsyringe';
import type { MemoryDevice } from './memory-device.js';

export interface AddressRange {
  readonly start: number;
  readonly size: number;
}

export interface OccupiedRange extends AddressRange {
  readonly id: string | undefined;
}

const hex = (value: number): string => `0x${value.toString(16)}`;

/**
 * Where a memory device goes in the window: at `hint`, or in the first gap that is large enough. Throws ConfigError with QEMU's
 * words (memory_device_get_free_addr).
 */
export function findAddress(window: AddressRange, occupied: readonly OccupiedRange[], sizeBytes: number, alignmentBytes: number, hint: number): number {
  if (hint % alignmentBytes !== 0) throw new ConfigError(`address must be aligned to ${hex(alignmentBytes)} bytes`);
  if (sizeBytes % alignmentBytes !== 0) throw new ConfigError(`backend memory size must be multiple of ${hex(alignmentBytes)}`);
  const end = window.start + window.size;
  if (hint !== 0 && (hint < window.start || hint + sizeBytes > end)) {
    throw new ConfigError(
      `can't add memory device [${hex(hint)}:${hex(sizeBytes)}], usable range for memory devices [${hex(window.start)}:${hex(window.size)}]`,
    );
  }
  let at = hint !== 0 ? hint : Math.ceil(window.start / alignmentBytes) * alignmentBytes;
  for (const range of [...occupied].sort((a, b) => a.start - b.start)) {
    if (at >= range.start + range.size || at + sizeBytes <= range.start) continue;
    if (hint !== 0) throw new ConfigError(`address range conflicts with memory device id='${range.id ?? '(unnamed)'}'`);
    at = Math.ceil((range.start + range.size) / alignmentBytes) * alignmentBytes;
  }
  if (at + sizeBytes > end) throw new ConfigError('could not find position in guest address space for memory device - memory fragmented due to alignments');
  return at;
}

/** The window of guest-physical addresses for memory devices, above RAM, up to `maxmem`. */
@injectable()
export class DeviceMemory {
  /** The container that devices' memory is mapped in; undefined where the machine has no window. */
  region: MemoryRegion | undefined;
  private start = 0;
  private readonly plugged: MemoryDevice[] = [];

  constructor(
    @inject(MACHINE_CONFIG) private readonly config: MachineConfig,
    @inject(AddressSpaceMemory) private readonly memory: AddressSpaceMemory,
    @inject(Log) private readonly log: Log,
  ) {}

  /** Bytes that devices may bring. */
  get capacityBytes(): number {
    return this.config.memory.maxBytes - this.config.memory.sizeBytes;
  }
  /** Bytes of the window: a GiB more a slot, so that DIMMs can be aligned. */
  get sizeBytes(): number {
    return this.capacityBytes + this.config.memory.slots * GiB;
  }
  get baseAddress(): number {
    return this.start;
  }

  /** Makes the window at the first GiB boundary at or above `address`; for boards. Undefined without `maxmem`. */
  create(address: number): MemoryRegion | undefined {
    if (this.capacityBytes <= 0) return undefined;
    this.start = Math.ceil(address / GiB) * GiB;
    this.region = MemoryRegion.container('device-memory', this.sizeBytes);
    this.memory.root.add(this.start, this.region);
    return this.region;
  }

  /** Gives the device an address and a place; before it is realized. Throws ConfigError. */
  plan(device: MemoryDevice): void {
    if (!this.region) throw new ConfigError('memory devices (e.g. for memory hotplug) are not enabled, please specify the maxmem option');
    const used = this.plugged.reduce((sum, other) => sum + other.regionSizeBytes, 0);
    if (used + device.regionSizeBytes > this.capacityBytes) {
      throw new ConfigError(`not enough space, currently ${hex(used)} in use of total space for memory devices ${hex(this.capacityBytes)}`);
    }
    if (device.alignmentBytes > GiB) {
      this.log.warning(
        `the alignment (${hex(device.alignmentBytes)}) exceeds the expected maximum alignment, memory will get fragmented and not all 'maxmem' might be usable for memory devices.`,
      );
    }
    const occupied = this.plugged.map(({ id, memoryAddress, regionSizeBytes }) => ({ id, start: memoryAddress, size: regionSizeBytes }));
    const window = { start: this.start, size: this.region.size };
    device.memoryAddress = findAddress(window, occupied, device.regionSizeBytes, device.alignmentBytes, device.memoryAddress);
  }

  /** Maps a planned device. */
  plug(device: MemoryDevice): void {
    this.region?.add(device.memoryAddress - this.start, device.memoryRegion());
    this.plugged.push(device);
  }
  unplug(device: MemoryDevice): void {
    const index = this.plugged.indexOf(device);
    if (index < 0) return;
    this.plugged.splice(index, 1);
    this.region?.remove(device.memoryRegion());
  }
}
