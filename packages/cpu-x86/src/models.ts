/**
 * CPU models by QEMU's names (QEMU 7.2, `-cpu help`). A model lists the features of the real thing; what is not implemented is
 * left out of what a guest sees, silently unless the user asked for it by name.
 */
import { ConfigError } from '@nandu/core';
import { AMD_ALIASES, FEATURES, type FeatureWords, featureNamed, hasFeature, noFeatures, setFeature, TRANSLATED } from './cpuid-features.js';
import type { Feature } from './decode/opcode-table.js';

export type Vendor = 'AuthenticAMD' | 'GenuineIntel';

export interface ModelRow {
  readonly vendor: Vendor;
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
  /** Highest basic and extended leaf. */
  readonly level: number;
  readonly xlevel: number;
  readonly brand: string;
  readonly features: string;
}

/** What every 64-bit model has. */
const BASIC = 'fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 pni cx16 syscall nx lm lahf-lm';
const CORE2 = `${BASIC} vme ssse3`;
const NEHALEM = `${CORE2} sse4.1 sse4.2 popcnt`;

export const MODELS: Readonly<Record<string, ModelRow>> = {
  qemu64: {
    vendor: 'AuthenticAMD',
    family: 15,
    model: 107,
    stepping: 1,
    level: 0xd,
    xlevel: 0x8000_000a,
    brand: 'QEMU Virtual CPU version 2.5+',
    features: `${BASIC} invtsc`,
  },
  kvm64: {
    vendor: 'GenuineIntel',
    family: 15,
    model: 6,
    stepping: 1,
    level: 0xd,
    xlevel: 0x8000_0008,
    brand: 'Common KVM processor',
    features: BASIC.replace(' lahf-lm', ' vme'),
  },
  core2duo: {
    vendor: 'GenuineIntel',
    family: 6,
    model: 15,
    stepping: 11,
    level: 10,
    xlevel: 0x8000_0008,
    brand: 'Intel(R) Core(TM)2 Duo CPU     T7700  @ 2.40GHz',
    features: `${CORE2} ss`,
  },
  phenom: {
    vendor: 'AuthenticAMD',
    family: 16,
    model: 2,
    stepping: 3,
    level: 5,
    xlevel: 0x8000_001a,
    brand: 'AMD Phenom(tm) 9550 Quad-Core Processor',
    features: `${BASIC} vme popcnt pdpe1gb rdtscp 3dnowprefetch`,
  },
  Conroe: {
    vendor: 'GenuineIntel',
    family: 6,
    model: 15,
    stepping: 3,
    level: 10,
    xlevel: 0x8000_0008,
    brand: 'Intel Celeron_4x0 (Conroe/Merom Class Core 2)',
    features: CORE2.replace('vme ', '').replace(' cx16', ''),
  },
  Penryn: {
    vendor: 'GenuineIntel',
    family: 6,
    model: 23,
    stepping: 3,
    level: 10,
    xlevel: 0x8000_0008,
    brand: 'Intel Core 2 Duo P9xxx (Penryn Class Core 2)',
    features: `${CORE2.replace('vme ', '')} sse4.1`,
  },
  Nehalem: {
    vendor: 'GenuineIntel',
    family: 6,
    model: 26,
    stepping: 3,
    level: 11,
    xlevel: 0x8000_0008,
    brand: 'Intel Core i7 9xx (Nehalem Class Core i7)',
    features: NEHALEM.replace('vme ', ''),
  },
  Westmere: {
    vendor: 'GenuineIntel',
    family: 6,
    model: 44,
    stepping: 1,
    level: 11,
    xlevel: 0x8000_0008,
    brand: 'Westmere E56xx/L56xx/X56xx (Nehalem-C)',
    features: `${NEHALEM.replace('vme ', '')} arat`,
  },
  Opteron_G1: {
    vendor: 'AuthenticAMD',
    family: 15,
    model: 6,
    stepping: 1,
    level: 5,
    xlevel: 0x8000_0008,
    brand: 'AMD Opteron 240 (Gen 1 Class Opteron)',
    features: BASIC.replace(' cx16', '').replace(' lahf-lm', ''),
  },
  Opteron_G2: {
    vendor: 'AuthenticAMD',
    family: 15,
    model: 6,
    stepping: 1,
    level: 5,
    xlevel: 0x8000_0008,
    brand: 'AMD Opteron 22xx (Gen 2 Class Opteron)',
    features: BASIC,
  },
  Opteron_G3: {
    vendor: 'AuthenticAMD',
    family: 16,
    model: 2,
    stepping: 3,
    level: 5,
    xlevel: 0x8000_0008,
    brand: 'AMD Opteron 23xx (Gen 3 Class Opteron)',
    features: `${BASIC} popcnt rdtscp 3dnowprefetch`,
  },
  /** Everything that is implemented. */
  max: {
    vendor: 'AuthenticAMD',
    family: 6,
    model: 6,
    stepping: 3,
    level: 0xd,
    xlevel: 0x8000_000a,
    brand: 'QEMU TCG CPU version 2.5+',
    features: [...FEATURES.values()]
      .filter(({ implemented, name }) => implemented && name !== 'ht' && name !== 'cmp-legacy')
      .map(({ name }) => name)
      .join(' '),
  },
};

/** A model with the user's changes, as a guest sees it. */
export interface CpuModel extends Omit<ModelRow, 'features'> {
  readonly name: string;
  readonly words: Readonly<FeatureWords>;
  /** Instruction-set features for the translator. */
  readonly translated: ReadonlySet<Feature>;
  /** Feature requests that could not be met, as sentences for `warning:` lines. */
  readonly warnings: readonly string[];
  readonly physicalBits: number;
}

/** `-cpu` as QEMU takes it: `model[,+feature][,-feature][,feature=on|off]`. */
export function parseCpuModel(text: string): CpuModel {
  const [name = '', ...options] = text.split(',');
  const row = MODELS[name.replace(/-x86_64-cpu$/, '').replace(/-v1$/, '')];
  if (!row) throw new ConfigError(`unable to find CPU model '${name}'`);
  const words = noFeatures();
  const warnings: string[] = [];
  // TCG always says that it is a hypervisor.
  for (const feature of `${row.features} hypervisor`.split(' ')) apply(feature, true, false);
  for (const option of options) {
    const [key = '', value] = option.split('=', 2);
    if (value === undefined && (key.startsWith('+') || key.startsWith('-'))) request(key.slice(1), key.startsWith('+'));
    else request(key, onOff(key, value ?? 'on'));
  }
  if (row.vendor === 'AuthenticAMD') words['80000001.edx'] = (words['80000001.edx'] | (words['1.edx'] & AMD_ALIASES)) >>> 0;
  const translated = new Set(TRANSLATED.filter(([feature]) => hasFeature(words, feature)).map(([, feature]) => feature));
  const { features: _, ...rest } = row;
  return { ...rest, name, words, translated, warnings, physicalBits: 40 };

  function request(key: string, on: boolean): void {
    if (!apply(key, on, true)) throw new ConfigError(`Property '${name}-x86_64-cpu.${key}' not found`);
  }
  function apply(key: string, on: boolean, warn: boolean): boolean {
    const feature = featureNamed(key);
    if (!feature) return false;
    if (!on || feature.implemented) setFeature(words, feature, on);
    else if (warn) warnings.push(`TCG doesn't support requested feature: CPUID.${wordText(feature.word)}.${feature.name} [bit ${feature.bit}]`);
    return true;
  }
}

function onOff(key: string, value: string): boolean {
  if (['on', 'yes', 'true', 'y'].includes(value)) return true;
  if (['off', 'no', 'false', 'n'].includes(value)) return false;
  throw new ConfigError(`Parameter '${key}' expects 'on' or 'off'`);
}

/** '1.ecx' as QEMU prints it: '01H:ECX'. */
function wordText(word: string): string {
  const parts = word.split('.');
  const register = parts.pop()!.toUpperCase();
  return `${parts[0]!.toUpperCase().padStart(2, '0')}H:${register}`;
}
