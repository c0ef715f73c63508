/**
 * How each operation of the IR becomes WebAssembly: its instruction (numbers from the core specification 2.0, 5.4; 0xfcNN and
 * 0xfdNN are prefixed ones) or, where WebAssembly has none, a sequence. Operands are on the stack, in order; the result is
 * left there. Both tiers are made from this table.
 */
import { OPS, type OpName, type ShuffleName } from '@nandu/tcg';
import type { CodeWriter } from './code-writer.js';
import { I8X16_SHUFFLE } from './instructions.js';

type Sequence = (w: CodeWriter) => void;
type LaneAccess = `${string}_lane.${number}`;

const FIXED: Readonly<Record<Exclude<OpName, LaneAccess>, number | Sequence>> = {
  'i32.eqz': 0x45,
  'i32.eq': 0x46,
  'i32.ne': 0x47,
  'i32.lt_s': 0x48,
  'i32.lt_u': 0x49,
  'i32.gt_s': 0x4a,
  'i32.gt_u': 0x4b,
  'i32.le_s': 0x4c,
  'i32.le_u': 0x4d,
  'i32.ge_s': 0x4e,
  'i32.ge_u': 0x4f,
  'i64.eqz': 0x50,
  'i64.eq': 0x51,
  'i64.ne': 0x52,
  'i64.lt_s': 0x53,
  'i64.lt_u': 0x54,
  'i64.gt_s': 0x55,
  'i64.gt_u': 0x56,
  'i64.le_s': 0x57,
  'i64.le_u': 0x58,
  'i64.ge_s': 0x59,
  'i64.ge_u': 0x5a,
  'f32.eq': 0x5b,
  'f32.ne': 0x5c,
  'f32.lt': 0x5d,
  'f32.gt': 0x5e,
  'f32.le': 0x5f,
  'f32.ge': 0x60,
  'f64.eq': 0x61,
  'f64.ne': 0x62,
  'f64.lt': 0x63,
  'f64.gt': 0x64,
  'f64.le': 0x65,
  'f64.ge': 0x66,
  'i32.clz': 0x67,
  'i32.ctz': 0x68,
  'i32.popcnt': 0x69,
  'i32.add': 0x6a,
  'i32.sub': 0x6b,
  'i32.mul': 0x6c,
  'i32.div_s': 0x6d,
  'i32.div_u': 0x6e,
  'i32.rem_s': 0x6f,
  'i32.rem_u': 0x70,
  'i32.and': 0x71,
  'i32.or': 0x72,
  'i32.xor': 0x73,
  'i32.shl': 0x74,
  'i32.shr_s': 0x75,
  'i32.shr_u': 0x76,
  'i32.rotl': 0x77,
  'i32.rotr': 0x78,
  'i64.clz': 0x79,
  'i64.ctz': 0x7a,
  'i64.popcnt': 0x7b,
  'i64.add': 0x7c,
  'i64.sub': 0x7d,
  'i64.mul': 0x7e,
  'i64.div_s': 0x7f,
  'i64.div_u': 0x80,
  'i64.rem_s': 0x81,
  'i64.rem_u': 0x82,
  'i64.and': 0x83,
  'i64.or': 0x84,
  'i64.xor': 0x85,
  'i64.shl': 0x86,
  'i64.shr_s': 0x87,
  'i64.shr_u': 0x88,
  'i64.rotl': 0x89,
  'i64.rotr': 0x8a,
  'f32.abs': 0x8b,
  'f32.neg': 0x8c,
  'f32.ceil': 0x8d,
  'f32.floor': 0x8e,
  'f32.trunc': 0x8f,
  'f32.nearest': 0x90,
  'f32.sqrt': 0x91,
  'f32.add': 0x92,
  'f32.sub': 0x93,
  'f32.mul': 0x94,
  'f32.div': 0x95,
  'f32.min': 0x96,
  'f32.max': 0x97,
  'f32.copysign': 0x98,
  'f64.abs': 0x99,
  'f64.neg': 0x9a,
  'f64.ceil': 0x9b,
  'f64.floor': 0x9c,
  'f64.trunc': 0x9d,
  'f64.nearest': 0x9e,
  'f64.sqrt': 0x9f,
  'f64.add': 0xa0,
  'f64.sub': 0xa1,
  'f64.mul': 0xa2,
  'f64.div': 0xa3,
  'f64.min': 0xa4,
  'f64.max': 0xa5,
  'f64.copysign': 0xa6,
  'i32.wrap_i64': 0xa7,
  'i64.extend_i32_s': 0xac,
  'i64.extend_i32_u': 0xad,
  'f32.convert_i32_s': 0xb2,
  'f32.convert_i64_s': 0xb4,
  'f32.demote_f64': 0xb6,
  'f64.convert_i32_s': 0xb7,
  'f64.convert_i64_s': 0xb9,
  'f64.promote_f32': 0xbb,
  'i32.reinterpret_f32': 0xbc,
  'i64.reinterpret_f64': 0xbd,
  'f32.reinterpret_i32': 0xbe,
  'f64.reinterpret_i64': 0xbf,
  'i32.extend8_s': 0xc0,
  'i32.extend16_s': 0xc1,
  'i64.extend8_s': 0xc2,
  'i64.extend16_s': 0xc3,
  'i64.extend32_s': 0xc4,
  'i32.trunc_sat_f32_s': 0xfc00,
  'i32.trunc_sat_f64_s': 0xfc02,
  'i64.trunc_sat_f32_s': 0xfc04,
  'i64.trunc_sat_f64_s': 0xfc06,

  'i8x16.swizzle': 0xfd0e,
  'i8x16.splat': 0xfd0f,
  'i16x8.splat': 0xfd10,
  'i32x4.splat': 0xfd11,
  'i64x2.splat': 0xfd12,
  'f32x4.splat': 0xfd13,
  'f64x2.splat': 0xfd14,
  'i8x16.eq': 0xfd23,
  'i8x16.gt_s': 0xfd27,
  'i16x8.eq': 0xfd2d,
  'i16x8.gt_s': 0xfd31,
  'i32x4.eq': 0xfd37,
  'i32x4.gt_s': 0xfd3b,
  'i64x2.eq': 0xfdd6,
  'i64x2.gt_s': 0xfdd9,
  'f32x4.eq': 0xfd41,
  'f32x4.ne': 0xfd42,
  'f32x4.lt': 0xfd43,
  'f32x4.gt': 0xfd44,
  'f32x4.le': 0xfd45,
  'f32x4.ge': 0xfd46,
  'f64x2.eq': 0xfd47,
  'f64x2.ne': 0xfd48,
  'f64x2.lt': 0xfd49,
  'f64x2.gt': 0xfd4a,
  'f64x2.le': 0xfd4b,
  'f64x2.ge': 0xfd4c,
  'v128.not': 0xfd4d,
  'v128.and': 0xfd4e,
  'v128.andnot': 0xfd4f,
  'v128.or': 0xfd50,
  'v128.xor': 0xfd51,
  'v128.bitselect': 0xfd52,
  'v128.any_true': 0xfd53,
  'f32x4.demote_f64x2_zero': 0xfd5e,
  'f64x2.promote_low_f32x4': 0xfd5f,

  'i8x16.abs': 0xfd60,
  'i8x16.neg': 0xfd61,
  'i8x16.popcnt': 0xfd62,
  'i8x16.all_true': 0xfd63,
  'i8x16.bitmask': 0xfd64,
  'i8x16.narrow_i16x8_s': 0xfd65,
  'i8x16.narrow_i16x8_u': 0xfd66,
  'i8x16.shl': 0xfd6b,
  'i8x16.shr_s': 0xfd6c,
  'i8x16.shr_u': 0xfd6d,
  'i8x16.add': 0xfd6e,
  'i8x16.add_sat_s': 0xfd6f,
  'i8x16.add_sat_u': 0xfd70,
  'i8x16.sub': 0xfd71,
  'i8x16.sub_sat_s': 0xfd72,
  'i8x16.sub_sat_u': 0xfd73,
  'i8x16.min_s': 0xfd76,
  'i8x16.min_u': 0xfd77,
  'i8x16.max_s': 0xfd78,
  'i8x16.max_u': 0xfd79,
  'i8x16.avgr_u': 0xfd7b,
  'i16x8.extadd_pairwise_i8x16_s': 0xfd7c,
  'i16x8.extadd_pairwise_i8x16_u': 0xfd7d,
  'i32x4.extadd_pairwise_i16x8_s': 0xfd7e,
  'i32x4.extadd_pairwise_i16x8_u': 0xfd7f,
  'i16x8.abs': 0xfd80,
  'i16x8.neg': 0xfd81,
  'i16x8.q15mulr_sat_s': 0xfd82,
  'i16x8.all_true': 0xfd83,
  'i16x8.bitmask': 0xfd84,
  'i16x8.narrow_i32x4_s': 0xfd85,
  'i16x8.narrow_i32x4_u': 0xfd86,
  'i16x8.extend_low_i8x16_s': 0xfd87,
  'i16x8.extend_high_i8x16_s': 0xfd88,
  'i16x8.extend_low_i8x16_u': 0xfd89,
  'i16x8.extend_high_i8x16_u': 0xfd8a,
  'i16x8.shl': 0xfd8b,
  'i16x8.shr_s': 0xfd8c,
  'i16x8.shr_u': 0xfd8d,
  'i16x8.add': 0xfd8e,
  'i16x8.add_sat_s': 0xfd8f,
  'i16x8.add_sat_u': 0xfd90,
  'i16x8.sub': 0xfd91,
  'i16x8.sub_sat_s': 0xfd92,
  'i16x8.sub_sat_u': 0xfd93,
  'i16x8.mul': 0xfd95,
  'i16x8.min_s': 0xfd96,
  'i16x8.min_u': 0xfd97,
  'i16x8.max_s': 0xfd98,
  'i16x8.max_u': 0xfd99,
  'i16x8.avgr_u': 0xfd9b,
  'i16x8.extmul_low_i8x16_s': 0xfd9c,
  'i16x8.extmul_high_i8x16_s': 0xfd9d,
  'i16x8.extmul_low_i8x16_u': 0xfd9e,
  'i16x8.extmul_high_i8x16_u': 0xfd9f,
  'i32x4.abs': 0xfda0,
  'i32x4.neg': 0xfda1,
  'i32x4.all_true': 0xfda3,
  'i32x4.bitmask': 0xfda4,
  'i32x4.extend_low_i16x8_s': 0xfda7,
  'i32x4.extend_high_i16x8_s': 0xfda8,
  'i32x4.extend_low_i16x8_u': 0xfda9,
  'i32x4.extend_high_i16x8_u': 0xfdaa,
  'i32x4.shl': 0xfdab,
  'i32x4.shr_s': 0xfdac,
  'i32x4.shr_u': 0xfdad,
  'i32x4.add': 0xfdae,
  'i32x4.sub': 0xfdb1,
  'i32x4.mul': 0xfdb5,
  'i32x4.min_s': 0xfdb6,
  'i32x4.min_u': 0xfdb7,
  'i32x4.max_s': 0xfdb8,
  'i32x4.max_u': 0xfdb9,
  'i32x4.dot_i16x8_s': 0xfdba,
  'i32x4.extmul_low_i16x8_s': 0xfdbc,
  'i32x4.extmul_high_i16x8_s': 0xfdbd,
  'i32x4.extmul_low_i16x8_u': 0xfdbe,
  'i32x4.extmul_high_i16x8_u': 0xfdbf,
  'i64x2.abs': 0xfdc0,
  'i64x2.neg': 0xfdc1,
  'i64x2.all_true': 0xfdc3,
  'i64x2.bitmask': 0xfdc4,
  'i64x2.extend_low_i32x4_s': 0xfdc7,
  'i64x2.extend_high_i32x4_s': 0xfdc8,
  'i64x2.extend_low_i32x4_u': 0xfdc9,
  'i64x2.extend_high_i32x4_u': 0xfdca,
  'i64x2.shl': 0xfdcb,
  'i64x2.shr_s': 0xfdcc,
  'i64x2.shr_u': 0xfdcd,
  'i64x2.add': 0xfdce,
  'i64x2.sub': 0xfdd1,
  'i64x2.mul': 0xfdd5,
  'i64x2.extmul_low_i32x4_s': 0xfddc,
  'i64x2.extmul_high_i32x4_s': 0xfddd,
  'i64x2.extmul_low_i32x4_u': 0xfdde,
  'i64x2.extmul_high_i32x4_u': 0xfddf,

  'f32x4.ceil': 0xfd67,
  'f32x4.floor': 0xfd68,
  'f32x4.trunc': 0xfd69,
  'f32x4.nearest': 0xfd6a,
  'f32x4.abs': 0xfde0,
  'f32x4.neg': 0xfde1,
  'f32x4.sqrt': 0xfde3,
  'f32x4.add': 0xfde4,
  'f32x4.sub': 0xfde5,
  'f32x4.mul': 0xfde6,
  'f32x4.div': 0xfde7,
  'f32x4.min': 0xfde8,
  'f32x4.max': 0xfde9,
  'f32x4.pmin': 0xfdea,
  'f32x4.pmax': 0xfdeb,
  'f64x2.ceil': 0xfd74,
  'f64x2.floor': 0xfd75,
  'f64x2.trunc': 0xfd7a,
  'f64x2.nearest': 0xfd94,
  'f64x2.abs': 0xfdec,
  'f64x2.neg': 0xfded,
  'f64x2.sqrt': 0xfdef,
  'f64x2.add': 0xfdf0,
  'f64x2.sub': 0xfdf1,
  'f64x2.mul': 0xfdf2,
  'f64x2.div': 0xfdf3,
  'f64x2.min': 0xfdf4,
  'f64x2.max': 0xfdf5,
  'f64x2.pmin': 0xfdf6,
  'f64x2.pmax': 0xfdf7,
  'i32x4.trunc_sat_f32x4_s': 0xfdf8,
  'f32x4.convert_i32x4_s': 0xfdfa,
  'i32x4.trunc_sat_f64x2_s_zero': 0xfdfc,
  'f64x2.convert_low_i32x4_s': 0xfdfe,

  'i32.select': 0x1b,
  'i64.select': 0x1b,
  'f32.select': 0x1b,
  'f64.select': 0x1b,
  'v128.select': selectVector,
  'i64.mulhi_u': multiplyHighUnsigned,
  'i64.mulhi_s': multiplyHighSigned,
  'i32.bswap': swapBytes32,
  'i64.bswap': swapBytes64,
  'v128.of_i64': vectorOfHalves,
};

const EXTRACT_LANE: Readonly<Record<string, number>> = { i8x16: 0xfd16, i16x8: 0xfd19, i32x4: 0xfd1b, i64x2: 0xfd1d, f32x4: 0xfd1f, f64x2: 0xfd21 };
const REPLACE_LANE: Readonly<Record<string, number>> = { i8x16: 0xfd17, i16x8: 0xfd1a, i32x4: 0xfd1c, i64x2: 0xfd1e, f32x4: 0xfd20, f64x2: 0xfd22 };
const SHUFFLE = 'i8x16.shuffle.';

const emitters = new Map<string, number | Sequence>(Object.entries(FIXED));
for (const name of OPS.keys()) if (!emitters.has(name)) emitters.set(name, laneAccess(name));

/** Writes the operation: takes its operands from the stack and leaves its result there. */
export function emitOp(w: CodeWriter, name: OpName | ShuffleName): void {
  let emitter = emitters.get(name);
  if (emitter === undefined) emitters.set(name, (emitter = shuffle(name)));
  if (typeof emitter === 'number') w.op(emitter);
  else emitter(w);
}

/** The number of the WebAssembly instruction that the operation is, if it is just one without immediates. */
export function instructionOf(name: OpName): number | undefined {
  const emitter = emitters.get(name);
  return typeof emitter === 'number' ? emitter : undefined;
}

function laneAccess(name: string): Sequence {
  const [shape, access, lane] = name.split('.') as [string, string, string];
  const instruction = (access === 'extract_lane' ? EXTRACT_LANE : REPLACE_LANE)[shape];
  if (instruction === undefined) throw new Error(`no WebAssembly for the operation '${name}'`);
  return (w) => {
    w.op(instruction);
    w.u8(Number(lane));
  };
}

function shuffle(name: string): Sequence {
  if (!name.startsWith(SHUFFLE)) throw new Error(`no WebAssembly for the operation '${name}'`);
  const lanes = name.slice(SHUFFLE.length).split(',').map(Number);
  if (lanes.length !== 16) throw new Error(`'${name}' does not name 16 lanes`);
  return (w) => {
    w.op(I8X16_SHUFFLE);
    w.raw(lanes);
  };
}

/** Plain `select` is for numbers only (3.3.4); vectors take the form with a type. */
function selectVector(w: CodeWriter): void {
  w.u8(0x1c);
  w.u32(1);
  w.u8(0x7b);
}

function vectorOfHalves(w: CodeWriter): void {
  const high = w.scratch('i64', 0);
  w.set(high);
  w.op(0xfd12);
  w.get(high);
  w.op(0xfd1e);
  w.u8(1);
}

/** Schoolbook multiplication with 32-bit digits: no sum of two products and carries exceeds 64 bits. */
function multiplyHighUnsigned(w: CodeWriter): void {
  const [a, b, cross] = [w.scratch('i64', 0), w.scratch('i64', 1), w.scratch('i64', 2)];
  w.set(b);
  w.set(a);
  multiplyHigh(w, a, b, cross);
}

/** The signed product differs from the unsigned one by the other factor, for each factor that is negative. */
function multiplyHighSigned(w: CodeWriter): void {
  const [a, b, cross] = [w.scratch('i64', 0), w.scratch('i64', 1), w.scratch('i64', 2)];
  w.set(b);
  w.set(a);
  multiplyHigh(w, a, b, cross);
  for (const [factor, other] of [
    [a, b],
    [b, a],
  ] as const) {
    w.get(factor);
    w.i64(63);
    w.op(0x87);
    w.get(other);
    w.op(0x83);
    w.op(0x7d);
  }
}

function multiplyHigh(w: CodeWriter, a: number, b: number, cross: number): void {
  const low = (x: number): void => {
    w.get(x);
    w.i64(0xffff_ffff);
    w.op(0x83);
  };
  const high = (x: number): void => {
    w.get(x);
    w.i64(32);
    w.op(0x88);
  };
  // cross = high(a) * low(b) + high(low(a) * low(b))
  high(a);
  low(b);
  w.op(0x7e);
  low(a);
  low(b);
  w.op(0x7e);
  w.i64(32);
  w.op(0x88);
  w.op(0x7c);
  w.set(cross);
  // high(a) * high(b) + high(cross) + high(low(a) * high(b) + low(cross))
  high(a);
  high(b);
  w.op(0x7e);
  high(cross);
  w.op(0x7c);
  low(a);
  high(b);
  w.op(0x7e);
  low(cross);
  w.op(0x7c);
  w.i64(32);
  w.op(0x88);
  w.op(0x7c);
}

function swapBytes32(w: CodeWriter): void {
  const x = w.scratch('i32', 0);
  w.set(x);
  // Bytes 0 and 2, then 1 and 3, each pair moved by one rotation.
  w.get(x);
  w.i32(0x00ff_00ff);
  w.op(0x71);
  w.i32(8);
  w.op(0x78);
  w.get(x);
  w.i32(8);
  w.op(0x77);
  w.i32(0x00ff_00ff);
  w.op(0x71);
  w.op(0x72);
}

function swapBytes64(w: CodeWriter): void {
  const x = w.scratch('i64', 0);
  swapPairs(w, x, 8, 0x00ff_00ff);
  swapPairs(w, x, 16, 0x0000_ffff);
  w.i64(32);
  w.op(0x89);
}

/** Swaps neighbours of `bits` bits; `mask` (32 bits of a pattern that repeats) covers the lower of each pair. */
function swapPairs(w: CodeWriter, x: number, bits: number, mask: number): void {
  w.set(x);
  w.get(x);
  w.i64Halves(mask, mask);
  w.op(0x83);
  w.i64(bits);
  w.op(0x86);
  w.get(x);
  w.i64(bits);
  w.op(0x88);
  w.i64Halves(mask, mask);
  w.op(0x83);
  w.op(0x84);
}
