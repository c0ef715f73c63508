/** Multiboot kernels (Multiboot Specification 0.6.96): a header in the first 8 KiB, 32-bit entry, what there is in a structure. */
import { ConfigError } from '@nandu/core';
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
import { MACHINE_386, parseElf } from './elf.js';

const HEADER_MAGIC = 0x1bad_b002;
const SEARCH_BYTES = 8192;
/** The header gives addresses: the file need not be ELF. */
const HAS_ADDRESSES = 0x1_0000;
/** Required features that we know: page-aligned modules, memory information. */
const KNOWN_REQUIREMENTS = 0x0003;
const REQUIREMENTS = 0xffff;

const LOADER_MAGIC = 0x2bad_b002;
const INFO = { memory: 1, bootDevice: 2, commandLine: 4, modules: 8, memoryMap: 0x40, loaderName: 0x200 } as const;
const INFO_BYTES = 120;
const MEMORY_MAP_ENTRY_BYTES = 24;
const BOOT_FROM_FLOPPY = 0x8000_ffff;

/** Offset of the header in the file, or undefined. */
export function findMultibootHeader(kernel: Uint8Array): number | undefined {
  const view = new DataView(kernel.buffer, kernel.byteOffset, kernel.byteLength);
  for (let at = 0; at + 12 <= Math.min(kernel.length, SEARCH_BYTES); at += 4) {
    if (view.getUint32(at, true) !== HEADER_MAGIC) continue;
    const sum = HEADER_MAGIC + view.getUint32(at + 4, true) + view.getUint32(at + 8, true);
    if (sum % 2 ** 32 === 0) return at;
  }
  return undefined;
}

interface LoadedKernel {
  readonly part: readonly MemoryPart[];
  readonly entry: number;
}

export function loadMultiboot(request: BootRequest, headerAt: number): BootImage {
  const view = new DataView(request.kernel.buffer, request.kernel.byteOffset, request.kernel.byteLength);
  const flags = view.getUint32(headerAt + 4, true);
  if (flags & REQUIREMENTS & ~KNOWN_REQUIREMENTS & ~0x4)
    throw new ConfigError(`could not load kernel '${request.kernelName}': it requires multiboot features 0x${(flags & REQUIREMENTS).toString(16)}`);
  const kernel = flags & HAS_ADDRESSES ? byAddresses(request, view, headerAt) : byElf(request);
  const kernelEnd = Math.max(...kernel.part.map(({ address, bytes }) => address + bytes.length));
  const moduleAddress = Math.ceil(kernelEnd / PAGE_SIZE) * PAGE_SIZE;
  const { initrd } = request;
  if (initrd && moduleAddress + initrd.length > request.lowRamEnd)
    throw new ConfigError(`initrd is too large, cannot support.(max: ${Math.max(0, request.lowRamEnd - moduleAddress)}, need ${initrd.length})`);
  const loaded = [...kernel.part, ...(initrd ? [{ address: moduleAddress, bytes: initrd, name: request.initrdName }] : [])];
  const infoAddress = freeLowMemory(information(request, moduleAddress, 0).bytes.length, loaded);
  return {
    // The kernel may cover the descriptor table, which it need not rely on.
    parts: [gdtPart(false), ...loaded, information(request, moduleAddress, infoAddress)],
    entry: protectedModeEntry(kernel.entry, { rax: LOADER_MAGIC, rbx: infoAddress }),
  };
}

/** The header's own address tells where in the file the text starts. */
function byAddresses({ kernel, kernelName }: BootRequest, view: DataView, headerAt: number): LoadedKernel {
  const [header, load, loadEnd, bssEnd, entry] = [12, 16, 20, 24, 28].map((offset) => view.getUint32(headerAt + offset, true)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const start = headerAt - (header - load);
  const length = loadEnd === 0 ? kernel.length - start : loadEnd - load;
  if (start < 0 || length < 0 || start + length > kernel.length)
    throw new ConfigError(`could not load kernel '${kernelName}': its multiboot header has invalid addresses`);
  const bytes = new Uint8Array(Math.max(length, bssEnd === 0 ? 0 : bssEnd - load));
  bytes.set(kernel.subarray(start, start + length));
  return { part: [{ address: load, bytes, name: kernelName }], entry };
}

function byElf({ kernel, kernelName }: BootRequest): LoadedKernel {
  const elf = parseElf(kernel);
  if (!elf) throw new ConfigError(`error while loading elf kernel '${kernelName}'`);
  if (elf.machine !== MACHINE_386) throw new ConfigError('Cannot load x86-64 image, give a 32bit one.');
  return { part: elf.parts.map((part) => ({ ...part, name: kernelName })), entry: elf.entry };
}

/** The information structure at `address`, and behind it the strings and tables it points to. */
function information({ e820, commandLine, kernelName, initrd, initrdName }: BootRequest, moduleAddress: number, address: number): MemoryPart {
  const block = new BlockWriter(address);
  const infoBytes = new Uint8Array(INFO_BYTES);
  const tables = new BlockWriter(address + INFO_BYTES);
  const map = new DataView(new ArrayBuffer(e820.length * MEMORY_MAP_ENTRY_BYTES));
  e820.forEach(({ address: start, sizeBytes, type }, index) => {
    const at = index * MEMORY_MAP_ENTRY_BYTES;
    map.setUint32(at, MEMORY_MAP_ENTRY_BYTES - 4, true);
    map.setBigUint64(at + 4, BigInt(start), true);
    map.setBigUint64(at + 12, BigInt(sizeBytes), true);
    map.setUint32(at + 20, type, true);
  });
  const mapAddress = tables.add(new Uint8Array(map.buffer));
  const loaderName = tables.add(cString('nandu'));
  const line = tables.add(cString(commandLine === '' ? kernelName : `${kernelName} ${commandLine}`));
  const modules = initrd
    ? tables.add(new Uint8Array(Uint32Array.of(moduleAddress, moduleAddress + initrd.length, tables.add(cString(initrdName)), 0).buffer))
    : 0;

  const upper = e820.find(({ address: start, type }) => start === 0x10_0000 && type === 1);
  const info = new DataView(infoBytes.buffer);
  const fields: readonly (readonly [offset: number, value: number])[] = [
    [0, INFO.memory | INFO.bootDevice | INFO.commandLine | INFO.modules | INFO.memoryMap | INFO.loaderName],
    [4, 640],
    [8, (upper?.sizeBytes ?? 0) / 1024],
    [12, BOOT_FROM_FLOPPY],
    [16, line],
    [20, initrd ? 1 : 0],
    [24, modules],
    [44, map.byteLength],
    [48, mapAddress],
    [64, loaderName],
  ];
  for (const [offset, value] of fields) info.setUint32(offset, value, true);
  block.add(infoBytes);
  block.add(tables.part('multiboot-info').bytes);
  return block.part('multiboot-info');
}
