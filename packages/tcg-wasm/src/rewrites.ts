/**
 * Which code is overwritten time and again. A block there is made to read its immediates when it runs (`CodeReader.changing`): a
 * guest that patches only those then pays for a store, not for a translation.
 */

/** A block is made so once it was dropped so often, and no longer once that did not help so often. */
const DROPS = 4;
const FAILURES = 4;
/** Addresses that are remembered; then all are forgotten. */
const MOST = 4096;

export class Rewrites {
  /** By linear address of the block's first byte. */
  readonly #seen = new Map<number, { drops: number; failures: number }>();

  /** A store dropped the block there; `reads`: it read immediates when it ran. */
  dropped(linear: number, reads: boolean): void {
    let seen = this.#seen.get(linear);
    if (seen === undefined) {
      if (this.#seen.size >= MOST) this.#seen.clear();
      this.#seen.set(linear, (seen = { drops: 0, failures: 0 }));
    }
    if (reads) seen.failures++;
    else seen.drops++;
  }

  isChanging(linear: number): boolean {
    const seen = this.#seen.get(linear);
    return seen !== undefined && seen.drops >= DROPS && seen.failures < FAILURES;
  }

  clear(): void {
    this.#seen.clear();
  }
}
