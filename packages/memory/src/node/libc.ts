/** Functions of the host's C library. */
import { platform } from 'node:process';

export interface Libc {
  madvise(start: Uint8Array, length: number, advice: number): number;
  malloc_trim(pad: number): number;
}

type Callable = (...args: unknown[]) => number;

interface Koffi {
  load(path: string): { func(prototype: string): Callable };
}

/** `koffi` is optional: undefined on hosts that it has no library for, and on those that have another C library than Linux's usual one. */
export async function loadLibc(): Promise<Libc | undefined> {
  if (platform !== 'linux') return undefined;
  try {
    const { default: koffi } = (await import('koffi')) as unknown as { default: Koffi };
    const libc = koffi.load('libc.so.6');
    return { madvise: libc.func('int madvise(void *addr, size_t length, int advice)'), malloc_trim: libc.func('int malloc_trim(size_t pad)') };
  } catch {
    return undefined;
  }
}
