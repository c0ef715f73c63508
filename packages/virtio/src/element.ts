import type { AddressSpaceMemory } from '@nandu/core';

/** A piece of a buffer in guest-physical memory. */
export interface Segment {
  readonly address: number;
  readonly length: number;
}

function total(segments: readonly Segment[]): number {
  return segments.reduce((sum, { length }) => sum + length, 0);
}

/** A chain of descriptors that the driver made available: what the device reads, then what it writes. */
export class Element {
  readonly readable: Segment[] = [];
  readonly writable: Segment[] = [];

  constructor(
    /** Index of its first descriptor, by which it is given back. */
    readonly head: number,
    private readonly memory: AddressSpaceMemory,
  ) {}

  get readableLength(): number {
    return total(this.readable);
  }
  get writableLength(): number {
    return total(this.writable);
  }

  /** Copies out of the readable part, from byte `offset` of it on; returns how many bytes there were. */
  read(offset: number, into: Uint8Array): number {
    return overlap(this.readable, offset, into.length, (address, from, length) => this.memory.readBytes(address, into.subarray(from, from + length)));
  }

  /** Copies into the writable part; returns how many bytes found room. */
  write(offset: number, from: Uint8Array): number {
    return overlap(this.writable, offset, from.length, (address, at, length) => this.memory.writeBytes(address, from.subarray(at, at + length)));
  }
}

/** Calls `visit` for each piece of `segments` that bytes [offset, offset + length) of them lie in. */
function overlap(segments: readonly Segment[], offset: number, length: number, visit: (address: number, done: number, length: number) => void): number {
  let done = 0;
  let skip = offset;
  for (const segment of segments) {
    if (skip >= segment.length) {
      skip -= segment.length;
      continue;
    }
    const piece = Math.min(segment.length - skip, length - done);
    if (piece <= 0) break;
    visit(segment.address + skip, done, piece);
    done += piece;
    skip = 0;
  }
  return done;
}
