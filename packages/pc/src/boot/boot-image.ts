/** What a kernel's loader leaves in memory and how the first processor starts. The same for every kind of kernel. */

import { ConfigError } from '@nandu/core';
import type { ProcessorState, SegmentValue } from '../cpu-factory.js';
import type { E820Entry } from '../memory-layout.js';

export interface MemoryPart {
  readonly address: number;
  readonly bytes: Uint8Array;
  /** What `info roms` calls it. */
  readonly name?: string;
}

/** Written to RAM at every system reset. */
export interface BootImage {
  readonly parts: readonly MemoryPart[];
  readonly entry: ProcessorState;
}

/** What a loader is given. */
export interface BootRequest {
  readonly kernel: Uint8Array;
  readonly kernelName: string;
  readonly commandLine: string;
  readonly initrd: Uint8Array | undefined;
  readonly initrdName: string;
  readonly e820: readonly E820Entry[];
  /** Usable RAM below 4 GiB ends here. */
  readonly lowRamEnd: number;
  readonly rsdpAddress: number;
}

/** Below 640 KiB, where a loader may put what it tells the kernel. */
export const LOW_MEMORY = { gdt: 0x1000, zeroPage: 0x7000, startInfo: 0x8000, pageTables: 0x9000, commandLine: 0x2_0000, commandLineEnd: 0x3_0000 } as const;
export const PAGE_SIZE = 0x1000;
/** Of the low 640 KiB, the last KiB is firmware's. */
export const END_OF_LOW_MEMORY = 0x9_fc00;

/** Where in low memory `length` bytes do not touch any of `taken`, from `startInfo` on; a kernel may be loaded there too. */
export function freeLowMemory(length: number, taken: readonly MemoryPart[]): number {
  for (let address: number = LOW_MEMORY.startInfo; address + length <= END_OF_LOW_MEMORY; address += PAGE_SIZE) {
    if (taken.every((part) => part.address + part.bytes.length <= address || address + length <= part.address)) return address;
  }
  throw new ConfigError('could not load kernel: it leaves no room in the first 640 KiB for what it is to be told');
}

/** Descriptors at selectors 0x10, code, and 0x18, data: flat. `long`: 64-bit code. */
export function gdtPart(long: boolean): MemoryPart {
  const words = new BigUint64Array([0n, 0n, long ? 0x00af_9b00_0000_ffffn : 0x00cf_9b00_0000_ffffn, 0x00cf_9300_0000_ffffn]);
  return { address: LOW_MEMORY.gdt, bytes: new Uint8Array(words.buffer), name: 'gdt' };
}

const flat = (selector: number, flags: number): SegmentValue => ({ selector, base: 0n, limit: 0xffff_ffff, flags });

function flatSegments(codeFlags: number): NonNullable<ProcessorState['segments']> {
  const data = flat(0x18, 0x00c0_9300);
  return { cs: flat(0x10, codeFlags), ds: data, es: data, ss: data, fs: data, gs: data };
}

const GDT = { base: BigInt(LOW_MEMORY.gdt), limit: 4 * 8 - 1 } as const;

/** 32-bit protected mode, flat, without paging. */
export function protectedModeEntry(pc: number, registers: Readonly<Record<string, number>>): ProcessorState {
  return { registers: { cr0: 0x11, cr3: 0, cr4: 0, efer: 0, rflags: 2, rip: pc, ...registers }, segments: flatSegments(0x00c0_9b00), gdt: GDT };
}

/** 64-bit mode, flat, with the first 4 GiB mapped one to one by `identityMap`. */
export function longModeEntry(pc: number, registers: Readonly<Record<string, number>>): ProcessorState {
  return {
    registers: { cr0: 0x8000_0011, cr3: LOW_MEMORY.pageTables, cr4: 0x20, efer: 0x500, rflags: 2, rip: pc, ...registers },
    segments: flatSegments(0x00a0_9b00),
    gdt: GDT,
  };
}

/** Page tables that map 4 GiB one to one, by pages of 2 MiB: a PML4, a PDPT and four directories. */
export function identityMap(): MemoryPart {
  const PRESENT_WRITABLE = 3n;
  const LARGE = 0x80n;
  const ENTRIES = 512;
  const tables = new BigUint64Array(6 * ENTRIES);
  const base = BigInt(LOW_MEMORY.pageTables);
  const tableAt = (index: number): bigint => base + BigInt(index * PAGE_SIZE);
  tables[0] = tableAt(1) | PRESENT_WRITABLE;
  for (let gib = 0; gib < 4; gib++) tables[ENTRIES + gib] = tableAt(2 + gib) | PRESENT_WRITABLE;
  for (let index = 0; index < 4 * ENTRIES; index++) tables[2 * ENTRIES + index] = (BigInt(index) << 21n) | LARGE | PRESENT_WRITABLE;
  return { address: LOW_MEMORY.pageTables, bytes: new Uint8Array(tables.buffer), name: 'page-tables' };
}

/** A string with its end, as ISO 8859-1 bytes: what is typed as UTF-8 stays UTF-8. */
export function cString(text: string): Uint8Array {
  return Uint8Array.from([...new TextEncoder().encode(text), 0]);
}

/** Bytes being laid out: a growing block of little-endian words from `address` on. */
export class BlockWriter {
  private readonly parts: Uint8Array[] = [];
  private length = 0;

  constructor(readonly address: number) {}

  /** Address of what is added next. */
  get next(): number {
    return this.address + this.length;
  }
  /** Adds bytes, padded to 8; their address. */
  add(bytes: Uint8Array): number {
    const at = this.next;
    const padded = new Uint8Array(Math.ceil(bytes.length / 8) * 8);
    padded.set(bytes);
    this.parts.push(padded);
    this.length += padded.length;
    return at;
  }
  part(name: string): MemoryPart {
    const bytes = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return { address: this.address, bytes, name };
  }
}
