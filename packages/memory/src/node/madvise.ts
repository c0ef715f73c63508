/** What a Linux host is told of the pages behind WebAssembly memories, by madvise: to take back what is freed, and to use huge pages. */
import { platform } from 'node:process';
import { POOL_START } from '@nandu/core';
import type { HostMemory } from '../host-memory.js';

const MADV_DONTNEED = 4;
const MADV_HUGEPAGE = 14;

type Madvise = (start: Uint8Array, length: number, advice: number) => number;

interface Koffi {
  load(path: string): { func(prototype: string): Madvise };
}

/** `koffi` is optional: on hosts that it has no library for, memory is kept. */
async function loadMadvise(): Promise<Madvise | undefined> {
  if (platform !== 'linux') return undefined;
  try {
    const { default: koffi } = (await import('koffi')) as unknown as { default: Koffi };
    return koffi.load('libc.so.6').func('int madvise(void *addr, size_t length, int advice)');
  } catch {
    return undefined;
  }
}

/** From now on the machine's freed memory goes back to the host; where that cannot be, `note` says so once memory was freed. */
export async function returnMemoryToHost(host: HostMemory, note: (message: string) => void): Promise<boolean> {
  const madvise = await loadMadvise();
  if (!madvise) {
    host.pool.onKept = () => note('memory that the guest frees is kept for the guest and not returned to the host (there is no koffi package for this host)');
    return false;
  }
  host.pool.release = (range) => {
    // Where the kernel will not take it, it must read as zeros all the same.
    if (madvise(range, range.length, MADV_DONTNEED) !== 0) range.fill(0);
  };
  // As QEMU asks for its guests' RAM: the host clears 2 MiB at a fault instead of 4 KiB. A guest that unplugs memory clears all of it.
  const pool = host.bytes.subarray(POOL_START);
  madvise(pool, pool.length, MADV_HUGEPAGE);
  return true;
}
