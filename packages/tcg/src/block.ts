/**
 * A block of IR as data: parallel arrays with one column an op, so that building, optimising and lowering 80,000 blocks
 * of a booting system allocates next to nothing. An op's number is also the name of the value that it makes.
 */
import { OPS, type OpName } from './ops.js';
import { type Exit, type Helper, type MemoryAccess, VALUE_TYPES, type ValueType } from './types.js';

/** Index in VALUE_TYPES. */
export const I32 = 0;
export const I64 = 1;
export const F32 = 2;
export const F64 = 3;
export const V128 = 4;
/** The type of an op that makes no value. */
export const NO_VALUE = 5;

/** Removed by a pass; means nothing. */
export const OP_NOP = 0;
/** Constants. a: the value. */
export const OP_I32 = 1;
/** a, b: low and high word. */
export const OP_I64 = 2;
/** a: its bits. */
export const OP_F32 = 3;
/** a, b: low and high word of its bits. */
export const OP_F64 = 4;
/** a: index in `vectors`. */
export const OP_V128 = 5;
/** a: the global's offset. */
export const OP_GET = 6;
/** a: the global's offset; b: value. */
export const OP_SET = 7;
/** a: address; c: access code. */
export const OP_LOAD = 8;
/** a: address; b: value; c: access code. */
export const OP_STORE = 9;
/** a: index in `helpers`; b: first argument in `extra`; c: number of arguments (without env). */
export const OP_CALL = 10;
/** Start of a guest instruction. a: index in `pcs`. */
export const OP_INSTRUCTION = 11;
/** a: condition; b: index in `exits`. */
export const OP_EXIT_IF = 12;
/** b: index in `exits`. */
export const OP_END = 13;
/** a: condition; b: where to if it is not zero; c: else (indexes in `exits`). */
export const OP_BRANCH = 14;
/** a, b: operands; c: lanes, index in `vectors`. */
export const OP_SHUFFLE = 15;
/** From here on the rows of OPS, in their order; a, b, c: operands. */
export const OP_FIRST = 16;

/** Names by opcode: those of OPS from OP_FIRST on. */
export const OP_NAMES: readonly string[] = [
  'nop',
  'i32.const',
  'i64.const',
  'f32.const',
  'f64.const',
  'v128.const',
  'get',
  'set',
  'load',
  'store',
  'call',
  'instruction',
  'exit_if',
  'end',
  'branch',
  'i8x16.shuffle',
  ...OPS.keys(),
];
/** Number of operands (a, b, c) that are values, by opcode, for opcodes from OP_FIRST and the shuffle; else 0. */
export const OP_ARITY: Uint8Array = Uint8Array.from(OP_NAMES, (name, i) => (i === OP_SHUFFLE ? 2 : i < OP_FIRST ? 0 : OPS.get(name as OpName)!.params.length));
/** Result type code by opcode, from OP_FIRST on. */
export const OP_RESULT: Uint8Array = Uint8Array.from(OP_NAMES, (name, i) =>
  i === OP_SHUFFLE ? V128 : i < OP_FIRST ? NO_VALUE : VALUE_TYPES.indexOf(OPS.get(name as OpName)!.result),
);
const OPCODES = new Map<string, number>(OP_NAMES.map((name, i) => [name, i]));

/** The number of a row of OPS. */
export function opcodeOf(name: OpName): number {
  return OPCODES.get(name)!;
}

/**
 * A memory access in one integer: bits 0-2 log2(size), 3 signed, 4 forWrite, 5-6 mmu, 7-9 log2(aligned), 10-12 value type.
 */
export function encodeAccess(access: MemoryAccess): number {
  return (
    (31 - Math.clz32(access.size)) |
    (access.signed ? ACCESS_SIGNED : 0) |
    (access.forWrite ? ACCESS_FOR_WRITE : 0) |
    (access.mmu << 5) |
    ((access.aligned === undefined ? 0 : 31 - Math.clz32(access.aligned)) << 7) |
    (VALUE_TYPES.indexOf(access.type) << 10)
  );
}
export const ACCESS_SIGNED = 8;
export const ACCESS_FOR_WRITE = 16;
export const accessSizeLog2 = (code: number): number => code & 7;
export const accessMmu = (code: number): number => (code >> 5) & 3;
/** 0: no demand. */
export const accessAlignLog2 = (code: number): number => (code >> 7) & 7;
/** I32 to V128. */
export const accessType = (code: number): number => code >> 10;

export class IrBlock {
  /** Ops in use; those from there on are garbage. */
  count = 0;
  op: Uint16Array;
  /** Type code of the op's value. */
  type: Uint8Array;
  a: Int32Array;
  b: Int32Array;
  c: Int32Array;
  /** Arguments of calls. */
  extra: number[] = [];
  /** 16 bytes each. */
  vectors: Uint8Array[] = [];
  exits: Exit[] = [];
  /** Address of each guest instruction, in order: their number is the block's instruction count. */
  pcs: number[] = [];
  helpers: Helper[] = [];
  /** Bytes of guest code. */
  byteLength = 0;

  constructor(capacity = 1024) {
    this.op = new Uint16Array(capacity);
    this.type = new Uint8Array(capacity);
    this.a = new Int32Array(capacity);
    this.b = new Int32Array(capacity);
    this.c = new Int32Array(capacity);
  }

  get instructionCount(): number {
    return this.pcs.length;
  }

  clear(): void {
    this.count = 0;
    this.extra.length = 0;
    this.vectors.length = 0;
    this.exits.length = 0;
    this.pcs.length = 0;
    this.helpers.length = 0;
    this.byteLength = 0;
  }

  /** Appends an op; its number is its value's. */
  push(op: number, type: number, a: number, b: number, c: number): number {
    const at = this.count++;
    if (at === this.op.length) this.grow();
    this.op[at] = op;
    this.type[at] = type;
    this.a[at] = a;
    this.b[at] = b;
    this.c[at] = c;
    return at;
  }

  typeName(value: number): ValueType {
    return VALUE_TYPES[this.type[value]!]!;
  }

  /** A copy of one's own, no larger than needed. */
  copy(): IrBlock {
    const copy = new IrBlock(0);
    copy.count = this.count;
    copy.op = this.op.slice(0, this.count);
    copy.type = this.type.slice(0, this.count);
    copy.a = this.a.slice(0, this.count);
    copy.b = this.b.slice(0, this.count);
    copy.c = this.c.slice(0, this.count);
    copy.extra = this.extra.slice();
    copy.vectors = this.vectors.slice();
    copy.exits = this.exits.slice();
    copy.pcs = this.pcs.slice();
    copy.helpers = this.helpers.slice();
    copy.byteLength = this.byteLength;
    return copy;
  }

  private grow(): void {
    const capacity = Math.max(64, this.op.length * 2);
    const bigger = <T extends { set(from: T): void }>(to: T, from: T): T => (to.set(from), to);
    this.op = bigger(new Uint16Array(capacity), this.op);
    this.type = bigger(new Uint8Array(capacity), this.type);
    this.a = bigger(new Int32Array(capacity), this.a);
    this.b = bigger(new Int32Array(capacity), this.b);
    this.c = bigger(new Int32Array(capacity), this.c);
  }
}
