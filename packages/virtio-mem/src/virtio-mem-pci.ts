import { ConfigError, device, type MemoryRegion, MiB, property, type } from '@nandu/core';
import { DeviceMemory, type MemoryDevice, type MemoryDeviceInfo } from '@nandu/memory';
import { BACKEND, DISABLE_LEGACY, DISABLE_MODERN, type OnOffAuto, VirtioPci } from '@nandu/virtio';
import { inject } from 'tsyringe';
import { VirtioMem } from './virtio-mem.js';

/** Memory regions are aligned to huge pages of the host, as QEMU's RAM is. */
const REGION_ALIGNMENT = 2 * MiB;

/** virtio-mem on PCI, always modern: the machine's memory device. */
@type({ name: 'virtio-mem-pci-base', abstract: true, parts: { [BACKEND]: VirtioMem }, interfaces: ['memory-device'] })
export abstract class VirtioMemPciBase extends VirtioPci implements MemoryDevice {
  readonly isMemoryDevice = true;

  constructor(
    private readonly mem: VirtioMem,
    private readonly deviceMemory: DeviceMemory,
  ) {
    super(mem);
  }

  override realize(): void {
    if (!this.mem.backend) throw new ConfigError("'memdev' property must be set");
    this.deviceMemory.plan(this);
    super.realize();
    this.deviceMemory.plug(this);
  }
  override unrealize(): void {
    this.deviceMemory.unplug(this);
    super.unrealize();
  }
  override checkUnplug(): void {
    throw new ConfigError('virtio based memory devices cannot be unplugged.');
  }

  get memoryAddress(): number {
    return this.mem.memaddr;
  }
  set memoryAddress(address: number) {
    this.mem.memaddr = address;
  }
  get regionSizeBytes(): number {
    return this.mem.regionSizeBytes;
  }
  get pluggedSizeBytes(): number {
    return this.mem.pluggedSizeBytes;
  }
  get alignmentBytes(): number {
    return Math.max(REGION_ALIGNMENT, this.mem.blockSize);
  }
  get node(): number {
    return this.mem.node;
  }
  memoryRegion(): MemoryRegion {
    return this.mem.region;
  }

  describe(): MemoryDeviceInfo {
    const { mem } = this;
    return {
      type: 'virtio-mem',
      data: {
        ...(this.id === undefined ? {} : { id: this.id }),
        memaddr: mem.memaddr,
        node: mem.node,
        'requested-size': mem.requestedSizeBytes,
        size: mem.pluggedSizeBytes,
        'max-size': mem.regionSizeBytes,
        'block-size': mem.blockSize,
        memdev: mem.backend?.path ?? '',
      },
    };
  }
}

@device({ type: 'virtio-mem-pci', summary: 'memory that is plugged and unplugged while the guest runs', category: 'Misc' })
export class VirtioMemPci extends VirtioMemPciBase {
  @property(DISABLE_LEGACY)
  override disableLegacy: OnOffAuto = 'auto';
  @property(DISABLE_MODERN)
  override disableModern = false;

  constructor(@inject(VirtioMem) mem: VirtioMem, @inject(DeviceMemory) deviceMemory: DeviceMemory) {
    super(mem, deviceMemory);
  }
}
