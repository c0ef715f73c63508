/** A vCPU's block as numbers: typed access by the offsets of `assembly/layout.ts`. All accesses are aligned. */
import * as L from '../assembly/layout.js';

export interface SegmentState {
  readonly selector: number;
  readonly base: bigint;
  /** In bytes, granularity applied. */
  readonly limit: number;
  /** Bits 8-23 of the descriptor's high dword, in place. */
  readonly flags: number;
}

export interface TableState {
  readonly base: bigint;
  readonly limit: number;
}

export class CpuState {
  private readonly words: Int32Array;
  private readonly quads: BigUint64Array;

  constructor(
    memory: WebAssembly.Memory,
    readonly env: number,
  ) {
    this.words = new Int32Array(memory.buffer, env, 0x4000 / 4);
    this.quads = new BigUint64Array(memory.buffer, env, 0x4000 / 8);
  }

  i32(offset: number): number {
    return this.words[offset >> 2]!;
  }
  setI32(offset: number, value: number): void {
    this.words[offset >> 2] = value;
  }
  u64(offset: number): bigint {
    return this.quads[offset >> 3]!;
  }
  setU64(offset: number, value: bigint): void {
    this.quads[offset >> 3] = value;
  }

  /** A general register by the number of its encoding. */
  register(number: number): bigint {
    return this.u64(L.REGS + 8 * number);
  }
  setRegister(number: number, value: bigint): void {
    this.setU64(L.REGS + 8 * number, value);
  }
  /** Its low half. */
  register32(number: number): number {
    return this.words[(L.REGS + 8 * number) >> 2]! >>> 0;
  }
  /** As 32-bit operations do: the high half becomes 0. */
  setRegister32(number: number, value: number): void {
    this.setU64(L.REGS + 8 * number, BigInt(value >>> 0));
  }

  segment(number: number): SegmentState {
    const at = L.SEGMENTS + number * L.SEGMENT_SIZE;
    return {
      selector: this.i32(at + L.SEG_SELECTOR),
      base: this.u64(at + L.SEG_BASE),
      limit: this.i32(at + L.SEG_LIMIT) >>> 0,
      flags: this.i32(at + L.SEG_FLAGS) >>> 0,
    };
  }
  setSegment(number: number, { selector, base, limit, flags }: SegmentState): void {
    const at = L.SEGMENTS + number * L.SEGMENT_SIZE;
    this.setU64(at + L.SEG_BASE, base);
    this.setI32(at + L.SEG_LIMIT, limit);
    this.setI32(at + L.SEG_SELECTOR, selector);
    this.setI32(at + L.SEG_FLAGS, flags);
  }

  /** Everything from the first register to the end of what helpers use is 0 again. */
  clear(): void {
    this.words.fill(0, L.REGS >> 2, 0x4000 / 4);
  }
}
