/** PIIX4_PM: power management function (Intel 82371AB data sheet, chapter 7), and the PCI slots' hot-plug registers beside it. */
import { ACPI_PORT, PowerManagement } from '@nandu/acpi';
import { AddressSpaceIo, device, Log, Machine, MemoryRegion, saved, VirtualClock } from '@nandu/core';
import { ACPI_PCI_HOTPLUG_EVENT, ACPI_PCI_HOTPLUG_PORT, AcpiPciHotplug, PciDevice } from '@nandu/pci';

/** Base address of the PM ports, and the register that enables them. */
const PM_BASE = 0x40;
const PM_ENABLE = 0x80;
const PM_PORTS = 64;
const INTERRUPT_PIN_A = 1;

@device({ type: 'PIIX4_PM', bus: 'PCI', userCreatable: false })
export class Piix4Pm extends PciDevice {
  /** Level of the system control interrupt; set by the board before realize. */
  sci!: (level: boolean) => void;

  @saved() readonly power: PowerManagement;
  @saved() protected hotplug!: AcpiPciHotplug;
  private readonly ports = MemoryRegion.container('piix4-pm', PM_PORTS);

  constructor(
    clock: VirtualClock,
    private readonly io: AddressSpaceIo,
    private readonly machine: Machine,
    log: Log,
  ) {
    super();
    this.power = new PowerManagement(clock, {
      sci: (level) => this.sci(level),
      powerOff: () => machine.requestShutdown('guest-shutdown'),
      unimplemented: (message) => log.unimplemented(message),
    });
  }

  override realize(): void {
    this.identify({ vendor: 0x8086, device: 0x7113, revision: 0x03, classCode: 0x0680, interruptPin: INTERRUPT_PIN_A });
    this.config.set32(PM_BASE, 1);
    this.hotplug = new AcpiPciHotplug(this.machine, this.pciBus, () => this.power.raiseGpe(ACPI_PCI_HOTPLUG_EVENT));
    const { power, ports, io } = this;
    ports.add(0, power.eventRegion);
    ports.add(4, power.controlRegion);
    ports.add(8, power.timerRegion);
    ports.setEnabled(false);
    for (const region of [ports, power.eventRegion, power.controlRegion, power.timerRegion, power.commandRegion, power.gpeRegion, this.hotplug.region])
      this.own(region);
    io.transaction(() => {
      io.root.add(0, ports);
      io.root.add(ACPI_PORT.smiCommand, power.commandRegion);
      io.root.add(ACPI_PORT.gpe0, power.gpeRegion);
      io.root.add(ACPI_PCI_HOTPLUG_PORT, this.hotplug.region);
    });
  }

  protected override configWritten(offset: number, size: number): void {
    const touches = (register: number, width: number): boolean => offset < register + width && offset + size > register;
    if (touches(PM_BASE, 4) || touches(PM_ENABLE, 1)) this.placePorts();
  }

  protected override derive(): void {
    super.derive();
    this.placePorts();
  }

  private placePorts(): void {
    const enabled = (this.config.get8(PM_ENABLE) & 1) !== 0;
    this.io.transaction(() => {
      this.ports.setAddress(this.config.get32(PM_BASE) & 0xffc0);
      this.ports.setEnabled(enabled);
    });
  }
}
