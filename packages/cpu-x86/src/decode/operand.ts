/** Operands as written in tables ('Ev', 'Wps', 'CL'), parsed once. See opcode-table.ts for their meaning. */
import type { ValueType } from '@nandu/tcg';
import type { Instruction } from './instruction.js';

/** Sizes that depend on the instruction; others are in bytes, 0 for none. */
export const SIZE_V = -1;
export const SIZE_Z = -2;
export const SIZE_Y = -3;

export type OperandKind =
  | 'E'
  | 'G'
  | 'B'
  | 'Z'
  | 'R'
  | 'M'
  | 'V'
  | 'W'
  | 'U'
  | 'H'
  | 'L'
  | 'P'
  | 'Q'
  | 'N'
  | 'I'
  | 'O'
  | 'S'
  | 'J'
  | 'A'
  | 'C'
  | 'D'
  | 'X'
  | 'Y'
  /** A fixed general register, the constant one, text for the disassembler. */
  | 'register'
  | 'one'
  | 'text';

export interface Operand {
  readonly text: string;
  readonly kind: OperandKind;
  /** Bytes, or one of SIZE_*. */
  readonly size: number;
  /** Number of a fixed register. */
  readonly register: number;
  /** An immediate byte that is sign-extended to the operand size. */
  readonly signedByte: boolean;
  /** For XMM operands: the type of the value if it is not an integer of the size. */
  readonly type: ValueType | undefined;
  /** The second immediate of an instruction: always a byte. */
  readonly isSecondImmediate: boolean;
  /** Whether semantics get it as a value. */
  readonly isValue: boolean;
  /** Whether it needs a ModRM byte. */
  readonly usesModrm: boolean;
}

const SIZES: Readonly<Record<string, readonly [bytes: number, type?: ValueType]>> = {
  '': [0],
  b: [1],
  bs: [SIZE_V],
  w: [2],
  d: [4],
  q: [8],
  v: [SIZE_V],
  z: [SIZE_Z],
  y: [SIZE_Y],
  t: [0],
  p: [0],
  dq: [16, 'v128'],
  ps: [16, 'v128'],
  pd: [16, 'v128'],
  o: [16, 'v128'],
  sv: [4, 'v128'],
  dv: [8, 'v128'],
  ss: [4, 'f32'],
  sd: [8, 'f64'],
};
const FIXED: Readonly<Record<string, readonly [register: number, size: number]>> = {
  AL: [0, 1],
  CL: [1, 1],
  AX: [0, 2],
  DX: [2, 2],
  rAX: [0, SIZE_V],
};
const WITH_MODRM = 'EGBRMVWUPQNSCD';
const NOT_VALUES = 'JACDXY';

/** 'Ev,Gv,Ib' to operands. */
export function parseOperands(text: string): readonly Operand[] {
  const operands = text === '' ? [] : text.split(',').map(parseOperand);
  const firstImmediate = operands.findIndex((o) => o.kind === 'I');
  return operands.map((o, i) => (o.kind === 'I' && i > firstImmediate ? { ...o, isSecondImmediate: true } : o));
}

function parseOperand(text: string): Operand {
  const base = { text, register: 0, signedByte: false, type: undefined, isSecondImmediate: false, isValue: true, usesModrm: false };
  const fixed = FIXED[text];
  if (fixed) return { ...base, kind: 'register', register: fixed[0], size: fixed[1] };
  if (text === '1') return { ...base, kind: 'one', size: 1 };
  const match = /^([EGBZRMVWUHLPQNIOSJACDXY])(b|bs|w|d|q|v|z|y|t|p|dq|ps|pd|ss|sd|o|sv|dv)?$/.exec(text);
  if (!match) return { ...base, kind: 'text', size: 0, isValue: false };
  const kind = match[1] as OperandKind;
  const [size, type] = SIZES[match[2] ?? '']!;
  return {
    ...base,
    kind,
    size,
    type,
    signedByte: match[2] === 'bs',
    isValue: !NOT_VALUES.includes(kind),
    usesModrm: WITH_MODRM.includes(kind),
  };
}

/** Bytes of an operand in this instruction. */
export function sizeOf(operand: Operand, of: Instruction): number {
  switch (operand.size) {
    case SIZE_V:
    case SIZE_Z:
      return of.operandSize;
    case SIZE_Y:
      return of.rexW ? 8 : 4;
    default:
      return operand.size;
  }
}
