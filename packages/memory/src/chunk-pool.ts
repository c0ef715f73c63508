import { CHUNK_SIZE, ConfigError, LINEAR_PAGES, MiB, POOL_START } from '@nandu/core';
import { ChunkSpace, type ReleasePolicy } from './chunk-space.js';
import { type SpillPlace, SpillStore } from './spill-store.js';
import { isAllZeros } from './zero-pages.js';

/** The guest (or a backend with prealloc) wants more memory than the emulator can back. The run loop stops the machine on it. */
export class OutOfHostMemory extends ConfigError {}

const POOL_END = POOL_START + Math.floor((LINEAR_PAGES * 0x1_0000 - POOL_START) / CHUNK_SIZE) * CHUNK_SIZE;

/** Chunks that a slice of guest code finds free at its start; with half of them gone it is asked to end. */
const RESERVE_CHUNKS = 64;
/** Chunks that are moved out at a time. */
const BATCH_CHUNKS = 32;

/** A RAM block, as the pool knows it. */
export interface ChunkOwner {
  readonly id: string;
  /** Its chunk `index` was moved out of linear memory: to `place`, or nowhere, since it was all zeros. */
  movedOut(index: number, place: SpillPlace | undefined): void;
}

interface Holder {
  readonly owner: ChunkOwner;
  readonly index: number;
}

/**
 * The chunks of linear memory that back guest RAM. Where they run out, those that were not used for longest are moved out to a
 * store (clock algorithm: a chunk is in use if its address was asked for since the hand last passed). Translated code, TLBs and
 * what compiled regions remember hold addresses, so nothing is moved while guest code runs: `makeRoom` is called between slices,
 * and a slice lives on a reserve.
 */
export class ChunkPool implements ReleasePolicy {
  release: ReleasePolicy['release'];
  onKept: ReleasePolicy['onKept'];
  /** Called while guest code runs and half of the reserve is gone: the slice should end soon. */
  onLow: (() => void) | undefined;
  /** Whether a chunk should stay where it is if another can go: translated code was made from it. */
  isPinned: ((address: number) => boolean) | undefined;
  /** Guest code is running: nothing may be moved. */
  running = false;

  private readonly space: ChunkSpace;
  private readonly store: SpillStore;
  /** By number of the chunk, from the pool's start. */
  private readonly holders: (Holder | undefined)[] = [];
  private readonly used: Uint8Array;
  private readonly words: Int32Array;
  private hand = 0;
  /** Chunks taken and given back so far. */
  changes = 0;
  private taken = 0;

  constructor(bytes: Uint8Array, endAddress = POOL_END) {
    this.space = new ChunkSpace(bytes, POOL_START, endAddress, this);
    this.store = new SpillStore(this);
    this.words = new Int32Array(bytes.buffer, bytes.byteOffset + POOL_START, (endAddress - POOL_START) / 4);
    this.used = new Uint8Array((endAddress - POOL_START) / CHUNK_SIZE);
  }

  /** Keeps to fewer bytes of linear memory than there are. Only before the first chunk is taken. */
  limit(sizeBytes: number): void {
    if (this.taken > 0) throw new Error('the pool is in use');
    this.space.endAddress = Math.min(this.space.endAddress, POOL_START + Math.max(4, Math.floor(sizeBytes / CHUNK_SIZE)) * CHUNK_SIZE);
  }

  private get chunks(): number {
    return (this.space.endAddress - POOL_START) / CHUNK_SIZE;
  }
  private get reserve(): number {
    return Math.min(RESERVE_CHUNKS, Math.floor(this.chunks / 4));
  }
  private get batch(): number {
    return Math.min(BATCH_CHUNKS, Math.ceil(this.chunks / 8));
  }

  /** What can be in linear memory at a time. */
  get capacityBytes(): number {
    return this.space.endAddress - POOL_START;
  }
  get usedBytes(): number {
    return this.taken * CHUNK_SIZE;
  }

  /** A chunk of zeros for `owner`. */
  take(owner: ChunkOwner, index: number): number {
    if (!this.running && this.space.available === 0) this.moveOut(this.batch, owner.id);
    const chunk = this.space.take();
    if (chunk === undefined) throw this.outOfMemory(owner.id);
    this.taken++;
    this.changes++;
    this.holders[numberOf(chunk)] = { owner, index };
    this.used[numberOf(chunk)] = 1;
    if (this.running && this.space.available < this.reserve / 2) this.onLow?.();
    return chunk;
  }

  get bytes(): Uint8Array {
    return this.space.bytes;
  }

  /** The chunk of a number from 0 on, if it is in use. */
  chunkAt(number: number): number | 'end' | undefined {
    if (number >= this.chunks) return 'end';
    return this.holders[number] && POOL_START + number * CHUNK_SIZE;
  }

  /** Somebody uses the chunk at this address. */
  touch(chunk: number): void {
    this.used[numberOf(chunk)] = 1;
  }

  /** Gives chunks back. Sorts the array. */
  put(chunks: number[]): void {
    for (const chunk of chunks) this.holders[numberOf(chunk)] = undefined;
    this.taken -= chunks.length;
    this.changes += chunks.length;
    this.space.put(chunks);
  }

  /** Zeroes a part of a chunk that stays taken. */
  clear(from: number, to: number): void {
    this.space.clear(from, to);
  }

  /** Fills the chunk at `chunk` with what was moved out to `place`, which is free then. */
  bringBack({ space, address }: SpillPlace, chunk: number): void {
    this.space.bytes.set(space.bytes.subarray(address, address + CHUNK_SIZE), chunk);
    space.put([address]);
  }

  /** Between slices of guest code: sees to it that there is a reserve. */
  makeRoom(): void {
    if (this.space.available < this.reserve) this.moveOut(this.reserve - this.space.available + this.batch, 'the guest');
  }

  private moveOut(wanted: number, wantedBy: string): void {
    const freed: number[] = [];
    const { chunks } = this;
    // Two rounds find what is not in use, the third takes what holds translated code, too.
    for (let steps = 0; freed.length < wanted && steps < 3 * chunks; steps++) {
      const number = this.hand;
      this.hand = (this.hand + 1) % chunks;
      const holder = this.holders[number];
      if (!holder) continue;
      const chunk = POOL_START + number * CHUNK_SIZE;
      if (this.used[number] !== 0 || (steps < 2 * chunks && this.isPinned?.(chunk))) {
        this.used[number] = 0;
        continue;
      }
      const isZero = isAllZeros(this.words, (chunk - POOL_START) / 4, (chunk - POOL_START + CHUNK_SIZE) / 4);
      const place = isZero ? undefined : this.store.put(this.space.bytes, chunk);
      if (!isZero && !place) throw this.outOfMemory(wantedBy);
      this.holders[number] = undefined;
      freed.push(chunk);
      holder.owner.movedOut(holder.index, place);
    }
    this.taken -= freed.length;
    this.space.put(freed);
  }

  private outOfMemory(wantedBy: string): OutOfHostMemory {
    return new OutOfHostMemory(
      `cannot back more guest memory: ${wantedBy} needs another ${CHUNK_SIZE / MiB} MiB at once and all ${this.capacityBytes / MiB} MiB that this process can back are in use; unplug memory or start with less`,
    );
  }
}

const numberOf = (chunk: number): number => (chunk - POOL_START) / CHUNK_SIZE;
