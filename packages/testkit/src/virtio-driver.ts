import type { AddressSpace } from '@nandu/core';
import { VirtqueueDriver } from './virtqueue-driver.js';

const CONFIG_ADDRESS = 0xcf8;
const CONFIG_DATA = 0xcfc;

/** A PCI function as firmware sees it, by configuration mechanism #1. */
export class PciFunctionDriver {
  constructor(
    protected readonly io: AddressSpace,
    readonly slot: number,
    readonly fn = 0,
  ) {}

  read(offset: number, size: 1 | 2 | 4): number {
    this.select(offset);
    return this.io.read(CONFIG_DATA + (offset & 3), size);
  }
  write(offset: number, value: number, size: 1 | 2 | 4): void {
    this.select(offset);
    this.io.write(CONFIG_DATA + (offset & 3), value, size);
  }
  /** What a BAR's register reads as after all ones were written; the old value is put back. */
  sizeBar(index: number): number {
    const offset = 0x10 + 4 * index;
    const before = this.read(offset, 4);
    this.write(offset, 0xffff_ffff, 4);
    const value = this.read(offset, 4);
    this.write(offset, before, 4);
    return value;
  }
  /** Offsets of capabilities in list order. */
  capabilities(): number[] {
    const found: number[] = [];
    for (let at = this.read(0x34, 1); at !== 0; at = this.read(at + 1, 1)) found.push(at);
    return found;
  }

  private select(offset: number): void {
    this.io.write(CONFIG_ADDRESS, (0x8000_0000 + this.slot * 0x800 + this.fn * 0x100 + (offset & 0xfc)) >>> 0, 4);
  }
}

/** Where this driver maps BARs: 1 MiB (memory) and 256 ports a slot. */
const MEMORY_BASE = 0xe000_0000;
const PORT_BASE = 0xc000;

/** A modern virtio-pci driver: negotiates features, sets up queues in guest memory, reads the configuration. */
export class VirtioDriver {
  readonly pci: PciFunctionDriver;
  readonly bar: number;
  readonly ports: number;

  constructor(
    private readonly memory: AddressSpace,
    private readonly io: AddressSpace,
    slot: number,
  ) {
    this.pci = new PciFunctionDriver(io, slot);
    this.bar = MEMORY_BASE + slot * 0x10_0000;
    this.ports = PORT_BASE + slot * 0x100;
    this.pci.write(0x20, this.bar, 4);
    this.pci.write(0x24, 0, 4);
    if (this.pci.read(0x10, 4) & 1) this.pci.write(0x10, this.ports, 4);
    this.pci.write(0x14, this.bar + 0x1_0000, 4);
    this.pci.write(0x04, 0x0007, 2);
  }

  /** The common configuration by offset. */
  common(offset: number, size: 1 | 2 | 4): number {
    return this.memory.read(this.bar + offset, size);
  }
  setCommon(offset: number, value: number, size: 1 | 2 | 4): void {
    this.memory.write(this.bar + offset, value, size);
  }
  get status(): number {
    return this.common(20, 1);
  }
  get generation(): number {
    return this.common(21, 1);
  }
  /** Reading clears it. */
  readIsr(): number {
    return this.memory.read(this.bar + 0x1000, 1);
  }
  config(offset: number, size: 1 | 2 | 4 | 8): number {
    return size === 8 ? Number(this.memory.read8(this.bar + 0x2000 + offset)) : this.memory.read(this.bar + 0x2000 + offset, size);
  }
  setConfig(offset: number, value: number, size: 1 | 2 | 4): void {
    this.memory.write(this.bar + 0x2000 + offset, value, size);
  }

  deviceFeatures(): bigint {
    return this.wide(0, 4);
  }
  acceptedFeatures(): bigint {
    return this.wide(8, 12);
  }

  /** Resets, and goes through negotiation to FEATURES_OK; returns the status then. */
  negotiate(features: bigint): number {
    this.setCommon(20, 0, 1);
    this.setCommon(20, 1, 1);
    this.setCommon(20, 3, 1);
    for (const index of [0, 1]) {
      this.setCommon(8, index, 4);
      this.setCommon(12, Number((features >> BigInt(32 * index)) & 0xffff_ffffn), 4);
    }
    this.setCommon(20, 11, 1);
    return this.status;
  }
  /** Sets up queue `index` with its rings from guest-physical `base` on. */
  queue(index: number, base: number, vector?: number): VirtqueueDriver {
    this.setCommon(22, index, 2);
    const queue = new VirtqueueDriver(this.memory, base, this.common(24, 2), () => this.notify(index));
    if (vector !== undefined) this.setCommon(26, vector, 2);
    this.setCommon(32, queue.descriptors, 4);
    this.setCommon(40, queue.available, 4);
    this.setCommon(48, queue.used, 4);
    this.setCommon(28, 1, 2);
    return queue;
  }
  /** DRIVER_OK; returns the status then. */
  start(): number {
    this.setCommon(20, 15, 1);
    return this.status;
  }
  notify(index: number): void {
    this.memory.write(this.bar + 0x3000 + 4 * index, index, 2);
  }

  /** The legacy window by offset, of a transitional device. */
  legacy(offset: number, size: 1 | 2 | 4): number {
    return this.io.read(this.ports + offset, size);
  }
  setLegacy(offset: number, value: number, size: 1 | 2 | 4): void {
    this.io.write(this.ports + offset, value, size);
  }

  private wide(select: number, at: number): bigint {
    const words = [0, 1].map((index) => {
      this.setCommon(select, index, 4);
      return BigInt(this.common(at, 4));
    });
    return (words[0] as bigint) | ((words[1] as bigint) << 32n);
  }
}
