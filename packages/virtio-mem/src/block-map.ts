import type { Saveable } from '@nandu/core';
import type { BlockState } from './protocol.js';

/** A run of blocks, by index. */
export interface BlockRange {
  readonly first: number;
  readonly count: number;
}

/** Which blocks of a region are plugged. */
export class BlockMap implements Saveable {
  private readonly plugged: Uint8Array;
  private pluggedCount = 0;

  constructor(readonly blockCount: number) {
    this.plugged = new Uint8Array(blockCount);
  }

  get count(): number {
    return this.pluggedCount;
  }

  stateOf({ first, count }: BlockRange): BlockState {
    let plugged = 0;
    for (let i = first; i < first + count; i++) plugged += this.plugged[i] as number;
    return plugged === 0 ? 'unplugged' : plugged === count ? 'plugged' : 'mixed';
  }

  /** All of the range changes; it was all in the other state. */
  set({ first, count }: BlockRange, plugged: boolean): void {
    this.plugged.fill(plugged ? 1 : 0, first, first + count);
    this.pluggedCount += plugged ? count : -count;
  }

  clear(): void {
    this.plugged.fill(0);
    this.pluggedCount = 0;
  }

  /** Maximal runs of plugged blocks, ascending. */
  *runs(): Generator<BlockRange> {
    for (let first = this.plugged.indexOf(1); first >= 0; ) {
      const end = this.plugged.indexOf(0, first);
      yield { first, count: (end < 0 ? this.blockCount : end) - first };
      first = end < 0 ? -1 : this.plugged.indexOf(1, end);
    }
  }

  save(): Uint8Array {
    return this.plugged.slice();
  }
  load(plugged: Uint8Array): void {
    this.plugged.set(plugged);
    this.pluggedCount = plugged.reduce((sum, one) => sum + one, 0);
  }
  /** Blocks outlive a device's reset (virtio 1.2, 5.15.5.2); on a system reset the device unplugs them itself. */
  reset(): void {}
}
