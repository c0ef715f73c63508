/** Checks a command's arguments as QAPI's visitors do, with their words, in the order of declaration. */
import { type ArgumentInfo, type ArgumentType, type QmpCommand, QmpError } from '@nandu/core';
import { type Json, JsonFloat, type JsonObject } from '../json/parser.js';

/** What a wrong type is told to be, and whether a value is of it. */
const TYPES: Readonly<Record<Extract<ArgumentType, string>, readonly [string, (value: Json) => boolean]>> = {
  str: ['string', (value) => typeof value === 'string'],
  int: ['integer', isInteger],
  size: ['integer', isInteger],
  number: ['number', (value) => typeof value === 'number' || typeof value === 'bigint' || value instanceof JsonFloat],
  bool: ['boolean', (value) => typeof value === 'boolean'],
  list: ['array', (value) => Array.isArray(value)],
  dict: ['object', (value) => isObject(value)],
  any: ['any', () => true],
};

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonFloat);
}

function isInteger(value: Json): boolean {
  return Number.isInteger(value) || (typeof value === 'bigint' && value < 2n ** 63n);
}

function refuse(message: string): never {
  throw new QmpError('GenericError', message);
}

/** `prefix` is where an object stands that is itself part of an argument: 'capabilities[0].'. */
export function checkArguments(command: Pick<QmpCommand, 'arguments' | 'open'>, given: JsonObject, prefix = ''): Record<string, unknown> {
  const result: Record<string, unknown> = command.open ? { ...given } : {};
  for (const [name, info] of Object.entries(command.arguments)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value !== undefined) result[name] = checkValue(name, info, value, prefix);
    else if (!info.optional) refuse(`Parameter '${prefix}${name}' is missing`);
  }
  if (command.open) return result;
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(command.arguments, name)) refuse(`Parameter '${prefix}${name}' is unexpected`);
  }
  return result;
}

function checkValue(name: string, { type, min = -Infinity, max = Infinity }: ArgumentInfo, value: Json, prefix: string): unknown {
  if (typeof type !== 'string') {
    if (typeof value !== 'string') return refuse(`Invalid parameter type for '${prefix}${name}', expected: string`);
    return type.includes(value) ? value : refuse(`Parameter '${name}' does not accept value '${value}'`);
  }
  const [expected, matches] = TYPES[type];
  if (!matches(value)) refuse(`Invalid parameter type for '${prefix}${name}', expected: ${expected}`);
  const plain = type === 'any' ? value : value instanceof JsonFloat ? value.value : typeof value === 'bigint' ? Number(value) : value;
  if (typeof plain === 'number' && (plain < min || plain > max)) refuse(`Parameter '${name}' expects a value from ${min} to ${max}`);
  return plain;
}
