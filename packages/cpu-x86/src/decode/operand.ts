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
/** Kinds, by their letters. */
const WITH_MODRM: readonly OperandKind[] = ['E', 'G', 'B', 'R', 'M', 'V', 'W', 'U', 'P', 'Q', 'N', 'S', 'C', 'D'];
const NOT_VALUES: readonly OperandKind[] = ['J', 'A', 'C', 'D', 'X', 'Y', 'text'];

/** 'Ev,Gv,Ib' to operands. */
export function parseOperands(text: string): readonly Operand[] {
  const operands = text === '' ? [] : text.split(',').map(parseOperand);
  const firstImmediate = operands.findIndex((o) => o.kind === 'I');
  return operands.map((o, i) => (o.kind === 'I' && i > firstImmediate ? operand(o.text, 'I', o.size, { ...o, isSecondImmediate: true }) : o));
}

/** Made in one place, so that all have one shape: the decoder and the translator look at them for every instruction. */
function operand(text: string, kind: OperandKind, size: number, more: Partial<Operand> = {}): Operand {
  const { register = 0, signedByte = false, type, isSecondImmediate = false } = more;
  return { text, kind, size, register, signedByte, type, isSecondImmediate, isValue: !NOT_VALUES.includes(kind), usesModrm: WITH_MODRM.includes(kind) };
}

function parseOperand(text: string): Operand {
  const fixed = FIXED[text];
  if (fixed) return operand(text, 'register', fixed[1], { register: fixed[0] });
  if (text === '1') return operand(text, 'one', 1);
  const match = /^([EGBZRMVWUHLPQNIOSJACDXY])(b|bs|w|d|q|v|z|y|t|p|dq|ps|pd|ss|sd|o|sv|dv)?$/.exec(text);
  if (!match) return operand(text, 'text', 0);
  const [size, type] = SIZES[match[2] ?? '']!;
  return operand(text, match[1] as OperandKind, size, { type, signedByte: match[2] === 'bs' });
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
