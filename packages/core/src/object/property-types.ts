/**
 * Types of properties: how a value is read from an option's text and from JSON, and how it is shown. Names and messages are
 * QEMU's, since they are part of QMP (`device-list-properties`) and of what users see.
 */
import { ConfigError } from '../errors.js';

/**
 * Where a text comes from; QEMU words its complaints by that: an option of `-device` ('option'), of `-object` and QemuOpts
 * ('object'), HMP's qom-set ('monitor').
 */
export type TextForm = 'option' | 'object' | 'monitor';

export interface PropertyType<T = unknown> {
  /** As QMP gives it: 'bool', 'uint32', 'size', 'str', 'link<memory-backend>'. */
  readonly name: string;
  /** From the text of an option or HMP. `property` is for messages. Throws ConfigError. */
  parse(text: string, property: string, form?: TextForm): T;
  /** From a JSON value of QMP. Throws ConfigError with QEMU's "Invalid parameter type" text. */
  fromJson(value: unknown, property: string): T;
  toJson(value: T): unknown;
  /** As in `info qtree`. */
  print(value: T): string;
  /** The values of an enumeration, for help. */
  readonly values?: readonly string[];
}

function wrongType(property: string, expected: string): ConfigError {
  return new ConfigError(`Invalid parameter type for '${property}', expected: ${expected}`);
}

export const boolType: PropertyType<boolean> = {
  name: 'bool',
  parse(text, property) {
    if (['on', 'yes', 'true', 'y'].includes(text)) return true;
    if (['off', 'no', 'false', 'n'].includes(text)) return false;
    throw new ConfigError(`Parameter '${property}' expects 'on' or 'off'`);
  },
  fromJson(value, property) {
    if (typeof value !== 'boolean') throw wrongType(property, 'boolean');
    return value;
  },
  toJson: (value) => value,
  print: (value) => String(value),
};

export const stringType: PropertyType<string> = {
  name: 'str',
  parse: (text) => text,
  fromJson(value, property) {
    if (typeof value !== 'string') throw wrongType(property, 'string');
    return value;
  },
  toJson: (value) => value,
  print: (value) => JSON.stringify(value),
};

/** A whole number of C syntax: decimal, 0x hexadecimal, 0 octal. Undefined where it is none. */
export function parseInteger(text: string): bigint | undefined {
  const match = /^\s*([+-]?)(0[xX][0-9a-fA-F]+|[0-9]+)$/.exec(text);
  if (!match) return undefined;
  const digits = match[2] as string;
  let magnitude: bigint;
  if (/^0[0-9]+$/.test(digits)) {
    if (/[89]/.test(digits)) return undefined;
    magnitude = BigInt(`0o${digits.slice(1)}`);
  } else {
    magnitude = BigInt(digits);
  }
  return match[1] === '-' ? -magnitude : magnitude;
}

/**
 * Integers up to 64 bits, as JS numbers; unsigned 64-bit values beyond 2^53 lose their low bits, which no property of ours
 * has a use for. `name` is QEMU's ('uint32'); its messages say 'uint32_t' where a value is out of range.
 */
export function integerType(name: string, min: number, max: number): PropertyType<number> {
  const unsigned = name.startsWith('u');
  const wide = /64$/.test(name);
  const range = (value: bigint, property: string): number => {
    const number = Number(value);
    if (number < min || number > max) throw new ConfigError(`Parameter '${property}' expects ${name}${wide ? '' : '_t'}`);
    return number;
  };
  return {
    name,
    parse(text, property, form) {
      const value = parseInteger(text);
      if (value === undefined) {
        throw new ConfigError(`Parameter '${property}' expects ${form === 'object' ? `a ${unsigned ? 'uint64' : 'int64'} value` : 'integer'}`);
      }
      return range(wide && unsigned && value < 0n ? BigInt.asUintN(64, value) : value, property);
    },
    fromJson(value, property) {
      const whole = typeof value === 'bigint' ? value : Number.isInteger(value) ? BigInt(value as number) : undefined;
      if (unsigned) {
        if (whole === undefined || whole > 0xffff_ffff_ffff_ffffn) throw new ConfigError(`Parameter '${property}' expects uint64`);
        return range(BigInt.asUintN(64, whole), property);
      }
      if (whole === undefined) throw wrongType(property, 'integer');
      return range(whole, property);
    },
    toJson: (value) => value,
    print: (value) => `${value} (0x${value < 0 ? '' : value.toString(16)})`,
  };
}

export const uint8Type = integerType('uint8', 0, 0xff);
export const uint16Type = integerType('uint16', 0, 0xffff);
export const uint32Type = integerType('uint32', 0, 0xffff_ffff);
export const uint64Type = integerType('uint64', 0, 2 ** 64);
export const int32Type = integerType('int32', -0x8000_0000, 0x7fff_ffff);
export const int64Type = integerType('int64', -(2 ** 63), 2 ** 63);

const SUFFIXES = 'BKMGTPE';

/** Bytes from text such as 500M, 0.5G, 0x1000 (`qemu_strtosz`: powers of 1024). Undefined where it is none. */
export function parseSize(text: string, defaultSuffix = 'B'): number | undefined {
  const match = /^\s*(?:(0[xX][0-9a-fA-F]+)|([0-9]+)(\.[0-9]*)?)([bkmgtpeBKMGTPE]?)$/.exec(text);
  if (!match) return undefined;
  const power = SUFFIXES.indexOf((match[4] || defaultSuffix).toUpperCase());
  const unit = 1024 ** power;
  // Hexadecimal digits end where the suffix starts, and 'b' and 'e' are digits too: QEMU takes no suffix after 0x.
  if (match[1] !== undefined) return Number(match[1]) * (match[4] ? unit : 1024 ** SUFFIXES.indexOf(defaultSuffix));
  if (match[3] !== undefined && match[3].length > 1 && power === 0) return undefined;
  const whole = Number(match[2]) * unit;
  return Math.trunc(whole + Number(`0${match[3] ?? '.0'}` === '0.' ? 0 : `0${match[3] ?? ''}`) * unit);
}

/** What QEMU has against a size that it takes nevertheless. */
export function sizeWarning(text: string): string | undefined {
  return /^\s*0[xX][0-9a-fA-F]+[kmgtpKMGTP]$/.test(text) ? `Using a multiplier suffix on hex numbers is deprecated: ${text}` : undefined;
}

export const SIZE_HINT = 'Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-\nand exabytes, respectively.';

/** What each form of text says where a size is none. */
const NOT_A_SIZE: Record<TextForm, (property: string) => string> = {
  option: (property) => `Parameter '${property}' expects size`,
  object: (property) => `Parameter '${property}' expects a size value`,
  monitor: (property) => `Parameter '${property}' expects a non-negative number below 2^64`,
};

export const sizeType: PropertyType<number> = {
  name: 'size',
  parse(text, property, form = 'monitor') {
    const value = parseSize(text);
    if (value === undefined || value >= 2 ** 64) throw new ConfigError(NOT_A_SIZE[form](property), form === 'monitor' ? SIZE_HINT : undefined);
    return value;
  },
  fromJson: (value, property) => uint64Type.fromJson(value, property),
  toJson: (value) => value,
  print: (value) => `${value} (${printSize(value)})`,
};

/** A reference to another object by path or unambiguous name; the value is that text, and whoever has it resolves it. */
export function linkType(target: string): PropertyType<string> {
  return { ...stringType, name: `link<${target}>` };
}

/** 8589934592 -> '8 GiB', as QEMU's size_to_str. */
export function printSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
  let power = 0;
  // The unit changes where three significant digits would not do.
  while (power < units.length - 1 && bytes / 1024 ** power >= 1000) power++;
  const value = bytes / 1024 ** power;
  return `${Number(value.toPrecision(3))} ${units[power]}`;
}

export function enumType<const V extends readonly string[]>(name: string, values: V): PropertyType<V[number]> {
  const check = (value: unknown, property: string): V[number] => {
    if (!values.includes(value as string)) throw new ConfigError(`Parameter '${property}' does not accept value '${String(value)}'`);
    return value as V[number];
  };
  return {
    name,
    values,
    parse: check,
    fromJson(value, property) {
      if (typeof value !== 'string') throw wrongType(property, 'string');
      return check(value, property);
    },
    toJson: (value) => value,
    print: (value) => JSON.stringify(value),
  };
}

export const onOffAutoType = enumType('OnOffAuto', ['auto', 'on', 'off']);
