/** Permutations, blends and shifts by vectors that came with AVX and AVX2 (SDM volume 2, VPERM*, VBLENDV*, VPSLLV* and so on). */
import type { Ir, OpName, Value } from '@nandu/tcg';
import type { Attribute, Feature, OpcodeRow, OpcodeTable } from '../decode/opcode-table.js';
import { XMM, YMM_HIGH } from '../state.js';
import { byHalves } from './halves.js';
import type { Translation } from './translation.js';
import { immediate, pick, range, type VectorOp, zero } from './vectors.js';

export const AVX_PERMUTE: OpcodeTable = [
  ...lanewise('66 0F 38 0C', 'vpermilps', 'Vps,Hps,Wps', (t, a, control) => chooseInHalf(t.ir, a!, control!), 'avx', 'w0'),
  ...lanewise('66 0F 38 0D', 'vpermilpd', 'Vpd,Hpd,Wpd', (t, a, control) => chooseQuadwords(t.ir, a!, control!), 'avx', 'w0'),
  ['VEX 66 0F 3A 04', 'vpermilps', 'Vps,Wps,Ib', byHalves((t, a) => byImmediate(t, a!), { arguments: [1] }), ...attributes('avx', 'w0')],
  [
    'VEX 66 0F 3A 05',
    'vpermilpd',
    'Vpd,Wpd,Ib',
    byHalves((t, a) => pick(t.ir, a!, a!, 8, [t.immediate & 1, (t.immediate >> 1) & 1]), { arguments: [1], immediateStep: 2 }),
    ...attributes('avx', 'w0'),
  ],
  ['VEX 66 0F 3A 06', 'vperm2f128', 'Vdq,Hdq,Wdq,Ib', permuteHalves, 'avx', 'raw', 'unaligned', 'w0', 'l1', 'cpuid:avx'],
  ['VEX 66 0F 3A 46', 'vperm2i128', 'Vdq,Hdq,Wdq,Ib', permuteHalves, 'avx', 'raw', 'unaligned', 'w0', 'l1', 'cpuid:avx2'],
  ['VEX 66 0F 3A 00', 'vpermq', 'Vdq,Wdq,Ib', permuteQuadwords, 'avx', 'raw', 'unaligned', 'l1', 'cpuid:avx2'],
  ['VEX 66 0F 3A 01', 'vpermpd', 'Vdq,Wdq,Ib', permuteQuadwords, 'avx', 'raw', 'unaligned', 'l1', 'cpuid:avx2'],
  ['VEX 66 0F 38 36', 'vpermd', 'Vdq,Hdq,Wdq', permuteDoublewords, 'avx', 'raw', 'unaligned', 'w0', 'l1', 'cpuid:avx2'],
  ['VEX 66 0F 38 16', 'vpermps', 'Vdq,Hdq,Wdq', permuteDoublewords, 'avx', 'raw', 'unaligned', 'w0', 'l1', 'cpuid:avx2'],

  [
    'VEX 66 0F 3A 02',
    'vpblendd',
    'Vdq,Hdq,Wdq,Ib',
    byHalves((t, a, b) => blend(t, a!, b!), { arguments: [1, 2], immediateStep: 4 }),
    ...attributes('avx2', 'w0'),
  ],
  ['VEX 66 0F 3A 4A', 'vblendvps', 'Vps,Hps,Wps,Lps', blendBySign('i32x4', 31), ...attributes('avx', 'w0')],
  ['VEX 66 0F 3A 4B', 'vblendvpd', 'Vpd,Hpd,Wpd,Lpd', blendBySign('i64x2', 63), ...attributes('avx', 'w0')],
  ['VEX 66 0F 3A 4C', 'vpblendvb', 'Vdq,Hdq,Wdq,Ldq', blendBySign('i8x16', 7), 'avx', 'raw', 'unaligned', 'w0', 'cpuid:avx'],
  ['VEX 66 0F 3A 4C', 'vpblendvb', 'Vdq,Hdq,Wdq,Ldq', blendBySign('i8x16', 7), 'avx', 'raw', 'unaligned', 'w0', 'l1', 'cpuid:avx2'],

  ...shift('47', 'vpsllvd', 'shl', 4, 'w0'),
  ...shift('47', 'vpsllvq', 'shl', 8, 'w1'),
  ...shift('45', 'vpsrlvd', 'shr_u', 4, 'w0'),
  ...shift('45', 'vpsrlvq', 'shr_u', 8, 'w1'),
  ...shift('46', 'vpsravd', 'shr_s', 4, 'w0'),
];

function attributes(feature: Feature, w: 'w0' | 'w1'): Attribute[] {
  return ['avx', 'raw', 'unaligned', w, 'l01', `cpuid:${feature}`];
}

/** An instruction of three operands whose halves do not meet. */
function lanewise(
  opcode: string,
  mnemonic: string,
  operands: string,
  compute: (t: Translation, ...values: Value[]) => Value,
  feature: Feature,
  w: 'w0' | 'w1',
): OpcodeRow[] {
  return [[`VEX ${opcode}`, mnemonic, operands, byHalves(compute, { arguments: [1, 2] }), ...attributes(feature, w)]];
}

/** Bytes of doublewords from their numbers (bits 0-2 of each doubleword of `control`), for i8x16.swizzle. */
function byteNumbers(ir: Ir, control: Value, mask: number): Value {
  const numbers = ir.op('v128.and', control, ir.v128(range(16).map((i) => (i % 4 === 0 ? mask : 0))));
  const spread = ir.op('i8x16.swizzle', numbers, ir.v128(range(16).map((i) => i & 12)));
  return ir.op('i8x16.add', ir.op('i16x8.shl', spread, ir.i32(2)), ir.v128(range(16).map((i) => i & 3)));
}

/** The doublewords of `a` that bits 0-1 of those of `control` choose. */
function chooseInHalf(ir: Ir, a: Value, control: Value): Value {
  return ir.op('i8x16.swizzle', a, byteNumbers(ir, control, 3));
}

/** The quadwords of `a` that bit 1 of those of `control` chooses. */
function chooseQuadwords(ir: Ir, a: Value, control: Value): Value {
  const upper = ir.op('i64x2.shr_s', ir.op('i64x2.shl', control, ir.i32(62)), ir.i32(63));
  return ir.op('v128.bitselect', pick(ir, a, a, 8, [1, 1]), pick(ir, a, a, 8, [0, 0]), upper);
}

function byImmediate(t: Translation, a: Value): Value {
  return pick(
    t.ir,
    a,
    a,
    4,
    range(4).map((i) => (immediate(t) >> (2 * i)) & 3),
  );
}

/** Both halves of operand `i`, loaded before anything is stored. */
function halvesOf(t: Translation, i: number): readonly [Value, Value] {
  t.isWide = true;
  const low = t.load(i);
  t.half = 1;
  const high = t.load(i);
  t.half = 0;
  return [low, high];
}

function storeBoth(t: Translation, low: Value, high: Value): void {
  t.isWide = true;
  t.writeXmm(t.reg, low);
  t.half = 1;
  t.writeXmm(t.reg, high);
  t.half = 0;
}

/** VPERM2F128: each half of the result is one of four, by two bits of the immediate, or zero. */
function permuteHalves(t: Translation): void {
  const halves = [t.get(XMM[t.vvvv]!), t.get(YMM_HIGH[t.vvvv]!), ...halvesOf(t, 2)];
  const chosen = (control: number): Value => (control & 8 ? zero(t.ir) : halves[control & 3]!);
  storeBoth(t, chosen(immediate(t) & 15), chosen(immediate(t) >> 4));
}

/** VEX.W is 1 by the manuals; a Zen 4 does not mind. */
function permuteQuadwords(t: Translation): void {
  const [low, high] = halvesOf(t, 1);
  const at = (i: number): number => (immediate(t) >> (2 * i)) & 3;
  storeBoth(t, pick(t.ir, low, high, 8, [at(0), at(1)]), pick(t.ir, low, high, 8, [at(2), at(3)]));
}

/** VPERMD, VPERMPS: VEX.vvvv has the numbers of the doublewords. A byte number past 15 makes swizzle give zero. */
function permuteDoublewords(t: Translation): void {
  const { ir } = t;
  const [low, high] = halvesOf(t, 2);
  const chosen = (control: Value): Value => {
    const bytes = byteNumbers(ir, control, 7);
    const fromHigh = ir.op('i8x16.swizzle', high, ir.op('i8x16.sub', bytes, ir.v128(new Uint8Array(16).fill(16))));
    return ir.op('v128.or', ir.op('i8x16.swizzle', low, bytes), fromHigh);
  };
  storeBoth(t, chosen(t.get(XMM[t.vvvv]!)), chosen(t.get(YMM_HIGH[t.vvvv]!)));
}

function blend(t: Translation, a: Value, b: Value): Value {
  return pick(
    t.ir,
    a,
    b,
    4,
    range(4).map((i) => ((t.immediate >> i) & 1 ? 4 + i : i)),
  );
}

/** Elements of the third operand where those of the fourth are negative. */
function blendBySign(shape: 'i8x16' | 'i32x4' | 'i64x2', bits: number) {
  const half = ({ ir }: Translation, a: Value, b: Value, mask: Value): Value => ir.op('v128.bitselect', b, a, ir.op(`${shape}.shr_s`, mask, ir.i32(bits)));
  return byHalves((t, a, b, mask) => half(t, a!, b!, mask!), { arguments: [1, 2, 3] });
}

/** Each element by its own count; counts past the width give zeros or signs. */
function shift(opcode: string, mnemonic: string, direction: 'shl' | 'shr_u' | 'shr_s', bytes: 4 | 8, w: 'w0' | 'w1'): OpcodeRow[] {
  const compute: VectorOp = (ir, a, b) => {
    const [type, shape] = bytes === 4 ? (['i32', 'i32x4'] as const) : (['i64', 'i64x2'] as const);
    const constant = (value: number): Value => (bytes === 4 ? ir.i32(value) : ir.i64(value));
    return range(16 / bytes).reduce<Value>((result, lane) => {
      const extract = `${shape}.extract_lane.${lane}` as OpName;
      const [value, count] = [ir.op(extract, a), ir.op(extract, b)];
      const fits = ir.ltU(count, constant(8 * bytes));
      const shifted =
        direction === 'shr_s'
          ? ir.op(`${type}.shr_s`, value, ir.select(fits, count, constant(8 * bytes - 1)))
          : ir.select(fits, ir.op(`${type}.${direction}`, value, count), constant(0));
      return ir.op(`${shape}.replace_lane.${lane}` as OpName, result, shifted);
    }, a);
  };
  return lanewise(`66 0F 38 ${opcode}`, mnemonic, 'Vdq,Hdq,Wdq', (t, a, b) => compute(t.ir, a!, b!), 'avx2', w);
}
