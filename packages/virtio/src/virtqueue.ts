/** Split virtqueues (virtio 1.2, section 2.7): three rings in guest memory that driver and device take turns on. */
import type { AddressSpaceMemory, Saveable } from '@nandu/core';
import { NO_VECTOR } from './constants.js';
import { Element } from './element.js';

const DESCRIPTOR_SIZE = 16;
const FLAG_NEXT = 1;
const FLAG_WRITE = 2;
const FLAG_INDIRECT = 4;
const AVAILABLE_NO_INTERRUPT = 1;
/** From the start of the available and the used ring. */
const RING_INDEX = 2;
const RING_ENTRIES = 4;
const USED_ENTRY_SIZE = 8;

/** The driver broke a rule of the rings: the device needs a reset. */
export class BrokenRing extends Error {}

export interface QueueRings {
  descriptors: number;
  available: number;
  used: number;
}

interface QueueState extends QueueRings {
  readonly size: number;
  readonly enabled: boolean;
  readonly vector: number;
  readonly next: number;
  readonly usedIndex: number;
  readonly signalled: number | null;
}

export interface QueueFeatures {
  readonly eventIdx: boolean;
  readonly notifyOnEmpty: boolean;
}

/** One queue as the device has it. Indexes count up and wrap at 16 bits. */
export class Virtqueue implements Saveable, QueueRings {
  size: number;
  enabled = false;
  /** MSI-X vector. */
  vector = NO_VECTOR;
  descriptors = 0;
  available = 0;
  used = 0;
  features: QueueFeatures = { eventIdx: false, notifyOnEmpty: false };
  /** The next available entry to take, and the next used one to fill. */
  private next = 0;
  private usedIndex = 0;
  /** Used index at the last interrupt. */
  private signalled: number | undefined;

  constructor(
    readonly index: number,
    /** As offered; the driver may choose less. */
    readonly maxSize: number,
    private readonly memory: AddressSpaceMemory,
    readonly handler: (queue: Virtqueue) => void,
  ) {
    this.size = maxSize;
  }

  /** Whether it has rings: a modern driver enables it, a legacy one gives it an address. */
  get isReady(): boolean {
    return this.enabled && this.descriptors !== 0;
  }
  /** The driver's index of the available ring, as far as it has one. */
  get availableIndex(): number {
    return this.isReady ? this.memory.read(this.available + RING_INDEX, 2) : this.next;
  }
  /** Entries that the driver has made available and the device has not yet taken. Throws BrokenRing. */
  get waiting(): number {
    const count = (this.memory.read(this.available + RING_INDEX, 2) - this.next) & 0xffff;
    if (count > this.size) throw new BrokenRing(`Guest moved used index from ${this.next} to ${(this.next + count) & 0xffff}`);
    return count;
  }

  /** Takes the next chain, or undefined where none waits. Throws BrokenRing. */
  pop(): Element | undefined {
    if (!this.isReady || this.waiting === 0) return undefined;
    const head = this.memory.read(this.available + RING_ENTRIES + 2 * (this.next % this.size), 2);
    if (head >= this.size) throw new BrokenRing(`Guest says index ${head} is available`);
    this.next = (this.next + 1) & 0xffff;
    // The driver need only tell of what comes after this.
    if (this.features.eventIdx) this.memory.write(this.used + RING_ENTRIES + USED_ENTRY_SIZE * this.size, this.next, 2);
    const element = new Element(head, this.memory);
    this.collect(element, this.descriptors, this.size, head, false);
    return element;
  }

  /** Gives a chain back, of whose writable part the first `written` bytes hold data. */
  push(element: Element, written: number): void {
    const entry = this.used + RING_ENTRIES + USED_ENTRY_SIZE * (this.usedIndex % this.size);
    this.memory.write(entry, element.head, 4);
    this.memory.write(entry + 4, written, 4);
    this.usedIndex = (this.usedIndex + 1) & 0xffff;
    this.memory.write(this.used + RING_INDEX, this.usedIndex, 2);
  }

  /** Whether the driver wants an interrupt for what was pushed since the last time this said so. */
  wantsInterrupt(): boolean {
    if (!this.isReady) return false;
    const { eventIdx, notifyOnEmpty } = this.features;
    if (notifyOnEmpty && this.waiting === 0) return true;
    if (!eventIdx) return (this.memory.read(this.available, 2) & AVAILABLE_NO_INTERRUPT) === 0;
    const before = this.signalled;
    this.signalled = this.usedIndex;
    if (before === undefined) return true;
    const event = this.memory.read(this.available + RING_ENTRIES + 2 * this.size, 2);
    return ((this.usedIndex - event - 1) & 0xffff) < ((this.usedIndex - before) & 0xffff);
  }

  /** Puts the rings of a queue that the driver set up in one piece where legacy drivers expect them. */
  placeLegacy(address: number): void {
    this.descriptors = address;
    this.available = address + DESCRIPTOR_SIZE * this.size;
    this.used = Math.ceil((this.available + RING_ENTRIES + 2 * this.size + 2) / 4096) * 4096;
    this.enabled = address !== 0;
  }

  save(): QueueState {
    const { size, enabled, vector, descriptors, available, used, next, usedIndex, signalled = null } = this;
    return { size, enabled, vector, descriptors, available, used, next, usedIndex, signalled };
  }
  load({ signalled, ...rest }: QueueState): void {
    Object.assign(this, rest);
    this.signalled = signalled ?? undefined;
  }
  reset(): void {
    this.load({ size: this.maxSize, enabled: false, vector: NO_VECTOR, descriptors: 0, available: 0, used: 0, next: 0, usedIndex: 0, signalled: null });
  }

  /** Follows a chain from descriptor `at` of a table of `count`. */
  private collect(element: Element, table: number, count: number, at: number, isIndirect: boolean): void {
    const { memory } = this;
    for (let seen = 0; ; seen++) {
      if (seen >= count) throw new BrokenRing('Looped descriptor');
      const descriptor = table + DESCRIPTOR_SIZE * at;
      const address = memory.read(descriptor + 4, 4) * 2 ** 32 + memory.read(descriptor, 4);
      const length = memory.read(descriptor + 8, 4);
      const flags = memory.read(descriptor + 12, 2);
      if (flags & FLAG_INDIRECT) {
        if (isIndirect) throw new BrokenRing('Indirect descriptor in an indirect table');
        if (length === 0 || length % DESCRIPTOR_SIZE !== 0) throw new BrokenRing('Invalid size for indirect buffer table');
        this.collect(element, address, Math.min(length / DESCRIPTOR_SIZE, this.size), 0, true);
      } else {
        this.addSegment(element, address, length, (flags & FLAG_WRITE) !== 0);
      }
      if (element.readable.length + element.writable.length > this.size) throw new BrokenRing('Looped descriptor');
      if ((flags & FLAG_NEXT) === 0) return;
      at = memory.read(descriptor + 14, 2);
      if (at >= count) throw new BrokenRing(`Desc next is ${at}`);
    }
  }

  private addSegment(element: Element, address: number, length: number, writable: boolean): void {
    if (length === 0) throw new BrokenRing('virtio: zero sized buffers are not allowed');
    if (!this.memory.find(address) || !this.memory.find(address + length - 1)) throw new BrokenRing('virtio: bogus descriptor or out of resources');
    if (!writable && element.writable.length > 0) throw new BrokenRing('Incorrect order for descriptors');
    (writable ? element.writable : element.readable).push({ address, length });
  }
}
