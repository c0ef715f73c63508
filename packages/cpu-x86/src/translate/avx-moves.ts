/**
 * What AVX and AVX2 move that SSE does not (SDM volume 2, VBROADCAST, VINSERTF128, VMASKMOV, VPGATHER and so on): broadcasts, 128-bit
 * halves, masked moves, gathers, tests and clearing of whole registers. Forms of SSE's instructions are in vex-forms.ts.
 */
import type { Value } from '@nandu/tcg';
import * as L from '../../assembly/layout.js';
import type { Attribute, OpcodeRow, OpcodeTable } from '../decode/opcode-table.js';
import { FP_HELPERS } from '../fp-helpers.js';
import { REGISTERS, SEGMENT_BASES, XMM, YMM_HIGH } from '../state.js';
import { byHalves } from './halves.js';
import type { Translation } from './translation.js';
import { immediate, lowHalf } from './vectors.js';

type Shape = 'i8x16' | 'i16x8' | 'i32x4' | 'i64x2';
const BOTH_LENGTHS: readonly Attribute[] = ['avx', 'raw', 'w0', 'l01'];

export const AVX_MOVES: OpcodeTable = [
  ['VEX 66 0F 38 18', 'vbroadcastss', 'Vdq,Md', (t) => broadcast(t, 'i32x4', 4), ...BOTH_LENGTHS, 'mem', 'cpuid:avx'],
  ['VEX 66 0F 38 18', 'vbroadcastss', 'Vdq,Uo', (t) => broadcast(t, 'i32x4', 4), ...BOTH_LENGTHS, 'reg', 'cpuid:avx2'],
  ['VEX 66 0F 38 19', 'vbroadcastsd', 'Vdq,Mq', (t) => broadcast(t, 'i64x2', 8), 'avx', 'raw', 'w0', 'l1', 'mem', 'cpuid:avx'],
  ['VEX 66 0F 38 19', 'vbroadcastsd', 'Vdq,Uo', (t) => broadcast(t, 'i64x2', 8), 'avx', 'raw', 'w0', 'l1', 'reg', 'cpuid:avx2'],
  ['VEX 66 0F 38 1A', 'vbroadcastf128', 'Vdq,Mo', (t, a) => setBoth(t, a!, a!), 'writes', 'unaligned', 'avx', 'w0', 'l1', 'mem', 'cpuid:avx'],
  ['VEX 66 0F 38 5A', 'vbroadcasti128', 'Vdq,Mo', (t, a) => setBoth(t, a!, a!), 'writes', 'unaligned', 'avx', 'w0', 'l1', 'mem', 'cpuid:avx2'],
  ['VEX 66 0F 38 78', 'vpbroadcastb', 'Vdq,Wb', (t) => broadcast(t, 'i8x16', 1), ...BOTH_LENGTHS, 'cpuid:avx2'],
  ['VEX 66 0F 38 79', 'vpbroadcastw', 'Vdq,Ww', (t) => broadcast(t, 'i16x8', 2), ...BOTH_LENGTHS, 'cpuid:avx2'],
  ['VEX 66 0F 38 58', 'vpbroadcastd', 'Vdq,Wd', (t) => broadcast(t, 'i32x4', 4), ...BOTH_LENGTHS, 'cpuid:avx2'],
  ['VEX 66 0F 38 59', 'vpbroadcastq', 'Vdq,Wq', (t) => broadcast(t, 'i64x2', 8), ...BOTH_LENGTHS, 'cpuid:avx2'],
  ['VEX F2 0F 12', 'vmovddup', 'Vdq,Wdq', duplicateEven, 'avx', 'raw', 'unaligned', 'l01', 'cpuid:avx'],

  ...insertAndExtract('18', '19', 'f128', 'cpuid:avx'),
  ...insertAndExtract('38', '39', 'i128', 'cpuid:avx2'),

  ...masked('2C', '2E', 'vmaskmovps', 4, 'w0', 'cpuid:avx'),
  ...masked('2D', '2F', 'vmaskmovpd', 8, 'w0', 'cpuid:avx'),
  ...masked('8C', '8E', 'vpmaskmovd', 4, 'w0', 'cpuid:avx2'),
  ...masked('8C', '8E', 'vpmaskmovq', 8, 'w1', 'cpuid:avx2'),

  gather('90', 'vpgatherdd', 4, 4, 'w0'),
  gather('90', 'vpgatherdq', 4, 8, 'w1'),
  gather('91', 'vpgatherqd', 8, 4, 'w0'),
  gather('91', 'vpgatherqq', 8, 8, 'w1'),
  gather('92', 'vgatherdps', 4, 4, 'w0'),
  gather('92', 'vgatherdpd', 4, 8, 'w1'),
  gather('93', 'vgatherqps', 8, 4, 'w0'),
  gather('93', 'vgatherqpd', 8, 8, 'w1'),

  ['VEX 66 0F 38 17', 'vptest', 'Vdq,Wdq', (t) => test(t), 'avx', 'raw', 'unaligned', 'l01', 'cpuid:avx'],
  ['VEX 66 0F 38 0E', 'vtestps', 'Vps,Wps', (t) => test(t, 'i32x4'), 'avx', 'raw', 'unaligned', 'w0', 'l01', 'cpuid:avx'],
  ['VEX 66 0F 38 0F', 'vtestpd', 'Vpd,Wpd', (t) => test(t, 'i64x2'), 'avx', 'raw', 'unaligned', 'w0', 'l01', 'cpuid:avx'],

  ['VEX NP 0F 77', 'vzeroupper', '', (t) => void t.callHelper(FP_HELPERS.avx_zero_upper, t.ir.i32(registers(t))), 'avx', 'cpuid:avx'],
  ['VEX NP 0F 77', 'vzeroall', '', (t) => void t.callHelper(FP_HELPERS.avx_zero_all, t.ir.i32(registers(t))), 'avx', 'l1', 'cpuid:avx'],
];

function registers(t: Translation): number {
  return t.mode64 ? 16 : 8;
}

/** Stores the destination, ModRM.reg, as a whole. */
function setBoth(t: Translation, low: Value, high: Value): void {
  t.isWide = true;
  t.writeXmm(t.reg, low);
  t.half = 1;
  t.writeXmm(t.reg, high);
  t.half = 0;
}

function broadcast(t: Translation, shape: Shape, bytes: number): void {
  const element = t.isRegister ? t.ir.op(`${shape}.extract_lane.0`, t.readXmm(t.rm)) : t.loadMemory(bytes);
  const all = t.ir.op(`${shape}.splat`, element);
  if (t.vexL) setBoth(t, all, all);
  else t.writeXmm(t.reg, all);
}

/** VMOVDDUP reads all of a 256-bit operand, but only a quadword of a 128-bit one. */
function duplicateEven(t: Translation): void {
  const { ir } = t;
  if (!t.vexL) return t.writeXmm(t.reg, ir.op('i64x2.splat', t.isRegister ? lowHalf(ir, t.readXmm(t.rm)) : t.loadMemory(8)));
  wideDuplicate(t);
}
const wideDuplicate = byHalves((t, a) => t.ir.op('i64x2.splat', lowHalf(t.ir, a!)), { arguments: [1] });

function insertAndExtract(insert: string, extract: string, suffix: string, feature: `cpuid:avx${'' | '2'}`): OpcodeRow[] {
  return [
    [`VEX 66 0F 3A ${insert}`, `vinsert${suffix}`, 'Vdq,Hdq,Wo,Ib', insertHalf, 'raw', 'unaligned', 'avx', 'w0', 'l1', feature],
    [`VEX 66 0F 3A ${extract}`, `vextract${suffix}`, 'Wo,Vdq,Ib', extractHalf, 'raw', 'unaligned', 'avx', 'w0', 'l1', feature],
  ];
}

function insertHalf(t: Translation): void {
  const half = t.load(2);
  const upper = immediate(t) & 1;
  setBoth(t, upper ? t.get(XMM[t.vvvv]!) : half, upper ? half : t.get(YMM_HIGH[t.vvvv]!));
}

function extractHalf(t: Translation): void {
  t.store(0, t.get((immediate(t) & 1 ? YMM_HIGH : XMM)[t.reg]!));
}

/** VMASKMOV: elements whose mask is negative; others are zero, or not stored, and cannot fault. */
function masked(load: string, store: string, mnemonic: string, bytes: 4 | 8, w: 'w0' | 'w1', feature: `cpuid:avx${'' | '2'}`): OpcodeRow[] {
  const attributes = ['avx', 'raw', 'unaligned', 'mem', w, 'l01', feature] as const;
  return [
    [`VEX 66 0F 38 ${load}`, mnemonic, 'Vdq,Hdq,Mdq', maskedLoad(bytes), ...attributes],
    [`VEX 66 0F 38 ${store}`, mnemonic, 'Mdq,Hdq,Vdq', maskedStore(bytes), ...attributes],
  ];
}

function signs(t: Translation, vector: Value, bytes: 4 | 8): Value {
  return t.ir.op(bytes === 4 ? 'i32x4.bitmask' : 'i64x2.bitmask', vector);
}

function maskedLoad(bytes: 4 | 8) {
  const half = (t: Translation, mask: Value): Value => t.callHelper(FP_HELPERS.avx_masked_load, t.linear(16), signs(t, mask, bytes), t.ir.i32(bytes));
  return byHalves((t, mask) => half(t, mask!), { arguments: [1] });
}

function maskedStore(bytes: 4 | 8) {
  return (t: Translation): void => {
    const { ir } = t;
    const mask = t.get(XMM[t.vvvv]!);
    const low = signs(t, mask, bytes);
    const bits = t.vexL ? ir.or(low, ir.shl(signs(t, t.get(YMM_HIGH[t.vvvv]!), bytes), ir.i32(16 / bytes))) : low;
    const address = t.linear(t.vexL ? 32 : 16, true);
    t.callHelper(FP_HELPERS.avx_masked_store, address, bits, ir.i32(bytes), t.get(XMM[t.reg]!), t.get(YMM_HIGH[t.reg]!));
  };
}

function gather(opcode: string, mnemonic: string, indexBytes: 4 | 8, bytes: 4 | 8, w: 'w0' | 'w1'): OpcodeRow {
  const semantics = (t: Translation): void => gatherElements(t, indexBytes, bytes);
  return [`VEX 66 0F 38 ${opcode}`, mnemonic, 'Vdq,M,Hdq', semantics, 'avx', 'raw', 'mem', 'vsib', w, 'l01', 'cpuid:avx2'];
}

/** The helper changes registers itself, element by element, so that a fault leaves what is done done. */
function gatherElements(t: Translation, indexBytes: number, bytes: number): void {
  const { ir } = t;
  if (t.reg === t.vvvv || t.reg === t.index || t.vvvv === t.index) return t.undefinedOpcode();
  const count = (t.vexL ? 32 : 16) / Math.max(indexBytes, bytes);
  const base = t.base >= 0 ? t.get(REGISTERS[t.base]!) : ir.i64(0);
  const offset = ir.add(base, ir.i64(t.displacement));
  const segment = t.segment;
  const needsBase = t.mode64 ? segment === L.FS || segment === L.GS : true;
  const shape = t.reg | (t.vvvv << 4) | (t.index << 8) | (t.scale << 12) | (indexBytes << 16) | (bytes << 20) | (count << 24);
  const how = (t.addressSize === 8 ? 1 : 0) | (segment << 4);
  t.callHelper(FP_HELPERS.avx_gather, ir.i32(shape), ir.i32(how), offset, needsBase ? t.get(SEGMENT_BASES[segment]!) : ir.i64(0));
}

/** ZF: no bit of both operands; CF: none of the second that the first lacks. With a shape only signs count. */
function test(t: Translation, shape?: 'i32x4' | 'i64x2'): void {
  const { ir } = t;
  const halves = t.vexL ? ([0, 1] as const) : ([0] as const);
  t.isWide = t.vexL === 1;
  const pairs = halves.map((half) => {
    t.half = half;
    return [t.load(0), t.load(1)] as const;
  });
  t.half = 0;
  const any = (op: 'v128.and' | 'v128.andnot'): Value => {
    const all = pairs.map(([a, b]) => ir.op(op, b, a)).reduce((x, y) => ir.op('v128.or', x, y));
    return shape ? ir.op(`${shape}.bitmask`, all) : ir.op('v128.any_true', all);
  };
  t.onlyFlags([L.FLAG_ZF, ir.eqz(any('v128.and'))], [L.FLAG_CF, ir.eqz(any('v128.andnot'))]);
}
