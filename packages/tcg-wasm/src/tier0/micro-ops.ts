/**
 * Numbers of tier 0's micro-ops. One takes 16 bytes: u16 number; u16 slots d, a, b (offsets from env); 8 bytes of immediate.
 * Most come from the IR's table of operations: a form with slots only, and for integer operations one whose last operand is
 * the immediate. What a number does stands in `interpreter.ts`, in the same order.
 */
import { Code, Env, OPS, type OpName, type ValueType } from '@nandu/tcg';

/** Bytes. */
export const MICRO_OP_SIZE = 16;

/** Control. Offsets in comments are within the micro-op. */
export const CONTROL = [
  /** First of a block (with the head behind it, see BLOCK_HEAD): checks budget and exit request, counts. */
  'enter',
  /** The same for a block that reaches into a second page: checks that it is still mapped. */
  'enter2',
  /** First of a block that is no longer valid: looks its pc up. */
  'stale',
  /** First of a block that a region starts at: calls it. */
  'region',
  /** u32 @8: address to go on at. */
  'jump',
  /** i64 @8: pc. Leaves with EXIT_LINK, to be made a `jump`. */
  'unlinked',
  /** i64 @8: pc. Looks it up. */
  'goto',
  'lookup',
  /** i32 @8: reason. */
  'leave',
  /** a: condition (i32). Goes on behind this if it is not zero, else d bytes further. */
  'if',
  /** i32 @8: number of instructions counted but not executed. */
  'give_back',
  'copy32',
  'copy64',
  'copy128',
  /** @8: the value; for 128 bits its address. */
  'const32',
  'const64',
  'const128',
  /** d = a + b << k + displacement: i32 @8 displacement, i32 @12 k. */
  'lea',
  /** i8x16.shuffle: u32 @8 address of two swizzles, one for each operand. */
  'shuffle',
  /** a: address. i32 @8 displacement, @12 access code: leaves by `misaligned` unless aligned so. d: number of the instruction. */
  'check_alignment',
] as const;
export type Control = (typeof CONTROL)[number];

/** Kinds of loads and stores: the memory access and the type of the slot. */
export interface AccessKind {
  readonly size: 1 | 2 | 4 | 8 | 16;
  readonly type: ValueType;
  readonly signed?: boolean;
}
export const STORES: readonly AccessKind[] = [
  { size: 1, type: 'i32' },
  { size: 2, type: 'i32' },
  { size: 4, type: 'i32' },
  { size: 1, type: 'i64' },
  { size: 2, type: 'i64' },
  { size: 4, type: 'i64' },
  { size: 8, type: 'i64' },
  { size: 4, type: 'f32' },
  { size: 8, type: 'f64' },
  { size: 4, type: 'v128' },
  { size: 8, type: 'v128' },
  { size: 16, type: 'v128' },
];
export const LOADS: readonly AccessKind[] = [
  ...STORES,
  { size: 1, type: 'i32', signed: true },
  { size: 2, type: 'i32', signed: true },
  { size: 1, type: 'i64', signed: true },
  { size: 2, type: 'i64', signed: true },
  { size: 4, type: 'i64', signed: true },
];

const INTEGER_BINARY = /^i(32|64)\.(add|sub|mul|and|or|xor|shl|shr_[su]|rotl|rotr|eq|ne|[lg][te]_[su])$/;
const VECTOR_SHIFT = /^i\d+x\d+\.(shl|shr_[su])$/;
const COMPARE = /^i(32|64)\.(eqz|eq|ne|[lg][te]_[su])$/;

const names = [...OPS.keys()];
export const IMMEDIATE_OPS = names.filter((name) => INTEGER_BINARY.test(name) || VECTOR_SHIFT.test(name));
/** Comparisons fused with the branch that uses them: as `if`, with operands a and b, or a and an immediate. */
export const BRANCH_OPS = names.filter((name) => COMPARE.test(name));
export const BRANCH_IMMEDIATE_OPS = BRANCH_OPS.filter((name) => !name.endsWith('eqz'));

let next = CONTROL.length;
function numbers(ops: readonly OpName[]): Uint16Array {
  const table = new Uint16Array(Code.OP_NAMES.length);
  for (const name of ops) table[Code.OP_NAMES.indexOf(name)] = next++;
  return table;
}
/** Micro-ops by IR opcode; 0 where there is none. */
export const SLOTS = numbers(names);
export const IMMEDIATES = numbers(IMMEDIATE_OPS);
export const BRANCHES = numbers(BRANCH_OPS);
export const BRANCH_IMMEDIATES = numbers(BRANCH_IMMEDIATE_OPS);
/** Loads for reading, then the same for read-modify-write; stores. i32 @8: displacement; @12: `accessWord`. */
const firstLoad = next;
const firstRmw = (next += LOADS.length);
const firstStore = next + LOADS.length;

const nameOf = ({ type, size, signed }: AccessKind): string => `${type}.${size}${signed ? 's' : ''}`;
/** By number; behind these come the numbers of `sequences.ts`. */
export const MICRO_OP_NAMES: readonly string[] = [
  ...CONTROL,
  ...names,
  ...IMMEDIATE_OPS.map((name) => `${name}#`),
  ...BRANCH_OPS.map((name) => `br ${name}`),
  ...BRANCH_IMMEDIATE_OPS.map((name) => `br ${name}#`),
  ...LOADS.map((kind) => `load ${nameOf(kind)}`),
  ...LOADS.map((kind) => `rmw ${nameOf(kind)}`),
  ...STORES.map((kind) => `store ${nameOf(kind)}`),
];

export const controlNumber = (name: Control): number => CONTROL.indexOf(name);

const loadNumbers = new Map<number, number>();
const storeNumbers = new Map<number, number>();
/** The bits of an access code that choose the micro-op. */
const KIND_BITS = 0x1c00 | Code.ACCESS_SIGNED | 7;
LOADS.forEach((kind, i) => {
  const code = Code.encodeAccess({ ...kind, mmu: 0 });
  loadNumbers.set(code, firstLoad + i);
  loadNumbers.set(code | Code.ACCESS_FOR_WRITE, firstRmw + i);
  // The sign says nothing where the value is as wide as the access.
  if (!loadNumbers.has(code | Code.ACCESS_SIGNED)) {
    loadNumbers.set(code | Code.ACCESS_SIGNED, firstLoad + i);
    loadNumbers.set(code | Code.ACCESS_SIGNED | Code.ACCESS_FOR_WRITE, firstRmw + i);
  }
});
LOADS.slice(STORES.length).forEach((kind, i) => {
  const code = Code.encodeAccess({ ...kind, mmu: 0 });
  loadNumbers.set(code, firstLoad + STORES.length + i);
  loadNumbers.set(code | Code.ACCESS_FOR_WRITE, firstRmw + STORES.length + i);
});
STORES.forEach((kind, i) => storeNumbers.set(Code.encodeAccess({ ...kind, mmu: 0 }), firstStore + i));

export function loadNumber(access: number): number {
  const number = loadNumbers.get(access & (KIND_BITS | Code.ACCESS_FOR_WRITE));
  if (number === undefined) throw new Error(`no such load: access code ${access}`);
  return number;
}

export function storeNumber(access: number): number {
  const number = storeNumbers.get(access & KIND_BITS & ~Code.ACCESS_SIGNED);
  if (number === undefined) throw new Error(`no such store: access code ${access}`);
  return number;
}

/** Numbers of tables, shifted by this, are offsets from the first table. */
export const TABLE_SHIFT = Math.log2(Env.TLB_ENTRIES * Env.TLB_ENTRY_SIZE);
/** Access code and the offset of its mmu's TLB in one word: the code has 13 bits, fewer than the offset has zeros. */
export const accessWord = (access: number): number => access | (Code.accessMmu(access) << TABLE_SHIFT);
export const TABLE_MASK = 3 << TABLE_SHIFT;
