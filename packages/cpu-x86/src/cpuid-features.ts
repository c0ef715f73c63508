/**
 * Feature bits of CPUID by QEMU's names (QEMU 7.2 user documentation and `-cpu help`; bits: SDM volume 2, CPUID; AMD64 manual
 * volume 3, appendix E), which of them are implemented, and what the translator calls them.
 */
import { NEVER } from './cpuid-features-never.js';
import type { Feature } from './decode/opcode-table.js';

/** The registers of CPUID that hold features, in QEMU's order. */
export const FEATURE_WORDS = [
  '1.edx',
  '1.ecx',
  '7.ebx',
  '7.ecx',
  '7.edx',
  '7.1.eax',
  '80000001.edx',
  '80000001.ecx',
  '80000007.edx',
  '80000008.ebx',
  '8000000a.edx',
  'd.1.eax',
  '6.eax',
] as const;
export type FeatureWord = (typeof FEATURE_WORDS)[number];
export type FeatureWords = Record<FeatureWord, number>;
export type FeatureName = string;

export interface FeatureBit {
  readonly name: string;
  /** Undefined: where CPUID, or an MSR, has it is of no interest, since no guest ever sees it. */
  readonly word: FeatureWord | undefined;
  readonly bit: number;
  /** The register as QEMU's messages name it. */
  readonly place: string;
  /** Whether a guest may be told that it is there. */
  readonly implemented: boolean;
}

/** Names in the order of their bits, `-` for none. An exclamation mark: implemented. */
const NAMES: Readonly<Record<FeatureWord, string>> = {
  '1.edx':
    'fpu! vme! de! pse! tsc! msr! pae! mce! cx8! apic! - sep! mtrr! pge! mca! cmov! pat! pse36! pn clflush! - ds acpi mmx! fxsr! sse! sse2! ss! ht! tm ia64 pbe',
  '1.ecx':
    'pni! pclmulqdq! dtes64 monitor ds-cpl vmx smx est tm2 ssse3! cid - fma! cx16! xtpr pdcm - pcid! dca sse4.1! sse4.2! x2apic! movbe! popcnt! tsc-deadline! aes! xsave! - avx! f16c! rdrand! hypervisor!',
  '7.ebx':
    'fsgsbase! tsc-adjust! sgx bmi1! hle avx2! - smep! bmi2! erms! invpcid! rtm - - mpx - avx512f avx512dq rdseed! adx! smap! avx512ifma pcommit clflushopt! clwb! intel-pt avx512pf avx512er avx512cd sha-ni! avx512bw avx512vl',
  '7.ecx':
    '- avx512vbmi umip! pku! - waitpkg avx512vbmi2 - gfni vaes vpclmulqdq avx512vnni avx512bitalg - avx512-vpopcntdq - la57 - - - - - rdpid! - bus-lock-detect cldemote - movdiri movdir64b - sgxlc pks!',
  '7.edx':
    '- - avx512-4vnniw avx512-4fmaps fsrm! - - - avx512-vp2intersect - md-clear - - - serialize - tsx-ldtrk - - arch-lbr - - amx-bf16 avx512-fp16 amx-tile amx-int8 spec-ctrl stibp - arch-capabilities core-capability ssbd',
  '7.1.eax': '- - - - avx-vnni avx512-bf16',
  '80000001.edx': '- - - - - - - - - - - syscall! - - - - - - - - nx! - mmxext - - fxsr-opt pdpe1gb! rdtscp! - lm! 3dnowext 3dnow',
  '80000001.ecx':
    'lahf-lm! cmp-legacy! svm extapic cr8legacy abm! sse4a misalignsse 3dnowprefetch! osvw ibs xop skinit wdt - lwp fma4 tce - nodeid-msr - tbm topoext perfctr-core perfctr-nb - - - - - - -',
  '80000007.edx': '- - - - - - - - invtsc! - - - - - - - - - - - - - - - - - - - - - - -',
  '80000008.ebx': 'clzero - xsaveerptr - - - - - - wbnoinvd - - ibpb - ibrs amd-stibp - - - - - - - - amd-ssbd virt-ssbd amd-no-ssb',
  '8000000a.edx':
    'npt lbrv svm-lock nrip-save tsc-scale vmcb-clean flushbyasid decodeassists - - pause-filter - pfthreshold avic - v-vmsave-vmload vgif - - - - - - - - - - - svme-addr-chk',
  '6.eax': '- - arat! - - - - - - - - - - - - - - - - - - - - - - - - - - - - -',
  'd.1.eax': 'xsaveopt! xsavec! xgetbv1! xsaves xfd - - - - - - - - - - - - - - - - - - - - - - - - - - -',
};

/** QEMU's other spellings: underscores stand for dashes and dots, and a few features have two names. */
const ALIASES: Readonly<Record<string, string>> = {
  sse3: 'pni',
  'sse4-1': 'sse4.1',
  'sse4-2': 'sse4.2',
  i64: 'lm',
  xd: 'nx',
  ffxsr: 'fxsr-opt',
  lzcnt: 'abm',
  pclmuldq: 'pclmulqdq',
  tsc_deadline: 'tsc-deadline',
};

function* features(): Generator<FeatureBit> {
  for (const word of FEATURE_WORDS) {
    for (const [bit, text] of NAMES[word].split(' ').entries()) {
      if (text !== '-') yield { name: text.replace('!', ''), word, bit, place: placeOf(word), implemented: text.endsWith('!') };
    }
  }
  for (const [place, names] of NEVER) {
    for (const [bit, name] of names.split(' ').entries()) if (name !== '-') yield { name, word: undefined, bit, place, implemented: false };
  }
}

/** '7.1.eax' as QEMU prints it: 'CPUID.07H:EAX'. */
function placeOf(word: FeatureWord): string {
  const parts = word.split('.');
  return `CPUID.${parts[0]!.toUpperCase().padStart(2, '0')}H:${parts.at(-1)!.toUpperCase()}`;
}

export const FEATURES: ReadonlyMap<FeatureName, FeatureBit> = new Map([...features()].map((feature) => [feature.name, feature]));

/** The feature that a user's spelling means. */
export function featureNamed(text: string): FeatureBit | undefined {
  const name = text.replaceAll('_', '-');
  return FEATURES.get(name) ?? FEATURES.get(ALIASES[name] ?? '');
}

/** What makes no sense without the first: it goes when that is switched off. */
export const DEPENDENT: readonly (readonly [on: string, features: readonly string[]])[] = [
  ['xsave', ['avx', 'xsaveopt', 'xsavec', 'xgetbv1', 'xsaves']],
  ['avx', ['avx2', 'fma', 'f16c']],
];

/** Bits of 1.edx that AMD processors repeat in 80000001.edx. */
export const AMD_ALIASES = 0x0183_f3ff;

/** What the translator and the CPU call these features, where the instruction set depends on them. */
export const TRANSLATED: readonly (readonly [name: string, feature: Feature])[] = [
  ['cmov', 'cmov'],
  ['cx8', 'cx8'],
  ['cx16', 'cx16'],
  ['popcnt', 'popcnt'],
  ['abm', 'lzcnt'],
  ['bmi1', 'bmi1'],
  ['bmi2', 'bmi2'],
  ['movbe', 'movbe'],
  ['fsgsbase', 'fsgsbase'],
  ['rdtscp', 'rdtscp'],
  ['syscall', 'syscall'],
  ['sep', 'sysenter'],
  ['clflushopt', 'clflushopt'],
  ['clwb', 'clwb'],
  ['rdpid', 'rdpid'],
  ['rdrand', 'rdrand'],
  ['rdseed', 'rdseed'],
  ['smap', 'smap'],
  ['invpcid', 'invpcid'],
  ['pku', 'pku'],
  ['monitor', 'monitor'],
  ['xsave', 'xsave'],
  ['lahf-lm', 'lahf'],
  ['adx', 'adx'],
  ['fxsr', 'fxsr'],
  ['mmx', 'mmx'],
  ['sse', 'sse'],
  ['sse2', 'sse2'],
  ['pni', 'sse3'],
  ['ssse3', 'ssse3'],
  ['sse4.1', 'sse4.1'],
  ['sse4.2', 'sse4.2'],
  ['sse4a', 'sse4a'],
  ['aes', 'aes'],
  ['pclmulqdq', 'pclmulqdq'],
  ['sha-ni', 'sha'],
  ['avx', 'avx'],
  ['avx2', 'avx2'],
  ['fma', 'fma'],
  ['f16c', 'f16c'],
  ['xsaveopt', 'xsaveopt'],
  ['xsavec', 'xsavec'],
  ['xgetbv1', 'xgetbv1'],
  ['3dnowprefetch', '3dnowprefetch'],
];

export function noFeatures(): FeatureWords {
  return Object.fromEntries(FEATURE_WORDS.map((word) => [word, 0])) as FeatureWords;
}
export function hasFeature(words: Readonly<FeatureWords>, name: string): boolean {
  const feature = FEATURES.get(name);
  return feature?.word !== undefined && ((words[feature.word] >>> feature.bit) & 1) === 1;
}
export function setFeature(words: FeatureWords, { word, bit }: FeatureBit, on: boolean): void {
  if (word === undefined) return;
  words[word] = (on ? words[word] | (1 << bit) : words[word] & ~(1 << bit)) >>> 0;
}
