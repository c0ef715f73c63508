/** The registers of the modern PCI transport (virtio 1.2, section 4.1.4.3), as handlers of 4 KiB regions. */
import type { MmioHandler, Saveable } from '@nandu/core';
import { MAX_QUEUE_SIZE, NO_VECTOR } from './constants.js';
import type { VirtioDevice } from './virtio-device.js';
import type { QueueRings, Virtqueue } from './virtqueue.js';

/** Offsets in the common configuration. */
const REG = {
  deviceFeatureSelect: 0,
  deviceFeature: 4,
  driverFeatureSelect: 8,
  driverFeature: 12,
  configVector: 16,
  queueCount: 18,
  status: 20,
  generation: 21,
  queueSelect: 22,
  queueSize: 24,
  queueVector: 26,
  queueEnable: 28,
  queueNotifyOffset: 30,
  queueDescriptors: 32,
  queueAvailable: 40,
  queueUsed: 48,
  queueNotifyData: 56,
  queueReset: 58,
} as const;

interface CommonState {
  readonly deviceFeatureSelect: number;
  readonly driverFeatureSelect: number;
  readonly queueSelect: number;
}

const low = (value: number): number => value % 2 ** 32;
const high = (value: number): number => Math.floor(value / 2 ** 32);

/** The common configuration of one device. */
export class CommonRegisters implements MmioHandler, Saveable {
  private deviceFeatureSelect = 0;
  private driverFeatureSelect = 0;
  private queueSelect = 0;

  constructor(
    private readonly device: VirtioDevice,
    /** A vector that the device has, or NO_VECTOR. */
    private readonly checkVector: (vector: number) => number,
  ) {}

  read(offset: number): number {
    const { device, queue } = this;
    switch (offset) {
      case REG.deviceFeatureSelect:
        return this.deviceFeatureSelect;
      case REG.deviceFeature:
        return word(device.features('modern'), this.deviceFeatureSelect);
      case REG.driverFeatureSelect:
        return this.driverFeatureSelect;
      case REG.driverFeature:
        return word(device.driverFeatures, this.driverFeatureSelect);
      case REG.configVector:
        return device.transport.configVector;
      case REG.queueCount:
        return device.queues.length;
      case REG.status:
        return device.status;
      case REG.generation:
        return device.generation;
      case REG.queueSelect:
        return this.queueSelect;
      case REG.queueSize:
        return queue?.size ?? 0;
      case REG.queueVector:
        return queue?.vector ?? NO_VECTOR;
      case REG.queueEnable:
        return queue?.enabled ? 1 : 0;
      // Every queue rings at an offset of its own.
      case REG.queueNotifyOffset:
        return this.queueSelect;
      case REG.queueDescriptors:
        return low(queue?.descriptors ?? 0);
      case REG.queueDescriptors + 4:
        return high(queue?.descriptors ?? 0);
      case REG.queueAvailable:
        return low(queue?.available ?? 0);
      case REG.queueAvailable + 4:
        return high(queue?.available ?? 0);
      case REG.queueUsed:
        return low(queue?.used ?? 0);
      case REG.queueUsed + 4:
        return high(queue?.used ?? 0);
      default:
        return 0;
    }
  }

  write(offset: number, value: number): void {
    const { device, queue } = this;
    switch (offset) {
      case REG.deviceFeatureSelect:
        this.deviceFeatureSelect = value;
        break;
      case REG.driverFeatureSelect:
        this.driverFeatureSelect = value;
        break;
      case REG.driverFeature:
        this.writeFeatures(value);
        break;
      case REG.configVector:
        device.transport.configVector = this.checkVector(value);
        break;
      case REG.status:
        device.setStatus(value & 0xff);
        break;
      case REG.queueSelect:
        this.queueSelect = value & 0xffff;
        break;
      case REG.queueSize:
        if (queue) setSize(queue, value);
        break;
      case REG.queueVector:
        if (queue) queue.vector = this.checkVector(value);
        break;
      case REG.queueEnable:
        if (queue && value === 1) queue.enabled = true;
        break;
      case REG.queueReset:
        if (queue && value === 1) queue.reset();
        break;
      default:
        if (queue) this.writeRings(queue, offset, value);
    }
  }

  save(): CommonState {
    const { deviceFeatureSelect, driverFeatureSelect, queueSelect } = this;
    return { deviceFeatureSelect, driverFeatureSelect, queueSelect };
  }
  load(state: CommonState): void {
    Object.assign(this, state);
  }
  reset(): void {
    this.load({ deviceFeatureSelect: 0, driverFeatureSelect: 0, queueSelect: 0 });
  }

  get selectedQueue(): number {
    return this.queueSelect;
  }

  private get queue(): Virtqueue | undefined {
    return this.device.queues[this.queueSelect];
  }

  private writeFeatures(value: number): void {
    if (this.driverFeatureSelect > 1) return;
    const shift = BigInt(32 * this.driverFeatureSelect);
    const kept = this.device.driverFeatures & ~(0xffff_ffffn << shift);
    this.device.acceptFeatures(kept | (BigInt(value >>> 0) << shift), 'modern');
  }

  private writeRings(queue: Virtqueue, offset: number, value: number): void {
    if (queue.enabled) return;
    const set = (ring: keyof QueueRings, at: number): void => {
      if (offset === at) queue[ring] = high(queue[ring]) * 2 ** 32 + value;
      else if (offset === at + 4) queue[ring] = value * 2 ** 32 + low(queue[ring]);
    };
    set('descriptors', REG.queueDescriptors);
    set('available', REG.queueAvailable);
    set('used', REG.queueUsed);
  }
}

/** Word 0 or 1 of 64 feature bits; there are no more. */
function word(features: bigint, index: number): number {
  return index > 1 ? 0 : Number((features >> BigInt(32 * index)) & 0xffff_ffffn);
}

/** A driver may make a queue smaller, to a power of two. */
function setSize(queue: Virtqueue, size: number): void {
  const isPower = size > 0 && (size & (size - 1)) === 0;
  if (!queue.enabled && isPower && size <= MAX_QUEUE_SIZE) queue.size = size;
}

/** Reads of the device's own configuration; beyond its end, ones. */
export function configRegisters(device: VirtioDevice): MmioHandler {
  return {
    read(offset, size) {
      const bytes = device.configBytes();
      if (offset + size > bytes.length) return 2 ** (8 * size) - 1;
      let value = 0;
      for (let i = 0; i < size; i++) value += (bytes[offset + i] as number) * 2 ** (8 * i);
      return value;
    },
    write(offset, value, size) {
      if (offset + size > device.configBytes().length) return;
      device.configWritten(
        offset,
        Uint8Array.from({ length: size }, (_, i) => Math.floor(value / 2 ** (8 * i)) & 0xff),
      );
    },
  };
}
