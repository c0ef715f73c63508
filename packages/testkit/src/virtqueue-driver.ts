import type { AddressSpace } from '@nandu/core';

export interface RingDescriptor {
  readonly address: number;
  readonly length: number;
  /** 1: another follows; 2: the device writes; 4: a table of descriptors. */
  readonly flags: number;
  readonly next?: number;
}

export interface ChainResult {
  /** Length that the device gave, or undefined where it has not answered. */
  readonly usedLength: number | undefined;
  /** What is in each writable buffer now. */
  readonly buffers: readonly Uint8Array[];
}

/** The driver's half of a split virtqueue in guest memory: tables from `base` on, buffers from `base + 0x4000`. */
export class VirtqueueDriver {
  readonly descriptors: number;
  readonly available: number;
  readonly used: number;
  private availableIndex = 0;
  private usedIndex = 0;
  private nextBuffer: number;

  constructor(
    private readonly memory: AddressSpace,
    readonly base: number,
    readonly size: number,
    private readonly notify: () => void,
  ) {
    this.descriptors = base;
    this.available = base + 0x2000;
    this.used = base + 0x3000;
    this.nextBuffer = base + 0x4000;
    memory.writeBytes(base, new Uint8Array(0x4000));
  }

  writeDescriptor(index: number, { address, length, flags, next = 0 }: RingDescriptor, table = this.descriptors): void {
    const at = table + 16 * index;
    this.memory.write8(at, BigInt(address));
    this.memory.write(at + 8, length, 4);
    this.memory.write(at + 12, flags, 2);
    this.memory.write(at + 14, next, 2);
  }

  /** Makes descriptor `head` available and rings the bell. */
  offer(head: number): void {
    this.memory.write(this.available + 4 + 2 * (this.availableIndex % this.size), head, 2);
    this.availableIndex = (this.availableIndex + 1) & 0xffff;
    this.memory.write(this.available + 2, this.availableIndex, 2);
    this.notify();
  }

  /** Length of the next used entry, or undefined. */
  take(): number | undefined {
    if (this.memory.read(this.used + 2, 2) === this.usedIndex) return undefined;
    const length = this.memory.read(this.used + 4 + 8 * (this.usedIndex % this.size) + 4, 4);
    this.usedIndex = (this.usedIndex + 1) & 0xffff;
    return length;
  }

  /** Sends one chain, its buffers laid out by this driver, from descriptor 0 on. */
  send(readable: readonly Uint8Array[], writableLengths: readonly number[] = []): ChainResult {
    this.nextBuffer = this.base + 0x4000;
    const buffers = [
      ...readable.map((bytes) => {
        const address = this.place(bytes.length);
        this.memory.writeBytes(address, bytes);
        return { address, length: bytes.length, flags: 0 };
      }),
      ...writableLengths.map((length) => ({ address: this.place(length), length, flags: 2 })),
    ];
    buffers.forEach((buffer, index) => {
      const last = index === buffers.length - 1;
      this.writeDescriptor(index, { ...buffer, flags: buffer.flags | (last ? 0 : 1), next: last ? 0 : index + 1 });
    });
    this.offer(0);
    const usedLength = this.take();
    const written = buffers
      .filter(({ flags }) => flags === 2)
      .map(({ address, length }) => {
        const bytes = new Uint8Array(length);
        this.memory.readBytes(address, bytes);
        return bytes;
      });
    return { usedLength, buffers: written };
  }

  private place(length: number): number {
    const address = this.nextBuffer;
    this.nextBuffer += (length + 63) & ~63;
    return address;
  }
}
