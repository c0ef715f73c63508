/**
 * What a BIOS leaves in memory for code in real mode: the interrupt vectors with handlers that only acknowledge, and the words of
 * its data area that operating systems still read. No services: INT 10h and its like just return.
 */
import type { MemoryPart } from './boot/boot-image.js';

const SEGMENT = 0xf000;
const VECTORS = 256;
/** Vectors of the 8259s' requests, eight each. */
const MASTER = 0x08;
const SLAVE = 0x70;

/** Handlers by their offset in the segment; that of what does nothing is where it always was on a PC. */
const HANDLERS = {
  // push ax; push ds; mov ax, 0x40; mov ds, ax; inc dword [0x6c]; mov al, 0x20; out 0x20, al; pop ds; pop ax; iret
  tick: { offset: 0xff00, code: [0x50, 0x1e, 0xb8, 0x40, 0x00, 0x8e, 0xd8, 0x66, 0xff, 0x06, 0x6c, 0x00, 0xb0, 0x20, 0xe6, 0x20, 0x1f, 0x58, 0xcf] },
  // push ax; mov al, 0x20; out 0x20, al; pop ax; iret
  master: { offset: 0xff20, code: [0x50, 0xb0, 0x20, 0xe6, 0x20, 0x58, 0xcf] },
  // push ax; mov al, 0x20; out 0xa0, al; out 0x20, al; pop ax; iret
  slave: { offset: 0xff30, code: [0x50, 0xb0, 0x20, 0xe6, 0xa0, 0xe6, 0x20, 0x58, 0xcf] },
  // iret
  nothing: { offset: 0xff53, code: [0xcf] },
} as const;

function handlerOf(vector: number): keyof typeof HANDLERS {
  if (vector === MASTER) return 'tick';
  if (vector > MASTER && vector < MASTER + 8) return 'master';
  return vector >= SLAVE && vector < SLAVE + 8 ? 'slave' : 'nothing';
}

export function biosArea(): MemoryPart[] {
  const vectors = Uint32Array.from({ length: VECTORS }, (_, vector) => ((SEGMENT << 16) | HANDLERS[handlerOf(vector)].offset) >>> 0);
  return [
    { address: 0, bytes: new Uint8Array(vectors.buffer) },
    // Segment of the extended data area, KiB of base memory.
    { address: 0x40e, bytes: Uint8Array.of(0xc0, 0x9f) },
    { address: 0x413, bytes: Uint8Array.of(639 & 0xff, 639 >> 8) },
    ...Object.values(HANDLERS).map(({ offset, code }) => ({ address: SEGMENT * 16 + offset, bytes: Uint8Array.from(code) })),
  ];
}
