/** Properties of `-cpu` that are not features, by QEMU 7.2's names, with its limits and messages. */
import { ConfigError } from '@nandu/core';
import type { Identity, Vendor } from './model-catalog.js';

/** What the user may change about a model beside its features. */
export interface ModelSettings {
  vendor: Vendor;
  family: number;
  model: number;
  stepping: number;
  brand: string;
  /** As asked for; undefined: by the model and its features, at least the minimum. */
  level: number | undefined;
  xlevel: number | undefined;
  minLevel: number;
  minXlevel: number;
  /** 0: the default. */
  physicalBits: number;
  check: boolean;
  enforce: boolean;
  showsAccelerator: boolean;
}

export function changeable({ vendor, family, model, stepping, brand }: Identity): ModelSettings {
  return {
    ...{ vendor, family, model, stepping, brand },
    ...{ level: undefined, xlevel: undefined, minLevel: 0, minXlevel: 0, physicalBits: 0 },
    ...{ check: true, enforce: false, showsAccelerator: true },
  };
}

export function onOff(key: string, value: string): boolean {
  if (['on', 'yes', 'true', 'y'].includes(value)) return true;
  if (['off', 'no', 'false', 'n'].includes(value)) return false;
  throw new ConfigError(`Parameter '${key}' expects 'on' or 'off'`);
}

type Apply = (settings: ModelSettings, value: string, key: string) => void;

function number(bits: 'uint32_t' | 'uint64', set: (settings: ModelSettings, value: number) => void, most?: number): Apply {
  return (settings, text, key) => {
    const value = /^(0[xX][0-9a-fA-F]+|\d+)$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isNaN(value) || (bits === 'uint32_t' && value > 0xffff_ffff)) throw new ConfigError(`Parameter '${key}' expects ${bits}`);
    if (most !== undefined && value > most) throw new ConfigError(`Property .${key} doesn't take value ${text} (minimum: 0, maximum: ${most})`);
    set(settings, value);
  };
}
function flag(set: (settings: ModelSettings, on: boolean) => void): Apply {
  return (settings, value, key) => set(settings, onOff(key, value));
}
/** Known and without effect here, as under TCG: they are KVM's business, or about what is not there. */
const inert: Apply = (_, value, key) => void onOff(key, value);

const PROPERTIES: Readonly<Record<string, Apply>> = {
  vendor(settings, value) {
    if (value.length !== 12) throw new ConfigError(`Property '.vendor' doesn't take value '${value}'`);
    settings.vendor = value as Vendor;
  },
  family: number('uint64', (settings, value) => (settings.family = value), 270),
  model: number('uint64', (settings, value) => (settings.model = value), 255),
  stepping: number('uint64', (settings, value) => (settings.stepping = value), 15),
  'model-id': (settings, value) => void (settings.brand = value.slice(0, 48)),
  level: number('uint32_t', (settings, value) => (settings.level = value)),
  xlevel: number('uint32_t', (settings, value) => (settings.xlevel = value)),
  'min-level': number('uint32_t', (settings, value) => (settings.minLevel = value)),
  'min-xlevel': number('uint32_t', (settings, value) => (settings.minXlevel = value)),
  'phys-bits': number('uint32_t', (settings, value) => (settings.physicalBits = value)),
  'host-phys-bits': inert,
  check: flag((settings, on) => (settings.check = on)),
  enforce: flag((settings, on) => (settings.enforce = on)),
  'tcg-cpuid': flag((settings, on) => (settings.showsAccelerator = on)),
  kvm: inert,
  migratable: inert,
};

/** Sets a property; false if there is none of that name. */
export function applyProperty(settings: ModelSettings, key: string, value: string): boolean {
  const apply = PROPERTIES[key];
  apply?.(settings, value, key);
  return apply !== undefined;
}
