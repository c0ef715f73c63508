/**
 * pc-testdev: what test kernels reach a PC's parts by (QEMU's device of the same name): echo ports, a port that unmaps and remaps
 * a page behind the guest's back, interrupt requests at will, and memory that is not RAM.
 */
import { AddressSpaceMemory, device, MemoryRegion, saved } from '@nandu/core';
import { BYTES, IsaDevice } from './isa-bus.js';

const PORT = { echo: 0xe0, flushPage: 0xe4, echoByte: 0xe8, irq: 0x2000 } as const;
const IRQ_LINES = 24;
const MEMORY_ADDRESS = 0xff00_0000;
const MEMORY_BYTES = 0x1_0000;

@device({ type: 'pc-testdev', bus: 'ISA', category: 'Misc' })
export class PcTestDevice extends IsaDevice {
  @saved() private echo = 0;
  @saved() private bytes = new Uint8Array(MEMORY_BYTES);

  constructor(private readonly memory: AddressSpaceMemory) {
    super();
  }

  override realize(): void {
    const echo = { read: () => this.echo, write: (_offset: number, value: number) => this.writeEcho(value) };
    this.mapPorts(PORT.echo, 4, echo, 'pc-testdev-ioport', { impl: { min: 1, max: 4 } });
    this.mapPorts(PORT.echoByte, 1, echo, 'pc-testdev-ioport-byte', BYTES);
    // A page of the host's that comes and goes is faulted in again before the guest sees anything; ours never goes.
    this.mapPorts(PORT.flushPage, 4, { read: () => 0xffff_ffff, write: () => undefined }, 'pc-testdev-flush-page', { valid: { min: 4, max: 4 } });
    const raise = (line: number, value: number): void => this.isa.irq(line)((value & 1) !== 0);
    this.mapPorts(PORT.irq, IRQ_LINES, { read: () => 0, write: raise }, 'pc-testdev-irq-line', BYTES);
    this.memory.root.add(MEMORY_ADDRESS, MemoryRegion.io('pc-testdev-iomem', MEMORY_BYTES, this.notQuiteRam(), { impl: { min: 1, max: 4 } }), 1);
  }

  private writeEcho(value: number): void {
    this.echo = value;
  }

  /** Holds what is written, but every access comes here. */
  private notQuiteRam() {
    const littleEndian = (offset: number, size: number): number => {
      let value = 0;
      for (let byte = size - 1; byte >= 0; byte--) value = value * 256 + (this.bytes[offset + byte] as number);
      return value;
    };
    const store = (offset: number, value: number, size: number): void => {
      for (let byte = 0; byte < size; byte++) this.bytes[offset + byte] = value >>> (8 * byte);
    };
    return { read: littleEndian, write: store };
  }
}
