/**
 * Linux bzImage (Documentation/arch/x86/boot.rst of Linux, protocol 2.15): the setup header says where things may go; the kernel is
 * entered in 64-bit mode where it can be, else in 32-bit protected mode, with the zero page in RSI.
 */
import { ConfigError } from '@nandu/core';
import {
  type BootImage,
  type BootRequest,
  cString,
  gdtPart,
  identityMap,
  LOW_MEMORY,
  longModeEntry,
  type MemoryPart,
  PAGE_SIZE,
  protectedModeEntry,
} from './boot-image.js';

/** Fields of the setup header, at the same offsets in the image and in the zero page. */
const FIELD = {
  e820Count: 0x1e8,
  setupSectors: 0x1f1,
  jump: 0x201,
  magic: 0x202,
  version: 0x206,
  loader: 0x210,
  loadFlags: 0x211,
  code32Start: 0x214,
  initrdAddress: 0x218,
  initrdSize: 0x21c,
  commandLine: 0x228,
  initrdMax: 0x22c,
  xloadFlags: 0x236,
  commandLineSize: 0x238,
  initSize: 0x260,
  e820: 0x2d0,
  rsdp: 0x70,
} as const;
const MAGIC = 0x5372_6448; // 'HdrS'
const OLDEST_PROTOCOL = 0x0205;
const PROTOCOL_XLOADFLAGS = 0x020c;
const LOADED_HIGH = 1;
const KERNEL_64 = 1;
/** No loader that has a number of its own. */
const LOADER_UNDEFINED = 0xff;
const SECTOR = 512;
/** Where the protected-mode kernel goes: it moves itself from there. */
const LOAD_ADDRESS = 0x10_0000;
const ENTRY_64_OFFSET = 0x200;
const E820_ENTRY_BYTES = 20;
const E820_MAX = 128;
const OLD_INITRD_MAX = 0x37ff_ffff;
const OLD_COMMAND_LINE_SIZE = 255;

export function isLinux(kernel: Uint8Array): boolean {
  return kernel.length > 0x264 && viewOf(kernel).getUint32(FIELD.magic, true) === MAGIC;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function loadLinux(request: BootRequest): BootImage {
  const { kernel, kernelName, commandLine, e820 } = request;
  const header = viewOf(kernel);
  const version = header.getUint16(FIELD.version, true);
  if (version < OLDEST_PROTOCOL || !(header.getUint8(FIELD.loadFlags) & LOADED_HIGH)) {
    throw new ConfigError(`could not load kernel '${kernelName}': boot protocol ${version >> 8}.${version & 0xff} is too old (2.05 or newer, loaded high)`);
  }
  const setupBytes = ((header.getUint8(FIELD.setupSectors) || 4) + 1) * SECTOR;
  if (setupBytes >= kernel.length) throw new ConfigError(`could not load kernel '${kernelName}': the file is cut short`);
  const maxLine = header.getUint32(FIELD.commandLineSize, true) || OLD_COMMAND_LINE_SIZE;
  const line = cString(commandLine);
  if (line.length > Math.min(maxLine + 1, LOW_MEMORY.commandLineEnd - LOW_MEMORY.commandLine)) {
    throw new ConfigError(`kernel command line is too long: ${line.length - 1} characters, the kernel takes ${maxLine}`);
  }
  const is64 = version >= PROTOCOL_XLOADFLAGS && (header.getUint16(FIELD.xloadFlags, true) & KERNEL_64) !== 0;
  const initrd = placeInitrd(request, header);

  const zeroPage = new Uint8Array(PAGE_SIZE);
  // The header ends where the jump at its start points to.
  const headerEnd = FIELD.magic + header.getUint8(FIELD.jump);
  zeroPage.set(kernel.subarray(FIELD.setupSectors, headerEnd), FIELD.setupSectors);
  const page = viewOf(zeroPage);
  page.setUint8(FIELD.loader, LOADER_UNDEFINED);
  page.setUint32(FIELD.code32Start, LOAD_ADDRESS, true);
  page.setUint32(FIELD.commandLine, LOW_MEMORY.commandLine, true);
  page.setUint32(FIELD.initrdAddress, initrd?.address ?? 0, true);
  page.setUint32(FIELD.initrdSize, initrd?.bytes.length ?? 0, true);
  page.setBigUint64(FIELD.rsdp, BigInt(request.rsdpAddress), true);
  page.setUint8(FIELD.e820Count, Math.min(e820.length, E820_MAX));
  e820.slice(0, E820_MAX).forEach(({ address, sizeBytes, type }, index) => {
    const at = FIELD.e820 + index * E820_ENTRY_BYTES;
    page.setBigUint64(at, BigInt(address), true);
    page.setBigUint64(at + 8, BigInt(sizeBytes), true);
    page.setUint32(at + 16, type, true);
  });

  return {
    parts: [
      { address: LOAD_ADDRESS, bytes: kernel.subarray(setupBytes), name: request.kernelName },
      { address: LOW_MEMORY.zeroPage, bytes: zeroPage, name: 'zero-page' },
      { address: LOW_MEMORY.commandLine, bytes: line, name: 'cmdline' },
      ...(initrd ? [initrd] : []),
      gdtPart(is64),
      ...(is64 ? [identityMap()] : []),
    ],
    entry: is64
      ? longModeEntry(LOAD_ADDRESS + ENTRY_64_OFFSET, { rsi: LOW_MEMORY.zeroPage })
      : protectedModeEntry(LOAD_ADDRESS, { rsi: LOW_MEMORY.zeroPage, rbp: 0, rdi: 0, rbx: 0 }),
  };
}

/** As high as the kernel allows and RAM reaches, above what the kernel needs for itself. */
function placeInitrd({ initrd, initrdName, lowRamEnd }: BootRequest, header: DataView): MemoryPart | undefined {
  if (!initrd) return undefined;
  const max = header.getUint32(FIELD.initrdMax, true) || OLD_INITRD_MAX;
  const end = Math.min(max + 1, lowRamEnd);
  const address = Math.floor((end - initrd.length) / PAGE_SIZE) * PAGE_SIZE;
  const kernelEnd = LOAD_ADDRESS + Math.max(header.byteLength, header.getUint32(FIELD.initSize, true));
  if (address < kernelEnd) throw new ConfigError(`initrd is too large, cannot support.(max: ${Math.max(0, end - kernelEnd)}, need ${initrd.length})`);
  return { address, bytes: initrd, name: initrdName };
}
