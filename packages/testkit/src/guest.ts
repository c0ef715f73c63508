import type { Device, MemoryRegion, MmioHandler, RegisterSpec } from '@nandu/core';

/** Reads and writes a device's registers by name, as a guest's driver would by offset. */
export class Guest<const M extends Readonly<Record<string, RegisterSpec>>> {
  private readonly region: MemoryRegion;

  constructor(
    device: Device,
    private readonly map: M,
    regionIndex = 0,
  ) {
    const region = device.regions[regionIndex];
    if (!region) throw new Error('the device has mapped nothing');
    this.region = region;
  }

  private get handler(): MmioHandler {
    return this.region.parts.handler as MmioHandler;
  }

  /** The register as a word. */
  word(name: keyof M & string): number {
    const { offset, size = 4 } = this.map[name] as RegisterSpec;
    return this.handler.read(offset, size);
  }
  /** The register's fields. */
  read(name: keyof M & string): Record<string, number> {
    const word = this.word(name);
    const { fields = {} } = this.map[name] as RegisterSpec;
    return Object.fromEntries(Object.entries(fields).map(([key, { lsb, width }]) => [key, (word >>> lsb) & ((2 ** width - 1) >>> 0)]));
  }
  /** A whole word, or fields (the rest 0). */
  write(name: keyof M & string, value: number | Readonly<Record<string, number>>): void {
    const { offset, size = 4, fields = {} } = this.map[name] as RegisterSpec;
    const word = typeof value === 'number' ? value : Object.entries(value).reduce((w, [key, v]) => w | (v << (fields[key]?.lsb ?? 0)), 0) >>> 0;
    this.handler.write(offset, word, size);
  }
}
