import { CODE_GRAINS, GRAIN_SHIFT } from '../src/memory-map';

/** Whether translated code was made from any grain that these bytes (of one page) touch. */
export function overlapsCode(linear: u32, size: u32): bool {
  const last = (linear + size - 1) >>> GRAIN_SHIFT;
  for (let grain = linear >>> GRAIN_SHIFT; grain <= last; grain++) {
    if (load<u8>(CODE_GRAINS + (grain >>> 3)) & (1 << (grain & 7))) return true;
  }
  return false;
}
