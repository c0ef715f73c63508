/** A set of vectors, as the APIC's IRR, ISR and TMR hold them: eight words of 32. */
export class Bits256 {
  readonly words = new Uint32Array(8);

  has(vector: number): boolean {
    return ((this.words[vector >> 5] as number) & (1 << (vector & 31))) !== 0;
  }
  add(vector: number): void {
    (this.words[vector >> 5] as number) |= 1 << (vector & 31);
  }
  delete(vector: number): void {
    (this.words[vector >> 5] as number) &= ~(1 << (vector & 31));
  }
  clear(): void {
    this.words.fill(0);
  }
  /** The highest vector, or -1. */
  highest(): number {
    for (let index = 7; index >= 0; index--) {
      const word = this.words[index] as number;
      if (word !== 0) return index * 32 + 31 - Math.clz32(word);
    }
    return -1;
  }
  *[Symbol.iterator](): Iterator<number> {
    for (let vector = 0; vector < 256; vector++) if (this.has(vector)) yield vector;
  }

  save(): Uint32Array {
    return this.words.slice();
  }
  load(words: Uint32Array): void {
    this.words.set(words);
  }
  reset(): void {
    this.clear();
  }
}
