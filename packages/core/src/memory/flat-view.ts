import type { MemoryRegion } from './region.js';

/** One stretch of a flattened view: all of it is the same region, contiguously. Addresses in bytes; `end` is exclusive. */
export interface FlatRange {
  readonly start: number;
  readonly end: number;
  readonly region: MemoryRegion;
  /** Offset in `region` of `start`. */
  readonly offset: number;
  readonly readOnly: boolean;
}

interface Window {
  readonly start: number;
  readonly end: number;
}

/**
 * What a bus master sees below `root`: sorted ranges without overlaps, gaps unmapped. A region hides those of lower priority, a
 * later sibling hides an earlier one of the same priority, and a container's own content is what its children leave free.
 */
export function flatten(root: MemoryRegion): FlatRange[] {
  const view: FlatRange[] = [];
  render(view, root, 0, { start: 0, end: root.size }, false);
  return view;
}

/** `base`: address in the view of the region's offset 0; may be negative for aliases. */
function render(view: FlatRange[], region: MemoryRegion, base: number, clip: Window, readOnly: boolean): void {
  if (!region.enabled) return;
  const start = Math.max(base, clip.start);
  const end = Math.min(base + region.size, clip.end);
  if (start >= end) return;
  const window = { start, end };
  const { target, targetOffset = 0 } = region.parts;
  if (target) {
    render(view, target, base - targetOffset, window, readOnly);
    return;
  }
  for (const child of inOrder(region.subregions)) render(view, child, base + child.address, window, readOnly || region.kind === 'rom');
  if (region.kind !== 'container') fill(view, { start, end, region, offset: start - base, readOnly: readOnly || region.kind === 'rom' });
}

/** Those that hide others first. */
function inOrder(regions: readonly MemoryRegion[]): MemoryRegion[] {
  return [...regions].reverse().sort((a, b) => b.priority - a.priority);
}

/** Puts the parts of `range` that are still free into the view. */
function fill(view: FlatRange[], range: FlatRange): void {
  let index = firstEndingAfter(view, range.start);
  let at = range.start;
  while (at < range.end) {
    const next = view[index];
    const freeEnd = Math.min(range.end, next?.start ?? range.end);
    if (at < freeEnd) {
      view.splice(index, 0, { ...range, start: at, end: freeEnd, offset: range.offset + at - range.start });
      index++;
    }
    at = next === undefined ? range.end : Math.max(at, next.end);
    index++;
  }
}

/** Index of the first range that ends after `address`: the one that holds it, or the next. */
export function firstEndingAfter(view: readonly FlatRange[], address: number): number {
  let low = 0;
  let high = view.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((view[middle] as FlatRange).end > address) high = middle;
    else low = middle + 1;
  }
  return low;
}
