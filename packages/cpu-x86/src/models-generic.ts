/** Processors of no maker: identity and features as QEMU 7.2 has them (recorded by scripts/record-cpu-models.mjs). */
import type { CatalogEntry } from './model-catalog.js';

export const GENERIC_MODELS: readonly CatalogEntry[] = [
  {
    name: '486',
    vendor: 'GenuineIntel',
    signature: [4, 8, 0],
    levels: [1, 0],
    brand: '',
    features: `
      fpu pse`,
  },
  {
    name: 'kvm32',
    vendor: 'GenuineIntel',
    signature: [15, 6, 1],
    levels: [5, 0x80000008],
    brand: 'Common 32-bit KVM processor',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni`,
  },
  {
    name: 'kvm64',
    vendor: 'GenuineIntel',
    signature: [15, 6, 1],
    levels: [0xd, 0x80000008],
    brand: 'Common KVM processor',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni cx16 syscall nx lm`,
  },
  {
    name: 'qemu32',
    vendor: 'GenuineIntel',
    signature: [6, 6, 3],
    levels: [4, 0x80000004],
    brand: 'QEMU Virtual CPU version 2.5+',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep pge cmov pat mmx fxsr sse sse2 pni`,
  },
  {
    name: 'qemu64',
    vendor: 'AuthenticAMD',
    signature: [15, 107, 1],
    levels: [0xd, 0x8000000a],
    brand: 'QEMU Virtual CPU version 2.5+',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni cx16 syscall nx lm lahf-lm svm`,
  },
];
