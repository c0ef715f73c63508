/** FMA and F16C (SDM volume 2, VFMADD132PS and relatives, VCVTPH2PS, VCVTPS2PH): one rounding, by helpers. */
import type { Value } from '@nandu/tcg';
import { FUSED_NEGATE_EVEN, FUSED_NEGATE_ODD, FUSED_NEGATE_PRODUCT, LOWER_OF_TWO } from '../../assembly/layout.js';
import type { OpcodeRow, OpcodeTable } from '../decode/opcode-table.js';
import { FP_HELPERS } from '../fp-helpers.js';
import { byHalves, storeEach } from './halves.js';
import type { Translation } from './translation.js';
import { immediate, lowHalf, widen } from './vectors.js';

const [PS, PD, SS, SD] = [0, 1, 2, 3];
const NEGATE_ADDEND = FUSED_NEGATE_EVEN | FUSED_NEGATE_ODD;

/** Low digit of the opcode, name, what is negated; whether there are scalar forms, one opcode on. */
const OPERATIONS: readonly (readonly [digit: number, name: string, negated: number, scalar: boolean])[] = [
  [0x6, 'fmaddsub', FUSED_NEGATE_EVEN, false],
  [0x7, 'fmsubadd', FUSED_NEGATE_ODD, false],
  [0x8, 'fmadd', 0, true],
  [0xa, 'fmsub', NEGATE_ADDEND, true],
  [0xc, 'fnmadd', FUSED_NEGATE_PRODUCT, true],
  [0xe, 'fnmsub', FUSED_NEGATE_PRODUCT | NEGATE_ADDEND, true],
];

/** High digit of the opcode, and which operands (1 to 3) are multiplied, and which is added. */
const ORDERS: readonly (readonly [digit: number, order: string])[] = [
  [0x90, '132'],
  [0xa0, '213'],
  [0xb0, '231'],
];

export const FMA: OpcodeTable = [
  ...ORDERS.flatMap(([high, order]) =>
    OPERATIONS.flatMap(([low, name, negated, scalar]) => [
      fused(high | low, `v${name}${order}ps`, order, negated, PS!),
      fused(high | low, `v${name}${order}pd`, order, negated, PD!),
      ...(scalar ? [fused(high | low | 1, `v${name}${order}ss`, order, negated, SS!), fused(high | low | 1, `v${name}${order}sd`, order, negated, SD!)] : []),
    ]),
  ),
  ['VEX 66 0F 38 13', 'vcvtph2ps', 'Vps,Wq', byHalves((t, a) => fromHalfPrecision(t, a!), { arguments: [1] }), 'avx', 'raw', 'w0', 'l01', 'cpuid:f16c'],
  ['VEX 66 0F 3A 1D', 'vcvtps2ph', 'Wq,Vps,Ib', toHalfPrecision, 'avx', 'raw', 'unaligned', 'w0', 'l01', 'cpuid:f16c'],
];

function marked(t: Translation, value: number): Value {
  return t.ir.i32(t.isWide && t.half === 0 ? value | LOWER_OF_TWO : value);
}

function fused(opcode: number, mnemonic: string, order: string, negated: number, format: number): OpcodeRow {
  const isScalar = format === SS || format === SD;
  const operands = { [PS!]: 'Vps,Hps,Wps', [PD!]: 'Vpd,Hpd,Wpd', [SS!]: 'Vo,Ho,Wsv', [SD!]: 'Vo,Ho,Wdv' }[format]!;
  const compute = (t: Translation, ...values: Value[]): Value => {
    const [a, b, c] = [...order].map((digit) => values[Number(digit) - 1]!) as [Value, Value, Value];
    const result = t.callHelper(FP_HELPERS.avx_fused, marked(t, format), t.ir.i32(negated), a, b, c);
    if (!isScalar) return result;
    // The other lanes stay.
    return format === SD
      ? t.ir.op('i64x2.replace_lane.0', values[0]!, lowHalf(t.ir, result))
      : t.ir.op('i32x4.replace_lane.0', values[0]!, t.ir.op('i32x4.extract_lane.0', result));
  };
  return [
    `VEX 66 0F 38 ${opcode.toString(16).toUpperCase()}`,
    mnemonic,
    operands,
    byHalves(compute, { arguments: [0, 1, 2] }, isScalar),
    'avx',
    'raw',
    'unaligned',
    format === PD || format === SD ? 'w1' : 'w0',
    'l01',
    'cpuid:fma',
  ];
}

/** Four numbers of 16 bits to single precision. */
function fromHalfPrecision(t: Translation, a: Value): Value {
  return t.callHelper(FP_HELPERS.f16_to_single, marked(t, 0), a);
}

/** Four or eight singles to 16 bits each, rounded as the immediate says; in a register the rest is cleared. */
function toHalfPrecision(t: Translation): void {
  const { ir } = t;
  const destination = t.row!.operands[0]!;
  const source = t.row!.operands[1]!;
  t.isWide = t.vexL === 1;
  if (!t.isRegister) {
    const bytes = t.isWide ? 16 : 8;
    t.callHelper(FP_HELPERS.f16_probe_store, t.linear(bytes, true), ir.i32(bytes));
  }
  const results = (t.isWide ? ([0, 1] as const) : ([0] as const)).map((half) => {
    t.half = half;
    return t.callHelper(FP_HELPERS.f16_from_single, marked(t, 0), ir.i32(immediate(t)), t.loadOperand(source));
  });
  t.half = 0;
  if (!t.isRegister) return storeEach(t, destination, results);
  t.isWide = false;
  t.writeXmm(t.rm, results.length === 2 ? ir.op('v128.of_i64', results[0]!, results[1]!) : widen(ir, results[0]!));
}
