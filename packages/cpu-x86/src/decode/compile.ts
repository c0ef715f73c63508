/**
 * Opcode tables compiled for the decoder: an array of 256 opcodes a map, and in each the rows that compete for it. Which of
 * them an instruction takes depends on prefix, mode, REX.W and ModRM; the answer is worked out once per combination.
 */
import type { Attribute, Feature, OpcodeRow, OpcodeTable, Semantics } from './opcode-table.js';
import { type Operand, parseOperands } from './operand.js';

export interface CompiledRow {
  readonly mnemonic: string;
  readonly operands: readonly Operand[];
  readonly semantics: Semantics;
  readonly attributes: ReadonlySet<Attribute>;
  readonly reads: boolean;
  readonly writes: boolean;
  readonly raw: boolean;
  readonly lock: boolean;
  readonly unaligned: boolean;
  /** The first operand is loaded to be stored again. */
  readonly loadsForWrite: boolean;
  /** A string instruction: with REP it is a block that goes to itself. */
  readonly loops: boolean;
  /** 0: as usual; 64-bit by default, or always, in 64-bit mode. */
  readonly size64: 0 | 1 | 2;
  /** Any attribute that needs a look before translating: privilege, mode, FPU. */
  readonly guarded: boolean;
  readonly hasModrm: boolean;
  readonly immediates: readonly Operand[];
  /** A relative branch. */
  readonly branches: boolean;
  /** ModRM.mod counts as 3 whatever it says: moves to and from control and debug registers. */
  readonly modrmIsRegister: boolean;
  /** Operands that the semantics get as values. */
  readonly values: readonly Operand[];

  /** What must hold: mandatory prefix (PREFIX_*), or any. */
  readonly prefix: number;
  readonly digit: number;
  readonly third: number;
  readonly thirdCount: number;
  readonly mode: 'any' | 'not64' | 'only64';
  readonly w: -1 | 0 | 1;
  /** With VEX: L, or -1 for either; whether VEX.vvvv names a register. */
  readonly l: -1 | 0 | 1;
  readonly usesVvvv: boolean;
  /** The index register is a vector: a SIB byte is needed. */
  readonly vsib: boolean;
  readonly modrm: 'any' | 'mem' | 'reg';
  readonly source: OpcodeRow;
}

export const PREFIX_ANY = -1;
export const PREFIX_NONE = 0;
export const PREFIX_66 = 1;
export const PREFIX_F3 = 2;
export const PREFIX_F2 = 3;
const PREFIXES: Readonly<Record<string, number>> = { NP: PREFIX_NONE, '66': PREFIX_66, F3: PREFIX_F3, F2: PREFIX_F2 };

/** One opcode of a map. */
export class OpcodeSlot {
  readonly rows: CompiledRow[] = [];
  hasModrm = false;
  /** By ((mode64 * 2 + rexW) * 4 + prefix) * 256 + ModRM: 0 not asked yet, 1 none, else 2 + number of the row. */
  private memo: Uint8Array | undefined;
  /** The same with VEX, with L above REX.W. */
  private vexMemo: Uint8Array | undefined;
  private only: CompiledRow | undefined;

  add(row: CompiledRow): void {
    this.rows.push(row);
    this.rows.sort((a, b) => specificity(b) - specificity(a));
    this.hasModrm ||= row.hasModrm;
    this.only = this.rows.length === 1 && specificity(row) === 0 && row.mode === 'any' && row.w < 0 ? row : undefined;
  }

  select(mode64: boolean, rexW: boolean, prefix: number, modrm: number): CompiledRow | undefined {
    if (this.only) return this.only;
    const key = ((((mode64 ? 2 : 0) + (rexW ? 1 : 0)) * 4 + prefix) << 8) | modrm;
    const memo = (this.memo ??= new Uint8Array(4096));
    let found = memo[key]!;
    if (found === 0) {
      found = 2 + this.rows.findIndex((row) => matches(row, mode64, rexW, prefix, modrm));
      memo[key] = found;
    }
    return this.rows[found - 2];
  }

  selectVex(mode64: boolean, w: boolean, l: number, prefix: number, modrm: number): CompiledRow | undefined {
    const key = ((((mode64 ? 4 : 0) + 2 * l + (w ? 1 : 0)) * 4 + prefix) << 8) | modrm;
    const memo = (this.vexMemo ??= new Uint8Array(8192));
    let found = memo[key]!;
    if (found === 0) {
      found = 2 + this.rows.findIndex((row) => (row.l < 0 || row.l === l) && matches(row, mode64, w, prefix, modrm));
      memo[key] = found;
    }
    return this.rows[found - 2];
  }
}

function specificity(row: CompiledRow): number {
  return (row.prefix !== PREFIX_ANY ? 8 : 0) + (row.third >= 0 ? 4 : 0) + (row.digit >= 0 ? 2 : 0) + (row.modrm !== 'any' ? 1 : 0);
}

function matches(row: CompiledRow, mode64: boolean, rexW: boolean, prefix: number, modrm: number): boolean {
  if (row.prefix !== PREFIX_ANY && row.prefix !== prefix) return false;
  if (row.third >= 0 && (modrm < row.third || modrm >= row.third + row.thirdCount)) return false;
  if (row.digit >= 0 && ((modrm >> 3) & 7) !== row.digit) return false;
  if (row.modrm !== 'any' && modrm >= 0xc0 !== (row.modrm === 'reg')) return false;
  if (row.mode !== 'any' && mode64 !== (row.mode === 'only64')) return false;
  return row.w < 0 || rexW === (row.w === 1);
}

/** Maps of instructions with a VEX prefix follow those without. */
export const VEX_MAPS = 4;
export type OpcodeMaps = readonly (readonly (OpcodeSlot | undefined)[])[];

export function compileTables(tables: readonly OpcodeTable[], features: ReadonlySet<Feature>): OpcodeMaps {
  const maps = Array.from({ length: 2 * VEX_MAPS }, () => new Array<OpcodeSlot | undefined>(256).fill(undefined));
  for (const row of tables.flat()) {
    const needed = row
      .slice(4)
      .filter((a) => (a as string).startsWith('cpuid:'))
      .map((a) => (a as string).slice(6) as Feature);
    if (!needed.every((feature) => features.has(feature))) continue;
    const { compiled, map, first, count } = compileRow(row);
    for (let i = 0; i < count; i++) (maps[map]![first + i] ??= new OpcodeSlot()).add(compiled);
  }
  return maps;
}

function compileRow(source: OpcodeRow): { compiled: CompiledRow; map: number; first: number; count: number } {
  const [opcode, mnemonic, operandText, semantics, ...attributeList] = source;
  const attributes = new Set(attributeList);
  const has = (name: Attribute) => attributes.has(name);
  const operands = parseOperands(operandText);
  const values = operands.filter((o) => o.isValue);
  const place = parseOpcode(opcode);
  const letters = new Set(operands.map((o) => o.kind));
  const memOnly = has('mem') || letters.has('M');
  const modrmIsRegister = letters.has('C') || letters.has('D');
  const regOnly = has('reg') || letters.has('R') || letters.has('U') || letters.has('N');
  const compiled: CompiledRow = {
    mnemonic,
    operands,
    semantics,
    attributes,
    source,
    reads: has('reads'),
    writes: has('writes'),
    raw: has('raw'),
    lock: has('lock'),
    unaligned: has('unaligned'),
    loadsForWrite: !has('reads') && !has('writes') && !has('raw'),
    loops: letters.has('X') || letters.has('Y'),
    size64: has('force64') ? 2 : has('default64') ? 1 : 0,
    guarded: (['cpl0', 'protected', 'iopl-vm', 'x87', 'mmx', 'sse', 'avx', 'xsave'] as const).some(has),
    hasModrm: place.digit >= 0 || place.third >= 0 || has('mem') || has('reg') || operands.some((o) => o.usesModrm),
    immediates: operands.filter((o) => 'IJAOL'.includes(o.kind)),
    prefix: place.prefix,
    digit: place.digit,
    third: place.third,
    thirdCount: place.thirdCount,
    mode: has('not64') ? 'not64' : has('only64') ? 'only64' : 'any',
    w: has('w0') ? 0 : has('w1') ? 1 : -1,
    l: has('l1') ? 1 : has('l01') ? -1 : 0,
    usesVvvv: letters.has('B') || letters.has('H') || has('vvvv'),
    vsib: has('vsib'),
    branches: letters.has('J'),
    modrmIsRegister,
    values: has('raw') ? [] : has('writes') ? values.slice(1) : values,
    modrm: modrmIsRegister ? 'any' : memOnly ? 'mem' : regOnly ? 'reg' : 'any',
  };
  return { compiled, map: place.map, first: place.first, count: place.count };
}

const FURTHER_MAPS: Readonly<Record<string, number>> = { '38': 2, '3A': 3 };

/** The parts of '66 0F 38 F0 /1', 'D9 C0+i', '70+cc'. */
function parseOpcode(text: string) {
  const words = text.split(' ');
  const place = { prefix: PREFIX_ANY, map: 0, first: 0, count: 1, digit: -1, third: -1, thirdCount: 1 };
  const isVex = words[0] === 'VEX';
  if (isVex) words.shift();
  if (words.length > 1 && words[0]! in PREFIXES && !words[1]!.startsWith('/')) place.prefix = PREFIXES[words.shift()!]!;
  if (words[0] === '0F') {
    words.shift();
    const further = words.length > 1 ? FURTHER_MAPS[words[0] as string] : undefined;
    place.map = further ?? 1;
    if (further) words.shift();
  }
  if (isVex) place.map += VEX_MAPS;
  const [byte, suffix] = words.shift()!.split('+');
  place.first = Number.parseInt(byte!, 16);
  if (suffix === 'r') place.count = 8;
  if (suffix === 'cc') place.count = 16;
  const last = words.shift();
  if (last?.startsWith('/')) {
    place.digit = Number(last.slice(1));
  } else if (last !== undefined) {
    const [third, range] = last.split('+');
    place.third = Number.parseInt(third!, 16);
    if (range === 'i') place.thirdCount = 8;
  }
  if (Number.isNaN(place.first) || Number.isNaN(place.third) || words.length > 0) throw new Error(`bad opcode '${text}' in a table`);
  return place;
}
