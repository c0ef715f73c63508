/** Finds out what kind of kernel a file is, and lays it out. */
import { ConfigError } from '@nandu/core';
import { type BootImage, type BootRequest, END_OF_LOW_MEMORY } from './boot-image.js';
import { parseElf } from './elf.js';
import { isLinux, loadLinux } from './linux.js';
import { findMultibootHeader, loadMultiboot } from './multiboot.js';
import { loadPvh, pvhEntry } from './pvh.js';

export function loadKernel(request: BootRequest): BootImage {
  const { kernel, kernelName } = request;
  const image = layOut(request);
  const tooHigh = image.parts.find(({ address, bytes }) =>
    address < 0x10_0000 ? address + bytes.length > END_OF_LOW_MEMORY : address + bytes.length > request.lowRamEnd,
  );
  if (tooHigh) {
    throw new ConfigError(
      `could not load kernel '${kernelName}': ${kernel.length} bytes do not fit into ${Math.floor(request.lowRamEnd / 2 ** 20)} MiB of memory`,
    );
  }
  return image;
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
