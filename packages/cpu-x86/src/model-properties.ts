import { FEATURES, hasFeature } from './cpuid-features.js';
import { MODEL_ALIASES, MODEL_ROWS } from './model-catalog.js';
import { type CpuModel, MODELS, parseCpuModel } from './models.js';

type Properties = Record<string, string | number | boolean>;

/** A model as properties of its CPUs: identity, and every feature that can be asked for with whether a guest sees it. */
export function modelProperties(model: CpuModel): Properties {
  const { level, xlevel } = model;
  return { ...staticProperties(model), level, xlevel };
}

/** The same as properties to be set on the model `base`, which never changes. */
export function staticProperties(model: CpuModel): Properties {
  const { vendor, family, model: number, stepping, level, xlevel, brand, words } = model;
  const features = [...FEATURES.keys()].map((name) => [name, hasFeature(words, name)] as const);
  return { vendor, family, model: number, stepping, 'min-level': level, 'min-xlevel': xlevel, 'model-id': brand, ...Object.fromEntries(features) };
}

/** An entry of query-cpu-definitions. */
export interface ModelDefinition {
  readonly name: string;
  readonly typename: string;
  readonly 'unavailable-features': readonly string[];
  readonly 'alias-of'?: string;
  readonly static: boolean;
  readonly 'migration-safe': boolean;
  readonly deprecated: boolean;
}

/** Every model by every name. What 'max' means changes from version to version; 'base' never does. */
export function modelDefinitions(): ModelDefinition[] {
  const names = ['max', 'base', ...[...MODEL_ROWS.keys(), ...MODEL_ALIASES.keys()].filter((name) => name !== 'base')];
  return names.map((name) => {
    const version = MODEL_ALIASES.get(name);
    return {
      name,
      typename: `${name}-x86_64-cpu`,
      'unavailable-features': parseCpuModel(name).missing,
      ...(version === undefined ? {} : { 'alias-of': version }),
      static: name === 'base',
      'migration-safe': MODELS[name]!.name !== 'max',
      deprecated: false,
    };
  });
}
