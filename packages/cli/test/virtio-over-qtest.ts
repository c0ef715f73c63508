/**
 * A driver for one modern virtio-pci device (virtio 1.1, section 4.1) that reaches it through a qtest socket alone: PCI
 * configuration through 0xcf8/0xcfc, the device's structures in BAR 4, rings in the machine's memory.
 */
import type { Wire } from './qtest-wire.js';

/** Offsets of QEMU's structures in BAR 4; its recorded capabilities say the same. */
const BAR = 0xfe00_0000;
const COMMON = BAR;
const ISR = BAR + 0x1000;
const DEVICE_CONFIG = BAR + 0x2000;
const NOTIFY = BAR + 0x3000;
/** Of the notify capability: bytes from one queue's doorbell to the next. */
const NOTIFY_STEP = 4;

const ACKNOWLEDGE = 1;
const DRIVER = 2;
const DRIVER_OK = 4;
const FEATURES_OK = 8;

/** Where the test keeps its rings, a page and a half each, and its buffers. */
const RINGS = 0x10_0000;
const RING_STEP = 0x2000;
const AVAILABLE = 0x800;
const USED = 0x1000;
const BUFFERS = 0x20_0000;
const BUFFER_STEP = 0x100;
const QUEUE_SIZE = 128;
const DESC_NEXT = 1;
const DESC_WRITE = 2;

const PIIX3_DEVFN = 1 << 3;
const PIRQ_ROUTES = 0x60;
const IRQ = 11;
const PCI_VENDOR_CAPABILITY = 9;

const hex = (value: bigint | number, digits = 1): string => value.toString(16).padStart(digits, '0');

/** A buffer of a request: bytes for the device to read, or how many it may write. */
export type Buffer = Uint8Array | number;

export class VirtioOverQtest {
  /** By queue: how many buffers were offered. */
  private offered: number[] = [];

  constructor(
    readonly wire: Wire,
    private readonly slot: number,
  ) {
    wire.request('irq_intercept_in ioapic');
  }

  /** Places BAR 4, lets the device reach memory, and routes all PCI interrupts to IRQ 11. */
  enable(): void {
    this.configWrite(PIIX3_DEVFN, PIRQ_ROUTES, IRQ * 0x0101_0101);
    this.configWrite(this.devfn, 0x20, BAR);
    this.configWrite(this.devfn, 0x24, 0);
    this.configWrite(this.devfn, 0x04, 0x6);
  }

  /** The lines of a recording about the device as PCI has it, before `enable`. */
  describePci(): string[] {
    // There is no firmware: the board has enabled the device already.
    this.configWrite(this.devfn, 0x04, 0);
    const at = (offset: number) => this.configRead(this.devfn, offset);
    const lines = [
      `pci id ${hex(at(0), 8)} class/rev ${hex(at(8), 8)} subsystem ${hex(at(0x2c), 8)} status/command ${hex(at(4), 8)}`,
      ...[0, 1, 2, 3, 4, 5].map((bar) => {
        this.configWrite(this.devfn, 0x10 + 4 * bar, 0xffff_ffff);
        return `BAR${bar} reads back ${hex(at(0x10 + 4 * bar), 8)} after all ones`;
      }),
    ];
    for (let pointer = at(0x34) & 0xff; pointer !== 0; pointer = (at(pointer) >>> 8) & 0xff) {
      if ((at(pointer) & 0xff) !== PCI_VENDOR_CAPABILITY) continue;
      lines.push(`capability at ${hex(pointer)}: ${[0, 4, 8, 12, 16].map((offset) => hex(at(pointer + offset), 8)).join(' ')}`);
    }
    return [...lines, `interrupt pin ${(at(0x3c) >>> 8) & 0xff}`];
  }

  reset(): void {
    this.setStatus(0);
    this.offered = [];
  }

  /** As far as FEATURES_OK. */
  negotiate(features: bigint): string {
    this.reset();
    this.setStatus(ACKNOWLEDGE | DRIVER);
    let offered = 0n;
    for (const half of [0, 1]) {
      this.wire.request(`writel ${COMMON} ${half}`);
      offered |= this.wire.request(`readl ${COMMON + 4}`) << BigInt(32 * half);
      this.wire.request(`writel ${COMMON + 8} ${half}`);
      this.wire.request(`writel ${COMMON + 12} ${(features >> BigInt(32 * half)) & 0xffff_ffffn}`);
    }
    this.setStatus(ACKNOWLEDGE | DRIVER | FEATURES_OK);
    const common = (offset: number): bigint => this.wire.request(`readw ${COMMON + offset}`);
    return (
      `device features 0x${hex(offered, 16)}, accepted 0x${hex(features, 16)}, status after FEATURES_OK ${this.status}, ` +
      `num_queues ${common(0x12)}, config_generation ${this.generation}, msix_config 0x${hex(common(0x10), 4)}`
    );
  }

  describeQueue(queue: number): string {
    const common = (offset: number): bigint => this.wire.request(`readw ${COMMON + offset}`);
    this.wire.request(`writew ${COMMON + 0x16} ${queue}`);
    return `queue ${queue}: size ${common(0x18)} notify_off ${common(0x1e)} msix 0x${hex(common(0x1a), 4)}`;
  }

  /** Enables the queues and says that the driver is there. */
  start(queues: number): string {
    for (let queue = 0; queue < queues; queue++) {
      const ring = RINGS + queue * RING_STEP;
      this.wire.request(`memset ${ring} ${RING_STEP} 0`);
      this.wire.request(`writew ${COMMON + 0x16} ${queue}`);
      for (const [register, address] of [
        [0x20, ring],
        [0x28, ring + AVAILABLE],
        [0x30, ring + USED],
      ] as const) {
        this.wire.request(`writel ${COMMON + register} ${address}`);
        this.wire.request(`writel ${COMMON + register + 4} 0`);
      }
      this.wire.request(`writew ${COMMON + 0x1c} 1`);
    }
    this.setStatus(ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
    return `status after DRIVER_OK ${this.status}`;
  }

  /**
   * Offers one chain of buffers and rings the bell. Undefined where the device does not use it, else how many bytes it wrote
   * and what each of the buffers that it may write holds.
   */
  async send(queue: number, buffers: readonly Buffer[]): Promise<{ length: number; written: Uint8Array[] } | undefined> {
    const { wire } = this;
    const ring = RINGS + queue * RING_STEP;
    for (const [index, buffer] of buffers.entries()) {
      const address = BUFFERS + index * BUFFER_STEP;
      const length = typeof buffer === 'number' ? buffer : buffer.length;
      if (typeof buffer === 'number') wire.request(`memset ${address} ${length} 0`);
      else wire.request(`write ${address} ${length} 0x${[...buffer].map((byte) => hex(byte, 2)).join('')}`);
      const flags = (index + 1 < buffers.length ? DESC_NEXT : 0) | (typeof buffer === 'number' ? DESC_WRITE : 0);
      wire.request(`writeq ${ring + 16 * index} ${address}`);
      wire.request(`writel ${ring + 16 * index + 8} ${length}`);
      wire.request(`writew ${ring + 16 * index + 12} ${flags}`);
      wire.request(`writew ${ring + 16 * index + 14} ${index + 1}`);
    }
    const before = this.offered[queue] ?? 0;
    const slot = before % QUEUE_SIZE;
    wire.request(`writew ${ring + AVAILABLE + 4 + 2 * slot} 0`);
    wire.request(`writew ${ring + AVAILABLE + 2} ${before + 1}`);
    this.offered[queue] = before + 1;
    wire.request(`writew ${NOTIFY + NOTIFY_STEP * queue} ${queue}`);
    for (let turn = 0; turn < 5 && wire.request(`readw ${ring + USED + 2}`) !== BigInt(before + 1); turn++) await nextTurn();
    if (wire.request(`readw ${ring + USED + 2}`) !== BigInt(before + 1)) return undefined;
    const length = Number(wire.request(`readl ${ring + USED + 8 + 8 * slot}`));
    const written = buffers.flatMap((buffer, index) => (typeof buffer === 'number' ? [this.bytes(BUFFERS + index * BUFFER_STEP, buffer)] : []));
    return { length, written };
  }

  get status(): number {
    return Number(this.wire.request(`readb ${COMMON + 0x14}`));
  }
  get generation(): number {
    return Number(this.wire.request(`readb ${COMMON + 0x15}`));
  }
  /** Reading clears it. */
  readIsr(): number {
    return Number(this.wire.request(`readb ${ISR}`));
  }
  deviceConfig(offset: number, letter: 'w' | 'l' | 'q'): bigint {
    return this.wire.request(`read${letter} ${DEVICE_CONFIG + offset}`);
  }
  setDeviceConfig(offset: number, letter: 'w' | 'l' | 'q', value: number | bigint): void {
    this.wire.request(`write${letter} ${DEVICE_CONFIG + offset} ${value}`);
  }

  private get devfn(): number {
    return this.slot << 3;
  }
  private setStatus(status: number): void {
    this.wire.request(`writeb ${COMMON + 0x14} ${status}`);
  }
  private bytes(address: number, length: number): Uint8Array {
    if (length === 0) return new Uint8Array();
    const [reply = ''] = this.wire.ask(`read ${address} ${length}`);
    return Uint8Array.from({ length }, (_, index) => Number.parseInt(reply.slice('OK 0x'.length + 2 * index).slice(0, 2), 16));
  }
  private configRead(devfn: number, offset: number): number {
    this.wire.request(`outl 0xcf8 ${0x8000_0000 + (devfn << 8) + offset}`);
    return Number(this.wire.request('inl 0xcfc'));
  }
  private configWrite(devfn: number, offset: number, value: number): void {
    this.wire.request(`outl 0xcf8 ${0x8000_0000 + (devfn << 8) + offset}`);
    this.wire.request(`outl 0xcfc ${value}`);
  }
}

/** What devices and the machine put off is done. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
