/** An ELF core file (System V ABI, chapters 4 and 5) around a machine's memory, laid out as QEMU 7.2 does it. */
import type { CoreNote } from '@nandu/core';

export interface Segment {
  /** Guest-physical. */
  readonly address: number;
  readonly bytes: number;
}

export interface CoreFile {
  /** Everything in front of memory. */
  readonly head: Uint8Array;
  /** What follows it. */
  readonly tail: Uint8Array;
}

const ET_CORE = 4;
const PT_NOTE = 4;
const PT_LOAD = 1;
const SHT_STRTAB = 3;
const NAMES = '\0.shstrtab\0';
const UINT32 = 2 ** 32;
/** PN_XNUM: there are at least as many program headers, and the first section header tells how many. */
const MANY_PROGRAMS = 0xffff;

/** Sizes of a file header, a program header, a section header. */
const SIZES = { 32: { file: 52, program: 32, section: 40 }, 64: { file: 64, program: 56, section: 64 } } as const;

/** EM_X86_64: its files are of 64 bits. */
const ELF_X86_64 = 62;

/** Numbers one after the other, little-endian. */
class Writer {
  readonly bytes: Uint8Array;
  private readonly view: DataView;
  private at = 0;

  constructor(
    length: number,
    private readonly width: 32 | 64,
  ) {
    this.bytes = new Uint8Array(length);
    this.view = new DataView(this.bytes.buffer);
  }
  half(...values: number[]): void {
    for (const value of values) this.view.setUint16(this.put(2), value, true);
  }
  word(...values: number[]): void {
    for (const value of values) this.view.setUint32(this.put(4), value, true);
  }
  /** As wide as an address. */
  wide(...values: number[]): void {
    for (const value of values) {
      if (this.width === 64) this.view.setBigUint64(this.put(8), BigInt(value), true);
      else this.word(value);
    }
  }
  copy(from: Uint8Array | string): void {
    const bytes = typeof from === 'string' ? new TextEncoder().encode(from) : from;
    this.bytes.set(bytes, this.put(bytes.length));
  }
  align(bytes: number): void {
    this.at = Math.ceil(this.at / bytes) * bytes;
  }
  private put(length: number): number {
    this.at += length;
    return this.at - length;
  }
}

const aligned = (bytes: number): number => Math.ceil(bytes / 4) * 4;
const noteBytes = ({ name, bytes }: CoreNote): number => 12 + aligned(name.length + 1) + aligned(bytes.length);

export function coreFile(elfMachine: number, notes: readonly CoreNote[], segments: readonly Segment[]): CoreFile {
  const width = elfMachine === ELF_X86_64 || segments.some(({ address, bytes }) => address + bytes >= UINT32) ? 64 : 32;
  const sizes = SIZES[width];
  const sections = sizes.file;
  const programs = sections + 2 * sizes.section;
  const programCount = 1 + segments.length;
  const notesAt = programs + programCount * sizes.program;
  const notesBytes = notes.reduce((sum, note) => sum + noteBytes(note), 0);
  const memoryAt = notesAt + notesBytes;
  const namesAt = segments.reduce((sum, { bytes }) => sum + bytes, memoryAt);

  const out = new Writer(memoryAt, width);
  out.copy('\x7fELF');
  // Class, little-endian, version.
  out.copy(Uint8Array.of(width / 32, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0));
  out.half(ET_CORE, elfMachine);
  out.word(1);
  out.wide(0, programs, sections);
  out.word(0);
  out.half(sizes.file, sizes.program, Math.min(programCount, MANY_PROGRAMS), sizes.section, 2, 1);
  sectionHeader(out, { info: programCount >= MANY_PROGRAMS ? programCount : 0 });
  sectionHeader(out, { name: NAMES.indexOf('.'), type: SHT_STRTAB, offset: namesAt, size: NAMES.length });

  programHeader(out, width, PT_NOTE, notesAt, 0, notesBytes);
  let at = memoryAt;
  for (const { address, bytes } of segments) {
    programHeader(out, width, PT_LOAD, at, address, bytes);
    at += bytes;
  }
  for (const { name, type, bytes } of notes) {
    out.word(name.length + 1, bytes.length, type);
    out.copy(`${name}\0`);
    out.align(4);
    out.copy(bytes);
    out.align(4);
  }
  return { head: out.bytes, tail: new TextEncoder().encode(NAMES) };
}

function sectionHeader(out: Writer, { name = 0, type = 0, offset = 0, size = 0, info = 0 }): void {
  out.word(name, type);
  out.wide(0, 0, offset, size);
  out.word(0, info);
  out.wide(0, 0);
}

/** Memory has no virtual address of its own here: it says the physical one twice. */
function programHeader(out: Writer, width: 32 | 64, type: number, offset: number, address: number, bytes: number): void {
  out.word(type);
  if (width === 64) out.word(0);
  out.wide(offset, address, address, bytes, bytes);
  if (width === 32) out.word(0);
  out.wide(0);
}
