import type { MemoryRegion } from './region.js';

/**
 * Accesses of any width to a device's handler: refused where the region does not take them (`valid`), split or widened to what
 * the handler implements (`impl`). Values are unsigned numbers; 8-byte ones bigint.
 */
export function readDevice(region: MemoryRegion, offset: number, size: number): number | undefined {
  if (!isValid(region, offset, size)) return undefined;
  const { handler, options } = region.parts;
  if (!handler) return undefined;
  const { min = 1, max = 4 } = options?.impl ?? {};
  if (size < min) return extract(handler.read(offset - (offset % min), min), offset % min, size);
  if (size <= max) return handler.read(offset, size) >>> 0;
  let value = 0;
  for (let done = 0; done < size; done += max) value += (handler.read(offset + done, max) >>> 0) * 2 ** (8 * done);
  return value;
}

export function writeDevice(region: MemoryRegion, offset: number, value: number, size: number): boolean {
  if (!isValid(region, offset, size)) return false;
  const { handler, options } = region.parts;
  if (!handler) return false;
  const { min = 1, max = 4 } = options?.impl ?? {};
  if (size <= max) {
    handler.write(offset, value, Math.max(size, min));
    return true;
  }
  for (let done = 0; done < size; done += max) handler.write(offset + done, extract(value, done, max), max);
  return true;
}

export function readDevice8(region: MemoryRegion, offset: number): bigint | undefined {
  if (!isValid(region, offset, 8)) return undefined;
  const read64 = region.parts.handler?.read64;
  if (read64) return read64.call(region.parts.handler, offset);
  const low = readDevice(region, offset, 4) ?? 0;
  const high = readDevice(region, offset + 4, 4) ?? 0;
  return BigInt(low) | (BigInt(high) << 32n);
}

export function writeDevice8(region: MemoryRegion, offset: number, value: bigint): boolean {
  if (!isValid(region, offset, 8)) return false;
  const write64 = region.parts.handler?.write64;
  if (write64) write64.call(region.parts.handler, offset, value);
  else {
    writeDevice(region, offset, Number(value & 0xffff_ffffn), 4);
    writeDevice(region, offset + 4, Number((value >> 32n) & 0xffff_ffffn), 4);
  }
  return true;
}

function isValid(region: MemoryRegion, offset: number, size: number): boolean {
  const { min = 1, max = 8, unaligned = false } = region.parts.options?.valid ?? {};
  return size >= min && size <= max && (unaligned || offset % size === 0);
}

/** `size` bytes of an unsigned value, from byte `at` on. */
function extract(value: number, at: number, size: number): number {
  return Math.floor((value >>> 0) / 2 ** (8 * at)) % 2 ** (8 * size);
}
