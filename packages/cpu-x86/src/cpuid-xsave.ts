/** Leaf 0xD of CPUID: state components of XSAVE, their sizes and places (SDM volume 1, 13.2). */
import type { CpuidRegisters } from './cpuid.js';
import { hasFeature } from './cpuid-features.js';
import type { CpuModel } from './models.js';

/** FXSAVE's region and the header; then AVX: upper halves of the YMM registers; far behind it, or right behind if compacted, PKRU. */
const LEGACY_BYTES = 576;
const AVX_BYTES = 256;
const X87_AND_SSE = 3;
const AVX = 4;
const PKRU = 0x200;
const PKRU_OFFSET = 2688;
const PKRU_BYTES = 8;

/** Bits of XCR0 that a model has. */
export function xcr0Of(model: CpuModel): number {
  if (!hasFeature(model.words, 'xsave')) return 0;
  return X87_AND_SSE | (hasFeature(model.words, 'avx') ? AVX : 0) | (hasFeature(model.words, 'pku') ? PKRU : 0);
}

function compactedBytes(components: number): number {
  return LEGACY_BYTES + (components & AVX ? AVX_BYTES : 0) + (components & PKRU ? PKRU_BYTES : 0);
}

function areaBytes(components: number): number {
  return components & PKRU ? PKRU_OFFSET + PKRU_BYTES : compactedBytes(components);
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
      return { eax, ebx: hasFeature(model.words, 'xsavec') ? compactedBytes(xcr0) : 0 };
    }
    case 2:
      return all & AVX ? { eax: AVX_BYTES, ebx: LEGACY_BYTES } : {};
    case 9:
      return all & PKRU ? { eax: PKRU_BYTES, ebx: PKRU_OFFSET } : {};
    default:
      return {};
  }
}
