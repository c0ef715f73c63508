/** Intel processors: identity and features as QEMU 7.2 has them (recorded by scripts/record-cpu-models.mjs). */
import type { CatalogEntry } from './model-catalog.js';

export const INTEL_MODELS: readonly CatalogEntry[] = [
  {
    name: 'Broadwell',
    vendor: 'GenuineIntel',
    signature: [6, 61, 2],
    levels: [0xd, 0x80000008],
    brand: 'Intel Core Processor (Broadwell)',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni pclmulqdq ssse3 fma cx16 pcid sse4.1
      sse4.2 x2apic movbe popcnt tsc-deadline aes xsave avx f16c rdrand fsgsbase bmi1 hle avx2 smep bmi2 erms invpcid rtm rdseed adx smap syscall
      nx rdtscp lm lahf-lm abm 3dnowprefetch xsaveopt arat`,
  },
  { version: 2, of: 'Broadwell', alias: 'Broadwell-noTSX', brand: 'Intel Core Processor (Broadwell, no TSX)', changes: '-hle -rtm' },
  { version: 3, of: 'Broadwell', alias: 'Broadwell-IBRS', brand: 'Intel Core Processor (Broadwell, IBRS)', changes: '+hle +rtm +spec-ctrl' },
  { version: 4, of: 'Broadwell', alias: 'Broadwell-noTSX-IBRS', brand: 'Intel Core Processor (Broadwell, no TSX, IBRS)', changes: '-hle -rtm' },
  {
    name: 'Cascadelake-Server',
    vendor: 'GenuineIntel',
    signature: [6, 85, 6],
    levels: [0xd, 0x80000008],
    brand: 'Intel Xeon Processor (Cascadelake)',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni pclmulqdq ssse3 fma cx16 pcid sse4.1
      sse4.2 x2apic movbe popcnt tsc-deadline aes xsave avx f16c rdrand fsgsbase bmi1 hle avx2 smep bmi2 erms invpcid rtm avx512f avx512dq rdseed
      adx smap clflushopt clwb avx512cd avx512bw avx512vl pku avx512vnni spec-ctrl ssbd syscall nx pdpe1gb rdtscp lm lahf-lm abm 3dnowprefetch
      xsaveopt xsavec xgetbv1 arat`,
  },
  { version: 2, of: 'Cascadelake-Server', note: 'ARCH_CAPABILITIES', changes: '+arch-capabilities +rdctl-no +ibrs-all +skip-l1dfl-vmentry +mds-no' },
  { version: 3, of: 'Cascadelake-Server', alias: 'Cascadelake-Server-noTSX', note: 'ARCH_CAPABILITIES, no TSX', changes: '-hle -rtm' },
  { version: 4, of: 'Cascadelake-Server', note: 'ARCH_CAPABILITIES, EPT switching, no TSX', changes: '' },
  { version: 5, of: 'Cascadelake-Server', note: 'ARCH_CAPABILITIES, EPT switching, XSAVES, no TSX', changes: '+xsaves' },
  {
    name: 'Conroe',
    vendor: 'GenuineIntel',
    signature: [6, 15, 3],
    levels: [0xa, 0x80000008],
    brand: 'Intel Celeron_4x0 (Conroe/Merom Class Core 2)',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni ssse3 syscall nx lm lahf-lm`,
  },
  {
    name: 'Cooperlake',
    vendor: 'GenuineIntel',
    signature: [6, 85, 10],
    levels: [0xd, 0x80000008],
    brand: 'Intel Xeon Processor (Cooperlake)',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni pclmulqdq ssse3 fma cx16 pcid sse4.1
      sse4.2 x2apic movbe popcnt tsc-deadline aes xsave avx f16c rdrand fsgsbase bmi1 hle avx2 smep bmi2 erms invpcid rtm avx512f avx512dq rdseed
      adx smap clflushopt clwb avx512cd avx512bw avx512vl pku avx512vnni spec-ctrl stibp arch-capabilities ssbd avx512-bf16 syscall nx pdpe1gb
      rdtscp lm lahf-lm abm 3dnowprefetch xsaveopt xsavec xgetbv1 arat rdctl-no ibrs-all skip-l1dfl-vmentry mds-no pschange-mc-no taa-no`,
  },
  { version: 2, of: 'Cooperlake', note: 'XSAVES', changes: '+xsaves' },
  {
    name: 'Denverton',
    vendor: 'GenuineIntel',
    signature: [6, 95, 1],
    levels: [0x15, 0x80000008],
    brand: 'Intel Atom Processor (Denverton)',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni pclmulqdq monitor ssse3 cx16 sse4.1 sse4.2
      x2apic movbe popcnt tsc-deadline aes xsave rdrand fsgsbase smep erms mpx rdseed smap clflushopt sha-ni spec-ctrl arch-capabilities ssbd
      syscall nx pdpe1gb rdtscp lm lahf-lm 3dnowprefetch xsaveopt xsavec xgetbv1 arat rdctl-no skip-l1dfl-vmentry`,
  },
  { version: 2, of: 'Denverton', note: 'no MPX, no MONITOR', changes: '-monitor -mpx' },
  { version: 3, of: 'Denverton', note: 'XSAVES, no MPX, no MONITOR', changes: '+xsaves' },
  {
    name: 'Haswell',
    vendor: 'GenuineIntel',
    signature: [6, 60, 4],
    levels: [0xd, 0x80000008],
    brand: 'Intel Core Processor (Haswell)',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni pclmulqdq ssse3 fma cx16 pcid sse4.1
      sse4.2 x2apic movbe popcnt tsc-deadline aes xsave avx f16c rdrand fsgsbase bmi1 hle avx2 smep bmi2 erms invpcid rtm syscall nx rdtscp lm
      lahf-lm abm xsaveopt arat`,
  },
  { version: 2, of: 'Haswell', alias: 'Haswell-noTSX', stepping: 1, brand: 'Intel Core Processor (Haswell, no TSX)', changes: '-hle -rtm' },
  { version: 3, of: 'Haswell', alias: 'Haswell-IBRS', stepping: 4, brand: 'Intel Core Processor (Haswell, IBRS)', changes: '+hle +rtm +spec-ctrl' },
  { version: 4, of: 'Haswell', alias: 'Haswell-noTSX-IBRS', stepping: 1, brand: 'Intel Core Processor (Haswell, no TSX, IBRS)', changes: '-hle -rtm' },
  {
    name: 'Icelake-Server',
    vendor: 'GenuineIntel',
    signature: [6, 134, 0],
    levels: [0xd, 0x80000008],
    brand: 'Intel Xeon Processor (Icelake)',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni pclmulqdq ssse3 fma cx16 pcid sse4.1
      sse4.2 x2apic movbe popcnt tsc-deadline aes xsave avx f16c rdrand fsgsbase bmi1 hle avx2 smep bmi2 erms invpcid rtm avx512f avx512dq rdseed
      adx smap clflushopt clwb avx512cd avx512bw avx512vl avx512vbmi umip pku avx512vbmi2 gfni vaes vpclmulqdq avx512vnni avx512bitalg
      avx512-vpopcntdq la57 spec-ctrl ssbd syscall nx pdpe1gb rdtscp lm lahf-lm abm 3dnowprefetch wbnoinvd xsaveopt xsavec xgetbv1 arat`,
  },
  { version: 2, of: 'Icelake-Server', alias: 'Icelake-Server-noTSX', note: 'no TSX', changes: '-hle -rtm' },
  { version: 3, of: 'Icelake-Server', changes: '+arch-capabilities +rdctl-no +ibrs-all +skip-l1dfl-vmentry +mds-no +pschange-mc-no +taa-no' },
  { version: 4, of: 'Icelake-Server', model: 0x6a, changes: '+avx512ifma +sha-ni +rdpid +fsrm' },
  { version: 5, of: 'Icelake-Server', note: 'XSAVES', changes: '+xsaves' },
  { version: 6, of: 'Icelake-Server', note: '5-level EPT', changes: '' },
  {
    name: 'IvyBridge',
    vendor: 'GenuineIntel',
    signature: [6, 58, 9],
    levels: [0xd, 0x80000008],
    brand: 'Intel Xeon E3-12xx v2 (Ivy Bridge)',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni pclmulqdq ssse3 cx16 sse4.1 sse4.2 x2apic
      popcnt tsc-deadline aes xsave avx f16c rdrand fsgsbase smep erms syscall nx rdtscp lm lahf-lm xsaveopt arat`,
  },
  { version: 2, of: 'IvyBridge', alias: 'IvyBridge-IBRS', brand: 'Intel Xeon E3-12xx v2 (Ivy Bridge, IBRS)', changes: '+spec-ctrl' },
  {
    name: 'KnightsMill',
    vendor: 'GenuineIntel',
    signature: [6, 133, 0],
    levels: [0xd, 0x80000008],
    brand: 'Intel Xeon Phi Processor (Knights Mill)',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ss pni pclmulqdq ssse3 fma cx16 sse4.1 sse4.2
      x2apic movbe popcnt tsc-deadline aes xsave avx f16c rdrand fsgsbase bmi1 avx2 smep bmi2 erms avx512f rdseed adx avx512pf avx512er avx512cd
      avx512-vpopcntdq avx512-4vnniw avx512-4fmaps syscall nx pdpe1gb rdtscp lm lahf-lm abm 3dnowprefetch xsaveopt arat`,
  },
  {
    name: 'Nehalem',
    vendor: 'GenuineIntel',
    signature: [6, 26, 3],
    levels: [0xb, 0x80000008],
    brand: 'Intel Core i7 9xx (Nehalem Class Core i7)',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni ssse3 cx16 sse4.1 sse4.2 popcnt syscall nx
      lm lahf-lm`,
  },
  { version: 2, of: 'Nehalem', alias: 'Nehalem-IBRS', brand: 'Intel Core i7 9xx (Nehalem Core i7, IBRS update)', changes: '+spec-ctrl' },
  {
    name: 'Penryn',
    vendor: 'GenuineIntel',
    signature: [6, 23, 3],
    levels: [0xa, 0x80000008],
    brand: 'Intel Core 2 Duo P9xxx (Penryn Class Core 2)',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni ssse3 cx16 sse4.1 syscall nx lm lahf-lm`,
  },
  {
    name: 'SandyBridge',
    vendor: 'GenuineIntel',
    signature: [6, 42, 1],
    levels: [0xd, 0x80000008],
    brand: 'Intel Xeon E312xx (Sandy Bridge)',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni pclmulqdq ssse3 cx16 sse4.1 sse4.2 x2apic
      popcnt tsc-deadline aes xsave avx syscall nx rdtscp lm lahf-lm xsaveopt arat`,
  },
  { version: 2, of: 'SandyBridge', alias: 'SandyBridge-IBRS', brand: 'Intel Xeon E312xx (Sandy Bridge, IBRS update)', changes: '+spec-ctrl' },
  {
    name: 'Skylake-Client',
    vendor: 'GenuineIntel',
    signature: [6, 94, 3],
    levels: [0xd, 0x80000008],
    brand: 'Intel Core Processor (Skylake)',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni pclmulqdq ssse3 fma cx16 pcid sse4.1
      sse4.2 x2apic movbe popcnt tsc-deadline aes xsave avx f16c rdrand fsgsbase bmi1 hle avx2 smep bmi2 erms invpcid rtm rdseed adx smap syscall
      nx rdtscp lm lahf-lm abm 3dnowprefetch xsaveopt xsavec xgetbv1 arat`,
  },
  { version: 2, of: 'Skylake-Client', alias: 'Skylake-Client-IBRS', brand: 'Intel Core Processor (Skylake, IBRS)', changes: '+spec-ctrl' },
  { version: 3, of: 'Skylake-Client', alias: 'Skylake-Client-noTSX-IBRS', brand: 'Intel Core Processor (Skylake, IBRS, no TSX)', changes: '-hle -rtm' },
  { version: 4, of: 'Skylake-Client', note: 'IBRS, XSAVES, no TSX', changes: '+xsaves' },
  {
    name: 'Skylake-Server',
    vendor: 'GenuineIntel',
    signature: [6, 85, 4],
    levels: [0xd, 0x80000008],
    brand: 'Intel Xeon Processor (Skylake)',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni pclmulqdq ssse3 fma cx16 pcid sse4.1
      sse4.2 x2apic movbe popcnt tsc-deadline aes xsave avx f16c rdrand fsgsbase bmi1 hle avx2 smep bmi2 erms invpcid rtm avx512f avx512dq rdseed
      adx smap clflushopt clwb avx512cd avx512bw avx512vl pku syscall nx pdpe1gb rdtscp lm lahf-lm abm 3dnowprefetch xsaveopt xsavec xgetbv1 arat`,
  },
  { version: 2, of: 'Skylake-Server', alias: 'Skylake-Server-IBRS', brand: 'Intel Xeon Processor (Skylake, IBRS)', changes: '+spec-ctrl -clflushopt' },
  { version: 3, of: 'Skylake-Server', alias: 'Skylake-Server-noTSX-IBRS', brand: 'Intel Xeon Processor (Skylake, IBRS, no TSX)', changes: '-hle -rtm' },
  { version: 4, of: 'Skylake-Server', note: 'IBRS, EPT switching, no TSX', changes: '' },
  { version: 5, of: 'Skylake-Server', note: 'IBRS, XSAVES, EPT switching, no TSX', changes: '+xsaves' },
  {
    name: 'Snowridge',
    vendor: 'GenuineIntel',
    signature: [6, 134, 1],
    levels: [0x1b, 0x80000008],
    brand: 'Intel Atom Processor (SnowRidge)',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni pclmulqdq monitor ssse3 cx16 sse4.1 sse4.2
      x2apic movbe popcnt tsc-deadline aes xsave rdrand fsgsbase smep erms mpx rdseed smap clflushopt clwb sha-ni umip gfni cldemote movdiri
      movdir64b spec-ctrl arch-capabilities core-capability ssbd syscall nx pdpe1gb rdtscp lm lahf-lm 3dnowprefetch xsaveopt xsavec xgetbv1 arat
      split-lock-detect`,
  },
  { version: 2, of: 'Snowridge', brand: 'Intel Atom Processor (Snowridge, no MPX)', changes: '-mpx' },
  { version: 3, of: 'Snowridge', note: 'XSAVES, no MPX', changes: '+xsaves' },
  { version: 4, of: 'Snowridge', note: 'no split lock detect, no core-capability', changes: '-core-capability -split-lock-detect' },
  {
    name: 'Westmere',
    vendor: 'GenuineIntel',
    signature: [6, 44, 1],
    levels: [0xb, 0x80000008],
    brand: 'Westmere E56xx/L56xx/X56xx (Nehalem-C)',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni pclmulqdq ssse3 cx16 sse4.1 sse4.2 popcnt
      aes syscall nx lm lahf-lm arat`,
  },
  { version: 2, of: 'Westmere', alias: 'Westmere-IBRS', brand: 'Westmere E56xx/L56xx/X56xx (IBRS update)', changes: '+spec-ctrl' },
  {
    name: 'core2duo',
    vendor: 'GenuineIntel',
    signature: [6, 15, 11],
    levels: [0xa, 0x80000008],
    brand: 'Intel(R) Core(TM)2 Duo CPU     T7700  @ 2.40GHz',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush acpi mmx fxsr sse sse2 ss pni monitor ssse3 cx16 syscall nx lm
      lahf-lm`,
  },
  {
    name: 'coreduo',
    vendor: 'GenuineIntel',
    signature: [6, 14, 8],
    levels: [0xa, 0x80000008],
    brand: 'Genuine Intel(R) CPU           T2600  @ 2.16GHz',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat clflush acpi mmx fxsr sse sse2 ss pni monitor nx`,
  },
  {
    name: 'n270',
    vendor: 'GenuineIntel',
    signature: [6, 28, 2],
    levels: [0xa, 0x80000008],
    brand: 'Intel(R) Atom(TM) CPU N270   @ 1.60GHz',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat clflush acpi mmx fxsr sse sse2 ss pni monitor ssse3 movbe nx lahf-lm`,
  },
  {
    name: 'pentium',
    vendor: 'GenuineIntel',
    signature: [5, 4, 3],
    levels: [1, 0],
    brand: '',
    features: `
      fpu de pse tsc msr mce cx8 apic mmx`,
  },
  {
    name: 'pentium2',
    vendor: 'GenuineIntel',
    signature: [6, 5, 2],
    levels: [2, 0],
    brand: '',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 mmx fxsr`,
  },
  {
    name: 'pentium3',
    vendor: 'GenuineIntel',
    signature: [6, 7, 3],
    levels: [3, 0],
    brand: '',
    features: `
      fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 mmx fxsr sse`,
  },
];
