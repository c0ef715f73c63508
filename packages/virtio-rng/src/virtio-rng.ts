/** virtio-rng (virtio 1.2, section 5.4): fills the driver's buffers with random bytes, at most so many a period. */
import {
  AddressSpaceMemory,
  type Alarm,
  ConfigError,
  device,
  Log,
  linkType,
  Machine,
  property,
  QmpError,
  saved,
  uint32Type,
  uint64Type,
  VirtualClock,
} from '@nandu/core';
import { VirtioDevice, type Virtqueue } from '@nandu/virtio';
import { inject } from 'tsyringe';
import { RngBackend, RngBuiltin } from './rng-backend.js';

const DEVICE_NUMBER = 4;
export const LEGACY_PCI_ID = 0x1005;
const QUEUE_SIZE = 8;
/** A buffer may be longer: then it comes back partly filled. */
const MAX_FILL = 0x1_0000;
const UNLIMITED = 2 ** 63;

@device({ type: 'virtio-rng-device', bus: 'virtio-bus' })
export class VirtioRng extends VirtioDevice {
  override readonly deviceNumber = DEVICE_NUMBER;

  // Configuration.
  /** Bytes a period; without a limit by default. */
  @property({ type: uint64Type, name: 'max-bytes', default: 2n ** 63n - 1n })
  maxPerPeriod = UNLIMITED;
  @property({ type: uint32Type, name: 'period', default: 0x1_0000 })
  periodMs = 0x1_0000;
  @property({
    type: linkType('rng-backend'),
    set(this: VirtioRng, value: string) {
      this.setRng(value);
    },
    get(this: VirtioRng) {
      return this.backend?.path ?? '';
    },
  })
  rng = '';

  // State.
  /** Bytes left in this period. */
  @saved() private quota = UNLIMITED;
  @saved() private readonly refill: Alarm;

  // Derived.
  private backend: RngBackend | undefined;
  private queue!: Virtqueue;

  constructor(@inject(Machine) machine: Machine, @inject(AddressSpaceMemory) memory: AddressSpaceMemory, @inject(Log) log: Log, clock: VirtualClock) {
    super(machine, memory, log);
    this.refill = clock.createAlarm(() => this.newPeriod());
  }

  override realize(): void {
    super.realize();
    if (this.periodMs === 0) throw new ConfigError("'period' parameter expects a positive integer");
    this.backend ??= this.addChild('default-backend', new RngBuiltin());
    this.backend.user = this;
    this.quota = this.maxPerPeriod;
    this.queue = this.addQueue(QUEUE_SIZE, () => this.serve());
  }
  override unrealize(): void {
    this.refill.cancel();
    if (this.backend) this.backend.user = undefined;
  }

  protected override ownFeatures(): bigint {
    return 0n;
  }
  override configBytes(): Uint8Array {
    return new Uint8Array(0);
  }

  private serve(): void {
    if (!this.isRunning) return;
    while (this.quota > 0) {
      const element = this.queue.pop();
      if (!element) return;
      const bytes = new Uint8Array(Math.min(element.writableLength, this.quota, MAX_FILL));
      this.backend?.fill(bytes);
      element.write(0, bytes);
      this.queue.push(element, bytes.length);
      this.interruptFor(this.queue);
      this.spend(bytes.length);
    }
  }

  private spend(count: number): void {
    if (this.maxPerPeriod >= UNLIMITED) return;
    this.quota -= count;
    if (this.refill.deadlineNs === undefined) this.refill.start(this.periodMs * 1000);
  }

  private newPeriod(): void {
    this.quota = this.maxPerPeriod;
    this.guarded(() => this.serve());
  }

  private setRng(value: string): void {
    const found = this.machine.root.resolve(value);
    if (!found) throw new QmpError('DeviceNotFound', `Device '${value}' not found`);
    if (!(found instanceof RngBackend)) throw new ConfigError("Invalid parameter type for 'rng', expected: rng-backend");
    this.backend = found;
  }
}
