/** Resource templates (ACPI 6.5, 6.4): what a device uses or a bridge passes on. */
import { buffer, type Term } from './aml.js';

type Descriptor = readonly number[];

const le = (value: number, count: number): number[] => Array.from({ length: count }, (_, index) => Math.floor(value / 256 ** index) % 256);

export function resources(...descriptors: Descriptor[]): Term {
  const END_TAG = [0x79, 0];
  return buffer([...descriptors.flat(), ...END_TAG]);
}

/** Ports at a fixed place, all 16 address lines decoded. */
export function ports(base: number, count: number, alignment = 1): Descriptor {
  return [0x47, 1, ...le(base, 2), ...le(base, 2), alignment, count];
}

/** An ISA interrupt: edge-triggered, active high, exclusive. */
export function irq(line: number): Descriptor {
  return [0x22, ...le(1 << line, 2)];
}

/** Level-triggered, active high, shared interrupts, one of which is meant. */
export function sharedInterrupts(...lines: number[]): Descriptor {
  const CONSUMER_LEVEL_HIGH_SHARED = 0x09;
  return [0x89, ...le(2 + 4 * lines.length, 2), CONSUMER_LEVEL_HIGH_SHARED, lines.length, ...lines.flatMap((line) => le(line, 4))];
}
/** Where the first interrupt's number stands in a `sharedInterrupts` template's buffer. */
export const INTERRUPT_OFFSET = 5;

export function fixedMemory(base: number, size: number): Descriptor {
  const READ_ONLY = 0;
  return [0x86, ...le(9, 2), READ_ONLY, ...le(base, 4), ...le(size, 4)];
}

/** Address spaces that a bridge passes on. */
const KIND = { memory: 0, io: 1, bus: 2 } as const;
const PRODUCER_FIXED = 0x0c;
const ENTIRE_RANGE = 0x03;
const WRITABLE = 0x01;
const CACHEABLE = 0x02;

/** Word, dword and qword descriptors differ in the width of their numbers: granularity, first, last, offset, length. */
function addressSpace(tag: number, width: number, kind: number, flags: number, first: number, last: number): Descriptor {
  const numbers = [0, first, last, 0, last - first + 1].flatMap((value) => le(value, width));
  return [tag, ...le(3 + numbers.length, 2), kind, PRODUCER_FIXED, flags, ...numbers];
}

export const busNumbers = (first: number, last: number): Descriptor => addressSpace(0x88, 2, KIND.bus, 0, first, last);
export const portWindow = (first: number, last: number): Descriptor => addressSpace(0x88, 2, KIND.io, ENTIRE_RANGE, first, last);
export const memoryWindow = (first: number, last: number, cacheable = false): Descriptor =>
  addressSpace(0x87, 4, KIND.memory, WRITABLE | (cacheable ? CACHEABLE : 0), first, last);
export const wideMemoryWindow = (first: number, last: number): Descriptor => addressSpace(0x8a, 8, KIND.memory, WRITABLE | CACHEABLE, first, last);
