import { ConfigError, type PropertyType } from '@nandu/core';

/** 'slot' or 'slot.function' in hexadecimal to devfn; undefined where it is none. */
export function parseDevfn(text: string): number | undefined {
  const match = /^([0-9a-fA-F]+)(?:\.([0-9a-fA-F]+))?$/.exec(text.replace(/^0x/i, ''));
  if (!match) return undefined;
  const [slot, fn] = [Number.parseInt(match[1] as string, 16), Number.parseInt(match[2] ?? '0', 16)];
  return slot < 32 && fn < 8 ? slot * 8 + fn : undefined;
}

/** 40 -> '05.0' */
export function printDevfn(devfn: number): string {
  return `${(devfn >> 3).toString(16).padStart(2, '0')}.${devfn & 7}`;
}

/** A value that is no address stays text: the device, which knows its name, refuses it. */
export type PciAddress = number | string;

/** The type of `addr`. QMP also takes and gives devfn as a number; -1 is any slot. */
export const pciAddressType: PropertyType<PciAddress> = {
  name: 'int32',
  parse: (text) => parseDevfn(text) ?? text,
  fromJson(value, property) {
    if (typeof value === 'string') return parseDevfn(value) ?? value;
    if (typeof value !== 'number') throw new ConfigError(`Invalid parameter type for '${property}', expected: string`);
    return value >= -1 && value <= 255 ? value : String(value);
  },
  toJson: (value) => value,
  print: (value) => (typeof value === 'number' && value >= 0 ? printDevfn(value) : '<unset>'),
};
