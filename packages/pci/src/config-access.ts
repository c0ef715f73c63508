import { MemoryRegion, type MmioHandler, type Saveable } from '@nandu/core';
import type { PciBus } from './pci-bus.js';

const ENABLE = 0x8000_0000;

/** Bytes of configuration space a function has on a conventional bus; all ones where there is no function. */
function readFunction(bus: PciBus, devfn: number, offset: number, size: number): number {
  const ones = 2 ** (8 * size) - 1;
  return offset >= 256 ? ones : (bus.at(devfn)?.configRead(offset, size) ?? ones);
}

/**
 * Configuration mechanism #1 (PCI Local Bus 3.0, section 3.2.2.3.2): a host bridge maps `address` at port 0xcf8 and `data` at
 * 0xcfc. Only bus 0 has devices.
 */
export class ConfigMechanism1 implements Saveable {
  readonly address: MemoryRegion;
  readonly data: MemoryRegion;
  private register = 0;

  constructor(private readonly bus: PciBus) {
    this.address = MemoryRegion.io('pci-conf-idx', 4, {
      // Narrower accesses are not for this register: they read as ones and change nothing.
      read: (offset, size) => (offset === 0 && size === 4 ? this.register : 2 ** (8 * size) - 1),
      write: (offset, value, size) => {
        if (offset === 0 && size === 4) this.register = value >>> 0;
      },
    });
    this.data = MemoryRegion.io('pci-conf-data', 4, {
      read: (offset, size) => (this.selects() ? readFunction(this.bus, this.devfn, this.offset + offset, size) : 2 ** (8 * size) - 1),
      write: (offset, value, size) => {
        if (this.selects()) this.bus.at(this.devfn)?.configWrite(this.offset + offset, value, size);
      },
    });
  }

  private get devfn(): number {
    return (this.register >>> 8) & 0xff;
  }
  private get offset(): number {
    return this.register & 0xfc;
  }
  /** Enabled, and for bus 0. */
  private selects(): boolean {
    return this.register >= ENABLE && ((this.register >>> 16) & 0xff) === 0;
  }

  save(): number {
    return this.register;
  }
  load(register: number): void {
    this.register = register;
  }
  reset(): void {
    this.register = 0;
  }
}

/** Enhanced configuration access (PCI Express 5.0, section 7.2.2): 4 KiB a function, in memory. */
export function ecamRegion(bus: PciBus, sizeBytes: number): MemoryRegion {
  const place = (offset: number) => ({ onBus: offset < 0x10_0000, devfn: (offset >>> 12) & 0xff, at: offset & 0xfff });
  const handler: MmioHandler = {
    read(offset, size) {
      const { onBus, devfn, at } = place(offset);
      return onBus ? readFunction(bus, devfn, at, size) : 2 ** (8 * size) - 1;
    },
    write(offset, value, size) {
      const { onBus, devfn, at } = place(offset);
      if (onBus && at < 256) bus.at(devfn)?.configWrite(at, value, size);
    },
  };
  return MemoryRegion.io('pcie-mmcfg-mmio', sizeBytes, handler);
}
