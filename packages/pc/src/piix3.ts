/** PIIX3: PCI-ISA bridge (Intel 82371SB data sheet): the ISA bus, routing of PCI interrupts, the reset control register. */
import { AddressSpaceIo, device, Machine, MemoryRegion, saved } from '@nandu/core';
import { type IrqSink, IsaBus } from '@nandu/isa';
import { PciDevice } from '@nandu/pci';

/** PIRQ route control, one byte a line: the ISA request, or bit 7 for none. */
const PIRQ_ROUTE = 0x60;
const PIRQ_COUNT = 4;
const ROUTE_DISABLED = 0x80;
/** Requests that PCI may use (data sheet, 4.1.8). */
const ROUTABLE: ReadonlySet<number> = new Set([3, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15]);
const RESET_CONTROL_PORT = 0xcf9;
const RESET_CPU = 0x04;
const RESET_SYSTEM = 0x02;

@device({ type: 'PIIX3', bus: 'PCI', userCreatable: false })
export class Piix3 extends PciDevice {
  isa!: IsaBus;
  /** ISA requests, as devices drive them; set by the board before realize. */
  isaIrq!: (irq: number) => IrqSink;
  /** The same for requests that PCI interrupts are routed to. */
  pciIrq!: (irq: number, level: boolean) => void;

  @saved() private pirqLevels = [false, false, false, false];
  @saved() private resetControl = 0;
  /** Levels that PCI gives the requests, one bit each. */
  private driven = 0;

  constructor(
    private readonly io: AddressSpaceIo,
    private readonly machine: Machine,
  ) {
    super();
    this.multifunction = true;
  }

  override realize(): void {
    this.identify({ vendor: 0x8086, device: 0x7000, revision: 0, classCode: 0x0601 });
    for (let pirq = 0; pirq < PIRQ_COUNT; pirq++) this.config.set8(PIRQ_ROUTE + pirq, ROUTE_DISABLED);
    this.isa = new IsaBus('isa.0', this, this.io.root, this.isaIrq);
    this.childBuses.push(this.isa);
    this.addChild('isa.0', this.isa);
    this.machine.addBus(this.isa);
    const resetControl = this.own(
      MemoryRegion.io('piix3-reset-control', 1, { read: () => this.resetControl, write: (_offset, value) => this.writeResetControl(value) }),
    );
    // It lies inside the configuration address register, which takes accesses of 4 bytes only.
    this.io.root.add(RESET_CONTROL_PORT, resetControl, 1);
  }

  /** A PCI interrupt line, 0 to 3, changes. */
  setPirq(pirq: number, level: boolean): void {
    this.pirqLevels[pirq] = level;
    this.route();
  }

  protected override configWritten(offset: number, size: number): void {
    if (offset < PIRQ_ROUTE + PIRQ_COUNT && offset + size > PIRQ_ROUTE) this.route();
  }

  protected override derive(): void {
    super.derive();
    this.route();
  }

  private route(): void {
    let wanted = 0;
    for (let pirq = 0; pirq < PIRQ_COUNT; pirq++) {
      const irq = this.config.get8(PIRQ_ROUTE + pirq);
      if (this.pirqLevels[pirq] && irq < ROUTE_DISABLED && ROUTABLE.has(irq)) wanted |= 1 << irq;
    }
    const changed = wanted ^ this.driven;
    this.driven = wanted;
    for (const irq of ROUTABLE) if (changed & (1 << irq)) this.pciIrq(irq, (wanted & (1 << irq)) !== 0);
  }

  private writeResetControl(value: number): void {
    this.resetControl = value & RESET_SYSTEM;
    if (value & RESET_CPU) this.machine.requestReset('guest-reset');
  }
}
