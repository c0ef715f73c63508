/** Parameters of migration (QEMU 7.2's MigrationParameters): kept and shown, so that tools find what they set. */
import { ConfigError, type Machine, parseSize, SIZE_HINT } from '@nandu/core';

/** Kinds of values; a speed is typed in MiB. */
type Kind = 'uint8' | 'uint64' | 'size' | 'speed' | 'bool' | 'str' | readonly string[];
type Value = bigint | boolean | string;

interface Parameter {
  readonly name: string;
  readonly kind: Kind;
  readonly initial: Value;
  /** What follows the value where it is shown. */
  readonly unit?: string;
  readonly allowed?: readonly [least: number, most: number, words?: string];
  /** Not in HMP's list. */
  readonly hidden?: true;
}

const range = (least: number, most: number): string => `a value between ${least} and ${most}`;
const integer = (least: number | string, most: number): string => `an integer in the range of ${least} to ${most}`;

/** In the order in which `info migrate_parameters` shows them. */
const PARAMETERS: readonly Parameter[] = [
  { name: 'announce-initial', kind: 'size', initial: 50n, unit: ' ms', allowed: [0, 100_000] },
  { name: 'announce-max', kind: 'size', initial: 550n, unit: ' ms', allowed: [0, 100_000] },
  { name: 'announce-rounds', kind: 'size', initial: 5n, allowed: [0, 1000] },
  { name: 'announce-step', kind: 'size', initial: 100n, unit: ' ms', allowed: [1, 10_000, range(0, 10_000)] },
  { name: 'compress-level', kind: 'uint8', initial: 1n, allowed: [0, 9] },
  { name: 'compress-threads', kind: 'uint8', initial: 8n, allowed: [1, 255] },
  { name: 'compress-wait-thread', kind: 'bool', initial: true },
  { name: 'decompress-threads', kind: 'uint8', initial: 2n, allowed: [1, 255] },
  { name: 'throttle-trigger-threshold', kind: 'uint8', initial: 50n, allowed: [1, 100, integer(1, 100)] },
  { name: 'cpu-throttle-initial', kind: 'uint8', initial: 20n, allowed: [1, 99, integer(1, 99)] },
  { name: 'cpu-throttle-increment', kind: 'uint8', initial: 10n, allowed: [1, 99, integer(1, 99)] },
  { name: 'cpu-throttle-tailslow', kind: 'bool', initial: false },
  { name: 'max-cpu-throttle', kind: 'uint8', initial: 99n, allowed: [0, 99, integer('cpu_throttle_initial', 99)] },
  { name: 'tls-creds', kind: 'str', initial: '' },
  { name: 'tls-hostname', kind: 'str', initial: '' },
  { name: 'max-bandwidth', kind: 'speed', initial: 134_217_728n, unit: ' bytes/second' },
  { name: 'downtime-limit', kind: 'size', initial: 300n, unit: ' ms', allowed: [0, 2_000_000, 'an integer in the range of 0 to (2000 * 1000) ms'] },
  { name: 'x-checkpoint-delay', kind: 'uint64', initial: 20_000n, unit: ' ms' },
  { name: 'block-incremental', kind: 'bool', initial: false },
  { name: 'multifd-channels', kind: 'uint8', initial: 2n, allowed: [1, 255] },
  { name: 'multifd-compression', kind: ['none', 'zlib', 'zstd'], initial: 'none' },
  { name: 'multifd-zlib-level', kind: 'uint8', initial: 1n, allowed: [0, 9], hidden: true },
  { name: 'multifd-zstd-level', kind: 'uint8', initial: 1n, allowed: [0, 20], hidden: true },
  { name: 'xbzrle-cache-size', kind: 'size', initial: 67_108_864n, unit: ' bytes' },
  { name: 'max-postcopy-bandwidth', kind: 'size', initial: 0n },
  { name: 'tls-authz', kind: 'str', initial: '' },
];
const BY_NAME = new Map(PARAMETERS.map((parameter) => [parameter.name, parameter]));
const PAGE_BYTES = 4096n;

export const PARAMETER_NAMES = PARAMETERS.map(({ name }) => name);

const VALUES = new WeakMap<Machine, Map<string, Value>>();

function valuesOf(machine: Machine): Map<string, Value> {
  const known = VALUES.get(machine) ?? new Map(PARAMETERS.map(({ name, initial }) => [name, initial]));
  VALUES.set(machine, known);
  return known;
}

/** As JSON. */
export function migrationParameters(machine: Machine): Record<string, Value | number> {
  return Object.fromEntries([...valuesOf(machine)].map(([name, value]) => [name, typeof value === 'bigint' && value < 2n ** 53n ? Number(value) : value]));
}

export function migrationParametersText(machine: Machine): string {
  const values = valuesOf(machine);
  const show = ({ name, kind, unit = '' }: Parameter): string => {
    const value = values.get(name);
    if (kind === 'bool') return value ? 'on' : 'off';
    return kind === 'str' ? `'${value}'` : `${value}${unit}`;
  };
  return PARAMETERS.filter(({ hidden }) => !hidden)
    .map((parameter) => `${parameter.name}: ${show(parameter)}\n`)
    .join('');
}

function isOne(kind: Kind, ...kinds: readonly Kind[]): boolean {
  return kinds.includes(kind);
}

/** Whole numbers of 64 bits; QEMU's messages do not tell a size from others. */
function wholeNumber({ name, kind }: Parameter, value: unknown): bigint {
  const isInteger = typeof value === 'bigint' || Number.isInteger(value);
  if (!isInteger) throw new ConfigError(`Parameter '${name}' expects uint64`);
  const whole = BigInt(value as number);
  if (kind === 'uint8' && (whole < 0n || whole > 255n)) throw new ConfigError(`Parameter '${name}' expects uint8_t`);
  return whole;
}

function fromJson(parameter: Parameter, value: unknown): Value {
  const { name, kind } = parameter;
  const wrong = (expected: string): never => {
    throw new ConfigError(`Invalid parameter type for '${name}', expected: ${expected}`);
  };
  if (kind === 'bool') return typeof value === 'boolean' ? value : wrong('boolean');
  if (kind === 'str') return value === null ? '' : typeof value === 'string' ? value : wrong('string');
  if (typeof kind !== 'string') return typeof value === 'string' ? oneOf(parameter, kind, value) : wrong('string');
  return wholeNumber(parameter, value);
}

function fromText(parameter: Parameter, text: string): Value {
  const { name, kind } = parameter;
  if (kind === 'str') return text;
  if (kind === 'bool') {
    if (!['on', 'off'].includes(text)) throw new ConfigError(`Parameter '${name}' expects 'on' or 'off'`);
    return text === 'on';
  }
  if (typeof kind !== 'string') return oneOf(parameter, kind, text);
  if (isOne(kind, 'size', 'speed')) {
    const bytes = parseSize(text, kind === 'speed' ? 'M' : undefined);
    if (bytes !== undefined) return BigInt(bytes);
    if (kind === 'speed') throw new ConfigError(`Invalid size ${text}`);
    throw new ConfigError(`Parameter '${name}' expects a non-negative number below 2^64`, SIZE_HINT);
  }
  return wholeNumber(parameter, /^-?(0x[0-9a-f]+|[0-9]+)$/i.test(text) ? toBigInt(text) : undefined);
}

const toBigInt = (text: string): bigint => (text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text));

function oneOf({ name }: Parameter, values: readonly string[], value: string): string {
  if (!values.includes(value)) throw new ConfigError(`Parameter '${name}' does not accept value '${value}'`);
  return value;
}

function check({ name, allowed }: Parameter, value: Value, values: ReadonlyMap<string, Value>): void {
  const refuse = (words: string): never => {
    throw new ConfigError(`Parameter '${name.replaceAll('-', '_')}' expects ${words}`);
  };
  if (typeof value !== 'bigint') return;
  if (allowed && (value < BigInt(allowed[0]) || value > BigInt(allowed[1]))) refuse(allowed[2] ?? range(allowed[0], allowed[1]));
  if (name === 'max-cpu-throttle' && value < (values.get('cpu-throttle-initial') as bigint)) refuse(integer('cpu_throttle_initial', 99));
  if (name === 'xbzrle-cache-size' && (value < PAGE_BYTES || value & (value - 1n))) refuse('a power of two no less than the target page size');
}

/** Sets all of them or, where one is wrong, none. */
export function setMigrationParameters(machine: Machine, given: Readonly<Record<string, unknown>>): void {
  store(
    machine,
    Object.entries(given).map(([name, value]) => {
      const parameter = BY_NAME.get(name) as Parameter;
      return [parameter, fromJson(parameter, value)];
    }),
  );
}

export function setMigrationParameterText(machine: Machine, name: string, text: string): void {
  const parameter = BY_NAME.get(name);
  if (!parameter) throw new ConfigError(`invalid parameter value: ${name}`);
  store(machine, [[parameter, fromText(parameter, text)]]);
}

function store(machine: Machine, settings: readonly (readonly [Parameter, Value])[]): void {
  const values = valuesOf(machine);
  const wanted = new Map([...values, ...settings.map(([{ name }, value]) => [name, value] as const)]);
  for (const [parameter, value] of settings) check(parameter, value, wanted);
  for (const [{ name }, value] of settings) values.set(name, value);
}
