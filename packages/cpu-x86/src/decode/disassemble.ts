/** Instructions as text in Intel syntax, from the tables that they are translated from. */
import type { CodeReader } from '@nandu/tcg';
import { type CompiledRow, compileTables, type OpcodeMaps } from './compile.js';
import { Decoder } from './decoder.js';
import { Instruction, NO_SEGMENT } from './instruction.js';
import type { Feature, OpcodeTable } from './opcode-table.js';
import { type Operand, sizeOf } from './operand.js';

const CONDITIONS = ['o', 'no', 'b', 'ae', 'e', 'ne', 'be', 'a', 's', 'ns', 'p', 'np', 'l', 'ge', 'le', 'g'];
const WIDE = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'];
const BYTE = ['al', 'cl', 'dl', 'bl', 'ah', 'ch', 'dh', 'bh'];
const BYTE_WITH_REX = ['al', 'cl', 'dl', 'bl', 'spl', 'bpl', 'sil', 'dil'];
const SEGMENTS = ['es', 'cs', 'ss', 'ds', 'fs', 'gs', '?', '?'];
const POINTERS: Readonly<Record<number, string>> = { 1: 'byte', 2: 'word', 4: 'dword', 8: 'qword', 16: 'xmmword', 32: 'ymmword' };

export class Disassembler {
  private readonly decoder: Decoder;
  private readonly instruction = new Instruction();

  constructor(tables: readonly OpcodeTable[], features: ReadonlySet<Feature>) {
    const maps: OpcodeMaps = compileTables(tables, features);
    this.decoder = new Decoder(maps);
  }

  /** The instruction at `offset` of the reader, whose first byte is at `pc`. What cannot be decoded is one byte of data. */
  disassemble(code: CodeReader, hflags: number, offset: number, pc = 0): { text: string; length: number } {
    const { instruction } = this;
    const result = this.decoder.decode(instruction, code, offset, pc + offset, hflags);
    if (result !== 'ok') return { text: `db ${hex(code.u8(offset))}`, length: 1 };
    return { text: textOf(instruction, instruction.row!), length: instruction.length };
  }
}

function textOf(instruction: Instruction, row: CompiledRow): string {
  const operands = row.operands.map((operand) => operandText(instruction, operand)).join(', ');
  const repeat = row.loops && instruction.rep ? (instruction.rep === 0xf3 ? 'rep ' : 'repne ') : '';
  return `${instruction.lock ? 'lock ' : ''}${repeat}${mnemonicOf(instruction, row)}${operands ? ` ${operands}` : ''}`;
}

function mnemonicOf(instruction: Instruction, { mnemonic }: CompiledRow): string {
  if (mnemonic.endsWith('cc') && mnemonic.length > 2) return mnemonic.slice(0, -2) + CONDITIONS[instruction.opcode & 15];
  const names = mnemonic.split('|');
  return names[Math.min(Math.log2(instruction.operandSize) - 1, names.length - 1)]!;
}

function operandText(of: Instruction, operand: Operand): string {
  const size = sizeOf(operand, of);
  const bytes = isWide(of, operand) ? 2 * size : size;
  switch (operand.kind) {
    case 'E':
      return of.isRegister ? register(of, of.rm, size) : memory(of, size);
    case 'M':
      return memory(of, bytes);
    case 'W':
      return of.isRegister ? vector(of, of.rm, operand) : memory(of, bytes);
    case 'Q':
      return of.isRegister ? `mm${of.rm & 7}` : memory(of, size);
    case 'G':
      return register(of, of.reg, size);
    case 'B':
      return register(of, of.vvvv, size);
    case 'R':
      return register(of, of.rm, size || 4);
    case 'Z':
      return register(of, of.opcodeRegister, size);
    case 'register':
      return register(of, operand.register, size);
    case 'V':
      return vector(of, of.reg, operand);
    case 'U':
      return vector(of, of.rm, operand);
    case 'H':
      return vector(of, of.vvvv, operand);
    case 'L':
      return vector(of, (of.immediate & 0xff) >> 4, operand);
    case 'P':
      return `mm${of.reg & 7}`;
    case 'N':
      return `mm${of.rm & 7}`;
    case 'S':
      return SEGMENTS[of.reg & 7]!;
    case 'C':
      return `cr${of.reg}`;
    case 'D':
      return `dr${of.reg}`;
    case 'I':
      return immediate(of, operand, size);
    case 'J':
      return hex(of.target);
    case 'A':
      return `${hex(of.farSelector)}:${hex(of.immediate >>> 0)}`;
    case 'O':
      return `${segmentPrefix(of)}[${of.wideImmediate ? `0x${of.immediate64.toString(16)}` : hex(of.displacement)}]`;
    case 'X':
      return `${POINTERS[size]} ptr ${segmentPrefix(of) || 'ds:'}[${register(of, 6, of.addressSize)}]`;
    case 'Y':
      return `${POINTERS[size]} ptr es:[${register(of, 7, of.addressSize)}]`;
    case 'one':
      return '1';
    case 'text':
      return operand.text === 'STi' ? `st(${of.rm & 7})` : operand.text.toLowerCase();
  }
}

/** Whether it is an operand of vector length in an instruction on 256 bits. */
function isWide(of: Instruction, operand: Operand): boolean {
  return of.vex && of.vexL === 1 && /(dq|ps|pd)$/.test(operand.text);
}

function vector(of: Instruction, number: number, operand: Operand): string {
  return `${isWide(of, operand) ? 'ymm' : 'xmm'}${number}`;
}

/** The index of a gather: a vector of the instruction's length, or half of it for doublewords that pick quadwords. */
function vectorIndex(of: Instruction): string {
  const isHalf = /gatherd(q|pd)$/.test(of.row!.mnemonic);
  return `${of.vexL && !isHalf ? 'ymm' : 'xmm'}${of.index}`;
}

function immediate(of: Instruction, operand: Operand, size: number): string {
  if (operand.isSecondImmediate) return hex(of.immediate2);
  if (of.wideImmediate && size === 8) return `0x${of.immediate64.toString(16)}`;
  if (size === 1) return hex(of.immediate & 0xff);
  if (size === 2) return hex(of.immediate & 0xffff);
  return size === 8 ? hex(of.immediate) : hex(of.immediate >>> 0);
}

function register(of: Instruction, number: number, size: number): string {
  if (size === 1) return number < 8 ? (of.rex ? BYTE_WITH_REX : BYTE)[number]! : `r${number}b`;
  if (number >= 8) return `r${number}${size === 2 ? 'w' : size === 4 ? 'd' : ''}`;
  return `${size === 2 ? '' : size === 4 ? 'e' : 'r'}${WIDE[number]}`;
}

function memory(of: Instruction, size: number): string {
  const parts: string[] = [];
  if (of.ipRelative) parts.push('rip');
  if (of.base >= 0) parts.push(register(of, of.base, of.addressSize));
  if (of.index >= 0) parts.push((of.row?.vsib ? vectorIndex(of) : register(of, of.index, of.addressSize)) + (of.scale ? `*${1 << of.scale}` : ''));
  const offset = of.displacement;
  const shown = parts.length === 0 ? hex(of.mode64 ? offset : offset >>> 0) : offset === 0 ? '' : offset < 0 ? `-${hex(-offset)}` : `+${hex(offset)}`;
  const pointer = POINTERS[size] ? `${POINTERS[size]} ptr ` : '';
  return `${pointer}${segmentPrefix(of)}[${parts.join('+')}${shown}]`;
}

function segmentPrefix(of: Instruction): string {
  return of.segmentOverride === NO_SEGMENT ? '' : `${SEGMENTS[of.segmentOverride]}:`;
}

function hex(value: number): string {
  return value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}
