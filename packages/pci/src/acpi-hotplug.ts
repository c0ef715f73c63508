/**
 * ACPI hot-plug of PCI slots, with QEMU's registers (docs/specs/acpi_pci_hotplug.txt). The board maps `region` at port 0xae00, its
 * DSDT has the methods that read it, and `raise` sets bit 1 of the general-purpose events (\_GPE._E01).
 */
import { type Machine, MemoryRegion, type Saveable } from '@nandu/core';
import type { PciBus, PciHotplug } from './pci-bus.js';
import type { PciDevice } from './pci-device.js';

export const ACPI_PCI_HOTPLUG_PORT = 0xae00;
export const ACPI_PCI_HOTPLUG_SIZE = 0x18;
/** Number of the general-purpose event. */
export const ACPI_PCI_HOTPLUG_EVENT = 1;

/** Offsets; each register is 4 bytes, bit n of the first four is slot n. */
const UP = 0x00;
const DOWN = 0x04;
const EJECT = 0x08;
const REMOVABLE = 0x0c;
const SELECT = 0x10;
const ACPI_INDEX = 0x14;

interface HotplugState {
  readonly up: number;
  readonly down: number;
  readonly select: number;
  readonly acpiIndex: number;
}

/** Serves one bus, which the guest selects as number 0. */
export class AcpiPciHotplug implements PciHotplug, Saveable {
  readonly region: MemoryRegion;
  /** Slots with news for the guest: something was plugged in, something is to go. */
  private up = 0;
  private down = 0;
  private select = 0;
  private acpiIndex = 0;

  constructor(
    private readonly machine: Machine,
    private readonly bus: PciBus,
    private readonly raise: () => void,
  ) {
    bus.hotplug = this;
    bus.hotpluggable = true;
    this.region = MemoryRegion.io(
      'acpi-pci-hotplug',
      ACPI_PCI_HOTPLUG_SIZE,
      {
        read: (offset) => this.read(offset),
        write: (offset, value) => this.write(offset, value >>> 0),
      },
      { valid: { min: 1, max: 4 }, impl: { min: 4 } },
    );
  }

  plugged(device: PciDevice): void {
    this.up |= 1 << device.slot;
    this.raise();
  }

  requestUnplug(device: PciDevice): void {
    if (!this.machine.booted) {
      this.machine.removeDevice(device);
      return;
    }
    // Once more, if the guest did not hear it: one that boots clears what waits.
    this.down |= 1 << device.slot;
    this.raise();
  }

  save(): HotplugState {
    return { up: this.up, down: this.down, select: this.select, acpiIndex: this.acpiIndex };
  }
  load(state: HotplugState): void {
    ({ up: this.up, down: this.down, select: this.select, acpiIndex: this.acpiIndex } = state);
  }
  /** What was to go goes now: the guest that might have objected is gone. */
  reset(): void {
    for (let slot = 0; slot < 32; slot++) if (this.down & (1 << slot)) this.eject(slot);
    this.load({ up: 0, down: 0, select: 0, acpiIndex: 0 });
  }

  private read(offset: number): number {
    const selected = this.select === 0;
    switch (offset) {
      case UP: {
        const up = selected ? this.up : 0;
        if (selected) this.up = 0;
        return up >>> 0;
      }
      case DOWN:
        return selected ? this.down >>> 0 : 0;
      case REMOVABLE:
        return selected ? this.removableSlots() : 0;
      case SELECT:
        return this.select;
      case ACPI_INDEX: {
        const index = this.acpiIndex;
        this.acpiIndex = 0;
        return index;
      }
      default:
        return 0;
    }
  }

  private write(offset: number, value: number): void {
    if (offset === SELECT) this.select = value;
    else if (this.select !== 0 || value === 0) return;
    // One slot at a time: the lowest bit that is set.
    else if (offset === EJECT) this.eject(31 - Math.clz32(value & -value));
    else if (offset === ACPI_INDEX) this.acpiIndex = this.bus.at((31 - Math.clz32(value & -value)) * 8)?.acpiIndex ?? 0;
  }

  private eject(slot: number): void {
    this.down &= ~(1 << slot);
    for (let devfn = slot * 8; devfn < slot * 8 + 8; devfn++) {
      const device = this.bus.at(devfn);
      if (device && isRemovable(device)) this.machine.removeDevice(device);
    }
  }

  private removableSlots(): number {
    let slots = 0;
    for (let slot = 0; slot < 32; slot++) {
      const fixed = this.bus.present().some((device) => device.slot === slot && !isRemovable(device));
      if (!fixed) slots |= 1 << slot;
    }
    return slots >>> 0;
  }
}

function isRemovable(device: PciDevice): boolean {
  return device.typeInfo.hotpluggable === true && device.typeInfo.userCreatable === true;
}
