/** AMD and Hygon processors: identity and features as QEMU 7.2 has them (recorded by scripts/record-cpu-models.mjs). */
import type { CatalogEntry } from './model-catalog.js';

export const AMD_MODELS: readonly CatalogEntry[] = [
  {
    name: 'Dhyana',
    vendor: 'HygonGenuine',
    signature: [24, 0, 1],
    levels: [0xd, 0x8000001e],
    brand: 'Hygon Dhyana Processor',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni monitor ssse3 fma cx16 sse4.1 sse4.2 movbe
      popcnt xsave avx f16c rdrand fsgsbase bmi1 avx2 smep bmi2 rdseed adx smap clflushopt syscall nx mmxext fxsr-opt pdpe1gb rdtscp lm lahf-lm
      svm cr8legacy abm sse4a misalignsse 3dnowprefetch osvw topoext ibpb npt nrip-save xsaveopt xsavec xgetbv1 arat`,
  },
  { version: 2, of: 'Dhyana', note: 'XSAVES', changes: '+xsaves' },
  {
    name: 'EPYC-Milan',
    vendor: 'AuthenticAMD',
    signature: [25, 1, 1],
    levels: [0xd, 0x8000001e],
    brand: 'AMD EPYC-Milan Processor',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni pclmulqdq monitor ssse3 fma cx16 pcid
      sse4.1 sse4.2 movbe popcnt aes xsave avx f16c rdrand fsgsbase bmi1 avx2 smep bmi2 erms invpcid rdseed adx smap clflushopt clwb sha-ni umip
      pku rdpid fsrm syscall nx mmxext fxsr-opt pdpe1gb rdtscp lm lahf-lm svm cr8legacy abm sse4a misalignsse 3dnowprefetch osvw topoext
      perfctr-core clzero xsaveerptr wbnoinvd ibpb ibrs amd-stibp amd-ssbd npt nrip-save svme-addr-chk xsaveopt xsavec xgetbv1 xsaves arat`,
  },
  {
    name: 'EPYC-Rome',
    vendor: 'AuthenticAMD',
    signature: [23, 49, 0],
    levels: [0xd, 0x8000001e],
    brand: 'AMD EPYC-Rome Processor',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni pclmulqdq monitor ssse3 fma cx16 sse4.1
      sse4.2 movbe popcnt aes xsave avx f16c rdrand fsgsbase bmi1 avx2 smep bmi2 rdseed adx smap clflushopt clwb sha-ni umip rdpid syscall nx
      mmxext fxsr-opt pdpe1gb rdtscp lm lahf-lm svm cr8legacy abm sse4a misalignsse 3dnowprefetch osvw topoext perfctr-core clzero xsaveerptr
      wbnoinvd ibpb amd-stibp npt nrip-save xsaveopt xsavec xgetbv1 xsaves arat`,
  },
  { version: 2, of: 'EPYC-Rome', changes: '+ibrs +amd-ssbd' },
  {
    name: 'EPYC',
    vendor: 'AuthenticAMD',
    signature: [23, 1, 2],
    levels: [0xd, 0x8000001e],
    brand: 'AMD EPYC Processor',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni pclmulqdq monitor ssse3 fma cx16 sse4.1
      sse4.2 movbe popcnt aes xsave avx f16c rdrand fsgsbase bmi1 avx2 smep bmi2 rdseed adx smap clflushopt sha-ni syscall nx mmxext fxsr-opt
      pdpe1gb rdtscp lm lahf-lm svm cr8legacy abm sse4a misalignsse 3dnowprefetch osvw topoext npt nrip-save xsaveopt xsavec xgetbv1 arat`,
  },
  { version: 2, of: 'EPYC', alias: 'EPYC-IBPB', brand: 'AMD EPYC Processor (with IBPB)', changes: '+ibpb' },
  { version: 3, of: 'EPYC', brand: 'AMD EPYC Processor', changes: '+perfctr-core +clzero +xsaveerptr +xsaves' },
  {
    name: 'Opteron_G1',
    vendor: 'AuthenticAMD',
    signature: [15, 6, 1],
    levels: [5, 0x80000008],
    brand: 'AMD Opteron 240 (Gen 1 Class Opteron)',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni syscall nx lm`,
  },
  {
    name: 'Opteron_G2',
    vendor: 'AuthenticAMD',
    signature: [15, 6, 1],
    levels: [5, 0x8000000a],
    brand: 'AMD Opteron 22xx (Gen 2 Class Opteron)',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni cx16 syscall nx lm lahf-lm svm`,
  },
  {
    name: 'Opteron_G3',
    vendor: 'AuthenticAMD',
    signature: [16, 2, 3],
    levels: [5, 0x8000000a],
    brand: 'AMD Opteron 23xx (Gen 3 Class Opteron)',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni monitor cx16 popcnt syscall nx rdtscp lm
      lahf-lm svm abm sse4a misalignsse`,
  },
  {
    name: 'Opteron_G4',
    vendor: 'AuthenticAMD',
    signature: [21, 1, 2],
    levels: [0xd, 0x8000001a],
    brand: 'AMD Opteron 62xx class CPU',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni pclmulqdq ssse3 cx16 sse4.1 sse4.2 popcnt
      aes xsave avx syscall nx pdpe1gb rdtscp lm lahf-lm svm abm sse4a misalignsse 3dnowprefetch xop fma4 npt nrip-save`,
  },
  {
    name: 'Opteron_G5',
    vendor: 'AuthenticAMD',
    signature: [21, 2, 0],
    levels: [0xd, 0x8000001a],
    brand: 'AMD Opteron 63xx class CPU',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni pclmulqdq ssse3 fma cx16 sse4.1 sse4.2
      popcnt aes xsave avx f16c syscall nx pdpe1gb rdtscp lm lahf-lm svm abm sse4a misalignsse 3dnowprefetch xop fma4 tbm npt nrip-save`,
  },
  {
    name: 'athlon',
    vendor: 'AuthenticAMD',
    signature: [6, 2, 3],
    levels: [2, 0x80000008],
    brand: 'QEMU Virtual CPU version 2.5+',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 mmx fxsr sse sse2 mmxext 3dnowext 3dnow`,
  },
  {
    name: 'phenom',
    vendor: 'AuthenticAMD',
    signature: [16, 2, 3],
    levels: [5, 0x8000001a],
    brand: 'AMD Phenom(tm) 9550 Quad-Core Processor',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni monitor cx16 popcnt syscall nx mmxext
      fxsr-opt pdpe1gb rdtscp lm 3dnowext 3dnow lahf-lm svm abm sse4a npt`,
  },
];
