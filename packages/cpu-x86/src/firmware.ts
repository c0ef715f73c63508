/** What PC firmware leaves in a processor's MSRs, for boots without firmware. */
import type { X86Cpu } from './cpu.js';

const PHYS_BASE_0 = 0x200;
const PHYS_MASK_0 = 0x201;
const DEFAULT_TYPE = 0x2ff;
const WRITE_BACK = 6n;
const UNCACHEABLE = 0n;
const VALID = 0x800n;
/** MTRRs and fixed ranges on. */
const ENABLED = 0xc00n;
const FIXED = [0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f];
/** The one for A0000-BFFFF: video memory. */
const FIXED_VIDEO = 0x259;
const FOUR_GIB = 0x1_0000_0000;

/**
 * Memory types (SDM volume 3A, 12.11) as SeaBIOS sets them: write-back everywhere but for video memory and the range from
 * `pciHoleStart` (a power of two below 4 GiB) to 4 GiB. All processors must have the same.
 */
export function setFirmwareMtrrs(cpu: X86Cpu, pciHoleStart: number): void {
  const { msrs, model } = cpu;
  const everywhere = WRITE_BACK * 0x0101_0101_0101_0101n;
  for (const number of FIXED) msrs.write(number, number === FIXED_VIDEO ? UNCACHEABLE : everywhere);
  const size = BigInt(FOUR_GIB - pciHoleStart);
  msrs.write(PHYS_BASE_0, BigInt(pciHoleStart) | UNCACHEABLE);
  msrs.write(PHYS_MASK_0, (((1n << BigInt(model.physicalBits)) - size) & ~0xfffn) | VALID);
  msrs.write(DEFAULT_TYPE, ENABLED | WRITE_BACK);
}
