import type { PhysicalMemory, RamBlock } from '@nandu/core';
import { PAGE_SIZE } from './protocol.js';

/** Bytes of guest-physical memory. */
interface Run {
  readonly address: number;
  readonly length: number;
}

export interface RamRange {
  readonly block: RamBlock;
  readonly offset: number;
  readonly length: number;
}

/** Pages as runs of neighbours, ascending. */
export function runsOf(pageNumbers: readonly number[]): Run[] {
  const runs: { address: number; length: number }[] = [];
  for (const page of [...pageNumbers].sort((a, b) => a - b)) {
    const address = page * PAGE_SIZE;
    const last = runs.at(-1);
    if (last && last.address + last.length === address) last.length += PAGE_SIZE;
    else if (!last || address >= last.address + last.length) runs.push({ address, length: PAGE_SIZE });
  }
  return runs;
}

/** The whole pages in a buffer. */
export function wholePages({ address, length }: Run): Run {
  const start = Math.ceil(address / PAGE_SIZE) * PAGE_SIZE;
  return { address: start, length: Math.max(0, Math.floor((address + length) / PAGE_SIZE) * PAGE_SIZE - start) };
}

/** The RAM behind a run; stops at the first page that is none, which a driver has no business to name. */
export function* ramRanges(memory: PhysicalMemory, { address, length }: Run): Generator<RamRange> {
  for (let done = 0; done < length; ) {
    const page = memory.ramAt(address + done);
    if (!page?.writable) return;
    const part = Math.min(length - done, page.length);
    yield { block: page.block, offset: page.offset, length: part };
    done += part;
  }
}
