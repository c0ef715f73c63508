/** QAPI's unions with a member `type` and the branch in `data`, checked with its visitors' words. */
import { type ArgumentInfo, QmpError } from '@nandu/core';
import type { Json } from '../json/parser.js';
import { checkArguments, isObject } from './arguments.js';

/** Branches by name: one value, or the members of an object. */
export type Variants = Readonly<Record<string, ArgumentInfo | Readonly<Record<string, ArgumentInfo>>>>;

const isValue = (variant: Variants[string]): variant is ArgumentInfo => typeof variant['type'] === 'string' || Array.isArray(variant['type']);

/** `where` is the path to the value: 'events[0]'. */
export function checkUnion<V extends Variants>(variants: V, value: Json, where: string): { readonly type: keyof V & string; readonly data: unknown } {
  if (!isObject(value)) throw new QmpError('GenericError', `Invalid parameter type for '${where}', expected: object`);
  const prefix = `${where}.`;
  const tag = { type: { type: Object.keys(variants) } };
  const { type } = checkArguments({ arguments: tag, open: true }, value, prefix) as { type: keyof V & string };
  const variant = variants[type] as Variants[string];
  const { data } = checkArguments({ arguments: { ...tag, data: isValue(variant) ? variant : { type: 'dict' } } }, value, prefix);
  return { type, data: isValue(variant) ? data : checkArguments({ arguments: variant }, data as never, `${prefix}data.`) };
}
