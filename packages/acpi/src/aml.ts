/**
 * ACPI machine language (ACPI 6.5, chapter 20): functions that each encode one term. A term is its bytes; terms nest by being
 * passed to one another, so that a table reads like the ASL that it would be compiled from.
 */
export type Term = readonly number[];

const OP = {
  zero: 0x00,
  one: 0x01,
  name: 0x08,
  byte: 0x0a,
  word: 0x0b,
  dword: 0x0c,
  string: 0x0d,
  qword: 0x0e,
  scope: 0x10,
  buffer: 0x11,
  package: 0x12,
  method: 0x14,
  dualPrefix: 0x2e,
  multiPrefix: 0x2f,
  extended: 0x5b,
  local0: 0x60,
  arg0: 0x68,
  store: 0x70,
  and: 0x7b,
  or: 0x7d,
  shiftLeft: 0x79,
  notify: 0x86,
  createDwordField: 0x8a,
  equal: 0x93,
  less: 0x95,
  if: 0xa0,
  else: 0xa1,
  return: 0xa4,
} as const;
const EXTENDED = { mutex: 0x01, acquire: 0x23, release: 0x27, region: 0x80, field: 0x81, device: 0x82 } as const;

export const REGION = { memory: 0, io: 1, pciConfig: 2 } as const;
/** Access width, lock and update rule of a field list. */
export const FIELD = { byteAccess: 1, dwordAccess: 3, lock: 0x10, preserve: 0, writeAsZeros: 0x40 } as const;
const WAIT_FOR_EVER = 0xffff;

function bytes(value: number, count: number): number[] {
  let rest = value;
  return Array.from({ length: count }, () => {
    const byte = rest % 256;
    rest = Math.floor(rest / 256);
    return byte;
  });
}

function ascii(text: string): number[] {
  return [...text].map((letter) => letter.charCodeAt(0));
}

/** A name or path: 'LNKA', '\\_SB.PCI0', '^PRQ0'. Segments are filled up to four letters. */
export function path(text: string): Term {
  const prefix = /^[\\^]*/.exec(text)?.[0] ?? '';
  const segments = text
    .slice(prefix.length)
    .split('.')
    .filter(Boolean)
    .map((segment) => ascii(segment.padEnd(4, '_')));
  const count = segments.length === 0 ? [0] : segments.length === 1 ? [] : segments.length === 2 ? [OP.dualPrefix] : [OP.multiPrefix, segments.length];
  return [...ascii(prefix), ...count, ...segments.flat()];
}

export function integer(value: number): Term {
  if (value === 0) return [OP.zero];
  if (value === 1) return [OP.one];
  if (value < 0x100) return [OP.byte, value];
  if (value < 0x1_0000) return [OP.word, ...bytes(value, 2)];
  if (value < 2 ** 32) return [OP.dword, ...bytes(value, 4)];
  return [OP.qword, ...bytes(value, 8)];
}

export function text(value: string): Term {
  return [OP.string, ...ascii(value), 0];
}

/** A compressed EISA id: 'PNP0A03' (ACPI 6.5, 19.6.36). */
export function eisaId(id: string): Term {
  const [a, b, c] = ascii(id.slice(0, 3)).map((letter) => letter - 0x40) as [number, number, number];
  const product = Number.parseInt(id.slice(3), 16);
  const vendor = (a << 10) | (b << 5) | c;
  return [OP.dword, vendor >> 8, vendor & 0xff, product >> 8, product & 0xff];
}

/** A length that counts its own bytes (20.2.4). */
function withLength(body: readonly number[]): number[] {
  if (body.length + 1 < 0x40) return [body.length + 1, ...body];
  for (let extra = 1; extra <= 3; extra++) {
    const length = body.length + 1 + extra;
    if (length < 2 ** (4 + 8 * extra)) return [(extra << 6) | (length & 0xf), ...bytes(Math.floor(length / 16), extra), ...body];
  }
  throw new Error('a term of AML is too long');
}

export const name = (at: string, value: Term): Term => [OP.name, ...path(at), ...value];
export const scope = (at: string, ...terms: Term[]): Term => [OP.scope, ...withLength([...path(at), ...terms.flat()])];
export const amlDevice = (at: string, ...terms: Term[]): Term => [OP.extended, EXTENDED.device, ...withLength([...path(at), ...terms.flat()])];
export const packageOf = (...elements: Term[]): Term => [OP.package, ...withLength([elements.length, ...elements.flat()])];
export const buffer = (content: readonly number[]): Term => [OP.buffer, ...withLength([...integer(content.length), ...content])];

export function method(at: string, argumentCount: number, options: { readonly serialized?: boolean }, ...terms: Term[]): Term {
  return [OP.method, ...withLength([...path(at), argumentCount | (options.serialized ? 8 : 0), ...terms.flat()])];
}

export const region = (at: string, space: number, offset: number, length: number): Term => [
  OP.extended,
  EXTENDED.region,
  ...path(at),
  space,
  ...integer(offset),
  ...integer(length),
];

/** Fields one after the other: names with their sizes in bits; a nameless one is a gap. */
export function fields(regionName: string, flags: number, ...list: readonly (readonly [name: string, bits: number])[]): Term {
  const encoded = list.flatMap(([field, bits]) => (field === '' ? [0, ...withGapLength(bits)] : [...path(field), ...withGapLength(bits)]));
  return [OP.extended, EXTENDED.field, ...withLength([...path(regionName), flags, ...encoded])];
}

/** A field's width is encoded like a length, but does not count itself. */
function withGapLength(bits: number): number[] {
  return bits < 0x40 ? [bits] : [0x40 | (bits & 0xf), bits >> 4];
}

export const mutex = (at: string): Term => [OP.extended, EXTENDED.mutex, ...path(at), 0];
export const acquire = (at: string): Term => [OP.extended, EXTENDED.acquire, ...path(at), ...bytes(WAIT_FOR_EVER, 2)];
export const release = (at: string): Term => [OP.extended, EXTENDED.release, ...path(at)];

export const local = (index: number): Term => [OP.local0 + index];
export const argument = (index: number): Term => [OP.arg0 + index];
export const store = (value: Term, target: Term): Term => [OP.store, ...value, ...target];
export const and = (a: Term, b: Term, target: Term = [0]): Term => [OP.and, ...a, ...b, ...target];
export const or = (a: Term, b: Term, target: Term = [0]): Term => [OP.or, ...a, ...b, ...target];
export const shiftLeft = (a: Term, count: Term, target: Term = [0]): Term => [OP.shiftLeft, ...a, ...count, ...target];
export const equal = (a: Term, b: Term): Term => [OP.equal, ...a, ...b];
export const less = (a: Term, b: Term): Term => [OP.less, ...a, ...b];
export const iff = (condition: Term, ...terms: Term[]): Term => [OP.if, ...withLength([...condition, ...terms.flat()])];
export const returning = (value: Term): Term => [OP.return, ...value];
export const notify = (target: string, value: Term): Term => [OP.notify, ...path(target), ...value];
/** Calls a method: how many arguments it takes is known from its definition. */
export const call = (target: string, ...values: Term[]): Term => [...path(target), ...values.flat()];
export const createDwordField = (source: Term, byteIndex: number, field: string): Term => [
  OP.createDwordField,
  ...source,
  ...integer(byteIndex),
  ...path(field),
];
