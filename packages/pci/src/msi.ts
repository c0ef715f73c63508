import { CAPABILITY_MSI, type ConfigSpace } from './config-space.js';
import type { PciDevice } from './pci-device.js';

const ENABLE = 0x0001;
/** Multiple message enable. */
const MULTIPLE = 0x0070;
const IS_64_BIT = 0x0080;

/** MSI with 64-bit addresses and no mask bits (PCI Local Bus 3.0, section 6.8.1): 1 to 32 vectors, consecutive words to one address. */
export class Msi {
  readonly offset: number;

  constructor(
    private readonly device: PciDevice,
    private readonly config: ConfigSpace,
    vectorCount = 1,
  ) {
    this.offset = config.addCapability(CAPABILITY_MSI, 14);
    config.set16(this.offset + 2, IS_64_BIT | (Math.log2(vectorCount) << 1));
    config.allow16(this.offset + 2, ENABLE | MULTIPLE);
    config.allow32(this.offset + 4, 0xffff_fffc);
    config.allow32(this.offset + 8, 0xffff_ffff);
    config.allow16(this.offset + 12, 0xffff);
  }

  get enabled(): boolean {
    return (this.config.get16(this.offset + 2) & ENABLE) !== 0;
  }

  notify(vector: number): void {
    if (!this.enabled || !this.device.isBusMaster) return;
    const granted = 1 << ((this.config.get16(this.offset + 2) & MULTIPLE) >> 4);
    const address = this.config.get32(this.offset + 8) * 2 ** 32 + this.config.get32(this.offset + 4);
    const data = (this.config.get16(this.offset + 12) & ~(granted - 1)) | (vector % granted);
    const { msi, dma } = this.device.pciBus.wiring;
    if (msi) msi.send(address, data);
    else dma.write(address, data, 4);
  }
}
