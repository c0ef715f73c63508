/** What a Linux host is told of the pages behind WebAssembly memories, by madvise: to take back what is freed, and to use huge pages. */
import { POOL_START } from '@nandu/core';
import type { HostMemory } from '../host-memory.js';
import type { Libc } from './libc.js';

const MADV_DONTNEED = 4;
const MADV_HUGEPAGE = 14;

/** From now on the machine's freed memory goes back to the host; where that cannot be, there being no `libc`, `note` says so once memory was freed. */
export function returnMemoryToHost(host: HostMemory, libc: Libc | undefined, note: (message: string) => void): void {
  if (!libc) {
    host.pool.onKept = () => note('memory that the guest frees is kept for the guest and not returned to the host (there is no koffi package for this host)');
    return;
  }
  const { madvise } = libc;
  host.pool.release = (range) => {
    // Where the kernel will not take it, it must read as zeros all the same.
    if (madvise(range, range.length, MADV_DONTNEED) !== 0) range.fill(0);
  };
  // As QEMU asks for its guests' RAM: the host clears 2 MiB at a fault instead of 4 KiB. A guest that unplugs memory clears all of it.
  const pool = host.bytes.subarray(POOL_START);
  madvise(pool, pool.length, MADV_HUGEPAGE);
}
