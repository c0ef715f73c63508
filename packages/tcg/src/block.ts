/**
 * A block of IR as data: parallel arrays with one column an op, so that building, optimising and lowering 80,000 blocks
 * of a booting system allocates next to nothing. An op's number is also the name of the value that it makes.
 */
import { OPS, type OpName } from './ops.js';
import { type Exit, type Helper, type MemoryAccess, VALUE_TYPES, type ValueType } from './types.js';

/** Index in VALUE_TYPES: see `typeCode`. */
export const I32 = 0;
export const I64 = 1;
export const F32 = 2;
export const F64 = 3;
export const V128 = 4;
/** The type of an op that makes no value. */
export const NO_VALUE = 5;

/** Written out, since it is asked for every other op: a search in an array of names takes ten times as long. */
export function typeCode(type: ValueType): number {
  return type === 'i64' ? I64 : type === 'i32' ? I32 : type === 'v128' ? V128 : type === 'f64' ? F64 : F32;
}

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
  return accessCode(access.size, typeCode(access.type), access.signed ?? false, access.forWrite ?? false, access.aligned ?? 1, access.mmu);
}
/** From its parts, for targets that keep accesses by their codes. */
export function accessCode(size: number, type: number, signed: boolean, forWrite: boolean, aligned: number, mmu: number): number {
  return (
    (31 - Math.clz32(size)) | (signed ? ACCESS_SIGNED : 0) | (forWrite ? ACCESS_FOR_WRITE : 0) | (mmu << 5) | ((31 - Math.clz32(aligned)) << 7) | (type << 10)
  );
}
/** Codes are below this. */
export const ACCESS_CODES = 8 << 10;
export const ACCESS_SIGNED = 8;
export const ACCESS_FOR_WRITE = 16;
export const accessSizeLog2 = (code: number): number => code & 7;
export const accessMmu = (code: number): number => (code >> 5) & 3;
/** 0: no demand. */
export const accessAlignLog2 = (code: number): number => (code >> 7) & 7;
/** I32 to V128. */
export const accessType = (code: number): number => code >> 10;

/**
 * Ops in columns, and lists of what ops refer to by index. Blocks are filled one after the other in the same object: the counts start
 * again from 0, and what is behind them in a column or list is garbage (JavaScript takes its time to shorten and grow arrays).
 */
export class IrBlock {
  /** Ops in use. */
  count = 0;
  op: Uint16Array;
  /** Type code of the op's value. */
  type: Uint8Array;
  a: Int32Array;
  b: Int32Array;
  c: Int32Array;
  /** Guest instructions, and the address of each in order. */
  instructionCount = 0;
  pcs: Float64Array;
  /** Arguments of calls. */
  extra: number[] = [];
  extraCount = 0;
  /** 16 bytes each. */
  vectors: Uint8Array[] = [];
  vectorCount = 0;
  exits: Exit[] = [];
  exitCount = 0;
  helpers: Helper[] = [];
  helperCount = 0;
  /** Bytes of guest code. */
  byteLength = 0;

  constructor(capacity = 1024) {
    this.op = new Uint16Array(capacity);
    this.type = new Uint8Array(capacity);
    this.a = new Int32Array(capacity);
    this.b = new Int32Array(capacity);
    this.c = new Int32Array(capacity);
    this.pcs = new Float64Array(capacity >> 3);
  }

  clear(): void {
    this.count = 0;
    this.instructionCount = 0;
    this.extraCount = 0;
    this.vectorCount = 0;
    this.exitCount = 0;
    this.helperCount = 0;
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

  /** These append to the lists; they return the index. */
  addInstruction(pc: number): number {
    const at = this.instructionCount++;
    if (at === this.pcs.length) this.pcs = grown(new Float64Array(2 * at + 8), this.pcs);
    this.pcs[at] = pc;
    return at;
  }

  addExtra(value: number): number {
    this.extra[this.extraCount] = value;
    return this.extraCount++;
  }

  addVector(bytes: Uint8Array): number {
    this.vectors[this.vectorCount] = bytes;
    return this.vectorCount++;
  }

  addExit(exit: Exit): number {
    this.exits[this.exitCount] = exit;
    return this.exitCount++;
  }

  addHelper(helper: Helper): number {
    this.helpers[this.helperCount] = helper;
    return this.helperCount++;
  }

  typeName(value: number): ValueType {
    return VALUE_TYPES[this.type[value]!]!;
  }

  /** A copy of one's own, no larger than needed: its columns and lists end where the counts say. */
  copy(): IrBlock {
    const copy = new IrBlock(0);
    copy.count = this.count;
    copy.op = this.op.slice(0, this.count);
    copy.type = this.type.slice(0, this.count);
    copy.a = this.a.slice(0, this.count);
    copy.b = this.b.slice(0, this.count);
    copy.c = this.c.slice(0, this.count);
    copy.instructionCount = this.instructionCount;
    copy.pcs = this.pcs.slice(0, this.instructionCount);
    copy.extraCount = this.extraCount;
    copy.extra = this.extra.slice(0, this.extraCount);
    copy.vectorCount = this.vectorCount;
    copy.vectors = this.vectors.slice(0, this.vectorCount);
    copy.exitCount = this.exitCount;
    copy.exits = this.exits.slice(0, this.exitCount);
    copy.helperCount = this.helperCount;
    copy.helpers = this.helpers.slice(0, this.helperCount);
    copy.byteLength = this.byteLength;
    return copy;
  }

  private grow(): void {
    const capacity = Math.max(64, this.op.length * 2);
    this.op = grown(new Uint16Array(capacity), this.op);
    this.type = grown(new Uint8Array(capacity), this.type);
    this.a = grown(new Int32Array(capacity), this.a);
    this.b = grown(new Int32Array(capacity), this.b);
    this.c = grown(new Int32Array(capacity), this.c);
  }
}

function grown<T extends { set(from: T): void }>(to: T, from: T): T {
  to.set(from);
  return to;
}
