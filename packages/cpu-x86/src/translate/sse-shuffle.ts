/** Shuffles, packs, blends, single lanes in and out, extensions (SDM volume 2), for MMX and XMM registers. */
import type { Ir, OpName, Value } from '@nandu/tcg';
import type { OpcodeRow, OpcodeTable } from '../decode/opcode-table.js';
import { XMM } from '../state.js';
import type { Translation } from './translation.js';
import { both, bothJoined, constant, immediate, inMmx, lowHalf, op, pick, range, widen, xmmRow, zero } from './vectors.js';

export const SSE_SHUFFLES: OpcodeTable = [
  ...unpackLow('60', 'punpcklbw', 1),
  ...unpackLow('61', 'punpcklwd', 2),
  ...unpackLow('62', 'punpckldq', 4),
  ...unpackHigh('68', 'punpckhbw', 1),
  ...unpackHigh('69', 'punpckhwd', 2),
  ...unpackHigh('6A', 'punpckhdq', 4),
  xmmRow('0F 6C', 'punpcklqdq', (ir, a, b) => pick(ir, a, b, 8, [0, 2]), 'sse2'),
  xmmRow('0F 6D', 'punpckhqdq', (ir, a, b) => pick(ir, a, b, 8, [1, 3]), 'sse2'),
  ...pack('63', 'packsswb', 'i8x16.narrow_i16x8_s'),
  ...pack('67', 'packuswb', 'i8x16.narrow_i16x8_u'),
  ...pack('6B', 'packssdw', 'i16x8.narrow_i32x4_s'),
  xmmRow('0F 38 2B', 'packusdw', op('i16x8.narrow_i32x4_u'), 'sse4.1'),
  ['NP 0F 70', 'pshufw', 'Pq,Qq,Ib', inMmx((t, a) => lowHalf(t.ir, shuffleBy(t, widen(t.ir, a!), 2, [0, 1, 2, 3], 0))), 'writes', 'mmx', 'cpuid:sse'],
  ['66 0F 70', 'pshufd', 'Vdq,Wdq,Ib', (t, a) => shuffleBy(t, a!, 4, [0, 1, 2, 3], 0), 'writes', 'sse', 'cpuid:sse2'],
  ['F3 0F 70', 'pshufhw', 'Vdq,Wdq,Ib', (t, a) => shuffleBy(t, a!, 2, range(8), 4), 'writes', 'sse', 'cpuid:sse2'],
  ['F2 0F 70', 'pshuflw', 'Vdq,Wdq,Ib', (t, a) => shuffleBy(t, a!, 2, range(8), 0), 'writes', 'sse', 'cpuid:sse2'],
  ['NP 0F C6', 'shufps', 'Vps,Wps,Ib', shuffleSingles, 'sse', 'cpuid:sse'],
  ['66 0F C6', 'shufpd', 'Vpd,Wpd,Ib', shuffleDoubles, 'sse', 'cpuid:sse2'],
  ['NP 0F 14', 'unpcklps', 'Vps,Wps', (t, a, b) => pick(t.ir, a!, b!, 4, [0, 4, 1, 5]), 'sse', 'cpuid:sse'],
  ['66 0F 14', 'unpcklpd', 'Vpd,Wpd', (t, a, b) => pick(t.ir, a!, b!, 8, [0, 2]), 'sse', 'cpuid:sse2'],
  ['NP 0F 15', 'unpckhps', 'Vps,Wps', (t, a, b) => pick(t.ir, a!, b!, 4, [2, 6, 3, 7]), 'sse', 'cpuid:sse'],
  ['66 0F 15', 'unpckhpd', 'Vpd,Wpd', (t, a, b) => pick(t.ir, a!, b!, 8, [1, 3]), 'sse', 'cpuid:sse2'],

  ['NP 0F 38 00', 'pshufb', 'Pq,Qq', inMmx((t, a, b) => lowHalf(t.ir, shuffleBytes(t.ir, widen(t.ir, a!), widen(t.ir, b!), 0x87))), 'mmx', 'cpuid:ssse3'],
  ['66 0F 38 00', 'pshufb', 'Vdq,Wdq', (t, a, b) => shuffleBytes(t.ir, a!, b!, 0x8f), 'sse', 'cpuid:ssse3'],
  [
    'NP 0F 3A 0F',
    'palignr',
    'Pq,Qq,Ib',
    inMmx((t, a, b) => lowHalf(t.ir, align(t.ir, t.ir.op('v128.of_i64', b!, a!), zero(t.ir), immediate(t)))),
    'mmx',
    'cpuid:ssse3',
  ],
  ['66 0F 3A 0F', 'palignr', 'Vdq,Wdq,Ib', (t, a, b) => alignTwo(t.ir, a!, b!, immediate(t)), 'sse', 'cpuid:ssse3'],

  ['NP 0F C4', 'pinsrw', 'Pq,Ew,Ib', inMmx(insertMmx), 'mmx', 'cpuid:sse'],
  ['66 0F C4', 'pinsrw', 'Vdq,Ew,Ib', (t, a, b) => t.ir.op(`i16x8.replace_lane.${immediate(t) & 7}` as OpName, a!, b!), 'sse', 'cpuid:sse2'],
  ['66 0F 3A 20', 'pinsrb', 'Vdq,Eb,Ib', insertByte, 'raw', 'sse', 'cpuid:sse4.1'],
  ['66 0F 3A 21', 'insertps', 'Vdq,Wd,Ib', insertSingle, 'raw', 'sse', 'cpuid:sse4.1'],
  ['66 0F 3A 22', 'pinsrd', 'Vdq,Ey,Ib', insertDoubleword, 'sse', 'cpuid:sse4.1'],
  [
    'NP 0F C5',
    'pextrw',
    'Gd,Nq,Ib',
    inMmx((t, a) => t.ir.op(`i16x8.extract_lane.${immediate(t) & 3}` as OpName, widen(t.ir, a!))),
    'writes',
    'mmx',
    'cpuid:sse',
  ],
  ['66 0F C5', 'pextrw', 'Gd,Udq,Ib', (t, a) => t.ir.op(`i16x8.extract_lane.${immediate(t) & 7}` as OpName, a!), 'writes', 'sse', 'cpuid:sse2'],
  ['66 0F 3A 14', 'pextrb', 'Eb,Vdq,Ib', (t) => extract(t, 'i8x16', 1), 'raw', 'sse', 'cpuid:sse4.1'],
  ['66 0F 3A 15', 'pextrw', 'Ew,Vdq,Ib', (t) => extract(t, 'i16x8', 2), 'raw', 'sse', 'cpuid:sse4.1'],
  ['66 0F 3A 16', 'pextrd', 'Ey,Vdq,Ib', extractDoubleword, 'writes', 'sse', 'cpuid:sse4.1'],
  ['66 0F 3A 17', 'extractps', 'Ed,Vdq,Ib', (t, a) => t.ir.op(`i32x4.extract_lane.${immediate(t) & 3}` as OpName, a!), 'writes', 'sse', 'cpuid:sse4.1'],

  ['66 0F 3A 0C', 'blendps', 'Vps,Wps,Ib', (t, a, b) => blend(t, a!, b!, 4), 'sse', 'cpuid:sse4.1'],
  ['66 0F 3A 0D', 'blendpd', 'Vpd,Wpd,Ib', (t, a, b) => blend(t, a!, b!, 8), 'sse', 'cpuid:sse4.1'],
  ['66 0F 3A 0E', 'pblendw', 'Vdq,Wdq,Ib', (t, a, b) => blend(t, a!, b!, 2), 'sse', 'cpuid:sse4.1'],
  ['66 0F 38 10', 'pblendvb', 'Vdq,Wdq', (t, a, b) => blendBySign(t, a!, b!, 'i8x16', 7), 'sse', 'cpuid:sse4.1'],
  ['66 0F 38 14', 'blendvps', 'Vdq,Wdq', (t, a, b) => blendBySign(t, a!, b!, 'i32x4', 31), 'sse', 'cpuid:sse4.1'],
  ['66 0F 38 15', 'blendvpd', 'Vdq,Wdq', (t, a, b) => blendBySign(t, a!, b!, 'i64x2', 63), 'sse', 'cpuid:sse4.1'],

  ...extension('20', '30', 'bw', 'q', ['i16x8.extend_low_i8x16_']),
  ...extension('21', '31', 'bd', 'd', ['i16x8.extend_low_i8x16_', 'i32x4.extend_low_i16x8_']),
  ...extension('22', '32', 'bq', 'w', ['i16x8.extend_low_i8x16_', 'i32x4.extend_low_i16x8_', 'i64x2.extend_low_i32x4_']),
  ...extension('23', '33', 'wd', 'q', ['i32x4.extend_low_i16x8_']),
  ...extension('24', '34', 'wq', 'd', ['i32x4.extend_low_i16x8_', 'i64x2.extend_low_i32x4_']),
  ...extension('25', '35', 'dq', 'q', ['i64x2.extend_low_i32x4_']),
];

/** Elements first, first + 1, ... of a and of b in turn. */
function interleaved(bytes: number, first: number, second: number): number[] {
  return range(8 / bytes).flatMap((i) => [first + i, second + i]);
}

function unpackLow(opcode: string, mnemonic: string, bytes: number): OpcodeRow[] {
  return both(`0F ${opcode}`, mnemonic, (ir, a, b) => pick(ir, a, b, bytes, interleaved(bytes, 0, 16 / bytes)));
}

function unpackHigh(opcode: string, mnemonic: string, bytes: number): OpcodeRow[] {
  const half = 8 / bytes;
  // Joined MMX operands: the upper half of a, and of b, begin a quarter and three quarters up.
  return bothJoined(
    `0F ${opcode}`,
    mnemonic,
    (ir, ab) => pick(ir, ab, ab, bytes, interleaved(bytes, half / 2, half + half / 2)),
    (ir, a, b) => pick(ir, a, b, bytes, interleaved(bytes, half, half * 3)),
  );
}

function pack(opcode: string, mnemonic: string, name: OpName): OpcodeRow[] {
  return bothJoined(`0F ${opcode}`, mnemonic, (ir, ab) => ir.op(name, ab, ab), op(name));
}

/** Replaces four elements from `first` on by those that the immediate chooses among them. */
function shuffleBy(t: Translation, a: Value, bytes: number, elements: number[], first: number): Value {
  const chosen = [...elements];
  for (let i = 0; i < 4; i++) chosen[first + i] = first + ((immediate(t) >> (2 * i)) & 3);
  while (chosen.length * bytes < 16) chosen.push(0);
  return pick(t.ir, a, a, bytes, chosen);
}

function shuffleSingles(t: Translation, a: Value, b: Value): Value {
  const at = (i: number) => (immediate(t) >> (2 * i)) & 3;
  return pick(t.ir, a, b, 4, [at(0), at(1), 4 + at(2), 4 + at(3)]);
}

function shuffleDoubles(t: Translation, a: Value, b: Value): Value {
  return pick(t.ir, a, b, 8, [immediate(t) & 1, 2 + ((immediate(t) >> 1) & 1)]);
}

/** PSHUFB: `counted` are the bits of an index that count; bit 7 makes a zero, as an index past 15 does for swizzle. */
function shuffleBytes(ir: Ir, a: Value, indexes: Value, counted: number): Value {
  return ir.op('i8x16.swizzle', a, ir.op('v128.and', indexes, constant(ir, BigInt(counted) * 0x0101_0101_0101_0101n)));
}

/** Bytes from `count` on of low, then high, then zeros: at most 16 of them. */
function align(ir: Ir, low: Value, high: Value, count: number): Value {
  return count > 16 ? zero(ir) : ir.shuffle(low, high, range(16, count));
}

function alignTwo(ir: Ir, a: Value, b: Value, count: number): Value {
  return count <= 16 ? align(ir, b, a, count) : align(ir, a, zero(ir), count - 16);
}

function insertMmx(t: Translation, a: Value, b: Value): Value {
  return lowHalf(t.ir, t.ir.op(`i16x8.replace_lane.${immediate(t) & 3}` as OpName, widen(t.ir, a), b));
}

/** The register form takes the low byte of any register, SPL as well as AH's number. */
function insertByte(t: Translation): void {
  const value = t.isRegister ? t.readRegister(t.rm, 4) : t.loadMemory(1);
  t.writeXmm(t.reg, t.ir.op(`i8x16.replace_lane.${immediate(t) & 15}` as OpName, t.readXmm(t.firstSource), value));
}

function insertDoubleword(t: Translation, a: Value, b: Value): Value {
  return t.ir.op((t.rexW ? `i64x2.replace_lane.${immediate(t) & 1}` : `i32x4.replace_lane.${immediate(t) & 3}`) as OpName, a, b);
}

/** INSERTPS: from lane 7-6 (of a register) to lane 5-4; lanes 3-0 of the mask become zero. */
function insertSingle(t: Translation): void {
  const { ir } = t;
  const control = immediate(t);
  const value = t.isRegister ? ir.op(`i32x4.extract_lane.${control >> 6}` as OpName, t.readXmm(t.rm)) : t.loadMemory(4);
  const inserted = ir.op(`i32x4.replace_lane.${(control >> 4) & 3}` as OpName, t.readXmm(t.firstSource), value);
  t.writeXmm(
    t.reg,
    pick(
      ir,
      inserted,
      zero(ir),
      4,
      range(4).map((i) => ((control >> i) & 1 ? 4 : i)),
    ),
  );
}

/** PEXTRB, PEXTRW: a register gets the value zero-extended to its full width. */
function extract(t: Translation, shape: 'i8x16' | 'i16x8', size: 1 | 2): void {
  const lane = immediate(t) & (16 / size - 1);
  const value = t.ir.op(`${shape}.extract_lane.${lane}` as OpName, t.readXmm(t.reg));
  if (t.isRegister) t.writeRegister(t.rm, 4, value);
  else t.storeMemory(size, value);
}

function extractDoubleword(t: Translation, a: Value): Value {
  return t.ir.op((t.rexW ? `i64x2.extract_lane.${immediate(t) & 1}` : `i32x4.extract_lane.${immediate(t) & 3}`) as OpName, a);
}

/** Elements of b where the immediate has ones. */
function blend(t: Translation, a: Value, b: Value, bytes: number): Value {
  const count = 16 / bytes;
  return pick(
    t.ir,
    a,
    b,
    bytes,
    range(count).map((i) => ((immediate(t) >> i) & 1 ? count + i : i)),
  );
}

/** Elements of b where XMM0's are negative. */
function blendBySign(t: Translation, a: Value, b: Value, shape: 'i8x16' | 'i32x4' | 'i64x2', bits: number): Value {
  const mask = t.ir.op(`${shape}.shr_s`, t.get(XMM[0]!), t.ir.i32(bits));
  return t.ir.op('v128.bitselect', b, a, mask);
}

/** PMOVSX, PMOVZX: `size` is what they take of the source. */
function extension(signed: string, unsigned: string, suffix: string, size: 'q' | 'd' | 'w', steps: readonly string[]): OpcodeRow[] {
  const row = (opcode: string, sign: 's' | 'u'): OpcodeRow => [
    `66 0F 38 ${opcode}`,
    `pmov${sign === 's' ? 's' : 'z'}x${suffix}`,
    `Vdq,W${size}`,
    (t, a) => steps.reduce((value, step) => t.ir.op(`${step}${sign}` as OpName, value), widen(t.ir, a!)),
    'writes',
    'sse',
    'cpuid:sse4.1',
  ];
  return [row(signed, 's'), row(unsigned, 'u')];
}
