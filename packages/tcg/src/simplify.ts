/**
 * The forward pass: folds constants, applies identities, forwards what a global was last set to or read as, and drops sets that
 * change nothing.
 */
import {
  ACCESS_SIGNED,
  accessSizeLog2,
  I32,
  type IrBlock,
  OP_ARITY,
  OP_BRANCH,
  OP_CALL,
  OP_EXIT_IF,
  OP_FIRST,
  OP_GET,
  OP_I32,
  OP_I64,
  OP_LOAD,
  OP_NAMES,
  OP_NOP,
  OP_SET,
  OP_SHUFFLE,
  OP_STORE,
  opcodeOf,
  V128,
} from './block.js';
import { foldConstant, isConstant, setConstant } from './constants.js';
import { GLOBALS_END } from './env.js';
import type { OpName } from './ops.js';

/** What the pass knows about integer ops, by opcode. */
const NONE = 0,
  ADD = 1,
  SUB = 2,
  MUL = 3,
  AND = 4,
  OR = 5,
  XOR = 6,
  SHL = 7,
  SHR_U = 8,
  SHR_S = 9,
  ROTATE = 10,
  COMPARE = 11,
  EQZ = 12,
  SELECT = 13,
  WRAP = 14,
  EXTEND_U = 15,
  COUNT = 16,
  OTHER = 17;
const KINDS: Readonly<Record<string, number>> = {
  add: ADD,
  sub: SUB,
  mul: MUL,
  and: AND,
  or: OR,
  xor: XOR,
  shl: SHL,
  shr_u: SHR_U,
  shr_s: SHR_S,
  rotl: ROTATE,
  rotr: ROTATE,
  eq: COMPARE,
  ne: COMPARE,
  lt_s: COMPARE,
  lt_u: COMPARE,
  gt_s: COMPARE,
  gt_u: COMPARE,
  le_s: COMPARE,
  le_u: COMPARE,
  ge_s: COMPARE,
  ge_u: COMPARE,
  eqz: EQZ,
  select: SELECT,
  wrap_i64: WRAP,
  extend_i32_u: EXTEND_U,
  clz: COUNT,
  ctz: COUNT,
  popcnt: COUNT,
};
const KIND = Uint8Array.from(OP_NAMES, (name, op) => (op >= OP_FIRST && /^i(32|64)\./.test(name) ? (KINDS[name.split('.')[1]!] ?? OTHER) : NONE));
const COMMUTES = Uint8Array.from(OP_NAMES, (name, op) => Number(op >= OP_FIRST && /^i(32|64)\.(add|mul|and|or|xor|eq|ne)$/.test(name)));
const FLOAT_SELECT = Uint8Array.from(OP_NAMES, (name) => Number(/^(f32|f64|v128)\.select$/.test(name)));

/** The opcode of the opposite comparison, and of the one with its operands exchanged; 0 for what is no integer comparison. */
const OPPOSITE = related({ eq: 'ne', lt_s: 'ge_s', lt_u: 'ge_u', gt_s: 'le_s', gt_u: 'le_u' }, true);
const EXCHANGED = related({ lt_s: 'gt_s', lt_u: 'gt_u', le_s: 'ge_s', le_u: 'ge_u' }, true);

function related(pairs: Readonly<Record<string, string>>, symmetric: boolean): Uint16Array {
  const table = new Uint16Array(OP_NAMES.length);
  for (const type of ['i32', 'i64']) {
    for (const [x, y] of Object.entries(pairs)) {
      const [from, to] = [opcodeOf(`${type}.${x}` as OpName), opcodeOf(`${type}.${y}` as OpName)];
      table[from] = to;
      if (symmetric) table[to] = from;
    }
  }
  return table;
}
const NE32 = opcodeOf('i32.ne');

// Scratch of the pass; nothing in it outlives a call.
let alias = new Int32Array(1024);
/** How many low bits of an integer value may be other than zero. */
let bits = new Uint8Array(1024);
/** The value that each global (by offset / 4) has at this point, good where its stamp is the current one. */
const current = new Int32Array(GLOBALS_END / 4);
const stamps = new Float64Array(GLOBALS_END / 4);
let stamp = 0;

export function simplify(block: IrBlock): void {
  const { count, op, type, a, b, c, extra } = block;
  if (alias.length < count) {
    alias = new Int32Array(op.length);
    bits = new Uint8Array(op.length);
  }
  stamp++;
  for (let i = 0; i < count; i++) {
    alias[i] = i;
    bits[i] = type[i] === I32 ? 32 : 64;
    const o = op[i]!;
    if (o >= OP_SHUFFLE) {
      const arity = OP_ARITY[o]!;
      a[i] = alias[a[i]!]!;
      if (arity > 1) b[i] = alias[b[i]!]!;
      if (arity > 2) c[i] = alias[c[i]!]!;
      if (KIND[o] !== NONE) simplifyInteger(block, i);
      else if (FLOAT_SELECT[o]) simplifySelect(block, i);
      continue;
    }
    switch (o) {
      case OP_I32:
      case OP_I64:
        bits[i] = constantBits(block, i);
        break;
      case OP_GET: {
        const slot = a[i]! >> 2;
        // A global holds one type; another type at the same offset would be two globals in one place.
        if (stamps[slot] === stamp && type[current[slot]!] === type[i]) replace(block, i, current[slot]!);
        else {
          stamps[slot] = stamp;
          current[slot] = i;
        }
        break;
      }
      case OP_SET: {
        const slot = a[i]! >> 2;
        const value = alias[b[i]!]!;
        b[i] = value;
        if (stamps[slot] === stamp && current[slot] === value) op[i] = OP_NOP;
        stamps[slot] = stamp;
        current[slot] = value;
        break;
      }
      case OP_LOAD:
        a[i] = alias[a[i]!]!;
        if (type[i]! < V128 && !(c[i]! & ACCESS_SIGNED)) bits[i] = 8 << accessSizeLog2(c[i]!);
        break;
      case OP_STORE:
        a[i] = alias[a[i]!]!;
        b[i] = alias[b[i]!]!;
        break;
      case OP_CALL: {
        for (let k = b[i]!, end = k + c[i]!; k < end; k++) extra[k] = alias[extra[k]!]!;
        const { writes } = block.helpers[a[i]!]!;
        if (writes === 'all') stamp++;
        else if (writes !== 'none') for (const global of writes) stamps[global.offset >> 2] = 0;
        break;
      }
      case OP_EXIT_IF:
        a[i] = condition(block, alias[a[i]!]!);
        if (isConstant(block, a[i]!) && block.a[a[i]!] === 0) op[i] = OP_NOP;
        break;
      case OP_BRANCH: {
        let test = condition(block, alias[a[i]!]!);
        if (KIND[op[test]!] === EQZ && type[a[test]!] === I32) {
          test = a[test]!;
          const taken = b[i]!;
          b[i] = c[i]!;
          c[i] = taken;
        }
        a[i] = test;
        break;
      }
    }
  }
}

function replace(block: IrBlock, i: number, by: number): void {
  alias[i] = by;
  block.op[i] = OP_NOP;
}

/** A condition without what a test for not zero does anyway. */
function condition(block: IrBlock, value: number): number {
  const { op, a, b } = block;
  while (op[value] === NE32 && op[b[value]!] === OP_I32 && a[b[value]!] === 0) value = a[value]!;
  return value;
}

function simplifySelect(block: IrBlock, i: number): void {
  const { op, a, b, c, type } = block;
  let test = condition(block, c[i]!);
  if (KIND[op[test]!] === EQZ && type[a[test]!] === I32) {
    test = a[test]!;
    const first = a[i]!;
    a[i] = b[i]!;
    b[i] = first;
  }
  c[i] = test;
  if (op[test] === OP_I32) replace(block, i, a[test] !== 0 ? a[i]! : b[i]!);
  else if (a[i] === b[i]) replace(block, i, a[i]!);
}

function simplifyInteger(block: IrBlock, i: number): void {
  const { op, type, a, b } = block;
  const o = op[i]!;
  const kind = KIND[o]!;
  if (kind === SELECT) {
    simplifySelect(block, i);
    bits[i] = Math.max(bits[a[i]!]!, bits[b[i]!]!);
    return;
  }
  const binary = OP_ARITY[o] === 2;
  let x = a[i]!;
  let y = binary ? b[i]! : x;
  const left = isConstant(block, x);
  if (left && isConstant(block, y)) {
    if (foldConstant(block, i, x, y)) bits[i] = constantBits(block, i);
    return;
  }
  if (left && binary) {
    const exchanged = COMMUTES[o] ? o : EXCHANGED[o]!;
    if (exchanged !== 0) {
      op[i] = exchanged;
      a[i] = y;
      b[i] = x;
      [x, y] = [y, x];
    }
  }
  const wide = type[x] !== I32;
  const width = wide ? 64 : 32;
  if (binary && isConstant(block, y)) {
    const low = a[y]!;
    const high = wide ? b[y]! : low >> 31;
    const zero = low === 0 && high === 0;
    switch (kind) {
      case ADD:
      case SUB:
      case XOR:
      case OR:
        if (zero) return replace(block, i, x);
        break;
      case MUL:
        if (low === 1 && high === 0) return replace(block, i, x);
        break;
      case AND:
        if (zero) return constant(block, i, 0, 0);
        if (covers(low, high, bits[x]!)) return replace(block, i, x);
        break;
      case SHL:
      case SHR_U:
      case SHR_S:
      case ROTATE: {
        const shift = low & (width - 1);
        if (shift === 0) return replace(block, i, x);
        if (kind === SHR_U) {
          if (bits[x]! <= shift) return constant(block, i, 0, 0);
          bits[i] = bits[x]! - shift;
        } else if (kind === SHL) bits[i] = Math.min(width, bits[x]! + shift);
        break;
      }
    }
  } else if (x === y && binary && (kind === SUB || kind === XOR)) return constant(block, i, 0, 0);
  else if (x === y && binary && (kind === AND || kind === OR)) return replace(block, i, x);

  switch (kind) {
    case AND:
      bits[i] = Math.min(bits[x]!, bits[y]!);
      break;
    case OR:
    case XOR:
      bits[i] = Math.max(bits[x]!, bits[y]!);
      break;
    case ADD:
      bits[i] = Math.min(width, Math.max(bits[x]!, bits[y]!) + 1);
      break;
    case MUL:
      bits[i] = Math.min(width, bits[x]! + bits[y]!);
      break;
    case COMPARE:
      bits[i] = 1;
      break;
    case COUNT:
      bits[i] = 7;
      break;
    case EQZ:
      bits[i] = 1;
      if (OPPOSITE[op[x]!] !== 0) {
        // Not (p < q) is p >= q.
        op[i] = OPPOSITE[op[x]!]!;
        b[i] = b[x]!;
        a[i] = a[x]!;
      }
      break;
    case WRAP: {
      const inner = op[x]!;
      if (KIND[inner] === EXTEND_U || inner === EXTEND_S) return replace(block, i, a[x]!);
      bits[i] = Math.min(32, bits[x]!);
      break;
    }
    case EXTEND_U:
      if (KIND[op[x]!] === WRAP && bits[a[x]!]! <= 32) return replace(block, i, a[x]!);
      bits[i] = bits[x]!;
      break;
  }
}
const EXTEND_S = opcodeOf('i64.extend_i32_s');

function constant(block: IrBlock, i: number, low: number, high: number): void {
  setConstant(block, i, block.type[i]!, low, high);
  bits[i] = constantBits(block, i);
}

function constantBits(block: IrBlock, i: number): number {
  const high = block.op[i] === OP_I64 ? block.b[i]! : 0;
  return high !== 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(block.a[i]!);
}

/** Whether a mask has ones in all of the lowest `n` bits. */
function covers(low: number, high: number, n: number): boolean {
  return hasOnes(low, n) && hasOnes(high, n - 32);
}

/** The same for 32 bits, of which `n` may be less than one, or more than all. By shifts: `2 ** n` is a call of a library. */
function hasOnes(word: number, n: number): boolean {
  if (n >= 32) return word === -1;
  const mask = n <= 0 ? 0 : -1 >>> (32 - n);
  return (word & mask) === mask;
}
