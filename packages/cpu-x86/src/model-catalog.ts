/** All named CPU models: base models, their versions as differences, and what QEMU 7.2 calls them. */
import type { FeatureName } from './cpuid-features.js';
import { AMD_MODELS } from './models-amd.js';
import { GENERIC_MODELS } from './models-generic.js';
import { INTEL_MODELS } from './models-intel.js';

export type Vendor = 'AuthenticAMD' | 'GenuineIntel' | 'HygonGenuine' | '';

export interface Identity {
  readonly vendor: Vendor;
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
  /** Highest basic and extended leaf. */
  readonly level: number;
  readonly xlevel: number;
  readonly brand: string;
}

/** Version 1 of a model: family, model, stepping; highest leaves; features, separated by blanks. */
interface BaseEntry {
  readonly name: string;
  readonly vendor: Vendor;
  readonly signature: readonly [number, number, number];
  readonly levels: readonly [number, number];
  readonly brand: string;
  readonly features: string;
}
/** A later version, as the changes to the one before it ('+aes -rtm'), with a name of its own or a note for `-cpu help`. */
interface VersionEntry extends Partial<Identity> {
  readonly version: number;
  readonly of: string;
  readonly alias?: string;
  readonly note?: string;
  readonly changes: string;
}
export type CatalogEntry = BaseEntry | VersionEntry;

/** One version of a model. */
export interface ModelRow extends Identity {
  readonly name: string;
  readonly features: readonly FeatureName[];
  readonly description: string;
}

/** What QEMU's own code emulates: its `max` model. Models of ours are silent about what of it is missing here. */
export const QEMU_FEATURES: readonly FeatureName[] = words(`
  fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush acpi mmx fxsr sse sse2 ss pni pclmulqdq monitor ssse3 fma cx16
  sse4.1 sse4.2 movbe popcnt aes xsave avx f16c rdrand hypervisor fsgsbase bmi1 avx2 smep bmi2 erms mpx adx smap pcommit clflushopt clwb
  umip pku vaes la57 pks syscall nx mmxext pdpe1gb rdtscp lm 3dnowext 3dnow lahf-lm svm cr8legacy abm sse4a npt vgif svme-addr-chk xsaveopt
  xgetbv1 arat`);

function words(text: string): FeatureName[] {
  return text.split(/\s+/).filter(Boolean) as FeatureName[];
}

const rows = new Map<string, ModelRow>();
const aliases = new Map<string, string>();

for (const entry of [...INTEL_MODELS, ...AMD_MODELS, ...GENERIC_MODELS]) {
  if ('name' in entry) {
    // All of them say that they are virtual.
    const { name, features, vendor, brand, signature, levels } = entry;
    const [family, model, stepping] = signature;
    const [level, xlevel] = levels;
    add({
      ...{ vendor, family, model, stepping, level, xlevel, brand },
      name: `${name}-v1`,
      features: [...words(features), 'hypervisor'],
      description: entry.brand,
    });
    aliases.set(name, `${name}-v1`);
  } else {
    const { version, of, alias, note, changes, ...identity } = entry;
    const before = rows.get(`${of}-v${version - 1}`)!;
    const name = `${of}-v${version}`;
    const features = new Set(before.features);
    for (const change of changes.split(' ').filter(Boolean)) {
      const feature = change.slice(1) as FeatureName;
      if (change.startsWith('+')) features.add(feature);
      else features.delete(feature);
    }
    const brand = identity.brand ?? before.brand;
    add({ ...before, ...identity, name, features: [...features], description: note ? `${brand} [${note}]` : brand });
    if (alias) aliases.set(alias, name);
  }
}
function add(row: ModelRow): void {
  rows.set(row.name, row);
}

const NO_MAKER = { vendor: '', family: 0, model: 0, stepping: 0, level: 0, xlevel: 0, brand: '' } as const;
add({ ...NO_MAKER, name: 'base', features: [], description: 'base CPU model type with no features enabled' });

/** Versions by name ('Haswell-v1', 'base'); what other names stand for ('Haswell', 'Haswell-noTSX'). `max` is made in models.ts. */
export const MODEL_ROWS: ReadonlyMap<string, ModelRow> = rows;
export const MODEL_ALIASES: ReadonlyMap<string, string> = aliases;
