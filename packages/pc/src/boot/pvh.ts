/** PVH: an ELF kernel with Xen's note of a 32-bit entry point (Xen's docs/misc/pvh.pandoc, public/arch-x86/hvm/start_info.h). */
import { BlockWriter, type BootImage, type BootRequest, cString, gdtPart, LOW_MEMORY, PAGE_SIZE, protectedModeEntry } from './boot-image.js';
import type { ElfImage } from './elf.js';

const NOTE_OWNER = 'Xen';
const NOTE_PHYS32_ENTRY = 18;
const START_INFO_MAGIC = 0x336e_c578;
const START_INFO_VERSION = 1;

/** The entry point, if the kernel has one. */
export function pvhEntry({ notes }: ElfImage): number | undefined {
  const note = notes.find(({ owner, type }) => owner === NOTE_OWNER && type === NOTE_PHYS32_ENTRY);
  if (!note || note.content.length < 4) return undefined;
  return new DataView(note.content.buffer, note.content.byteOffset).getUint32(0, true);
}

export function loadPvh(request: BootRequest, elf: ElfImage, entry: number): BootImage {
  const { initrd, e820, commandLine, rsdpAddress, lowRamEnd } = request;
  const initrdAddress = initrd ? Math.floor((lowRamEnd - initrd.length) / PAGE_SIZE) * PAGE_SIZE : 0;
  const block = new BlockWriter(LOW_MEMORY.startInfo);
  const HEADER_WORDS = 7;
  const headerBytes = HEADER_WORDS * 8;
  const tables = new BlockWriter(LOW_MEMORY.startInfo + headerBytes);
  const memoryMap = tables.add(words(e820.flatMap(({ address, sizeBytes, type }) => [address, sizeBytes, type])));
  const modules = initrd ? tables.add(words([initrdAddress, initrd.length, 0, 0])) : 0;
  block.add(
    words([
      START_INFO_MAGIC + START_INFO_VERSION * 2 ** 32,
      (initrd ? 1 : 0) * 2 ** 32, // flags, number of modules
      modules,
      LOW_MEMORY.commandLine,
      rsdpAddress,
      memoryMap,
      e820.length,
    ]),
  );
  return {
    parts: [
      ...elf.parts,
      block.part(),
      tables.part(),
      { address: LOW_MEMORY.commandLine, bytes: cString(commandLine) },
      ...(initrd ? [{ address: initrdAddress, bytes: initrd }] : []),
      gdtPart(false),
    ],
    entry: protectedModeEntry(entry, { rbx: LOW_MEMORY.startInfo }),
  };
}

function words(values: readonly number[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(values, BigInt).buffer);
}
