/** PVH: an ELF kernel with Xen's note of a 32-bit entry point (Xen's docs/misc/pvh.pandoc, public/arch-x86/hvm/start_info.h). */
import {
  BlockWriter,
  type BootImage,
  type BootRequest,
  cString,
  freeLowMemory,
  gdtPart,
  type MemoryPart,
  PAGE_SIZE,
  protectedModeEntry,
} from './boot-image.js';
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
  const { initrd, commandLine, lowRamEnd } = request;
  const loaded: MemoryPart[] = [
    ...elf.parts.map((part) => ({ ...part, name: request.kernelName })),
    ...(initrd ? [{ address: Math.floor((lowRamEnd - initrd.length) / PAGE_SIZE) * PAGE_SIZE, bytes: initrd, name: request.initrdName }] : []),
  ];
  const text = cString(commandLine);
  const line = { address: freeLowMemory(text.length, loaded), bytes: text, name: 'cmdline' };
  const module = initrd && loaded.at(-1);
  const taken = [...loaded, line];
  const infoAddress = freeLowMemory(startInfo(request, line, module, 0).bytes.length, taken);
  return {
    // The kernel may cover the descriptor table, which it need not rely on.
    parts: [gdtPart(false), ...taken, startInfo(request, line, module, infoAddress)],
    entry: protectedModeEntry(entry, { rbx: infoAddress }),
  };
}

/** hvm_start_info at `address`, and behind it the tables it points to. */
function startInfo({ e820, rsdpAddress }: BootRequest, line: MemoryPart, module: MemoryPart | undefined, address: number): MemoryPart {
  const block = new BlockWriter(address);
  const HEADER_WORDS = 7;
  const tables = new BlockWriter(address + HEADER_WORDS * 8);
  const memoryMap = tables.add(words(e820.flatMap(({ address: start, sizeBytes, type }) => [start, sizeBytes, type])));
  const modules = module ? tables.add(words([module.address, module.bytes.length, 0, 0])) : 0;
  block.add(
    words([
      START_INFO_MAGIC + START_INFO_VERSION * 2 ** 32,
      (module ? 1 : 0) * 2 ** 32, // flags, number of modules
      modules,
      line.address,
      rsdpAddress,
      memoryMap,
      e820.length,
    ]),
  );
  block.add(tables.part('start-info').bytes);
  return block.part('start-info');
}

function words(values: readonly number[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(values, BigInt).buffer);
}
