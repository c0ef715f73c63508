import { ConfigError, type OptionPair, parseOptions, shortFormWarning } from '@nandu/core';
import { warn } from '../problem.js';
import type { Given, Settings } from '../settings.js';

/** Kinds of values by name. */
export type Parameters = Readonly<Record<string, 'string' | 'number' | 'boolean' | 'size'>>;

/** One option of the command line. `apply` throws ConfigError; what is wrong is reported with the option in front. */
export interface Option {
  readonly names: readonly string[];
  /** How its argument is called in -help; undefined: it has none. */
  readonly argument?: string;
  readonly help: string;
  /** What it takes, for query-command-line-options; and what QEMU calls them together, where that is not the option's name. */
  readonly parameters?: Parameters;
  readonly group?: string;
  apply(settings: Settings, given: Given): void | Promise<void>;
}

/** Pairs of an option string; names without a value get QEMU's warning. */
export function pairsOf({ value, location }: Given, impliedKey?: string): OptionPair[] {
  const pairs = parseOptions(value, impliedKey);
  for (const pair of pairs) {
    const warning = shortFormWarning(pair);
    if (warning !== undefined) warn(warning, location);
  }
  return pairs;
}

/** The same as a record, refusing names that are not among `known`. */
export function knownPairs(given: Given, impliedKey: string | undefined, known: Parameters): Record<string, string> {
  const result: Record<string, string> = {};
  for (const { name, value } of pairsOf(given, impliedKey)) {
    if (!Object.hasOwn(known, name)) throw new ConfigError(`Invalid parameter '${name}'`);
    result[name] = value;
  }
  return result;
}

export function oneOf<T extends string>(name: string, value: string, choices: readonly T[]): T {
  if (!choices.includes(value as T)) throw new ConfigError(`Parameter '${name}' does not accept value '${value}'`);
  return value as T;
}

/** An option whose only effect is on a field. */
export function flag(name: string, help: string, apply: (settings: Settings) => void): Option {
  return { names: [name], help, apply: (settings) => apply(settings) };
}
