import { AddressSpaceMemory, boolType, ConfigError, Device, Log, Machine, property, saved, type } from '@nandu/core';
import * as virtio from './constants.js';
import { feature, STATUS_DRIVER_OK, STATUS_FEATURES_OK, STATUS_NEEDS_RESET } from './constants.js';
import { BrokenRing, Virtqueue } from './virtqueue.js';

/** What a device asks of the transport that carries it. */
export interface VirtioTransport {
  /** An interrupt: `vector` of MSI-X, or the shared line while the ISR says so. */
  interrupt(vector: number): void;
  /** MSI-X vector for configuration changes. */
  configVector: number;
  /** Whether the device may reach memory now. */
  readonly canReachMemory: boolean;
  /** Which queue the driver has its registers show. */
  readonly selectedQueue: number;
}

const NO_TRANSPORT: VirtioTransport = { interrupt: () => {}, configVector: virtio.NO_VECTOR, canReachMemory: false, selectedQueue: 0 };

/** How a driver talks to the device: decides which features it sees. */
export type DriverKind = 'modern' | 'legacy';

/**
 * A virtio device without its transport (virtio 1.2, chapter 2): status, features, queues, configuration space. A subclass gives
 * its number, features and configuration, adds queues in `realize`, and overrides `driverReset` for state that a driver's reset
 * clears; what it marks `@saved` beyond that lives until the machine is reset.
 */
@type({ name: 'virtio-device', abstract: true, bus: 'virtio-bus' })
export abstract class VirtioDevice extends Device {
  // Configuration.
  @property({ name: 'indirect_desc', type: boolType, default: true, help: 'on/off' })
  indirectDesc = true;
  @property({ name: 'event_idx', type: boolType, default: true, help: 'on/off' })
  eventIdx = true;
  @property({ name: 'notify_on_empty', type: boolType, default: true, help: 'on/off' })
  notifyOnEmpty = true;
  @property({ name: 'any_layout', type: boolType, default: true, help: 'on/off' })
  anyLayout = true;
  @property({ name: 'iommu_platform', type: boolType, default: false, help: 'on/off' })
  iommuPlatform = false;
  @property({ name: 'packed', type: boolType, default: false, help: 'on/off' })
  packed = false;
  @property({ name: 'queue_reset', type: boolType, default: true, help: 'on/off' })
  queueReset = true;
  @property({ name: 'use-started', type: boolType, default: true })
  useStarted = true;
  @property({ name: 'use-disabled-flag', type: boolType, default: true })
  useDisabledFlag = true;
  @property({ name: 'x-disable-legacy-check', type: boolType, default: false })
  disableLegacyCheck = false;

  // State.
  @saved() status = 0;
  @saved() isr = 0;
  /** Features that the driver accepted. */
  @saved() driverFeatures = 0n;
  /** Counts changes of the configuration; outlives every reset. */
  @saved() generation = 0;
  /** Set by an error of the driver's: nothing is done for it until it resets the device. */
  @saved() broken = false;

  // Derived.
  readonly queues: Virtqueue[] = [];
  transport: VirtioTransport = NO_TRANSPORT;

  constructor(
    protected readonly machine: Machine,
    protected readonly memory: AddressSpaceMemory,
    protected readonly log: Log,
  ) {
    super();
  }

  /** Number of the kind of device (virtio 1.2, chapter 5). */
  abstract readonly deviceNumber: number;
  /** As its parts are called: 'virtio-balloon'. */
  get deviceName(): string {
    return this.typeInfo.name.replace(/-device$/, '');
  }
  /** QEMU's words for features of its own, by bit, in the order in which it lists them. */
  readonly featureNames: readonly (readonly [bit: number, text: string])[] = [];
  /** Features of its own that it offers. */
  protected abstract ownFeatures(): bigint;
  /** Configuration space as the driver reads it now. */
  abstract configBytes(): Uint8Array;
  /** The driver wrote there; most devices have nothing to write. */
  configWritten(_offset: number, _bytes: Uint8Array): void {}
  /** Throws away what a driver's reset ends. */
  protected driverReset(): void {}
  /** False refuses the features that the driver chose. */
  protected acceptsFeatures(_features: bigint): boolean {
    return true;
  }
  /** Hook: DRIVER_OK came or went. */
  protected started(_running: boolean): void {}

  override realize(): void {
    if (this.packed) throw new ConfigError(`${this.typeInfo.name}: packed virtqueues are not implemented`);
    if (this.iommuPlatform) throw new ConfigError('iommu_platform=true is not supported by the device');
  }

  /** Takes the device out: the machine announces it as a part of what it was in. */
  announceDeleted(): void {
    this.machine.emit('DEVICE_DELETED', { path: this.path });
  }

  override reset(): void {
    const { generation } = this;
    super.reset();
    this.resetByDriver();
    this.generation = generation;
  }

  protected override derive(): void {
    this.featuresChanged();
  }

  /** A driver wrote 0 to the status, or the machine is reset. */
  resetByDriver(): void {
    const wasRunning = this.isRunning;
    this.status = 0;
    this.isr = 0;
    this.driverFeatures = 0n;
    this.broken = false;
    for (const queue of this.queues) queue.reset();
    this.transport.configVector = virtio.NO_VECTOR;
    this.transport.interrupt(virtio.NO_VECTOR);
    this.featuresChanged();
    this.driverReset();
    if (wasRunning) this.started(false);
  }

  get isRunning(): boolean {
    return (this.status & STATUS_DRIVER_OK) !== 0;
  }

  hasFeature(bit: number): boolean {
    return (this.driverFeatures & feature(bit)) !== 0n;
  }

  /** All features offered to that kind of driver. */
  features(driver: DriverKind): bigint {
    let offered = this.ownFeatures();
    const offer = (on: boolean, bit: number): void => {
      if (on) offered |= feature(bit);
    };
    offer(this.indirectDesc, virtio.FEATURE_INDIRECT_DESC);
    offer(this.eventIdx, virtio.FEATURE_EVENT_IDX);
    offer(this.notifyOnEmpty, virtio.FEATURE_NOTIFY_ON_EMPTY);
    offer(this.anyLayout, virtio.FEATURE_ANY_LAYOUT);
    if (driver === 'legacy') return (offered | feature(virtio.FEATURE_BAD)) & 0xffff_ffffn;
    offer(true, virtio.FEATURE_VERSION_1);
    offer(this.queueReset, virtio.FEATURE_RING_RESET);
    return offered & ~virtio.LEGACY_ONLY_FEATURES;
  }

  /** What was not offered is not accepted; after FEATURES_OK nothing changes. */
  acceptFeatures(features: bigint, driver: DriverKind): void {
    if (this.status & STATUS_FEATURES_OK) return;
    this.driverFeatures = features & this.features(driver);
    this.featuresChanged();
  }

  /** The driver writes its status; 0 resets. */
  setStatus(value: number): void {
    if (value === 0) return this.resetByDriver();
    const settles = (value & STATUS_FEATURES_OK) !== 0 && (this.status & STATUS_FEATURES_OK) === 0;
    if (settles && !this.acceptsFeatures(this.driverFeatures)) return;
    const wasRunning = this.isRunning;
    // The driver cannot take back that the device needs a reset.
    this.status = value | (this.status & STATUS_NEEDS_RESET);
    if (this.isRunning !== wasRunning) this.started(this.isRunning);
  }

  /** The driver rang the bell of a queue. */
  notified(index: number): void {
    const queue = this.queues[index];
    if (!queue?.isReady || this.broken || !this.transport.canReachMemory) return;
    this.guarded(() => queue.handler(queue));
  }

  /** Runs work on queues for whoever else starts it (timers, backends): a broken ring ends it in NEEDS_RESET. */
  protected guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof BrokenRing)) throw error;
      this.fail(error.message);
    }
  }

  /** Interrupts the driver for what was pushed, if it wants that. */
  protected interruptFor(queue: Virtqueue): void {
    if (!queue.wantsInterrupt()) return;
    this.isr |= virtio.ISR_QUEUE;
    this.transport.interrupt(queue.vector);
  }

  /** Tells a running driver that the configuration is another. */
  protected configChanged(): void {
    if (!this.isRunning) return;
    this.isr |= virtio.ISR_CONFIG;
    this.generation = (this.generation + 1) & 0xff;
    this.transport.interrupt(this.transport.configVector);
  }

  /** The driver broke the protocol: one line for the user, and nothing more until the driver resets the device. */
  protected fail(message: string): void {
    this.log.info(message);
    if (this.hasFeature(virtio.FEATURE_VERSION_1)) {
      this.status |= STATUS_NEEDS_RESET;
      this.configChanged();
    }
    this.broken = true;
  }

  /** For `realize`: queues have numbers in the order in which they are added. */
  protected addQueue(maxSize: number, handler: (queue: Virtqueue) => void): Virtqueue {
    const queue = new Virtqueue(this.queues.length, maxSize, this.memory, handler);
    this.queues.push(queue);
    return queue;
  }

  private featuresChanged(): void {
    const features = { eventIdx: this.hasFeature(virtio.FEATURE_EVENT_IDX), notifyOnEmpty: this.hasFeature(virtio.FEATURE_NOTIFY_ON_EMPTY) };
    for (const queue of this.queues) queue.features = features;
  }

  override saveState(): Record<string, unknown> {
    return { ...super.saveState(), queues: this.queues.map((queue) => queue.save()) };
  }
  override loadState(state: Readonly<Record<string, unknown>>): void {
    (state.queues as Parameters<Virtqueue['load']>[0][]).forEach((queue, index) => this.queues[index]?.load(queue));
    super.loadState(state);
  }
}
