/** Folding of integer operations whose operands are all constants, as two 32-bit words so that no bigint is needed to look at one. */
import { I32, I64, type IrBlock, OP_FIRST, OP_I32, OP_I64, OP_NAMES, OP_RESULT } from './block.js';

type Fold = (a: bigint, b: bigint) => bigint;
const signed = (bits: number) => (x: bigint) => BigInt.asIntN(bits, x);
const unsigned = (bits: number) => (x: bigint) => BigInt.asUintN(bits, x);

/** Operations by name, of `bits` wide operands that come sign-extended. What may trap (division) is not folded. */
function foldsOf(bits: 32 | 64): Record<string, Fold> {
  const s = signed(bits);
  const u = unsigned(bits);
  const shift = (n: bigint) => n & BigInt(bits - 1);
  const flag = (x: boolean) => (x ? 1n : 0n);
  const rotl = (a: bigint, n: bigint) => (u(a) << n) | (u(a) >> ((BigInt(bits) - n) & BigInt(bits - 1)));
  return {
    add: (a, b) => a + b,
    sub: (a, b) => a - b,
    mul: (a, b) => a * b,
    and: (a, b) => a & b,
    or: (a, b) => a | b,
    xor: (a, b) => a ^ b,
    shl: (a, b) => a << shift(b),
    shr_s: (a, b) => a >> shift(b),
    shr_u: (a, b) => u(a) >> shift(b),
    rotl: (a, b) => (shift(b) === 0n ? a : rotl(a, shift(b))),
    rotr: (a, b) => (shift(b) === 0n ? a : rotl(a, BigInt(bits) - shift(b))),
    eq: (a, b) => flag(a === b),
    ne: (a, b) => flag(a !== b),
    eqz: (a) => flag(a === 0n),
    lt_s: (a, b) => flag(a < b),
    gt_s: (a, b) => flag(a > b),
    le_s: (a, b) => flag(a <= b),
    ge_s: (a, b) => flag(a >= b),
    lt_u: (a, b) => flag(u(a) < u(b)),
    gt_u: (a, b) => flag(u(a) > u(b)),
    le_u: (a, b) => flag(u(a) <= u(b)),
    ge_u: (a, b) => flag(u(a) >= u(b)),
    extend8_s: (a) => signed(8)(a),
    extend16_s: (a) => signed(16)(a),
    extend32_s: (a) => signed(32)(a),
    clz: (a) => BigInt(bits - (u(a) === 0n ? 0 : u(a).toString(2).length)),
    extend_i32_s: (a) => a,
    extend_i32_u: (a) => unsigned(32)(a),
    wrap_i64: (a) => s(a),
    mulhi_u: (a, b) => (u(a) * u(b)) >> 64n,
    mulhi_s: (a, b) => (a * b) >> 64n,
  };
}

const FOLDS: readonly (Fold | undefined)[] = OP_NAMES.map((name, op) => {
  if (op < OP_FIRST) return undefined;
  const [type, rest] = name.split('.') as [string, string];
  return type === 'i32' ? foldsOf(32)[rest] : type === 'i64' ? foldsOf(64)[rest] : undefined;
});

export function isConstant(block: IrBlock, value: number): boolean {
  const op = block.op[value]!;
  return op === OP_I32 || op === OP_I64;
}

/** Turns op `i`, whose operands are constants, into one, if it can be. */
export function foldConstant(block: IrBlock, i: number, x: number, y: number): boolean {
  const op = block.op[i]!;
  if (foldQuickly(block, i, x, y)) return true;
  const fold = FOLDS[op];
  if (fold === undefined) return false;
  const result = fold(bigintOf(block, x), bigintOf(block, y));
  setConstant(block, i, OP_RESULT[op]!, Number(BigInt.asIntN(32, result)), Number(BigInt.asIntN(32, result >> 32n)));
  return true;
}

const QUICK: Readonly<Record<string, number>> = {
  'i64.add': 1,
  'i64.sub': 2,
  'i64.and': 3,
  'i64.or': 4,
  'i32.add': 5,
  'i32.sub': 6,
  'i32.and': 7,
  'i32.or': 8,
  'i32.wrap_i64': 9,
  'i64.extend_i32_u': 10,
};
const QUICK_OF = Uint8Array.from(OP_NAMES, (name) => QUICK[name] ?? 0);

/** The few that targets make by the thousand (addresses, mostly), without a bigint. */
function foldQuickly(block: IrBlock, i: number, x: number, y: number): boolean {
  const { a, b } = block;
  const [low, high, low2, high2] = [a[x]!, b[x]!, a[y]!, b[y]!];
  switch (QUICK_OF[block.op[i]!]) {
    case 1: {
      const sum = (low >>> 0) + (low2 >>> 0);
      setConstant(block, i, I64, sum | 0, (high + high2 + (sum > 0xffff_ffff ? 1 : 0)) | 0);
      return true;
    }
    case 2:
      setConstant(block, i, I64, (low - low2) | 0, (high - high2 - (low >>> 0 < low2 >>> 0 ? 1 : 0)) | 0);
      return true;
    case 3:
      setConstant(block, i, I64, low & low2, high & high2);
      return true;
    case 4:
      setConstant(block, i, I64, low | low2, high | high2);
      return true;
    case 5:
      setConstant(block, i, I32, (low + low2) | 0, 0);
      return true;
    case 6:
      setConstant(block, i, I32, (low - low2) | 0, 0);
      return true;
    case 7:
      setConstant(block, i, I32, low & low2, 0);
      return true;
    case 8:
      setConstant(block, i, I32, low | low2, 0);
      return true;
    case 9:
      setConstant(block, i, I32, low, 0);
      return true;
    case 10:
      setConstant(block, i, I64, low, 0);
      return true;
    default:
      return false;
  }
}

export function setConstant(block: IrBlock, i: number, type: number, low: number, high: number): void {
  block.op[i] = type === I32 ? OP_I32 : OP_I64;
  block.type[i] = type;
  block.a[i] = low;
  block.b[i] = type === I64 ? high : 0;
  block.c[i] = 0;
}

function bigintOf(block: IrBlock, value: number): bigint {
  return block.op[value] === OP_I32 ? BigInt(block.a[value]!) : (BigInt(block.b[value]!) << 32n) | BigInt(block.a[value]! >>> 0);
}
