/** The ISA bus: ports and interrupt lines that its devices take. */
import { Bus, Device, type IrqLine, type MemoryRegion, type MmioHandler, type MmioOptions, type as qomType } from '@nandu/core';

/** Drives one ISA interrupt request. */
export type IrqSink = (level: boolean) => void;

@qomType({ name: 'ISA' })
export class IsaBus extends Bus {
  /** `ports` is the root of I/O space; `irq(n)` drives request n, 0 to 15. */
  constructor(
    name: string,
    owner: Device | undefined,
    readonly ports: MemoryRegion,
    readonly irq: (line: number) => IrqSink,
  ) {
    super(name, owner);
  }
}

/** A device on the ISA bus. Its registers answer single bytes unless it says otherwise; wider accesses are split. */
@qomType({ name: 'isa-device', abstract: true })
export abstract class IsaDevice extends Device {
  protected get isa(): IsaBus {
    return this.bus as IsaBus;
  }

  /** Puts registers at `port`. */
  protected mapPorts(port: number, count: number, handler: MmioHandler, name: string, options: MmioOptions = BYTES): MemoryRegion {
    const region = this.mapMmio(handler, count, options, name);
    this.isa.ports.add(port, region);
    return region;
  }

  protected wireIrq(line: IrqLine, irq: number): void {
    line.connect(this.isa.irq(irq));
  }
}

export const BYTES: MmioOptions = { valid: { min: 1, max: 4, unaligned: true }, impl: { min: 1, max: 1 } };
