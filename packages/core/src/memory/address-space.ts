import { type Observable, Subject } from 'rxjs';
import { type FlatRange, firstEndingAfter, flatten } from './flat-view.js';
import { readDevice, readDevice8, writeDevice, writeDevice8 } from './mmio-access.js';
import type { PhysicalMemory, RamPage } from './physical.js';
import { CHUNK_SIZE, type RamBlock } from './ram-block.js';
import { MemoryRegion } from './region.js';

/** A root region, flattened, and access to it: what a bus master sees. */
export class AddressSpace implements PhysicalMemory {
  readonly root: MemoryRegion;
  private flat: readonly FlatRange[] | undefined;
  private depth = 0;
  private stale = false;
  private lastHit: FlatRange | undefined;
  private readonly followed = new Set<RamBlock>();

  private readonly changes = new Subject<void>();
  readonly changes$: Observable<void> = this.changes.asObservable();
  private readonly written = new Subject<{ readonly address: number; readonly length: number }>();
  readonly written$: Observable<{ readonly address: number; readonly length: number }> = this.written.asObservable();

  /** `unmapped`: every byte that an access to nothing reads as. */
  constructor(
    readonly name: string,
    root: MemoryRegion,
    private readonly unmapped: 0 | 0xff,
  ) {
    this.root = root;
    root.watch(() => this.invalidate());
  }

  /** Sorted, without overlaps; gaps are unmapped. */
  get view(): readonly FlatRange[] {
    if (!this.flat) {
      this.flat = flatten(this.root);
      this.follow(this.flat);
    }
    return this.flat;
  }

  /** Runs `change`; the view is made anew and announced once, at the end of the outermost transaction. */
  transaction(change: () => void): void {
    this.depth++;
    try {
      change();
    } finally {
      this.depth--;
      if (this.depth === 0 && this.stale) this.announce();
    }
  }

  private invalidate(): void {
    this.flat = undefined;
    this.lastHit = undefined;
    this.stale = true;
    if (this.depth === 0) this.announce();
  }

  private announce(): void {
    this.stale = false;
    this.changes.next();
  }

  /** RAM that was discarded or moved is at its host address no more: whoever keeps pointers hears of it as of a write. */
  private follow(view: readonly FlatRange[]): void {
    for (const { region } of view) {
      const block = region.parts.ram;
      if (!block || this.followed.has(block)) continue;
      this.followed.add(block);
      block.moved$.subscribe(({ offset, length }) => this.moved(block, offset, length));
    }
  }

  private moved(block: RamBlock, offset: number, length: number): void {
    for (const range of this.view) {
      if (range.region.parts.ram !== block) continue;
      const from = Math.max(offset, range.offset);
      const to = Math.min(offset + length, range.offset + range.end - range.start);
      if (from < to) this.written.next({ address: range.start + from - range.offset, length: to - from });
    }
  }

  /** The range that holds `address`, if any. */
  find(address: number): FlatRange | undefined {
    const last = this.lastHit;
    if (last && address >= last.start && address < last.end) return last;
    const view = this.view;
    const range = view[firstEndingAfter(view, address)];
    if (!range || address < range.start) return undefined;
    this.lastHit = range;
    return range;
  }

  ramAt(address: number): RamPage | undefined {
    const range = this.find(address);
    const block = range?.region.parts.ram;
    if (!range || !block) return undefined;
    return { block, offset: range.offset + address - range.start, length: range.end - address, writable: !range.readOnly };
  }

  read(address: number, size: number): number {
    const range = this.find(address);
    if (!range) return this.nothing(size);
    const offset = range.offset + address - range.start;
    if (address + size > range.end && !isWithinDevice(range, offset, size)) return this.readPieces(address, size);
    const block = range.region.parts.ram;
    if (!block) return readDevice(range.region, offset, size) ?? this.nothing(size);
    if ((offset % CHUNK_SIZE) + size > CHUNK_SIZE) return this.readPieces(address, size);
    const host = block.hostAddressIfTouched(offset);
    if (host === 0) return 0;
    if (size === 4) return block.memory.getUint32(host, true);
    return size === 2 ? block.memory.getUint16(host, true) : block.memory.getUint8(host);
  }

  write(address: number, value: number, size: number): void {
    const range = this.find(address);
    if (!range) return;
    const offset = range.offset + address - range.start;
    if (address + size > range.end && !isWithinDevice(range, offset, size)) return this.writePieces(address, value, size);
    const block = range.region.parts.ram;
    if (!block) {
      writeDevice(range.region, offset, value, size);
      return;
    }
    if (range.readOnly) return;
    if ((offset % CHUNK_SIZE) + size > CHUNK_SIZE) return this.writePieces(address, value, size);
    const host = block.hostAddress(offset);
    if (size === 4) block.memory.setUint32(host, value, true);
    else if (size === 2) block.memory.setUint16(host, value, true);
    else block.memory.setUint8(host, value);
    this.tell(address, size);
  }

  read8(address: number): bigint {
    const range = this.find(address);
    if (range && !range.region.parts.ram && address + 8 <= range.end) {
      const value = readDevice8(range.region, range.offset + address - range.start);
      if (value !== undefined) return value;
    }
    return BigInt(this.read(address, 4)) | (BigInt(this.read(address + 4, 4)) << 32n);
  }

  write8(address: number, value: bigint): void {
    const range = this.find(address);
    if (range && !range.region.parts.ram && address + 8 <= range.end) {
      writeDevice8(range.region, range.offset + address - range.start, value);
      return;
    }
    this.write(address, Number(value & 0xffff_ffffn), 4);
    this.write(address + 4, Number((value >> 32n) & 0xffff_ffffn), 4);
  }

  /** DMA: any length, any mix of RAM and devices; what is unmapped reads as unmapped. Returns whether all of it was mapped. */
  readBytes(address: number, into: Uint8Array): boolean {
    return this.pieces(address, into.length, (range, at, done, length) => {
      const part = into.subarray(done, done + length);
      if (!range) part.fill(this.unmapped);
      else if (range.region.parts.ram) range.region.parts.ram.read(range.offset + at - range.start, part);
      else for (let i = 0; i < length; i++) part[i] = this.read(at + i, 1);
    });
  }

  /** The same for writing; writes to ROM and to nothing are dropped. */
  writeBytes(address: number, from: Uint8Array): boolean {
    return this.pieces(address, from.length, (range, at, done, length) => {
      const part = from.subarray(done, done + length);
      if (!range) return;
      if (!range.region.parts.ram) for (let i = 0; i < length; i++) this.write(at + i, part[i] as number, 1);
      else if (!range.readOnly) {
        range.region.parts.ram.write(range.offset + at - range.start, part);
        this.tell(at, length);
      }
    });
  }

  /** Tells accelerators that a device changed RAM which it reached by a pointer of its own. */
  tell(address: number, length: number): void {
    if (this.written.observed) this.written.next({ address, length });
  }

  private pieces(address: number, total: number, visit: (range: FlatRange | undefined, at: number, done: number, length: number) => void): boolean {
    let whole = true;
    for (let done = 0; done < total; ) {
      const at = address + done;
      const range = this.find(at);
      const next = range?.end ?? this.view[firstEndingAfter(this.view, at)]?.start ?? at + total - done;
      const length = Math.min(total - done, next - at);
      visit(range, at, done, length);
      whole &&= range !== undefined;
      done += length;
    }
    return whole;
  }

  private readPieces(address: number, size: number): number {
    let value = 0;
    for (let i = 0; i < size; i++) value += this.read(address + i, 1) * 2 ** (8 * i);
    return value;
  }

  private writePieces(address: number, value: number, size: number): void {
    for (let i = 0; i < size; i++) this.write(address + i, Math.floor(value / 2 ** (8 * i)) % 256, 1);
  }

  private nothing(size: number): number {
    return this.unmapped === 0 ? 0 : 2 ** (8 * size) - 1;
  }
}

/**
 * A device decodes its address alone: an access that begins in its range is its own in full width, although another device's
 * register lies inside (on a PC, 0xcf9 within 0xcf8 to 0xcfb).
 */
function isWithinDevice({ region }: FlatRange, offset: number, size: number): boolean {
  return region.parts.ram === undefined && offset + size <= region.size;
}

/** Injection token: guest-physical memory as the CPUs see it. Nothing reads as zeros there, as in QEMU. */
export class AddressSpaceMemory extends AddressSpace {
  constructor() {
    super('memory', MemoryRegion.container('system', 2 ** 64), 0);
  }
}

/** Injection token: the 64 KiB of I/O ports. Nothing reads as ones there. */
export class AddressSpaceIo extends AddressSpace {
  constructor() {
    super('I/O', MemoryRegion.container('io', 0x1_0000), 0xff);
  }
}
