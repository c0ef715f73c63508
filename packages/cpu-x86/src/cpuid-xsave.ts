/** Leaf 0xD of CPUID: state components of XSAVE, their sizes and places (SDM volume 1, 13.2). */
import type { CpuidRegisters } from './cpuid.js';
import { hasFeature } from './cpuid-features.js';
import type { CpuModel } from './models.js';

/** FXSAVE's region and the header; then AVX: upper halves of the YMM registers. */
const LEGACY_BYTES = 576;
const AVX_BYTES = 256;
const X87_AND_SSE = 3;
const AVX = 4;

/** Bits of XCR0 that a model has. */
export function xcr0Of(model: CpuModel): number {
  if (!hasFeature(model.words, 'xsave')) return 0;
  return hasFeature(model.words, 'avx') ? X87_AND_SSE | AVX : X87_AND_SSE;
}

function areaBytes(components: number): number {
  return components & AVX ? LEGACY_BYTES + AVX_BYTES : LEGACY_BYTES;
}

/** `xcr0` as it is now. */
export function xsaveLeaf(model: CpuModel, subleaf: number, xcr0: number): Partial<CpuidRegisters> {
  const all = xcr0Of(model);
  if (all === 0) return {};
  switch (subleaf) {
    case 0:
      return { eax: all, ebx: areaBytes(xcr0), ecx: areaBytes(all) };
    case 1: {
      const eax = model.words['d.1.eax'];
      // What XSAVEC needs: the compacted format has no gaps here either.
      return { eax, ebx: hasFeature(model.words, 'xsavec') ? areaBytes(xcr0) : 0 };
    }
    case 2:
      return all & AVX ? { eax: AVX_BYTES, ebx: LEGACY_BYTES } : {};
    default:
      return {};
  }
}
