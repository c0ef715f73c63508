/** Places of regions in the table that they are called through. */

/** Growing the table costs time for each living instance of a module. */
const SLOTS_AT_ONCE = 256;

export class RegionSlots {
  readonly #free: number[] = [];

  constructor(private readonly table: WebAssembly.Table) {}

  allocate(): number {
    if (this.#free.length === 0) {
      const first = this.table.grow(SLOTS_AT_ONCE);
      for (let slot = first + SLOTS_AT_ONCE - 1; slot >= first; slot--) this.#free.push(slot);
    }
    return this.#free.pop()!;
  }

  release(slot: number): void {
    this.table.set(slot, null);
    this.#free.push(slot);
  }
}
