import { MemoryRegion } from '@nandu/core';
import type { BlockMap } from './block-map.js';

/** Bytes from the start of the region. */
interface Window {
  readonly start: number;
  readonly end: number;
  readonly alias: MemoryRegion;
}

/** A region in which only plugged ranges of a backend's RAM are there: windows onto it, neighbours joined. */
export class PluggedMemory {
  readonly region: MemoryRegion;
  private windows: Window[] = [];

  constructor(
    private readonly ram: MemoryRegion,
    name: string,
  ) {
    this.region = MemoryRegion.container(name, ram.size);
  }

  show(start: number, end: number): void {
    const touching = this.windows.filter((window) => window.start <= end && window.end >= start);
    const from = Math.min(start, ...touching.map((window) => window.start));
    const to = Math.max(end, ...touching.map((window) => window.end));
    this.replace(touching, [[from, to]]);
  }

  hide(start: number, end: number): void {
    const touching = this.windows.filter((window) => window.start < end && window.end > start);
    const left = touching.flatMap((window): [number, number][] => [
      [window.start, Math.min(window.end, start)],
      [Math.max(window.start, end), window.end],
    ]);
    this.replace(
      touching,
      left.filter(([from, to]) => from < to),
    );
  }

  /** Shows exactly what is plugged. */
  follow(blocks: BlockMap, blockSize: number): void {
    this.replace(
      this.windows,
      [...blocks.runs()].map(({ first, count }) => [first * blockSize, (first + count) * blockSize]),
    );
  }

  private replace(gone: readonly Window[], ranges: readonly (readonly [number, number])[]): void {
    this.windows = this.windows.filter((window) => !gone.includes(window));
    for (const { alias } of gone) this.region.remove(alias);
    for (const [start, end] of ranges) {
      const alias = MemoryRegion.alias(`${this.region.name}-plugged`, this.ram, start, end - start);
      this.region.add(start, alias);
      this.windows.push({ start, end, alias });
    }
  }
}
