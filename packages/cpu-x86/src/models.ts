/**
 * CPU models by QEMU's names (QEMU 7.2, `-cpu help`). A model lists the features of the real thing; what is not implemented is left
 * out of what a guest sees, with QEMU's warning where QEMU's own code lacks it too, and without where it has it.
 */
import { ConfigError } from '@nandu/core';
import {
  AMD_ALIASES,
  DEPENDENT,
  FEATURES,
  type FeatureBit,
  type FeatureWords,
  featureNamed,
  hasFeature,
  noFeatures,
  setFeature,
  TRANSLATED,
} from './cpuid-features.js';
import type { Feature } from './decode/opcode-table.js';
import { type Identity, MODEL_ALIASES, MODEL_ROWS, type ModelRow, QEMU_FEATURES } from './model-catalog.js';
import { applyProperty, changeable, type ModelSettings, onOff } from './model-settings.js';

/** Not seen unless the machine has several threads, or the user asks. */
const LEFT_TO_TOPOLOGY = ['ht', 'cmp-legacy'];

/** Said of AMD's models beside what QEMU says: the counter's rate never changes, and without it Linux on several of them avoids it. */
const ALWAYS_ON_AMD = 'invtsc';
const INVARIANT_TSC_LEAF = 0x8000_0007;

/** Everything that is implemented. */
const MAX: ModelRow = {
  name: 'max',
  vendor: 'AuthenticAMD',
  family: 15,
  model: 107,
  stepping: 1,
  level: 0xd,
  xlevel: 0x8000_000a,
  brand: 'QEMU TCG CPU version 2.5+',
  features: [...FEATURES.values()].filter(({ implemented, name }) => implemented && !LEFT_TO_TOPOLOGY.includes(name)).map(({ name }) => name),
  description: 'Enables all features supported by the accelerator in the current host',
};

/** Every name that `-cpu` takes, with the version that it stands for. */
export const MODELS: Readonly<Record<string, ModelRow>> = Object.fromEntries([
  ...MODEL_ROWS,
  ...[...MODEL_ALIASES].map(([name, version]) => [name, MODEL_ROWS.get(version)!] as const),
  ['max', MAX],
]);

const IN_QEMU = new Set(QEMU_FEATURES);

/** A model with the user's changes, as a guest sees it. */
export interface CpuModel extends Identity {
  readonly name: string;
  readonly words: Readonly<FeatureWords>;
  /** Instruction-set features for the translator. */
  readonly translated: ReadonlySet<Feature>;
  /** Feature requests that could not be met, as sentences for `warning:` lines. */
  readonly warnings: readonly string[];
  /** Names of the same features, whether or not the user wants to be warned. */
  readonly missing: readonly string[];
  readonly physicalBits: number;
  /** Whether leaf 0x40000000 tells of TCG. */
  readonly showsAccelerator: boolean;
}

/**
 * `-cpu` as QEMU takes it: `model[,+feature][,-feature][,property=value]`; `+` and `-` count last. Throws ConfigError with QEMU's
 * words for what it does not know, and if features are missing with `enforce`.
 */
export function parseCpuModel(text: string): CpuModel {
  const [name = '', ...options] = text.split(',');
  const row = MODELS[name.replace(/-x86_64-cpu$/, '')];
  if (name === 'host') throw new ConfigError(`CPU model 'host' requires KVM or HVF`);
  if (!row) throw new ConfigError(`unable to find CPU model '${name}'`);
  const settings = changeable(row);
  const asked = new Map<string, boolean>();
  for (const option of options) if (!/^[+-]/.test(option)) property(option);
  for (const sign of ['+', '-']) {
    for (const option of options.filter((o) => o.startsWith(sign))) {
      const feature = featureNamed(option.slice(1));
      if (!feature) throw new ConfigError(`Property '${name}-x86_64-cpu.${option.slice(1)}' not found`);
      asked.set(feature.name, sign === '+');
    }
  }

  const own = row.vendor === 'AuthenticAMD' && row.xlevel >= INVARIANT_TSC_LEAF ? [...row.features, ALWAYS_ON_AMD] : row.features;
  const wanted = new Set([...own.filter((feature) => asked.get(feature) !== false), ...[...asked].filter(([, on]) => on).map(([feature]) => feature)]);
  const words = noFeatures();
  const missing: FeatureBit[] = [];
  for (const feature of FEATURES.values()) {
    if (!wanted.has(feature.name)) continue;
    if (feature.implemented) setFeature(words, feature, true);
    else if (!feature.name.startsWith('kvm') && (asked.get(feature.name) || !IN_QEMU.has(feature.name))) missing.push(feature);
  }
  const reported = settings.check || settings.enforce ? missing : [];
  const warnings = reported.map(({ place, name: feature, bit }) => `TCG doesn't support requested feature: ${place}.${feature} [bit ${bit}]`);
  if (settings.enforce && missing.length > 0) throw new UnsupportedFeatures(warnings);

  for (const [on, features] of DEPENDENT) {
    if (!hasFeature(words, on)) for (const feature of features) setFeature(words, FEATURES.get(feature)!, false);
  }
  if (settings.vendor === 'AuthenticAMD') words['80000001.edx'] = (words['80000001.edx'] | (words['1.edx'] & AMD_ALIASES)) >>> 0;
  return {
    name,
    vendor: settings.vendor,
    family: settings.family,
    model: settings.model,
    stepping: settings.stepping,
    brand: settings.brand,
    level: settings.level ?? atLeast(Math.max(row.level, settings.minLevel), words, BASIC_LEAVES),
    xlevel: settings.xlevel ?? atLeast(Math.max(row.xlevel, settings.minXlevel), words, EXTENDED_LEAVES),
    words,
    translated: new Set(TRANSLATED.filter(([feature]) => hasFeature(words, feature)).map(([, feature]) => feature)),
    warnings,
    missing: missing.map(({ name: feature }) => feature),
    physicalBits: physicalBits(settings, words),
    showsAccelerator: settings.showsAccelerator,
  };

  function property(option: string): void {
    const [key = '', ...rest] = option.split('=');
    const value = rest.length > 0 ? rest.join('=') : 'on';
    const feature = featureNamed(key);
    try {
      if (feature) asked.set(feature.name, onOff(key.replaceAll('_', '-'), value));
      else if (!applyProperty(settings, key.replaceAll('_', '-'), value)) throw new ConfigError(`Property '${name}-x86_64-cpu.${key}' not found`);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      throw new ConfigError(`can't apply global ${name}-x86_64-cpu.${key.replaceAll('_', '-')}=${value}: ${error.message}`);
    }
  }
}

/** With `enforce`: the warnings, to be printed before the message. */
export class UnsupportedFeatures extends ConfigError {
  constructor(readonly warnings: readonly string[]) {
    super(`TCG doesn't support requested features`);
  }
}

/** Leaves that features need, wherever the model ends by itself. */
const BASIC_LEAVES = [
  ['6.eax', 6],
  ['7.ebx', 7],
  ['7.ecx', 7],
  ['7.edx', 7],
  ['7.1.eax', 7],
  ['d.1.eax', 0xd],
] as const;
const EXTENDED_LEAVES = [
  ['80000001.edx', 0x8000_0001],
  ['80000001.ecx', 0x8000_0001],
  ['80000007.edx', 0x8000_0007],
  ['80000008.ebx', 0x8000_0008],
  ['8000000a.edx', 0x8000_000a],
] as const;

function atLeast(level: number, words: Readonly<FeatureWords>, leaves: typeof BASIC_LEAVES | typeof EXTENDED_LEAVES): number {
  return leaves.reduce((most, [word, leaf]) => (words[word] !== 0 ? Math.max(most, leaf) : most), level);
}

/** 40 bits like QEMU's TCG, unless told otherwise; without long mode what page tables of 32-bit mode reach. */
function physicalBits({ physicalBits: bits }: ModelSettings, words: Readonly<FeatureWords>): number {
  if (bits !== 0 && (bits < 32 || bits > 52)) throw new ConfigError(`phys-bits should be between 32 and 52  (but is ${bits})`);
  if (hasFeature(words, 'lm')) return bits || 40;
  if (bits) throw new ConfigError('phys-bits is not user-configurable in 32 bit');
  return hasFeature(words, 'pse36') ? 36 : 32;
}
