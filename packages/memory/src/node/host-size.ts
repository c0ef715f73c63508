/** How much this computer can hold. */
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';

const KIB = 1024;

/** Bytes of memory and, on Linux, of swap. */
export function memoryOfThisHost(): number {
  return totalmem() + swapBytes();
}

function swapBytes(): number {
  try {
    return Number(/^SwapTotal:\s*(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'latin1'))?.[1] ?? 0) * KIB;
  } catch {
    return 0;
  }
}
