/** How interrupt requests reach the controllers: each goes to the 8259s, if they have such an input, and to the I/O APIC. */
import type { IoApic } from '@nandu/apic';
import type { I8259, IrqSink } from '@nandu/isa';

const IOAPIC_INPUTS = 24;
/** The master's input that the slave is wired to. */
const CASCADE = 2;

export class InterruptRouter {
  private readonly sinks: IrqSink[];

  constructor(master: I8259, slave: I8259, ioapic: IoApic) {
    this.sinks = Array.from({ length: IOAPIC_INPUTS }, (_, irq) => {
      const toIoApic = ioapic.input('unnamed-gpio-in', irq);
      if (irq >= 16 || irq === CASCADE) return toIoApic;
      const toPic = irq < 8 ? master.input('unnamed-gpio-in', irq) : slave.input('unnamed-gpio-in', irq - 8);
      return (level) => {
        toPic(level);
        toIoApic(level);
      };
    });
  }

  /** Drives global interrupt `irq`. */
  set(irq: number, level: boolean): void {
    this.sinks[irq]?.(level);
  }
  sink(irq: number): IrqSink {
    return (level) => this.set(irq, level);
  }
}
