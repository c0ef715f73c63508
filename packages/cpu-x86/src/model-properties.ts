import { FEATURES, hasFeature } from './cpuid-features.js';
import type { CpuModel } from './models.js';

/** A model as properties of its CPUs: identity, and every feature that can be asked for with whether a guest sees it. */
export function modelProperties(model: CpuModel): Record<string, string | number | boolean> {
  const { vendor, family, model: number, stepping, level, xlevel, brand, words } = model;
  const features = [...FEATURES.keys()].map((name) => [name, hasFeature(words, name)] as const);
  return { vendor, family, model: number, stepping, level, xlevel, 'model-id': brand, ...Object.fromEntries(features) };
}
