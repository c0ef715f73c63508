/** What each operation means, in JavaScript and BigInt: an independent reference for the tests. NaN results are left out. */

type Lane = 'i8' | 'i16' | 'i32' | 'i64' | 'f32' | 'f64';
const BITS: Record<Lane, number> = { i8: 8, i16: 16, i32: 32, i64: 64, f32: 32, f64: 64 };
type Int = (a: bigint, b: bigint, bits: number) => bigint;

const u = BigInt.asUintN;
const s = BigInt.asIntN;
const clamp = (x: bigint, low: bigint, high: bigint): bigint => (x < low ? low : x > high ? high : x);
const signedMax = (bits: number): bigint => (1n << BigInt(bits - 1)) - 1n;
const satS = (x: bigint, bits: number): bigint => clamp(x, -signedMax(bits) - 1n, signedMax(bits));
const satU = (x: bigint, bits: number): bigint => clamp(x, 0n, (1n << BigInt(bits)) - 1n);
const abs = (x: bigint): bigint => (x < 0n ? -x : x);
const rotate = (a: bigint, n: bigint, bits: number): bigint => {
  const by = n % BigInt(bits);
  return (a << by) | (a >> (BigInt(bits) - by));
};
const count = (a: bigint): bigint => BigInt(a.toString(2).replaceAll('0', '').length);
const zeros = (text: string): bigint => BigInt(text.indexOf('1') < 0 ? text.length : text.indexOf('1'));
const binary = (a: bigint, bits: number): string => a.toString(2).padStart(bits, '0');

/** Operands come unsigned; shift counts as they are. Results are cut to the lane. */
const INT_OPS: Record<string, Int> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shl: (a, b, n) => a << (b % BigInt(n)),
  shr_u: (a, b, n) => a >> (b % BigInt(n)),
  shr_s: (a, b, n) => s(n, a) >> (b % BigInt(n)),
  rotl: rotate,
  rotr: (a, b, n) => rotate(a, BigInt(n) - (b % BigInt(n)), n),
  div_u: (a, b) => a / b,
  rem_u: (a, b) => a % b,
  div_s: (a, b, n) => s(n, a) / s(n, b),
  rem_s: (a, b, n) => s(n, a) % s(n, b),
  clz: (a, _, n) => zeros(binary(a, n)),
  ctz: (a, _, n) => zeros([...binary(a, n)].reverse().join('')),
  popcnt: (a) => count(a),
  extend8_s: (a) => s(8, a),
  extend16_s: (a) => s(16, a),
  extend32_s: (a) => s(32, a),
  abs: (a, _, n) => abs(s(n, a)),
  neg: (a) => -a,
  add_sat_s: (a, b, n) => satS(s(n, a) + s(n, b), n),
  add_sat_u: (a, b, n) => satU(a + b, n),
  sub_sat_s: (a, b, n) => satS(s(n, a) - s(n, b), n),
  sub_sat_u: (a, b, n) => satU(a - b, n),
  min_s: (a, b, n) => (s(n, a) < s(n, b) ? a : b),
  max_s: (a, b, n) => (s(n, a) > s(n, b) ? a : b),
  min_u: (a, b) => (a < b ? a : b),
  max_u: (a, b) => (a > b ? a : b),
  avgr_u: (a, b) => (a + b + 1n) >> 1n,
  q15mulr_sat_s: (a, b, n) => satS((s(16, a) * s(16, b) + 0x4000n) >> 15n, n),
  mulhi_u: (a, b) => (a * b) >> 64n,
  mulhi_s: (a, b) => (s(64, a) * s(64, b)) >> 64n,
};
const INT_TESTS: Record<string, (a: bigint, b: bigint, bits: number) => boolean> = {
  eqz: (a) => a === 0n,
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt_s: (a, b, n) => s(n, a) < s(n, b),
  lt_u: (a, b) => a < b,
  gt_s: (a, b, n) => s(n, a) > s(n, b),
  gt_u: (a, b) => a > b,
  le_s: (a, b, n) => s(n, a) <= s(n, b),
  le_u: (a, b) => a <= b,
  ge_s: (a, b, n) => s(n, a) >= s(n, b),
  ge_u: (a, b) => a >= b,
};
const even = (x: number): number => {
  const rounded = Math.round(x);
  const result = Math.abs(x % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
  return result === 0 ? (x < 0 || Object.is(x, -0) ? -0 : 0) : result;
};
const FLOAT_OPS: Record<string, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  min: Math.min,
  max: Math.max,
  pmin: (a, b) => (b < a ? b : a),
  pmax: (a, b) => (a < b ? b : a),
  copysign: (a, b) => (b < 0 || Object.is(b, -0) ? -Math.abs(a) : Math.abs(a)),
  abs: Math.abs,
  neg: (a) => -a,
  ceil: Math.ceil,
  floor: Math.floor,
  trunc: Math.trunc,
  nearest: even,
  sqrt: Math.sqrt,
};
const FLOAT_TESTS: Record<string, (a: number, b: number) => boolean> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  gt: (a, b) => a > b,
  le: (a, b) => a <= b,
  ge: (a, b) => a >= b,
};

class Operands {
  readonly view: DataView;
  readonly out = new DataView(new ArrayBuffer(16));
  isNaN = false;

  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, 64);
  }

  int(lane: Lane, at: number): bigint {
    const size = BITS[lane] / 8;
    let value = 0n;
    for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.view.getUint8(at + i));
    return value;
  }

  setInt(lane: Lane, at: number, value: bigint): void {
    for (let i = 0; i < BITS[lane] / 8; i++) this.out.setUint8(at + i, Number((u(64, value) >> BigInt(8 * i)) & 0xffn));
  }

  float(lane: Lane, at: number): number {
    return lane === 'f32' ? this.view.getFloat32(at, true) : this.view.getFloat64(at, true);
  }

  setFloat(lane: Lane, at: number, value: number): void {
    if (Number.isNaN(value)) this.isNaN = true;
    if (lane === 'f32') this.out.setFloat32(at, value, true);
    else this.out.setFloat64(at, value, true);
  }
}

/** The result's bytes for operands at 0, 16 and 32, or undefined where it traps or is a NaN. */
export function reference(name: string, bytes: Uint8Array): Uint8Array | undefined {
  const o = new Operands(bytes);
  const [shape, op, lane] = name.split('.') as [string, string, string | undefined];
  const known = special(name, o) || (/x/.test(shape) || shape === 'v128' ? vector(shape, op, lane, o) : scalar(shape as Lane, op, o));
  if (!known) throw new Error(`no reference for ${name}`);
  return o.isNaN ? undefined : new Uint8Array(o.out.buffer);
}

function scalar(type: Lane, op: string, o: Operands, at = 0, result = type, mask = false): boolean {
  const isFloat = type[0] === 'f';
  if (isFloat) {
    const [a, b] = [o.float(type, at), o.float(type, 16 + at)];
    if (op in FLOAT_OPS) o.setFloat(type, at, FLOAT_OPS[op]!(a, b));
    else if (op in FLOAT_TESTS) o.setInt(mask ? type : 'i32', at, FLOAT_TESTS[op]!(a, b) ? (mask ? -1n : 1n) : 0n);
    else return false;
    return true;
  }
  const bits = BITS[type];
  const [a, b] = [o.int(type, at), o.int(type, 16 + at)];
  if (/^(div|rem)/.test(op) && (b === 0n || (op === 'div_s' && s(bits, b) === -1n && s(bits, a) === -signedMax(bits) - 1n))) o.isNaN = true;
  else if (op in INT_OPS) o.setInt(result, at, INT_OPS[op]!(a, b, bits));
  else if (op in INT_TESTS) o.setInt(mask ? type : 'i32', at, INT_TESTS[op]!(a, b, bits) ? (mask ? -1n : 1n) : 0n);
  else return false;
  return true;
}

function saturate(lane: 'i32' | 'i64', x: number): bigint {
  if (Number.isNaN(x)) return 0n;
  if (!Number.isFinite(x)) return x < 0 ? -signedMax(BITS[lane]) - 1n : signedMax(BITS[lane]);
  return satS(BigInt(Math.trunc(x)), BITS[lane]);
}

/** Conversions and the operations that are their own kind. */
function special(name: string, o: Operands): boolean {
  const i32 = s(32, o.int('i32', 0));
  const i64 = o.int('i64', 0);
  const table: Record<string, () => void> = {
    'i32.wrap_i64': () => o.setInt('i32', 0, i64),
    'i64.extend_i32_s': () => o.setInt('i64', 0, i32),
    'i64.extend_i32_u': () => o.setInt('i64', 0, u(32, i32)),
    'i64.extend32_s': () => o.setInt('i64', 0, s(32, i64)),
    'f32.convert_i32_s': () => o.setFloat('f32', 0, Number(i32)),
    'f64.convert_i32_s': () => o.setFloat('f64', 0, Number(i32)),
    // By way of f64 an i64 would be rounded twice.
    'f32.convert_i64_s': () => (abs(s(64, i64)) < 1n << 53n ? o.setFloat('f32', 0, Number(s(64, i64))) : (o.isNaN = true)),
    'f64.convert_i64_s': () => o.setFloat('f64', 0, Number(s(64, i64))),
    'f32.demote_f64': () => o.setFloat('f32', 0, o.float('f64', 0)),
    'f64.promote_f32': () => o.setFloat('f64', 0, o.float('f32', 0)),
    'i32.bswap': () => o.setInt('i32', 0, swap(o.int('i32', 0), 4)),
    'i64.bswap': () => o.setInt('i64', 0, swap(i64, 8)),
    'i32.reinterpret_f32': () => o.setInt('i32', 0, i32),
    'i64.reinterpret_f64': () => o.setInt('i64', 0, i64),
    'f32.reinterpret_i32': () => o.setInt('i32', 0, i32),
    'f64.reinterpret_i64': () => o.setInt('i64', 0, i64),
    'v128.of_i64': () => [0, 1].forEach((i) => o.setInt('i64', 8 * i, o.int('i64', 16 * i))),
    'v128.bitselect': () => bits64(o, (a, b, c) => (a & c) | (b & ~c)),
    'v128.and': () => bits64(o, (a, b) => a & b),
    'v128.or': () => bits64(o, (a, b) => a | b),
    'v128.xor': () => bits64(o, (a, b) => a ^ b),
    'v128.andnot': () => bits64(o, (a, b) => a & ~b),
    'v128.not': () => bits64(o, (a) => ~a),
    'v128.any_true': () => o.setInt('i32', 0, i64 | o.int('i64', 8) ? 1n : 0n),
    'i8x16.swizzle': () => range(16).forEach((i) => o.setInt('i8', i, o.view.getUint8(16 + i) < 16 ? o.int('i8', o.view.getUint8(16 + i)) : 0n)),
    'i32x4.dot_i16x8_s': () =>
      range(4).forEach((i) =>
        o.setInt(
          'i32',
          4 * i,
          [0, 2].reduce((sum, j) => sum + s(16, o.int('i16', 4 * i + j)) * s(16, o.int('i16', 16 + 4 * i + j)), 0n),
        ),
      ),
    'f32x4.convert_i32x4_s': () => range(4).forEach((i) => o.setFloat('f32', 4 * i, Number(s(32, o.int('i32', 4 * i))))),
    'f64x2.convert_low_i32x4_s': () => range(2).forEach((i) => o.setFloat('f64', 8 * i, Number(s(32, o.int('i32', 4 * i))))),
    'f32x4.demote_f64x2_zero': () => range(2).forEach((i) => o.setFloat('f32', 4 * i, o.float('f64', 8 * i))),
    'f64x2.promote_low_f32x4': () => range(2).forEach((i) => o.setFloat('f64', 8 * i, o.float('f32', 4 * i))),
    'i32x4.trunc_sat_f32x4_s': () => range(4).forEach((i) => o.setInt('i32', 4 * i, saturate('i32', o.float('f32', 4 * i)))),
    'i32x4.trunc_sat_f64x2_s_zero': () => range(2).forEach((i) => o.setInt('i32', 4 * i, saturate('i32', o.float('f64', 8 * i)))),
  };
  const truncation = /^(i32|i64)\.trunc_sat_(f32|f64)_s$/.exec(name);
  const choice = /^(\w+)\.select$/.exec(name);
  if (truncation) o.setInt(truncation[1] as Lane, 0, saturate(truncation[1] as 'i32', o.float(truncation[2] as Lane, 0)));
  else if (choice) [0, 8].forEach((at) => o.setInt('i64', at, o.int('i64', (o.int('i32', 32) ? 0 : 16) + at)));
  else if (Object.hasOwn(table, name)) table[name]!();
  else return false;
  return true;
}

const range = (n: number): number[] => [...Array(n).keys()];
const bits64 = (o: Operands, f: (a: bigint, b: bigint, c: bigint) => bigint): void =>
  [0, 8].forEach((at) => o.setInt('i64', at, f(o.int('i64', at), o.int('i64', 16 + at), o.int('i64', 32 + at))));
const swap = (x: bigint, bytes: number): bigint => range(bytes).reduce((sum, i) => (sum << 8n) | ((x >> BigInt(8 * i)) & 0xffn), 0n);

function vector(shape: string, op: string, lane: string | undefined, o: Operands): boolean {
  const [type, lanes] = [shape.split('x')[0] as Lane, Number(shape.split('x')[1])];
  const size = BITS[type] / 8;
  const all = range(lanes);
  if (op === 'extract_lane') o.setInt(type, 0, o.int(type, size * Number(lane)));
  else if (op === 'replace_lane') all.forEach((i) => o.setInt(type, size * i, i === Number(lane) ? o.int(type, 16) : o.int(type, size * i)));
  else if (op === 'splat') all.forEach((i) => o.setInt(type, size * i, o.int(type, 0)));
  else if (op === 'all_true') o.setInt('i32', 0, all.every((i) => o.int(type, size * i)) ? 1n : 0n);
  else if (op === 'bitmask')
    o.setInt(
      'i32',
      0,
      all.reduce((sum, i) => sum | ((o.int(type, size * i) >> BigInt(8 * size - 1)) << BigInt(i)), 0n),
    );
  else if (/^sh/.test(op)) all.forEach((i) => o.setInt(type, size * i, INT_OPS[op]!(o.int(type, size * i), o.int('i32', 16), 8 * size)));
  else if (/^(narrow|ext)/.test(op)) return widths(type, size, lanes, op, o);
  else return all.every((i) => scalar(type, op, o, size * i, type, true));
  return true;
}

/** Operations between lanes of different widths: narrow_, extend_, extmul_, extadd_pairwise_. */
function widths(type: Lane, size: number, lanes: number, op: string, o: Operands): boolean {
  const parts = op.split('_');
  const signed = parts.at(-1) === 's';
  const from = parts.at(-2)!.split('x')[0] as Lane;
  const read = (at: number): bigint => (signed ? s(BITS[from], o.int(from, at)) : o.int(from, at));
  const fromSize = BITS[from] / 8;
  const start = parts[1] === 'high' ? 8 : 0;
  for (let i = 0; i < lanes; i++) {
    const value: bigint = {
      narrow: () => (signed ? satS : satU)(s(BITS[from], o.int(from, fromSize * i)), BITS[type]),
      extend: () => read(start + fromSize * i),
      extmul: () => read(start + fromSize * i) * read(16 + start + fromSize * i),
      extadd: () => read(fromSize * 2 * i) + read(fromSize * (2 * i + 1)),
    }[parts[0] as 'narrow']();
    o.setInt(type, size * i, value);
  }
  return true;
}
