/**
 * SSE floating point: arithmetic, comparison, conversion, rounding (SDM volume 2). All of it is helpers, which take the host's
 * instruction where that gives the same bits and flags; NaNs never come from the host.
 */
import type { Helper, Value } from '@nandu/tcg';
import { LOWER_OF_TWO } from '../../assembly/layout.js';
import type { Feature, OpcodeRow, OpcodeTable } from '../decode/opcode-table.js';
import { NO_RESULT } from '../decode/opcode-table.js';
import { FP_HELPERS } from '../fp-helpers.js';
import { enterMmx } from './mmx-state.js';
import type { Translation } from './translation.js';
import { immediate, lowHalf, widen } from './vectors.js';

const [PS, PD, SS, SD] = [0, 1, 2, 3];
/** Mandatory prefix, suffix, operands, feature by format. */
const FORMATS: readonly (readonly [prefix: string, suffix: string, operands: string, feature: Feature])[] = [
  ['NP', 'ps', 'Vps,Wps', 'sse'],
  ['66', 'pd', 'Vpd,Wpd', 'sse2'],
  ['F3', 'ss', 'Vo,Wsv', 'sse'],
  ['F2', 'sd', 'Vo,Wdv', 'sse2'],
];

/** What an instruction computes: first operand, second, format. */
type Compute = (t: Translation, a: Value, b: Value, format: number) => Value;

export const SSE_FLOAT: OpcodeTable = [
  ...allFormats('51', 'sqrt', by(FP_HELPERS.sse_square_root)),
  ...allFormats('58', 'add', by(FP_HELPERS.sse_add)),
  ...allFormats('59', 'mul', by(FP_HELPERS.sse_multiply)),
  ...allFormats('5C', 'sub', by(FP_HELPERS.sse_subtract)),
  ...allFormats('5D', 'min', by(FP_HELPERS.sse_minimum)),
  ...allFormats('5E', 'div', by(FP_HELPERS.sse_divide)),
  ...allFormats('5F', 'max', by(FP_HELPERS.sse_maximum)),
  ...allFormats(
    'C2',
    'cmp',
    (t, a, b, format) => t.callHelper(FP_HELPERS.sse_compare, marked(t, format), t.ir.i32(immediate(t) & (t.vex ? 31 : 7)), a, b),
    ',Ib',
  ),
  ...[PS!, SS!].flatMap((format) => [
    float('0F 52', 'rsqrt', format, (t, a, b) => approximate(t, 1, format, a, b)),
    float('0F 53', 'rcp', format, (t, a, b) => approximate(t, 0, format, a, b)),
  ]),
  ['66 0F 7C', 'haddpd', 'Vpd,Wpd', (t, a, b) => horizontal(t, 0, PD!, a!, b!), 'sse', 'cpuid:sse3'],
  ['F2 0F 7C', 'haddps', 'Vps,Wps', (t, a, b) => horizontal(t, 0, PS!, a!, b!), 'sse', 'cpuid:sse3'],
  ['66 0F 7D', 'hsubpd', 'Vpd,Wpd', (t, a, b) => horizontal(t, 1, PD!, a!, b!), 'sse', 'cpuid:sse3'],
  ['F2 0F 7D', 'hsubps', 'Vps,Wps', (t, a, b) => horizontal(t, 1, PS!, a!, b!), 'sse', 'cpuid:sse3'],
  ['66 0F D0', 'addsubpd', 'Vpd,Wpd', (t, a, b) => t.callHelper(FP_HELPERS.sse_add_subtract, marked(t, PD!), a!, b!), 'sse', 'cpuid:sse3'],
  ['F2 0F D0', 'addsubps', 'Vps,Wps', (t, a, b) => t.callHelper(FP_HELPERS.sse_add_subtract, marked(t, PS!), a!, b!), 'sse', 'cpuid:sse3'],
  rounding('08', PS!),
  rounding('09', PD!),
  rounding('0A', SS!),
  rounding('0B', SD!),
  ['66 0F 3A 40', 'dpps', 'Vps,Wps,Ib', (t, a, b) => withImmediate(t, FP_HELPERS.sse_dot_product, PS!, a!, b!), 'sse', 'cpuid:sse4.1'],
  ['66 0F 3A 41', 'dppd', 'Vpd,Wpd,Ib', (t, a, b) => withImmediate(t, FP_HELPERS.sse_dot_product, PD!, a!, b!), 'sse', 'cpuid:sse4.1'],
  ...compares('2E', 'ucomis', 1),
  ...compares('2F', 'comis', 0),

  // Scalars to and from general registers.
  ['F3 0F 2A', 'cvtsi2ss', 'Vd,Ey', (t, a) => fromInteger(t, a!, false), 'writes', 'sse', 'cpuid:sse'],
  ['F2 0F 2A', 'cvtsi2sd', 'Vq,Ey', (t, a) => fromInteger(t, a!, true), 'writes', 'sse', 'cpuid:sse2'],
  ['F3 0F 2C', 'cvttss2si', 'Gy,Wd', (t, a) => toInteger(t, t.ir.extendU(a!), 0, 1), 'writes', 'sse', 'cpuid:sse'],
  ['F2 0F 2C', 'cvttsd2si', 'Gy,Wq', (t, a) => toInteger(t, a!, 1, 1), 'writes', 'sse', 'cpuid:sse2'],
  ['F3 0F 2D', 'cvtss2si', 'Gy,Wd', (t, a) => toInteger(t, t.ir.extendU(a!), 0, 0), 'writes', 'sse', 'cpuid:sse'],
  ['F2 0F 2D', 'cvtsd2si', 'Gy,Wq', (t, a) => toInteger(t, a!, 1, 0), 'writes', 'sse', 'cpuid:sse2'],
  // Between precisions.
  ['NP 0F 5A', 'cvtps2pd', 'Vdq,Wq', (t, a) => convert(t, 1, 2, widen(t.ir, a!)), 'writes', 'sse', 'cpuid:sse2'],
  ['66 0F 5A', 'cvtpd2ps', 'Vdq,Wdq', (t, a) => convert(t, 0, 2, a!), 'writes', 'sse', 'cpuid:sse2'],
  ['F3 0F 5A', 'cvtss2sd', 'Vq,Wd', (t, a) => lowHalf(t.ir, convert(t, 1, 1, widen(t.ir, a!))), 'writes', 'sse', 'cpuid:sse2'],
  ['F2 0F 5A', 'cvtsd2ss', 'Vd,Wq', (t, a) => t.ir.wrap(lowHalf(t.ir, convert(t, 0, 1, widen(t.ir, a!)))), 'writes', 'sse', 'cpuid:sse2'],
  // Vectors of doublewords.
  ['NP 0F 5B', 'cvtdq2ps', 'Vdq,Wdq', (t, a) => fromIntegers(t, 0, 4, a!), 'writes', 'sse', 'cpuid:sse2'],
  ['66 0F 5B', 'cvtps2dq', 'Vdq,Wdq', (t, a) => toIntegers(t, 0, 4, 0, a!), 'writes', 'sse', 'cpuid:sse2'],
  ['F3 0F 5B', 'cvttps2dq', 'Vdq,Wdq', (t, a) => toIntegers(t, 0, 4, 1, a!), 'writes', 'sse', 'cpuid:sse2'],
  ['66 0F E6', 'cvttpd2dq', 'Vdq,Wdq', (t, a) => toIntegers(t, 1, 2, 1, a!), 'writes', 'sse', 'cpuid:sse2'],
  ['F2 0F E6', 'cvtpd2dq', 'Vdq,Wdq', (t, a) => toIntegers(t, 1, 2, 0, a!), 'writes', 'sse', 'cpuid:sse2'],
  // Exact, so the host's will do.
  ['F3 0F E6', 'cvtdq2pd', 'Vdq,Wq', (t, a) => t.ir.op('f64x2.convert_low_i32x4_s', widen(t.ir, a!)), 'writes', 'sse', 'cpuid:sse2'],
  // With MMX registers.
  ['NP 0F 2A', 'cvtpi2ps', 'Vq,Qq', (t, a) => fromMmx(t, a!, (vector) => lowHalf(t.ir, fromIntegers(t, 0, 2, vector))), 'writes', 'sse', 'cpuid:sse'],
  ['66 0F 2A', 'cvtpi2pd', 'Vdq,Qq', (t, a) => fromMmx(t, a!, (vector) => t.ir.op('f64x2.convert_low_i32x4_s', vector)), 'writes', 'sse', 'cpuid:sse2'],
  ['NP 0F 2C', 'cvttps2pi', 'Pq,Wq', (t, a) => toMmx(t, () => toIntegers(t, 0, 2, 1, widen(t.ir, a!))), 'writes', 'sse', 'cpuid:sse'],
  ['NP 0F 2D', 'cvtps2pi', 'Pq,Wq', (t, a) => toMmx(t, () => toIntegers(t, 0, 2, 0, widen(t.ir, a!))), 'writes', 'sse', 'cpuid:sse'],
  ['66 0F 2C', 'cvttpd2pi', 'Pq,Wdq', (t, a) => toMmx(t, () => toIntegers(t, 1, 2, 1, a!)), 'writes', 'sse', 'cpuid:sse2'],
  ['66 0F 2D', 'cvtpd2pi', 'Pq,Wdq', (t, a) => toMmx(t, () => toIntegers(t, 1, 2, 0, a!)), 'writes', 'sse', 'cpuid:sse2'],
];

function allFormats(opcode: string, mnemonic: string, compute: Compute, immediates = ''): OpcodeRow[] {
  return FORMATS.map((_, format) => float(`0F ${opcode}`, mnemonic, format, compute, immediates));
}

function float(opcode: string, mnemonic: string, format: number, compute: Compute, immediates = ''): OpcodeRow {
  const [prefix, suffix, operands, feature] = FORMATS[format]!;
  return [`${prefix} ${opcode}`, `${mnemonic}${suffix}`, `${operands}${immediates}`, (t, a, b) => compute(t, a!, b!, format), 'sse', `cpuid:${feature}`];
}

/**
 * The first argument of helpers on vectors, with a mark on the lower half of a 256-bit instruction: what it raises is reported
 * together with the upper half's (see `Lanes` in assembly/sse-state.ts).
 */
function marked(t: Translation, value: number): Value {
  return t.ir.i32(t.isWide && t.half === 0 ? value | LOWER_OF_TWO : value);
}

function by(helper: Helper): Compute {
  return (t, a, b, format) => t.callHelper(helper, marked(t, format), a, b);
}

function withImmediate(t: Translation, helper: Helper, format: number, a: Value, b: Value): Value {
  return t.callHelper(helper, marked(t, format), t.ir.i32(immediate(t)), a, b);
}

function approximate(t: Translation, root: number, format: number, a: Value, b: Value): Value {
  return t.callHelper(FP_HELPERS.sse_approximate, t.ir.i32(root), t.ir.i32(format === PS ? 4 : 1), a, b);
}

function horizontal(t: Translation, subtract: number, format: number, a: Value, b: Value): Value {
  return t.callHelper(FP_HELPERS.sse_horizontal, t.ir.i32(subtract), marked(t, format), a, b);
}

function rounding(opcode: string, format: number): OpcodeRow {
  const [, suffix, operands] = FORMATS[format]!;
  return [`66 0F 3A ${opcode}`, `round${suffix}`, `${operands},Ib`, (t, a, b) => withImmediate(t, FP_HELPERS.sse_round, format, a!, b!), 'sse', 'cpuid:sse4.1'];
}

/** (U)COMISS, (U)COMISD: ZF, PF, CF from the order; OF, SF, AF cleared. */
function compares(opcode: string, mnemonic: string, quiet: number): OpcodeRow[] {
  const compare = (t: Translation, format: number, a: Value, b: Value): typeof NO_RESULT => {
    t.setFlagBits(t.callHelper(FP_HELPERS.sse_compare_flags, t.ir.i32(format), t.ir.i32(quiet), a, b));
  };
  return [
    [`NP 0F ${opcode}`, `${mnemonic}s`, 'Vo,Wsv', (t, a, b) => compare(t, PS!, a!, b!), 'reads', 'sse', 'cpuid:sse'],
    [`66 0F ${opcode}`, `${mnemonic}d`, 'Vo,Wdv', (t, a, b) => compare(t, PD!, a!, b!), 'reads', 'sse', 'cpuid:sse2'],
  ];
}

function fromInteger(t: Translation, a: Value, double: boolean): Value {
  const { ir } = t;
  // 32 bits fit a double: nothing to round.
  if (double && !t.rexW) return ir.op('i64.reinterpret_f64', ir.op('f64.convert_i32_s', a));
  const bits = t.callHelper(FP_HELPERS.sse_from_integer, ir.i32(double ? 1 : 0), t.rexW ? a : ir.extendS(a));
  return double ? bits : ir.wrap(bits);
}

function toInteger(t: Translation, bits: Value, double: number, truncate: number): Value {
  const { ir } = t;
  const value = t.callHelper(FP_HELPERS.sse_to_integer, ir.i32(double), ir.i32(t.rexW ? 8 : 4), ir.i32(truncate), bits);
  return t.rexW ? value : ir.wrap(value);
}

function convert(t: Translation, toDouble: number, lanes: number, a: Value): Value {
  return t.callHelper(FP_HELPERS.sse_convert, marked(t, toDouble), t.ir.i32(lanes), a);
}

function fromIntegers(t: Translation, double: number, lanes: number, a: Value): Value {
  return t.callHelper(FP_HELPERS.sse_from_integers, marked(t, double), t.ir.i32(lanes), a);
}

function toIntegers(t: Translation, double: number, lanes: number, truncate: number, a: Value): Value {
  return t.callHelper(FP_HELPERS.sse_to_integers, marked(t, double), t.ir.i32(lanes), t.ir.i32(truncate), a);
}

/** From memory these are no MMX instructions: the x87 stack stays as it is. */
function fromMmx(t: Translation, a: Value, compute: (vector: Value) => Value): Value {
  if (t.isRegister) enterMmx(t, true);
  return compute(widen(t.ir, a));
}

function toMmx(t: Translation, compute: () => Value): Value {
  enterMmx(t, true);
  return lowHalf(t.ir, compute());
}
