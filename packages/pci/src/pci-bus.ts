import { type AddressSpaceMemory, Bus, ConfigError, type Device, type Log, type MemoryRegion, type MsiTarget, type } from '@nandu/core';
import { describeFunction } from './describe.js';
import type { PciDevice } from './pci-device.js';

/** What a host bridge gives its bus. */
export interface PciBusWiring {
  /** Memory BARs are mapped in here, at bus addresses. */
  readonly memorySpace: MemoryRegion;
  /** The same for I/O BARs. */
  readonly ioSpace: MemoryRegion;
  /** What bus masters reach. */
  readonly dma: AddressSpaceMemory;
  readonly log: Log;
  /** Where message-signalled interrupts go; undefined where the machine takes none. */
  readonly msi?: MsiTarget;
  /** Which of the host's interrupt lines pin 0 (A) to 3 (D) of a slot is wired to. */
  routeInterrupt(slot: number, pin: number): number;
  /** A host line changes level. */
  setInterrupt(line: number, level: boolean): void;
}

/** Takes part when devices come and go while the machine runs: ACPI, a native controller. */
export interface PciHotplug {
  plugged(device: PciDevice): void;
  /** Asks the guest to let go of the device. */
  requestUnplug(device: PciDevice): void;
}

const SLOTS = 32;
/** There are no bridges to other buses. */
const ROOT_BUS = 0;

/** A conventional PCI bus: 32 slots of 8 functions. A device's number `devfn` is slot * 8 + function. */
@type({ name: 'PCI' })
export class PciBus extends Bus {
  hotplug: PciHotplug | undefined;
  /** By devfn. */
  private readonly functions: (PciDevice | undefined)[] = new Array(SLOTS * 8).fill(undefined);
  /** How many devices hold each of the host's interrupt lines high. */
  private readonly asserted = new Map<number, number>();

  constructor(
    name: string,
    owner: Device,
    readonly wiring: PciBusWiring,
  ) {
    super(name, owner);
  }

  at(devfn: number): PciDevice | undefined {
    return this.functions[devfn];
  }
  /** In order of devfn. */
  present(): PciDevice[] {
    return this.functions.filter((device) => device !== undefined);
  }

  override plug(device: Device): void {
    const pci = device as PciDevice;
    pci.devfn = this.place(pci);
    super.plug(device);
    this.functions[pci.devfn] = pci;
  }

  override unplug(device: Device): void {
    const { devfn } = device as PciDevice;
    if (this.functions[devfn] === device) this.functions[devfn] = undefined;
    super.unplug(device);
  }

  override requestUnplug(device: Device): void {
    if (!this.hotplug) throw new ConfigError(`Bus '${this.busName}' does not support hotplugging`);
    (device as PciDevice).checkUnplug();
    this.hotplug.requestUnplug(device as PciDevice);
  }

  override describe(device: Device): readonly string[] {
    return describeFunction(device as PciDevice, ROOT_BUS);
  }

  /** A function's interrupt pin changes: the host's line is high while any that share it are. */
  changeInterrupt(device: PciDevice, pin: number, level: boolean): void {
    const line = this.wiring.routeInterrupt(device.slot, pin);
    const before = this.asserted.get(line) ?? 0;
    const after = before + (level ? 1 : -1);
    this.asserted.set(line, after);
    if (before > 0 !== after > 0) this.wiring.setInterrupt(line, after > 0);
  }

  /** Devfn for a device: as asked for (`addr`), or function 0 of the first free slot. */
  private place(device: PciDevice): number {
    const name = device.typeInfo.name;
    if (device.addr < 0) {
      for (let devfn = 0; devfn < this.functions.length; devfn += 8) if (!this.functions[devfn]) return devfn;
      throw new ConfigError(`PCI: no slot/function available for ${name}, all in use or reserved`);
    }
    const holder = this.functions[device.addr];
    if (holder) {
      throw new ConfigError(
        `PCI: slot ${device.addr >> 3} function ${device.addr & 7} not available for ${name}, in use by ${holder.typeInfo.name},id=${holder.id ?? '(null)'}`,
      );
    }
    const first = this.functions[device.addr & ~7];
    if (device.addr & 7 && first && !first.multifunction) {
      throw new ConfigError(`PCI: single function device can't be populated in function ${device.addr >> 3}.${device.addr & 7}`);
    }
    return device.addr;
  }
}
