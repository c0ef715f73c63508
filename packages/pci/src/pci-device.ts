import { boolType, ConfigError, Device, MemoryRegion, type PropertyType, property, saved, stringType, type, uint32Type } from '@nandu/core';
import { Bar, type BarOptions } from './bar.js';
import * as config from './config-space.js';
import { ConfigSpace } from './config-space.js';
import { type PciAddress, pciAddressType, printDevfn } from './pci-address.js';
import { PciBus } from './pci-bus.js';

/** What a device is, for the guest. */
export interface PciIdentity {
  readonly vendor: number;
  readonly device: number;
  readonly revision?: number;
  /** Class and subclass: 0x0200 is Ethernet. */
  readonly classCode: number;
  readonly programmingInterface?: number;
  /** By default those of QEMU's devices. */
  readonly subsystemVendor?: number;
  readonly subsystem?: number;
  /** 1 is INTA; 0 none. */
  readonly interruptPin?: number;
}

const onOff: PropertyType<boolean> = boolType;

/**
 * A PCI device: configuration space, BARs, INTx. A subclass calls `identify`, `addBar` and its capabilities' constructors in
 * `realize`, and sets `interruptLevel`; where it has registers of its own in configuration space it overrides `configRead` or
 * `configWritten`.
 */
@type({ name: 'pci-device', abstract: true, bus: 'PCI' })
export abstract class PciDevice extends Device {
  // Configuration.
  @property({
    type: pciAddressType,
    default: -1,
    help: 'Slot and optional function number, example: 06.0 or 06',
    set(this: PciDevice, value: PciAddress) {
      this.setAddr(value);
    },
    get(this: PciDevice) {
      return this.devfn;
    },
  })
  addr = -1;
  @property({ type: stringType })
  romfile = '';
  @property({ type: uint32Type, default: 0xffff_ffff })
  romsize = 0xffff_ffff;
  @property({ type: uint32Type, default: 1 })
  rombar = 1;
  @property({ type: onOff, default: false, help: 'on/off' })
  multifunction = false;
  @property({ name: 'x-pcie-lnksta-dllla', type: onOff, default: true, help: 'on/off' })
  pcieLinkStatus = true;
  @property({ name: 'x-pcie-extcap-init', type: onOff, default: true, help: 'on/off' })
  pcieExtendedCapabilities = true;
  @property({ name: 'failover_pair_id', type: stringType })
  failoverPairId = '';
  @property({ type: uint32Type, default: 0 })
  acpiIndex = 0;

  // State.
  readonly config = new ConfigSpace();
  @saved() protected configBytes = this.config.bytes;
  /** Level that the device gives its interrupt pin, whether or not INTx is disabled. */
  @saved() private pinLevel = false;

  // Derived.
  /** Slot * 8 + function; -1 before it is plugged. */
  devfn = -1;
  readonly bars: Bar[] = [];
  /** What the device reaches by itself: all of memory while it is a bus master, and nothing while it is not. */
  private readonly reach = MemoryRegion.container('bus master container', 2 ** 64);
  private busMaster: MemoryRegion | undefined;
  /** Level on the bus. */
  private busLevel = false;

  constructor() {
    super();
    this.dynamicProperties.set('legacy-addr', { name: 'legacy-addr', type: 'str', get: () => printDevfn(this.devfn) });
  }

  get pciBus(): PciBus {
    return this.bus as PciBus;
  }
  override get busPath(): string {
    return `0000:00:${(this.devfn >> 3).toString(16).padStart(2, '0')}.${this.devfn & 7}`;
  }
  override get addressSpaces(): readonly { readonly name: string; readonly root: MemoryRegion }[] {
    return [{ name: this.typeInfo.name, root: this.reach }];
  }
  get slot(): number {
    return this.devfn >> 3;
  }
  /** Whether the guest lets the device reach memory by itself. */
  get isBusMaster(): boolean {
    return (this.config.get16(config.COMMAND) & config.COMMAND_MASTER) !== 0;
  }

  override unrealize(): void {
    this.setInterruptLevel(false);
    this.busMaster?.release();
    this.pciBus.wiring.dma.transaction(() => {
      for (const bar of this.bars) bar.unmap();
    });
  }

  /** A device that comes while the machine runs is announced to the guest once it is complete. */
  override bringUp(): void {
    super.bringUp();
    if (!this.busMaster) this.makeBusMaster();
    if (this.hotplugged) this.pciBus.hotplug?.plugged(this);
  }

  protected override derive(): void {
    if (this.bus) this.update();
  }

  private makeBusMaster(): void {
    this.own(this.reach);
    this.busMaster = this.own(MemoryRegion.alias('bus master', this.pciBus.wiring.dma.root, 0, 2 ** 64));
    this.busMaster.setEnabled(this.isBusMaster);
    this.reach.add(0, this.busMaster);
  }

  /** Throws ConfigError where the device cannot be taken out while the machine runs. */
  checkUnplug(): void {}

  /** A guest's access to configuration space; `offset` below 256, not crossing a word boundary. */
  configRead(offset: number, size: number): number {
    return this.config.read(offset, size);
  }
  configWrite(offset: number, value: number, size: number): void {
    this.config.write(offset, value, size);
    this.configWritten(offset, size);
    if (offset < config.INTERRUPT_LINE) this.update();
  }
  /** Hook: runs after each guest write to configuration space. */
  protected configWritten(_offset: number, _size: number): void {}

  protected identify(identity: PciIdentity): void {
    const { config: space } = this;
    space.set16(config.VENDOR_ID, identity.vendor);
    space.set16(config.DEVICE_ID, identity.device);
    space.set8(config.REVISION_ID, identity.revision ?? 0);
    space.set8(config.CLASS_PROG, identity.programmingInterface ?? 0);
    space.set16(config.CLASS_DEVICE, identity.classCode);
    space.set16(config.SUBSYSTEM_VENDOR_ID, identity.subsystemVendor ?? 0x1af4);
    space.set16(config.SUBSYSTEM_ID, identity.subsystem ?? 0x1100);
    space.set8(config.INTERRUPT_PIN, identity.interruptPin ?? 0);
    if (this.multifunction) space.set8(config.HEADER_TYPE, config.HEADER_MULTIFUNCTION);
  }

  /** Offers a region, whose size is a power of two, at BAR `index`. */
  protected addBar(index: number, region: MemoryRegion, options: BarOptions): Bar {
    const { memorySpace, ioSpace } = this.pciBus.wiring;
    const bar = new Bar(index, region, options, this.config, options.kind === 'io' ? ioSpace : memorySpace);
    this.bars.push(bar);
    return bar;
  }

  /** The level of the device's interrupt pin (INTx). */
  protected setInterruptLevel(level: boolean): void {
    this.pinLevel = level;
    this.updateInterrupt();
  }

  private update(): void {
    this.busMaster?.setEnabled(this.isBusMaster);
    this.pciBus.wiring.dma.transaction(() => {
      for (const bar of this.bars) bar.update();
    });
    this.updateInterrupt();
  }

  private updateInterrupt(): void {
    const pin = this.config.get8(config.INTERRUPT_PIN);
    if (pin === 0) return;
    const status = this.config.get16(config.STATUS) & ~config.STATUS_INTERRUPT;
    this.config.set16(config.STATUS, this.pinLevel ? status | config.STATUS_INTERRUPT : status);
    const level = this.pinLevel && (this.config.get16(config.COMMAND) & config.COMMAND_INTX_DISABLE) === 0;
    if (level === this.busLevel) return;
    this.busLevel = level;
    this.pciBus.changeInterrupt(this, pin - 1, level);
  }

  private setAddr(value: PciAddress): void {
    if (typeof value === 'string') throw new ConfigError(`Property '${this.typeInfo.name}.addr' doesn't take value '${value}'`);
    this.addr = value;
  }
}
