/** virtio over PCI (virtio 1.2, section 4.1): modern, and transitional where the device has a legacy number. */
import { boolType, ConfigError, type Device, MemoryRegion, onOffAutoType, property, saved, type, uint32Type } from '@nandu/core';
import { Msix, PciDevice, pciConfig } from '@nandu/pci';
import { NO_VECTOR } from './constants.js';
import { LegacyRegisters } from './legacy-registers.js';
import { CommonRegisters, configRegisters } from './modern-registers.js';
import { VirtioPciBus } from './virtio-bus.js';
import type { VirtioDevice, VirtioTransport } from './virtio-device.js';

const VENDOR = 0x1af4;
/** Modern device ids are this plus the device's number. */
const MODERN_ID = 0x1040;
const CLASS_OTHER = 0x00ff;
const LEGACY_BAR = 0;
const MSIX_BAR = 1;
const MODERN_BAR = 4;
const PART_SIZE = 0x1000;
/** Distance between the bells of two queues. */
const NOTIFY_MULTIPLIER = 4;

/** The parts of the modern BAR in their order, each a capability (virtio 1.2, section 4.1.4). */
const PARTS = [
  { name: 'common', capability: 1, length: 16 },
  { name: 'isr', capability: 3, length: 16 },
  { name: 'device', capability: 4, length: 16 },
  { name: 'notify', capability: 2, length: 20 },
] as const;
/** Access to BARs through configuration space, for code that runs before they are mapped. */
const PCI_CFG = { capability: 5, length: 20 };
/** Offsets in such a capability. */
const CAP = { kind: 3, bar: 4, offset: 8, length: 12, extra: 16 };

/** Name of the child that is the device itself. */
export const BACKEND = 'virtio-backend';

/** As many as the device wants. */
export const UNSPECIFIED_VECTORS = 0xffff_ffff;

export type OnOffAuto = 'auto' | 'on' | 'off';

/**
 * A PCI function that carries one virtio device, its child 'virtio-backend', whose properties it shows as its own. A subclass gives
 * the device and, for transitional devices, the legacy PCI id.
 */
@type({ name: 'virtio-pci', abstract: true, bus: 'PCI' })
export abstract class VirtioPci extends PciDevice implements VirtioTransport {
  // Configuration. What concerns PCI Express and migration is shown and has no effect on a conventional bus.
  @property({ name: 'virtio-pci-bus-master-bug-migration', type: boolType, default: false, help: 'on/off' })
  busMasterBugMigration = false;
  @property({ type: boolType, default: true, help: 'on/off' })
  migrateExtra = true;
  @property({ type: boolType, default: false, help: 'on/off' })
  modernPioNotify = false;
  @property({ name: 'x-disable-pcie', type: boolType, default: false, help: 'on/off' })
  disablePcie = false;
  @property({ type: boolType, default: false, help: 'on/off' })
  pagePerVq = false;
  @property({ name: 'x-ignore-backend-features', type: boolType, default: false })
  ignoreBackendFeatures = false;
  @property({ type: boolType, default: false, help: 'on/off' })
  ats = false;
  @property({ name: 'x-ats-page-aligned', type: boolType, default: true, help: 'on/off' })
  atsPageAligned = true;
  @property({ name: 'x-pcie-deverr-init', type: boolType, default: true, help: 'on/off' })
  pcieDeviceErrors = true;
  @property({ name: 'x-pcie-lnkctl-init', type: boolType, default: true, help: 'on/off' })
  pcieLinkControl = true;
  @property({ name: 'x-pcie-pm-init', type: boolType, default: true, help: 'on/off' })
  pciePowerManagement = true;
  @property({ name: 'x-pcie-flr-init', type: boolType, default: true, help: 'on/off' })
  pcieFunctionReset = true;
  @property({ type: boolType, default: false, help: 'on/off' })
  aer = false;

  disableLegacy: OnOffAuto = 'auto';
  disableModern = false;
  /** Of MSI-X; 0 leaves interrupts to the pin. */
  vectors = 0;

  // State.
  @saved() configVector = NO_VECTOR;
  @saved() protected readonly common: CommonRegisters;
  @saved() private readonly legacy: LegacyRegisters;
  @saved() private msix: Msix | undefined;

  private readonly virtioBus: VirtioPciBus;
  private cfgOffset = 0;
  private modern: MemoryRegion | undefined;

  constructor(
    readonly backend: VirtioDevice,
    private readonly ids: { readonly legacyId?: number; readonly classCode?: number; readonly vectors?: number } = {},
  ) {
    super();
    this.addChild(BACKEND, backend as Device);
    this.virtioBus = new VirtioPciBus('virtio-bus', this);
    this.childBuses.push(this.virtioBus);
    this.addChild(this.virtioBus.busName, this.virtioBus);
    this.addAliases(backend);
    const checkVector = (vector: number): number => (vector < (this.msix?.vectorCount ?? 0) ? vector : NO_VECTOR);
    this.common = new CommonRegisters(backend, checkVector);
    this.legacy = new LegacyRegisters(backend, { checkVector, msixEnabled: () => this.msix?.enabled === true, readIsr: () => this.readIsr() });
  }

  override realize(): void {
    const { legacyId, vectors = 0 } = this.ids;
    if (this.vectors === UNSPECIFIED_VECTORS) this.vectors = vectors;
    // A device without a legacy id is always modern, whatever the options say.
    if (legacyId === undefined) {
      this.disableModern = false;
      this.disableLegacy = 'on';
    } else if (this.disableModern && this.disableLegacy === 'on') {
      throw new ConfigError('device cannot work as neither modern nor legacy mode is enabled');
    }
    const isLegacy = legacyId !== undefined && this.disableLegacy !== 'on';
    this.backend.transport = this;
    this.virtioBus.plug(this.backend);
    this.backend.bringUp();
    const { deviceNumber } = this.backend;
    this.identify({
      vendor: VENDOR,
      device: isLegacy ? legacyId : MODERN_ID + deviceNumber,
      revision: isLegacy ? 0 : 1,
      classCode: this.ids.classCode ?? CLASS_OTHER,
      subsystem: isLegacy ? deviceNumber : 0x1100,
      interruptPin: 1,
    });
    if (isLegacy) this.addBar(LEGACY_BAR, this.own(MemoryRegion.io('virtio-pci', this.legacy.sizeBytes, this.legacy, { impl: { max: 4 } })), { kind: 'io' });
    if (!this.disableModern) this.addModern();
    if (this.vectors > 0) {
      this.msix = new Msix(this, this.config, this.vectors, MSIX_BAR, `${this.typeInfo.name}-msix`);
      this.addBar(MSIX_BAR, this.msix.region, { kind: 'memory' });
    }
  }

  override unrealize(): void {
    this.backend.takeDown();
    this.backend.announceDeleted();
    super.unrealize();
  }

  override reset(): void {
    super.reset();
    this.backend.reset();
  }

  get canReachMemory(): boolean {
    return this.isBusMaster;
  }

  get selectedQueue(): number {
    return this.common.selectedQueue;
  }

  interrupt(vector: number): void {
    if (this.msix?.enabled) {
      if (vector !== NO_VECTOR) this.msix.notify(vector);
    } else {
      this.setInterruptLevel((this.backend.isr & 1) !== 0);
    }
  }

  override configRead(offset: number, size: number): number {
    const data = this.cfgOffset + CAP.extra;
    if (this.cfgOffset === 0 || offset < data || offset >= data + 4) return super.configRead(offset, size);
    const { at, length, isValid } = this.window();
    return isValid ? this.accessModern(at, length, undefined) % 2 ** (8 * size) : 0;
  }

  protected override configWritten(offset: number, size: number): void {
    if (this.msix && offset <= this.msix.offset + 3 && offset + size > this.msix.offset + 2) this.msix.controlWritten();
    const data = this.cfgOffset + CAP.extra;
    if (this.cfgOffset === 0 || offset + size <= data || offset >= data + 4) return;
    const { at, length, isValid } = this.window();
    if (isValid) this.accessModern(at, length, this.config.get32(data) % 2 ** (8 * length));
  }

  override saveState(): Record<string, unknown> {
    return { ...super.saveState(), backend: this.backend.saveState() };
  }
  override loadState(state: Readonly<Record<string, unknown>>): void {
    this.backend.loadState(state.backend as Record<string, unknown>);
    super.loadState(state);
  }

  private readIsr(): number {
    const { isr } = this.backend;
    this.backend.isr = 0;
    this.setInterruptLevel(false);
    return isr;
  }

  private addModern(): void {
    const { backend } = this;
    const handlers = {
      common: this.common,
      isr: { read: (offset: number) => (offset === 0 ? this.readIsr() : 0), write: () => {} },
      device: configRegisters(backend),
      notify: { read: () => 0, write: (offset: number) => backend.notified(Math.floor(offset / NOTIFY_MULTIPLIER)) },
    };
    this.modern = this.own(MemoryRegion.container('virtio-pci', PARTS.length * PART_SIZE));
    PARTS.forEach(({ name, capability, length }, index) => {
      const part = MemoryRegion.io(`virtio-pci-${name}-${backend.deviceName}`, PART_SIZE, handlers[name], { impl: { max: 4 } });
      this.modern?.add(index * PART_SIZE, this.own(part));
      this.addVirtioCapability(capability, length, MODERN_BAR, index * PART_SIZE, PART_SIZE);
    });
    // Shown though it is never mapped, as QEMU does: notification by port is off.
    this.own(MemoryRegion.io(`virtio-pci-notify-pio-${backend.deviceName}`, NOTIFY_MULTIPLIER, handlers.notify));
    this.cfgOffset = this.addVirtioCapability(PCI_CFG.capability, PCI_CFG.length, 0, 0, 0);
    this.config.allow8(this.cfgOffset + CAP.bar, 0xff);
    for (const at of [CAP.offset, CAP.length, CAP.extra]) this.config.allow32(this.cfgOffset + at, 0xffff_ffff);
    this.addBar(MODERN_BAR, this.modern, { kind: 'memory', prefetchable: true, is64: true });
  }

  private addVirtioCapability(kind: number, length: number, bar: number, offset: number, size: number): number {
    const at = this.config.addCapability(pciConfig.CAPABILITY_VENDOR, length);
    this.config.set8(at + 2, length);
    this.config.set8(at + CAP.kind, kind);
    this.config.set8(at + CAP.bar, bar);
    this.config.set32(at + CAP.offset, offset);
    this.config.set32(at + CAP.length, size);
    if (kind === 2) this.config.set32(at + CAP.extra, NOTIFY_MULTIPLIER);
    return at;
  }

  /** What the guest points the access capability at. */
  private window(): { readonly at: number; readonly length: number; readonly isValid: boolean } {
    const at = this.config.get32(this.cfgOffset + CAP.offset);
    const length = this.config.get32(this.cfgOffset + CAP.length);
    const isWord = length === 1 || length === 2 || length === 4;
    const isValid = isWord && at % length === 0 && this.config.get8(this.cfgOffset + CAP.bar) === MODERN_BAR && at + length <= (this.modern?.size ?? 0);
    return { at, length, isValid };
  }

  private accessModern(at: number, length: number, value: number | undefined): number {
    const handler = this.modern?.subregions[Math.floor(at / PART_SIZE)]?.parts.handler;
    if (value === undefined) return handler?.read(at % PART_SIZE, length) ?? 0;
    handler?.write(at % PART_SIZE, value, length);
    return 0;
  }
}

/** Decorated fields that every `virtio-*-pci` type of its own has. */
export const DISABLE_LEGACY = { type: onOffAutoType, default: 'auto', help: 'on/off/auto' } as const;
export const DISABLE_MODERN = { type: boolType, default: false } as const;
export const VECTORS = { type: uint32Type, default: UNSPECIFIED_VECTORS } as const;
