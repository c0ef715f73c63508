/** The I/O window of the legacy interface (virtio 1.2, section 4.1.4.10), for drivers from before virtio 1.0. */
import type { MmioHandler, Saveable } from '@nandu/core';
import { FEATURE_BAD, feature, NO_VECTOR } from './constants.js';
import { configRegisters } from './modern-registers.js';
import type { VirtioDevice } from './virtio-device.js';
import type { Virtqueue } from './virtqueue.js';

const REG = {
  deviceFeatures: 0,
  driverFeatures: 4,
  queueAddress: 8,
  queueSize: 12,
  queueSelect: 14,
  queueNotify: 16,
  status: 18,
  isr: 19,
  /** Only while MSI-X is on; else the device's configuration starts here. */
  configVector: 20,
  queueVector: 22,
} as const;
const CONFIG_START = 20;
const CONFIG_START_MSIX = 24;
const PAGE = 4096;

/** What the window needs of the PCI function around it. */
export interface LegacyWiring {
  readonly msixEnabled: () => boolean;
  readonly checkVector: (vector: number) => number;
  /** Reading the ISR clears it and lets the interrupt line go. */
  readonly readIsr: () => number;
}

export class LegacyRegisters implements MmioHandler, Saveable {
  private queueSelect = 0;
  private readonly config: MmioHandler;

  constructor(
    private readonly device: VirtioDevice,
    private readonly wiring: LegacyWiring,
  ) {
    this.config = configRegisters(device);
  }

  /** Bytes of the window: the registers with MSI-X and the configuration, up to a power of two. */
  get sizeBytes(): number {
    return 2 ** Math.ceil(Math.log2(CONFIG_START + this.device.configBytes().length));
  }

  read(offset: number, size: number): number {
    const { device, queue } = this;
    if (offset >= this.configStart) return this.config.read(offset - this.configStart, size);
    switch (offset) {
      case REG.deviceFeatures:
        return Number(device.features('legacy'));
      case REG.driverFeatures:
        return Number(device.driverFeatures & 0xffff_ffffn);
      case REG.queueAddress:
        return Math.floor((queue?.descriptors ?? 0) / PAGE);
      case REG.queueSize:
        return queue?.maxSize ?? 0;
      case REG.queueSelect:
        return this.queueSelect;
      case REG.status:
        return device.status;
      case REG.isr:
        return this.wiring.readIsr();
      case REG.configVector:
        return device.transport.configVector;
      case REG.queueVector:
        return queue?.vector ?? NO_VECTOR;
      default:
        return 2 ** (8 * size) - 1;
    }
  }

  write(offset: number, value: number, size: number): void {
    const { device, queue } = this;
    if (offset >= this.configStart) return this.config.write(offset - this.configStart, value, size);
    switch (offset) {
      case REG.driverFeatures:
        device.acceptFeatures(value & (1 << FEATURE_BAD) ? 0n : BigInt(value >>> 0) & ~feature(FEATURE_BAD), 'legacy');
        break;
      case REG.queueAddress:
        this.placeQueue(queue, value);
        break;
      case REG.queueSelect:
        this.queueSelect = value & 0xffff;
        break;
      case REG.queueNotify:
        device.notified(value & 0xffff);
        break;
      case REG.status:
        device.setStatus(value & 0xff);
        break;
      case REG.configVector:
        device.transport.configVector = this.wiring.checkVector(value & 0xffff);
        break;
      case REG.queueVector:
        if (queue) queue.vector = this.wiring.checkVector(value & 0xffff);
        break;
      default:
    }
  }

  save(): number {
    return this.queueSelect;
  }
  load(queueSelect: number): void {
    this.queueSelect = queueSelect;
  }
  reset(): void {
    this.queueSelect = 0;
  }

  private get configStart(): number {
    return this.wiring.msixEnabled() ? CONFIG_START_MSIX : CONFIG_START;
  }
  private get queue(): Virtqueue | undefined {
    return this.device.queues[this.queueSelect];
  }

  /** Legacy drivers reset a device by giving its queues address 0. */
  private placeQueue(queue: Virtqueue | undefined, page: number): void {
    if (page === 0) this.device.resetByDriver();
    else queue?.placeLegacy((page >>> 0) * PAGE);
  }
}
