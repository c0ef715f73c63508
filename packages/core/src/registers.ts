/**
 * Register banks: a device's registers as a table, and 32-bit access to them. Names of fields and offsets stand in the map
 * alone, so tests and devices cannot disagree.
 */
import type { MmioHandler } from './memory/region.js';
import type { Saveable } from './object/saved.js';

/** A field of a register: bits [lsb, lsb + width). */
export interface Field {
  readonly lsb: number;
  readonly width: number;
}

export const bit = (lsb: number): Field => ({ lsb, width: 1 });
export const bits = (lsb: number, width: number): Field => ({ lsb, width });

export interface RegisterSpec {
  /** Bytes from the start of the region. */
  readonly offset: number;
  /** Bytes, 4 unless said otherwise. */
  readonly size?: 1 | 2 | 4;
  /** `w1c`: writing ones clears. `wo` reads as zero. Default 'rw'. */
  readonly access?: 'rw' | 'ro' | 'w1c' | 'wo';
  readonly reset?: number;
  readonly fields?: Readonly<Record<string, Field>>;
  /** Bits that a write may change; by default those of the fields, or all where there are none. */
  readonly writable?: number;
}

type RegisterMap = Readonly<Record<string, RegisterSpec>>;
/** A register's fields as properties; one without fields has `value`. All registers have `word`. */
type FieldValues<S extends RegisterSpec> = (S extends { fields: infer F } ? { -readonly [K in keyof F]: number } : { value: number }) & { word: number };
type Values<M extends RegisterMap> = { readonly [K in keyof M]: FieldValues<M[K]> };

export function registerMap<const M extends RegisterMap>(map: M): M {
  return map;
}

export interface RegisterHooks<M extends RegisterMap> {
  /** Works out a register's value at the time of reading. */
  readonly read?: { readonly [K in keyof M]?: () => number };
  /** Runs after a guest's write changed the register. */
  readonly written?: { readonly [K in keyof M]?: (word: number) => void };
}

/** Registers with values: an MMIO handler, and saved state. */
export class RegisterBank<const M extends RegisterMap> implements MmioHandler, Saveable {
  readonly values: Values<M>;
  readonly sizeBytes: number;
  private readonly words: Record<string, number> = {};
  private readonly byOffset = new Map<number, string>();

  constructor(
    readonly map: M,
    private readonly hooks: RegisterHooks<M> = {},
  ) {
    this.sizeBytes = Math.max(...Object.values(map).map(({ offset, size = 4 }) => offset + size));
    for (const [name, spec] of Object.entries(map)) this.byOffset.set(spec.offset, name);
    this.values = Object.fromEntries(Object.keys(map).map((name) => [name, this.view(name)])) as Values<M>;
    this.reset();
  }

  read(offset: number, _size: number): number {
    const name = this.byOffset.get(offset);
    if (name === undefined) return 0;
    const spec = this.map[name] as RegisterSpec;
    if (spec.access === 'wo') return 0;
    return (this.hooks.read?.[name as keyof M]?.() ?? (this.words[name] as number)) >>> 0;
  }

  write(offset: number, value: number, _size: number): void {
    const name = this.byOffset.get(offset);
    if (name === undefined) return;
    const spec = this.map[name] as RegisterSpec;
    if (spec.access === 'ro') return;
    const before = this.words[name] as number;
    const mask = writableMask(spec);
    this.words[name] = (spec.access === 'w1c' ? before & ~(value & mask) : (before & ~mask) | (value & mask)) >>> 0;
    this.hooks.written?.[name as keyof M]?.(value >>> 0);
  }

  save(): Record<string, number> {
    return { ...this.words };
  }
  load(state: Readonly<Record<string, number>>): void {
    for (const name of Object.keys(this.map)) this.words[name] = state[name] ?? (this.words[name] as number);
  }
  reset(): void {
    for (const [name, spec] of Object.entries(this.map)) this.words[name] = (spec.reset ?? 0) >>> 0;
  }

  private view(name: string): object {
    const spec = this.map[name] as RegisterSpec;
    const view = {};
    const define = (key: string, { lsb, width }: Field): void => {
      const mask = (width === 32 ? 0xffff_ffff : (1 << width) - 1) >>> 0;
      Object.defineProperty(view, key, {
        enumerable: true,
        get: () => ((this.words[name] as number) >>> lsb) & mask,
        set: (value: number) => {
          this.words[name] = (((this.words[name] as number) & ~(mask << lsb)) | ((value & mask) << lsb)) >>> 0;
        },
      });
    };
    for (const [key, field] of Object.entries(spec.fields ?? {})) define(key, field);
    const whole = {
      get: () => this.words[name],
      set: (value: number) => {
        this.words[name] = value >>> 0;
      },
    };
    if (!spec.fields) Object.defineProperty(view, 'value', { enumerable: true, ...whole });
    Object.defineProperty(view, 'word', whole);
    return view;
  }
}

function writableMask(spec: RegisterSpec): number {
  if (spec.writable !== undefined) return spec.writable;
  if (!spec.fields) return 0xffff_ffff;
  return Object.values(spec.fields).reduce((mask, { lsb, width }) => mask | ((width === 32 ? 0xffff_ffff : (1 << width) - 1) << lsb), 0);
}
