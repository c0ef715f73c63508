/** What runs where there is no kernel: the processor waits for ever, instead of running through empty memory. */
import { type BootImage, gdtPart, protectedModeEntry } from './boot-image.js';

/** Where boot sectors go. */
const ADDRESS = 0x7c00;
/** cli; hlt; jmp to the hlt */
const CODE = Uint8Array.of(0xfa, 0xf4, 0xeb, 0xfd);

export function bootNothing(): BootImage {
  return { parts: [{ address: ADDRESS, bytes: CODE, name: 'halt' }, gdtPart(false)], entry: protectedModeEntry(ADDRESS, {}) };
}
