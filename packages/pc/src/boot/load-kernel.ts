/** Finds out what kind of kernel a file is, and lays it out. */
import { ConfigError } from '@nandu/core';
import { type BootImage, type BootRequest, END_OF_LOW_MEMORY, type MemoryPart } from './boot-image.js';
import { parseElf } from './elf.js';
import { isLinux, loadLinux } from './linux.js';
import { findMultibootHeader, loadMultiboot } from './multiboot.js';
import { loadPvh, pvhEntry } from './pvh.js';

const VIDEO_MEMORY = 0xa_0000;
const ONE_MIB = 0x10_0000;

export function loadKernel(request: BootRequest): BootImage {
  const { kernel, kernelName } = request;
  const { entry, parts: laidOut } = layOut(request);
  const parts = laidOut.flatMap(outsideTheHole);
  const tooHigh = parts.find(({ address, bytes }) => address + bytes.length > (address < ONE_MIB ? END_OF_LOW_MEMORY : request.lowRamEnd));
  if (tooHigh) {
    throw new ConfigError(
      `could not load kernel '${kernelName}': ${kernel.length} bytes do not fit into ${Math.floor(request.lowRamEnd / 2 ** 20)} MiB of memory`,
    );
  }
  return { parts, entry };
}

/**
 * What begins among ROMs and devices below 1 MiB gets lost there, as on a PC; the rest of it is loaded. Linkers put the ELF header just
 * below a kernel that is linked to 1 MiB.
 */
function outsideTheHole(part: MemoryPart): MemoryPart[] {
  const { address, bytes } = part;
  if (address < VIDEO_MEMORY || address >= ONE_MIB) return [part];
  return address + bytes.length > ONE_MIB ? [{ ...part, address: ONE_MIB, bytes: bytes.subarray(ONE_MIB - address) }] : [];
}

function layOut(request: BootRequest): BootImage {
  const { kernel, kernelName } = request;
  if (isLinux(kernel)) return loadLinux(request);
  const header = findMultibootHeader(kernel);
  if (header !== undefined) return loadMultiboot(request, header);
  const elf = parseElf(kernel);
  const entry = elf && pvhEntry(elf);
  if (elf && entry !== undefined) return loadPvh(request, elf, entry);
  if (elf) throw new ConfigError('Error loading uncompressed kernel without PVH ELF Note');
  throw new ConfigError(`could not load kernel '${kernelName}': it is neither a bzImage nor a multiboot or PVH kernel`);
}
