/**
 * pci-testdev: counts writes to its BARs, so that test kernels can measure what a device access costs (QEMU, docs/specs/pci-testdev).
 * Writing a test's number to the first byte of BAR 0 (memory) or BAR 1 (ports) selects it and puts its record there.
 */
import { device, MemoryRegion, property, saved, sizeType } from '@nandu/core';
import { PciDevice } from './pci-device.js';

const WINDOWS = [
  { kind: 'memory', name: 'mmio', sizeBytes: 0x1000 },
  { kind: 'io', name: 'portio', sizeBytes: 0x100 },
] as const;
/** What the tests were for, where a host could bypass the emulator; here they differ only in whether the value must match. */
const TESTS = ['no-eventfd', 'wildcard-eventfd', 'datamatch-eventfd'] as const;
/** The record: number, width, offset to write to, value to write, count of writes, name. */
const RECORD = { test: 0, width: 1, offset: 4, data: 8, count: 12, name: 16 } as const;
const WIDTH_BYTES = 1;
/** The one value that counts where it must match. */
const MATCHING_DATA = 0xfa;
const NOTHING = -1;

@device({ type: 'pci-testdev', summary: 'PCI Test Device', category: 'Misc' })
export class PciTestDevice extends PciDevice {
  /** Of BAR 2, which holds nothing; 0: there is none. */
  @property({ name: 'membar', type: sizeType }) extraBarBytes: number = 0;

  /** Index of window * tests + test, or NOTHING. */
  @saved() private current: number = NOTHING;
  @saved() private counts = new Uint32Array(WINDOWS.length * TESTS.length);

  override realize(): void {
    this.identify({ vendor: 0x1b36, device: 0x0005, classCode: 0x00ff, interruptPin: 1 });
    WINDOWS.forEach(({ kind, name, sizeBytes }, window) => {
      const handler = {
        read: (offset: number, size: number) => this.read(offset, size),
        write: (offset: number, value: number, size: number) => this.write(window, offset, value, size),
      };
      this.addBar(window, MemoryRegion.io(`pci-testdev-${name}`, sizeBytes, handler, { impl: { min: 1, max: 4 } }), { kind });
    });
    if (this.extraBarBytes > 0)
      this.addBar(2, MemoryRegion.container('pci-testdev-membar', this.extraBarBytes), { kind: 'memory', is64: true, prefetchable: true });
  }

  private read(offset: number, size: number): number {
    if (this.current === NOTHING) return 0;
    const record = this.record(this.current);
    if (offset + size > record.byteLength) return 0;
    if (size === 4) return record.getUint32(offset, true);
    return size === 2 ? record.getUint16(offset, true) : record.getUint8(offset);
  }

  private write(window: number, offset: number, value: number, size: number): void {
    if (offset === RECORD.test) return this.select(window, value & 0xff);
    if (this.current === NOTHING || offset !== offsetOf(this.current)) return;
    if (mustMatch(this.current) && (size !== WIDTH_BYTES || value !== MATCHING_DATA)) return;
    (this.counts[this.current] as number)++;
  }

  private select(window: number, test: number): void {
    this.current = test < TESTS.length ? window * TESTS.length + test : NOTHING;
    if (this.current !== NOTHING) this.counts[this.current] = 0;
  }

  private record(current: number): DataView {
    const name = new TextEncoder().encode(`${windowOf(current).name}-${TESTS[current % TESTS.length]}\0`);
    const record = new DataView(new ArrayBuffer(RECORD.name + name.length));
    record.setUint8(RECORD.test, current % TESTS.length);
    record.setUint8(RECORD.width, WIDTH_BYTES);
    record.setUint32(RECORD.offset, offsetOf(current), true);
    record.setUint8(RECORD.data, MATCHING_DATA);
    record.setUint32(RECORD.count, this.counts[current] as number, true);
    new Uint8Array(record.buffer).set(name, RECORD.name);
    return record;
  }
}

function windowOf(current: number) {
  return WINDOWS[Math.floor(current / TESTS.length)] as (typeof WINDOWS)[number];
}
/** Where writes count: in the upper half of the window, a byte for each test. */
function offsetOf(current: number): number {
  return windowOf(current).sizeBytes / 2 + (current % TESTS.length);
}
function mustMatch(current: number): boolean {
  return current % TESTS.length === TESTS.length - 1;
}
