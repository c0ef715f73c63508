/**
 * virtio-balloon (virtio 1.2, section 5.5): the guest lends pages to the host until it has given as many as asked for. What a guest
 * and a user see is in apps/docs/devices/virtio-balloon.md.
 */
import {
  AddressSpaceMemory,
  type Alarm,
  boolType,
  CHUNK_SIZE,
  ConfigError,
  device,
  HostClock,
  int64Type,
  Log,
  linkType,
  Machine,
  type PropertyType,
  property,
  QmpError,
  saved,
  VirtualClock,
} from '@nandu/core';
import { type Element, feature, VirtioDevice, type Virtqueue } from '@nandu/virtio';
import { inject } from 'tsyringe';
import { BalloonedPages } from './ballooned-pages.js';
import {
  CONFIG,
  DEVICE_NUMBER,
  FEATURE_DEFLATE_ON_OOM,
  FEATURE_NAMES,
  FEATURE_PAGE_POISON,
  FEATURE_PAGE_REPORTING,
  FEATURE_STATS_VQ,
  PAGE_SIZE,
  parsePageNumbers,
} from './protocol.js';
import { type RamRange, ramRanges, runsOf, wholePages } from './ram-ranges.js';
import { StatisticsQueue } from './statistics-queue.js';

const QUEUE_SIZE = 128;
const REPORTING_QUEUE_SIZE = 32;
/** Linux sends 256 page numbers at once; a driver that sends more than this gets no answer. */
const MAX_PAGE_NUMBER_BYTES = 4 * 0x10_0000;
const MAX_INTERVAL_SECONDS = 0xffff_ffff;

const intervalType: PropertyType<number> = { ...int64Type, name: 'int' };
const statisticsType: PropertyType<unknown> = { ...int64Type, name: 'guest statistics', toJson: (value: unknown) => value } as PropertyType<unknown>;
const onOff: PropertyType<boolean> = boolType;

@device({ type: 'virtio-balloon-device', bus: 'virtio-bus' })
export class VirtioBalloon extends VirtioDevice {
  override readonly deviceNumber = DEVICE_NUMBER;
  override readonly featureNames = FEATURE_NAMES;

  // Configuration.
  @property({ type: onOff, default: false, help: 'on/off' })
  deflateOnOom = false;
  @property({ type: onOff, default: false, help: 'on/off' })
  freePageHint = false;
  @property({ type: onOff, default: true, help: 'on/off' })
  pagePoison = true;
  @property({ name: 'qemu-4-0-config-size', type: onOff, default: false })
  oldConfigSize = false;
  @property({ type: onOff, default: false, help: 'on/off' })
  freePageReporting = false;
  @property({
    type: linkType('iothread'),
    set(this: VirtioBalloon, value: string) {
      this.setIothread(value);
    },
  })
  iothread = '';
  /** Seconds between questions for statistics; 0 asks never. */
  @property({
    name: 'guest-stats-polling-interval',
    type: intervalType,
    runtime: true,
    set(this: VirtioBalloon, value: number) {
      this.setInterval(value);
    },
  })
  intervalSeconds = 0;
  @property({
    name: 'guest-stats',
    type: statisticsType,
    readOnly: true,
    get(this: VirtioBalloon) {
      return { stats: this.statistics.latest, 'last-update': this.statistics.updatedAt };
    },
  })
  readonly guestStats: unknown = undefined;

  // State. The first two outlive every reset: the user's wish, and what the driver said last.
  @saved() private wantedPages = 0;
  @saved() private actualPages = 0;
  @saved() private poisonValue = 0;
  @saved() private readonly poll: Alarm;

  // Derived.
  private readonly statistics = new StatisticsQueue();
  private readonly ballooned = new BalloonedPages();
  private statsQueue!: Virtqueue;

  constructor(
    @inject(Machine) machine: Machine,
    @inject(AddressSpaceMemory) memory: AddressSpaceMemory,
    @inject(Log) log: Log,
    clock: VirtualClock,
    private readonly hostClock: HostClock,
  ) {
    super(machine, memory, log);
    this.poll = clock.createAlarm(() => this.askForStatistics());
  }

  override realize(): void {
    super.realize();
    if (this.freePageHint) {
      throw new ConfigError(
        this.iothread === ''
          ? "'free-page-hint' requires 'iothread' to be set"
          : "'free-page-hint' is not implemented: it serves migration, which is not there yet",
      );
    }
    if (this.machine.all(VirtioBalloon).some((other) => other.realized)) throw new ConfigError('Only one balloon device is supported');
    this.addQueue(QUEUE_SIZE, (queue) => this.movePages(queue, (range) => this.inflate(range)));
    this.addQueue(QUEUE_SIZE, (queue) => this.movePages(queue, (range) => this.deflate(range)));
    this.statsQueue = this.addQueue(QUEUE_SIZE, (queue) => this.receiveStatistics(queue));
    if (this.freePageReporting) this.addQueue(REPORTING_QUEUE_SIZE, (queue) => this.takeReports(queue));
    if (this.intervalSeconds > 0) this.poll.start(0);
  }
  override unrealize(): void {
    this.poll.cancel();
  }

  override reset(): void {
    const { wantedPages, actualPages, intervalSeconds } = this;
    super.reset();
    Object.assign(this, { wantedPages, actualPages });
    if (intervalSeconds > 0) this.poll.start(intervalSeconds * 1e6);
  }
  protected override driverReset(): void {
    this.poisonValue = 0;
    this.statistics.reset();
    this.ballooned.clear();
  }

  protected override ownFeatures(): bigint {
    const offers: readonly (readonly [boolean, number])[] = [
      [true, FEATURE_STATS_VQ],
      [this.deflateOnOom, FEATURE_DEFLATE_ON_OOM],
      [this.pagePoison, FEATURE_PAGE_POISON],
      [this.freePageReporting, FEATURE_PAGE_REPORTING],
    ];
    return offers.reduce((features, [on, bit]) => (on ? features | feature(bit) : features), 0n);
  }

  override configBytes(): Uint8Array {
    const length = this.oldConfigSize || this.pagePoison ? 16 : 8;
    const view = new DataView(new ArrayBuffer(16));
    view.setUint32(CONFIG.pageCount, this.wantedPages, true);
    view.setUint32(CONFIG.actual, this.actualPages, true);
    view.setUint32(CONFIG.poisonValue, this.poisonValue, true);
    return new Uint8Array(view.buffer, 0, length);
  }

  /** The driver says how many pages are in the balloon, and how it poisons free ones. */
  override configWritten(offset: number, bytes: Uint8Array): void {
    const config = new Uint8Array(16);
    config.set(this.configBytes());
    config.set(bytes, offset);
    const view = new DataView(config.buffer);
    const actual = view.getUint32(CONFIG.actual, true);
    if (this.hasFeature(FEATURE_PAGE_POISON)) this.poisonValue = view.getUint32(CONFIG.poisonValue, true);
    if (actual === this.actualPages) return;
    this.actualPages = actual;
    this.machine.emit('BALLOON_CHANGE', { actual: this.actualBytes }, 'BALLOON_CHANGE');
  }

  /** What the guest keeps, in bytes; a driver that claims too much makes it negative. */
  get actualBytes(): number {
    return this.ramBytes - this.actualPages * PAGE_SIZE;
  }

  /** Asks the guest to keep to that many bytes of base RAM. */
  setTargetBytes(targetBytes: number): void {
    this.wantedPages = Math.floor((this.ramBytes - Math.min(targetBytes, this.ramBytes)) / PAGE_SIZE);
    this.configChanged();
  }

  private get ramBytes(): number {
    return this.machine.config.memory.sizeBytes;
  }

  /** Inflate and deflate queues: lists of page numbers. */
  private movePages(queue: Virtqueue, move: (range: RamRange) => void): void {
    for (let element = queue.pop(); element; element = queue.pop()) {
      if (element.readableLength > MAX_PAGE_NUMBER_BYTES) {
        this.fail(`virtio-balloon: a list of ${element.readableLength} bytes of page numbers is too long`);
        return;
      }
      const wire = new Uint8Array(element.readableLength);
      element.read(0, wire);
      for (const run of runsOf(parsePageNumbers(wire))) for (const range of ramRanges(this.memory, run)) move(range);
      this.giveBack(queue, element);
    }
  }

  private inflate({ block, offset, length }: RamRange): void {
    block.discard(offset, length);
    for (let at = offset; at < offset + length; at += PAGE_SIZE) {
      if (this.ballooned.add(block, at)) block.discard(Math.floor(at / CHUNK_SIZE) * CHUNK_SIZE, CHUNK_SIZE);
    }
  }

  private deflate({ block, offset, length }: RamRange): void {
    for (let at = offset; at < offset + length; at += PAGE_SIZE) this.ballooned.remove(block, at);
  }

  /** Free pages that the guest does not mind losing, as long as it does not count on what is in them. */
  private takeReports(queue: Virtqueue): void {
    for (let element = queue.pop(); element; element = queue.pop()) {
      if (this.poisonValue === 0) {
        for (const segment of element.writable)
          for (const { block, offset, length } of ramRanges(this.memory, wholePages(segment))) block.discard(offset, length);
      }
      this.giveBack(queue, element);
    }
  }

  private receiveStatistics(queue: Virtqueue): void {
    while (this.statistics.receive(queue, Math.floor(this.hostClock.nowNs() / 1e9))) this.interruptFor(queue);
    if (this.intervalSeconds > 0) this.poll.start(this.intervalSeconds * 1e6);
  }

  private askForStatistics(): void {
    this.guarded(() => {
      if (this.isRunning && this.hasFeature(FEATURE_STATS_VQ) && this.statistics.ask(this.statsQueue)) this.interruptFor(this.statsQueue);
      else this.poll.start(this.intervalSeconds * 1e6);
    });
  }

  private giveBack(queue: Virtqueue, element: Element): void {
    queue.push(element, 0);
    this.interruptFor(queue);
  }

  private setInterval(value: number): void {
    if (value < 0) throw new ConfigError('timer value must be greater than zero');
    if (value > MAX_INTERVAL_SECONDS) throw new ConfigError('timer value is too big');
    if (value === this.intervalSeconds) return;
    const wasPolling = this.intervalSeconds > 0;
    this.intervalSeconds = value;
    if (value === 0) this.poll.cancel();
    // The first question comes at once.
    else if (this.realized) this.poll.start(wasPolling ? value * 1e6 : 0);
  }

  private setIothread(value: string): void {
    if (!this.machine.root.resolve(value)) throw new QmpError('DeviceNotFound', `Device '${value}' not found`);
    this.iothread = value;
  }
}
