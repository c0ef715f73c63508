/** What loaders read of ELF files, 32 and 64 bits, little-endian (System V ABI, chapters 4 and 5): segments and notes. */
import type { MemoryPart } from './boot-image.js';

const MAGIC = 0x7f45_4c46;
const CLASS_64 = 2;
const SEGMENT = { load: 1, note: 4 } as const;

export interface ElfImage {
  readonly is64: boolean;
  readonly machine: number;
  readonly entry: number;
  /** Loadable segments at their physical addresses, filled up with zeros. */
  readonly parts: readonly MemoryPart[];
  readonly notes: readonly ElfNote[];
}

export interface ElfNote {
  readonly owner: string;
  readonly type: number;
  readonly content: Uint8Array;
}

export const MACHINE_386 = 3;
export const MACHINE_X86_64 = 62;

/** Undefined: this is no ELF file, or one that contradicts itself. */
export function parseElf(bytes: Uint8Array): ElfImage | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 52 || view.getUint32(0) !== MAGIC) return undefined;
  const is64 = view.getUint8(4) === CLASS_64;
  try {
    const [entry, headersAt] = is64
      ? [Number(view.getBigUint64(24, true)), Number(view.getBigUint64(32, true))]
      : [view.getUint32(24, true), view.getUint32(28, true)];
    const [size, count] = is64 ? [view.getUint16(54, true), view.getUint16(56, true)] : [view.getUint16(42, true), view.getUint16(44, true)];
    const headers = Array.from({ length: count }, (_, index) => programHeader(view, headersAt + index * size, is64));
    const contentOf = ({ offset, fileBytes }: ProgramHeader): Uint8Array => {
      if (offset + fileBytes > bytes.length) throw new RangeError('a segment ends after the file');
      return bytes.subarray(offset, offset + fileBytes);
    };
    const parts = headers
      .filter(({ type, memoryBytes }) => type === SEGMENT.load && memoryBytes > 0)
      .map((header) => {
        const content = new Uint8Array(Math.max(header.memoryBytes, header.fileBytes));
        content.set(contentOf(header));
        return { address: header.physical, bytes: content };
      });
    const notes = headers.filter(({ type }) => type === SEGMENT.note).flatMap((header) => parseNotes(contentOf(header)));
    return { is64, machine: view.getUint16(18, true), entry, parts, notes };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

interface ProgramHeader {
  readonly type: number;
  readonly offset: number;
  readonly physical: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
}

function programHeader(view: DataView, at: number, is64: boolean): ProgramHeader {
  const u32 = (offset: number): number => view.getUint32(at + offset, true);
  const u64 = (offset: number): number => Number(view.getBigUint64(at + offset, true));
  return is64
    ? { type: u32(0), offset: u64(8), physical: u64(24), fileBytes: u64(32), memoryBytes: u64(40) }
    : { type: u32(0), offset: u32(4), physical: u32(12), fileBytes: u32(16), memoryBytes: u32(20) };
}

function parseNotes(bytes: Uint8Array): ElfNote[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const aligned = (length: number): number => Math.ceil(length / 4) * 4;
  const notes: ElfNote[] = [];
  for (let at = 0; at + 12 <= bytes.length; ) {
    const [ownerBytes, contentBytes, type] = [view.getUint32(at, true), view.getUint32(at + 4, true), view.getUint32(at + 8, true)];
    const ownerAt = at + 12;
    const contentAt = ownerAt + aligned(ownerBytes);
    const owner = new TextDecoder().decode(bytes.subarray(ownerAt, ownerAt + Math.max(0, ownerBytes - 1)));
    notes.push({ owner, type, content: bytes.subarray(contentAt, contentAt + contentBytes) });
    at = contentAt + aligned(contentBytes);
  }
  return notes;
}
