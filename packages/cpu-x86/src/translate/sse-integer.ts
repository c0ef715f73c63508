/** Packed integer arithmetic, comparison and logic of MMX, SSE2, SSSE3, SSE4 (SDM volume 2), where all lanes are treated alike. */
import type { Ir, OpName, Value } from '@nandu/tcg';
import * as L from '../../assembly/layout.js';
import { NO_RESULT, type OpcodeRow, type OpcodeTable } from '../decode/opcode-table.js';
import { FP_HELPERS } from '../fp-helpers.js';
import type { Translation } from './translation.js';
import { both, bothJoined, constant, highHalf, lowHalf, op, pick, range, type VectorOp, xmmRow, zero } from './vectors.js';

/** Those that are one IR op: opcode in map 0F, mnemonic, op. The MMX forms came with MMX unless a feature is named. */
const SIMPLE: readonly (readonly [opcode: string, mnemonic: string, name: OpName, mmxFeature?: 'sse' | 'sse2'])[] = [
  ['64', 'pcmpgtb', 'i8x16.gt_s'],
  ['65', 'pcmpgtw', 'i16x8.gt_s'],
  ['66', 'pcmpgtd', 'i32x4.gt_s'],
  ['74', 'pcmpeqb', 'i8x16.eq'],
  ['75', 'pcmpeqw', 'i16x8.eq'],
  ['76', 'pcmpeqd', 'i32x4.eq'],
  ['D4', 'paddq', 'i64x2.add', 'sse2'],
  ['D5', 'pmullw', 'i16x8.mul'],
  ['D8', 'psubusb', 'i8x16.sub_sat_u'],
  ['D9', 'psubusw', 'i16x8.sub_sat_u'],
  ['DA', 'pminub', 'i8x16.min_u', 'sse'],
  ['DB', 'pand', 'v128.and'],
  ['DC', 'paddusb', 'i8x16.add_sat_u'],
  ['DD', 'paddusw', 'i16x8.add_sat_u'],
  ['DE', 'pmaxub', 'i8x16.max_u', 'sse'],
  ['E0', 'pavgb', 'i8x16.avgr_u', 'sse'],
  ['E3', 'pavgw', 'i16x8.avgr_u', 'sse'],
  ['E8', 'psubsb', 'i8x16.sub_sat_s'],
  ['E9', 'psubsw', 'i16x8.sub_sat_s'],
  ['EA', 'pminsw', 'i16x8.min_s', 'sse'],
  ['EB', 'por', 'v128.or'],
  ['EC', 'paddsb', 'i8x16.add_sat_s'],
  ['ED', 'paddsw', 'i16x8.add_sat_s'],
  ['EE', 'pmaxsw', 'i16x8.max_s', 'sse'],
  ['EF', 'pxor', 'v128.xor'],
  ['F5', 'pmaddwd', 'i32x4.dot_i16x8_s'],
  ['F8', 'psubb', 'i8x16.sub'],
  ['F9', 'psubw', 'i16x8.sub'],
  ['FA', 'psubd', 'i32x4.sub'],
  ['FB', 'psubq', 'i64x2.sub', 'sse2'],
  ['FC', 'paddb', 'i8x16.add'],
  ['FD', 'paddw', 'i16x8.add'],
  ['FE', 'paddd', 'i32x4.add'],
];

/** SSE4 ones, opcode in map 0F 38, XMM only. */
const SIMPLE_SSE4: readonly (readonly [opcode: string, mnemonic: string, name: OpName, feature?: 'sse4.2'])[] = [
  ['29', 'pcmpeqq', 'i64x2.eq'],
  ['37', 'pcmpgtq', 'i64x2.gt_s', 'sse4.2'],
  ['38', 'pminsb', 'i8x16.min_s'],
  ['39', 'pminsd', 'i32x4.min_s'],
  ['3A', 'pminuw', 'i16x8.min_u'],
  ['3B', 'pminud', 'i32x4.min_u'],
  ['3C', 'pmaxsb', 'i8x16.max_s'],
  ['3D', 'pmaxsd', 'i32x4.max_s'],
  ['3E', 'pmaxuw', 'i16x8.max_u'],
  ['3F', 'pmaxud', 'i32x4.max_u'],
  ['40', 'pmulld', 'i32x4.mul'],
];

export const SSE_INTEGER: OpcodeTable = [
  ...SIMPLE.flatMap(([opcode, mnemonic, name, feature]) => both(`0F ${opcode}`, mnemonic, op(name), feature)),
  ...SIMPLE_SSE4.map(([opcode, mnemonic, name, feature]) => xmmRow(`0F 38 ${opcode}`, mnemonic, op(name), feature ?? 'sse4.1')),
  ...both('0F DF', 'pandn', (ir, a, b) => ir.op('v128.andnot', b, a)),
  ...both('0F E4', 'pmulhuw', multiplyHigh('u'), 'sse'),
  ...both('0F E5', 'pmulhw', multiplyHigh('s')),
  ...both('0F F4', 'pmuludq', multiplyEven('u'), 'sse2'),
  xmmRow('0F 38 28', 'pmuldq', multiplyEven('s'), 'sse4.1'),
  ...both('0F F6', 'psadbw', sumOfDifferences, 'sse'),
  ...both('0F 38 04', 'pmaddubsw', multiplyAddBytes, 'ssse3', 'ssse3'),
  ...both('0F 38 0B', 'pmulhrsw', multiplyRound, 'ssse3', 'ssse3'),
  ...signs('08', 'psignb', 'i8x16'),
  ...signs('09', 'psignw', 'i16x8'),
  ...signs('0A', 'psignd', 'i32x4'),
  ...both('0F 38 1C', 'pabsb', (ir, _a, b) => ir.op('i8x16.abs', b), 'ssse3', 'ssse3'),
  ...both('0F 38 1D', 'pabsw', (ir, _a, b) => ir.op('i16x8.abs', b), 'ssse3', 'ssse3'),
  ...both('0F 38 1E', 'pabsd', (ir, _a, b) => ir.op('i32x4.abs', b), 'ssse3', 'ssse3'),
  ...horizontal('01', 'phaddw', 'i16x8.add', 2),
  ...horizontal('02', 'phaddd', 'i32x4.add', 4),
  ...horizontal('03', 'phaddsw', 'i16x8.add_sat_s', 2),
  ...horizontal('05', 'phsubw', 'i16x8.sub', 2),
  ...horizontal('06', 'phsubd', 'i32x4.sub', 4),
  ...horizontal('07', 'phsubsw', 'i16x8.sub_sat_s', 2),
  ...logic('54', 'and', op('v128.and')),
  ...logic('55', 'andn', (ir, a, b) => ir.op('v128.andnot', b, a)),
  ...logic('56', 'or', op('v128.or')),
  ...logic('57', 'xor', op('v128.xor')),
  ['66 0F 38 17', 'ptest', 'Vdq,Wdq', test, 'reads', 'sse', 'cpuid:sse4.1'],
  ['66 0F 38 41', 'phminposuw', 'Vdq,Wdq', minimumPosition, 'writes', 'sse', 'cpuid:sse4.1'],
  ['66 0F 3A 42', 'mpsadbw', 'Vdq,Wdq,Ib', multipleSums, 'sse', 'cpuid:sse4.1'],
];

/** ANDPS and relatives: bits are bits. */
function logic(opcode: string, mnemonic: string, compute: VectorOp): OpcodeRow[] {
  return [
    [`NP 0F ${opcode}`, `${mnemonic}ps`, 'Vps,Wps', (t, a, b) => compute(t.ir, a!, b!), 'sse', 'cpuid:sse'],
    [`66 0F ${opcode}`, `${mnemonic}pd`, 'Vpd,Wpd', (t, a, b) => compute(t.ir, a!, b!), 'sse', 'cpuid:sse2'],
  ];
}

/** High halves of the eight products. */
function multiplyHigh(sign: 's' | 'u'): VectorOp {
  return (ir, a, b) => pick(ir, ir.op(`i32x4.extmul_low_i16x8_${sign}`, a, b), ir.op(`i32x4.extmul_high_i16x8_${sign}`, a, b), 2, range(8, 1, 2));
}

/** 64-bit products of the even 32-bit lanes. */
function multiplyEven(sign: 's' | 'u'): VectorOp {
  return (ir, a, b) => ir.op(`i64x2.extmul_low_i32x4_${sign}`, pick(ir, a, a, 4, [0, 2, 0, 2]), pick(ir, b, b, 4, [0, 2, 0, 2]));
}

/** Sums of |a - b| over eight bytes each. */
function sumOfDifferences(ir: Ir, a: Value, b: Value): Value {
  const differences = ir.op('v128.or', ir.op('i8x16.sub_sat_u', a, b), ir.op('i8x16.sub_sat_u', b, a));
  const quarters = ir.op('i32x4.extadd_pairwise_i16x8_u', ir.op('i16x8.extadd_pairwise_i8x16_u', differences));
  return ir.op('i64x2.add', ir.op('v128.and', quarters, constant(ir, 0xffff_ffffn)), ir.op('i64x2.shr_u', quarters, ir.i32(32)));
}

/** Unsigned bytes of `a` times signed bytes of `b`; neighbours are added with saturation. */
function multiplyAddBytes(ir: Ir, a: Value, b: Value): Value {
  const low = ir.op('i16x8.mul', ir.op('i16x8.extend_low_i8x16_u', a), ir.op('i16x8.extend_low_i8x16_s', b));
  const high = ir.op('i16x8.mul', ir.op('i16x8.extend_high_i8x16_u', a), ir.op('i16x8.extend_high_i8x16_s', b));
  return ir.op('i16x8.add_sat_s', pick(ir, low, high, 2, range(8, 0, 2)), pick(ir, low, high, 2, range(8, 1, 2)));
}

/** q15mulr saturates 0x8000 * 0x8000; PMULHRSW gives 0x8000. */
function multiplyRound(ir: Ir, a: Value, b: Value): Value {
  const least = constant(ir, 0x8000_8000_8000_8000n);
  const both = ir.op('v128.and', ir.op('i16x8.eq', a, least), ir.op('i16x8.eq', b, least));
  return ir.op('v128.xor', ir.op('i16x8.q15mulr_sat_s', a, b), both);
}

/** PSIGN: `a` negated where `b` is negative, 0 where it is 0. */
function signs(opcode: string, mnemonic: string, shape: 'i8x16' | 'i16x8' | 'i32x4'): OpcodeRow[] {
  const compute: VectorOp = (ir, a, b) => {
    const negative = ir.op(`${shape}.gt_s`, zero(ir), b);
    const negated = ir.op(`${shape}.sub`, ir.op('v128.xor', a, negative), negative);
    return ir.op('v128.andnot', negated, ir.op(`${shape}.eq`, b, zero(ir)));
  };
  return both(`0F 38 ${opcode}`, mnemonic, compute, 'ssse3', 'ssse3');
}

/** PHADD, PHSUB: neighbours of `a`, then of `b`. */
function horizontal(opcode: string, mnemonic: string, name: OpName, bytes: 2 | 4): OpcodeRow[] {
  const lanes = 16 / bytes;
  const compute: VectorOp = (ir, a, b) => ir.op(name, pick(ir, a, b, bytes, range(lanes, 0, 2)), pick(ir, a, b, bytes, range(lanes, 1, 2)));
  return bothJoined(`0F 38 ${opcode}`, mnemonic, (ir, ab) => compute(ir, ab, ab), compute, 'ssse3', 'ssse3');
}

function test(t: Translation, a: Value, b: Value): typeof NO_RESULT {
  const { ir } = t;
  t.onlyFlags([L.FLAG_ZF, ir.eqz(ir.op('v128.any_true', ir.op('v128.and', a, b)))], [L.FLAG_CF, ir.eqz(ir.op('v128.any_true', ir.op('v128.andnot', b, a)))]);
}

function minimumPosition(t: Translation, a: Value): Value {
  const { ir } = t;
  const found = t.callHelper(FP_HELPERS.sse_minimum_position, lowHalf(ir, a), highHalf(ir, a));
  return ir.op('v128.of_i64', found, ir.i64(0));
}

/** Eight sums of absolute differences: four bytes of `b` against those of `a` at eight places (bits 0-1 and 2 of the immediate). */
function multipleSums(t: Translation, a: Value, b: Value): Value {
  const { ir } = t;
  const from = t.immediate & 4 ? 4 : 0;
  const block = (t.immediate & 3) * 4;
  // Place i of `a` is in 16-bit lane i: bytes from+i and from+i+1 side by side for the first two, then the next two.
  const pairs = (vector: Value, first: number, step: number) =>
    ir.shuffle(
      vector,
      vector,
      range(8).flatMap((i) => [first + i * step, first + i * step + 1]),
    );
  const differences = (first: number) => {
    const x = pairs(a, from + first, 1);
    const y = pairs(b, block + first, 0);
    return ir.op('i16x8.extadd_pairwise_i8x16_u', ir.op('v128.or', ir.op('i8x16.sub_sat_u', x, y), ir.op('i8x16.sub_sat_u', y, x)));
  };
  return ir.op('i16x8.add', differences(0), differences(2));
}
