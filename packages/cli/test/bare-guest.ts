/**
 * Kernels of a few dozen bytes for tests of whole machines: one prints its command line on the first serial port, watching a
 * word of memory between the characters, one walks through memory. They leave through isa-debug-exit. Assembled here, as a multiboot or a PVH image.
 */

/** Bytes, a label, or a short jump to a label (opcode 0x70 to 0x7f, 0xe2, 0xeb). */
type Part = readonly number[] | { readonly label: string } | { readonly jump: number; readonly to: string };

/** Statuses that the guest leaves with, as isa-debug-exit makes them: (value << 1) | 1. */
export const STATUS = { done: 0x21, failed: 0x41 } as const;

const LOAD_ADDRESS = 0x10_0000;
const WATCHED = 0x30_0000;
/** Times that the watched word is read for each character: enough to be compiled, and for turns to go round. */
const LOOKS = 50_000;

const MULTIBOOT = { magic: 0x1bad_b002, loader: 0x2bad_b002, flags: 0x1_0000, headerBytes: 32 } as const;
const PVH = { startInfo: 0x336e_c578, noteType: 18 } as const;

const u32 = (...values: number[]): number[] => [...new Uint8Array(Uint32Array.from(values).buffer)];

/** How a kernel knows its loader, and loads ESI with the command line. */
const ENTRIES = {
  multiboot: [[0x3d, ...u32(MULTIBOOT.loader)], { jump: 0x75, to: 'fail' }, [0x8b, 0x73, 16]], // cmp eax, magic; jne fail; mov esi, [ebx+16]
  pvh: [[0x81, 0x3b, ...u32(PVH.startInfo)], { jump: 0x75, to: 'fail' }, [0x8b, 0x73, 24]], // cmp dword [ebx], magic; jne fail; mov esi, [ebx+24]
} as const satisfies Record<string, readonly Part[]>;

export type Format = keyof typeof ENTRIES;

/** Prints the text at ESI. */
const PRINT: readonly Part[] = [
  { label: 'next' },
  [0x0f, 0xb6, 0x1e, 0x46], // movzx ebx, byte [esi]; inc esi
  [0x84, 0xdb], // test bl, bl
  { jump: 0x74, to: 'done' },
  [0x89, 0x1d, ...u32(WATCHED)], // mov [WATCHED], ebx
  [0xb9, ...u32(LOOKS)], // mov ecx, LOOKS
  { label: 'look' },
  [0x39, 0x1d, ...u32(WATCHED)], // cmp [WATCHED], ebx
  { jump: 0x75, to: 'fail' },
  { jump: 0xe2, to: 'look' }, // loop
  [0xba, ...u32(0x3fd)], // mov edx, line status
  { label: 'busy' },
  [0xec, 0xa8, 0x20], // in al, dx; test al, transmitter empty
  { jump: 0x74, to: 'busy' },
  [0xba, ...u32(0x3f8), 0x88, 0xd8, 0xee], // mov edx, data; mov al, bl; out dx, al
  { jump: 0xeb, to: 'next' },
];

/** What `walker` touches: a word in every STEP from FROM to END, in some passes that each look for what the one before left. */
const WALK = { from: 16 << 20, end: 240 << 20, step: 64 << 10, passes: 4 } as const;

/** Fills more memory than it has at a time where the emulator keeps little of it in linear memory. */
const WALK_MEMORY: readonly Part[] = [
  [0x31, 0xed], // xor ebp, ebp
  { label: 'pass' },
  [0xbf, ...u32(WALK.from)], // mov edi, from
  { label: 'word' },
  [0x85, 0xed], // test ebp, ebp
  { jump: 0x74, to: 'store' },
  [0x8d, 0x44, 0x2f, 0xff], // lea eax, [edi+ebp-1]
  [0x39, 0x07], // cmp [edi], eax
  { jump: 0x75, to: 'fail' },
  { label: 'store' },
  [0x8d, 0x04, 0x2f], // lea eax, [edi+ebp]
  [0x89, 0x07], // mov [edi], eax
  [0x81, 0xc7, ...u32(WALK.step)], // add edi, step
  [0x81, 0xff, ...u32(WALK.end)], // cmp edi, end
  { jump: 0x72, to: 'word' },
  [0x45, 0x83, 0xfd, WALK.passes], // inc ebp; cmp ebp, passes
  { jump: 0x72, to: 'pass' },
  { jump: 0xeb, to: 'done' },
];

const END: readonly Part[] = [
  { label: 'fail' },
  [0xb0, STATUS.failed >> 1], // mov al, …
  { jump: 0xeb, to: 'exit' },
  { label: 'done' },
  [0xb0, STATUS.done >> 1],
  { label: 'exit' },
  [0xba, ...u32(0x501), 0xee], // mov edx, debug exit; out dx, al
  { label: 'halt' },
  [0xf4], // hlt
  { jump: 0xeb, to: 'halt' },
];

const sizeOf = (part: Part): number => ('label' in part ? 0 : 'jump' in part ? 2 : part.length);

function assemble(parts: readonly Part[]): number[] {
  const labels = new Map<string, number>();
  let size = 0;
  for (const part of parts) {
    if ('label' in part) labels.set(part.label, size);
    size += sizeOf(part);
  }
  const bytes: number[] = [];
  for (const part of parts) {
    if ('jump' in part) bytes.push(part.jump, ((labels.get(part.to) as number) - bytes.length - 2) & 0xff);
    else if (!('label' in part)) bytes.push(...part);
  }
  return bytes;
}

/** A flat image: the header gives the addresses (Multiboot Specification 0.6.96, section 3.1). */
function multibootImage(code: readonly number[]): Uint8Array {
  const { magic, flags, headerBytes } = MULTIBOOT;
  const end = LOAD_ADDRESS + headerBytes + code.length;
  return Uint8Array.from([...u32(magic, flags, -(magic + flags), LOAD_ADDRESS, LOAD_ADDRESS, end, end, LOAD_ADDRESS + headerBytes), ...code]);
}

/** A 64-bit ELF file with one segment, and Xen's note of the entry point. */
function pvhImage(code: readonly number[]): Uint8Array {
  const [HEADER_BYTES, ENTRY_BYTES] = [64, 56];
  const note = [...u32(4, 4, PVH.noteType), ...Buffer.from('Xen\0'), ...u32(LOAD_ADDRESS)];
  const noteAt = HEADER_BYTES + 2 * ENTRY_BYTES;
  const codeAt = noteAt + note.length;
  const u64 = (...values: number[]): number[] => values.flatMap((value) => u32(value, 0));
  const program = (type: number, at: number, address: number, size: number): number[] => [...u32(type, 7), ...u64(at, address, address, size, size, 4)];
  return Uint8Array.from([
    ...[0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, ...u64(0)],
    ...[2, 0, 62, 0, ...u32(1), ...u64(LOAD_ADDRESS, HEADER_BYTES, 0), ...u32(0), HEADER_BYTES, 0, ENTRY_BYTES, 0, 2, 0, 0, 0, 0, 0, 0, 0],
    ...program(1, codeAt, LOAD_ADDRESS, code.length),
    ...program(4, noteAt, 0, note.length),
    ...note,
    ...code,
  ]);
}

const IMAGES = { multiboot: multibootImage, pvh: pvhImage } as const;

/** The kernel that prints its command line. */
export function bareGuest(format: Format): Uint8Array {
  return IMAGES[format](assemble([...ENTRIES[format], ...PRINT, ...END]));
}

/** A kernel that writes 224 MiB of memory here and there and finds again what it wrote. */
export function walker(): Uint8Array {
  return IMAGES.multiboot(assemble([...ENTRIES.multiboot, ...WALK_MEMORY, ...END]));
}
