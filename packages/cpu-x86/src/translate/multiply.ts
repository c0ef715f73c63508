/** Multiplication, division and the sign extensions that go with them. */
import type { Value } from '@nandu/tcg';
import type { OpcodeTable } from '../decode/opcode-table.js';
import { EXCEPTION, type Translation } from './translation.js';

const RAX = 0;
const RDX = 2;

export const MULTIPLY: OpcodeTable = [
  ['F6 /4', 'mul', 'Eb', (t, a) => multiplyByte(t, a, false), 'reads'],
  ['F6 /5', 'imul', 'Eb', (t, a) => multiplyByte(t, a, true), 'reads'],
  ['F7 /4', 'mul', 'Ev', (t, a) => multiplyWide(t, a, false), 'reads'],
  ['F7 /5', 'imul', 'Ev', (t, a) => multiplyWide(t, a, true), 'reads'],
  ['0F AF', 'imul', 'Gv,Ev', imul],
  ['69', 'imul', 'Gv,Ev,Iz', imul, 'writes'],
  ['6B', 'imul', 'Gv,Ev,Ibs', imul, 'writes'],
  ['F6 /6', 'div', 'Eb', (t, a) => divideByte(t, a, false), 'reads'],
  ['F6 /7', 'idiv', 'Eb', (t, a) => divideByte(t, a, true), 'reads'],
  ['F7 /6', 'div', 'Ev', (t, a) => divide(t, a, false), 'reads'],
  ['F7 /7', 'idiv', 'Ev', (t, a) => divide(t, a, true), 'reads'],
  ['98', 'cbw|cwde|cdqe', '', extendAccumulator, 'raw'],
  ['99', 'cwd|cdq|cqo', '', extendToRdx, 'raw'],
];

/** AX = AL * operand. */
function multiplyByte(t: Translation, a: Value, signed: boolean): void {
  const { ir } = t;
  const al = t.readRegister(RAX, 1);
  const product = signed ? ir.mul(t.sext(al, 1), t.sext(a, 1)) : ir.mul(al, a);
  t.writeRegister(RAX, 2, product);
  const overflow = signed ? ir.ne(product, t.sext(product, 1)) : ir.ne(ir.shrU(product, ir.i32(8)), ir.i32(0));
  t.flagsFrom('mul', product, product, product, 1, overflow);
}

/** rDX:rAX = rAX * operand. */
function multiplyWide(t: Translation, a: Value, signed: boolean): void {
  const { ir } = t;
  const size = t.sizeOf(0);
  const accumulator = t.readRegister(RAX, size);
  const [low, high] = size === 8 ? product128(t, accumulator, a, signed) : productNarrow(t, accumulator, a, size, signed);
  t.writeRegister(RAX, size, low);
  t.writeRegister(RDX, size, high);
  const expected = signed ? ir.shrS(t.sext(low, size), t.constant(8 * size - 1, size)) : t.constant(0, size);
  t.flagsFrom('mul', low, low, low, size, ir.ne(t.zext(high, size), t.zext(expected, size)));
}

function product128(t: Translation, a: Value, b: Value, signed: boolean): [low: Value, high: Value] {
  return [t.ir.mul(a, b), t.ir.op(signed ? 'i64.mulhi_s' : 'i64.mulhi_u', a, b)];
}

function productNarrow(t: Translation, a: Value, b: Value, size: number, signed: boolean): [low: Value, high: Value] {
  const { ir } = t;
  const extend = (value: Value) => (signed ? t.toI64Signed(value, size) : t.toI64(value, size));
  const product = ir.mul(extend(a), extend(b));
  return [ir.wrap(product), ir.wrap(ir.shrU(product, ir.i64(8 * size)))];
}

/** A product cut to the operand size. */
function imul(t: Translation, a: Value, b: Value): Value {
  const { ir } = t;
  const size = t.sizeOf(0);
  const result = ir.mul(a, b);
  if (size === 8) {
    const isWider = ir.ne(ir.op('i64.mulhi_s', a, b), ir.shrS(result, ir.i64(63)));
    t.flagsFrom('mul', result, result, result, size, isWider);
    return result;
  }
  const full = ir.mul(t.toI64Signed(a, size), t.toI64Signed(b, size));
  t.flagsFrom('mul', result, result, result, size, ir.ne(full, t.toI64Signed(result, size)));
  return result;
}

/** AL = AX / operand, AH = remainder. */
function divideByte(t: Translation, divisor: Value, signed: boolean): void {
  const { ir } = t;
  const dividend = t.readRegister(RAX, 2);
  const a = signed ? t.sext(dividend, 2) : dividend;
  const b = signed ? t.sext(divisor, 1) : divisor;
  const [quotient, remainder] = guardedDivision(t, a, b, signed, (q) => (signed ? t.sext(q, 1) : t.zext(q, 1)), 'i32');
  const ax = ir.or(t.zext(quotient, 1), ir.shl(t.zext(remainder, 1), ir.i32(8)));
  t.writeRegister(RAX, 2, ax);
}

/** rAX = rDX:rAX / operand, rDX = remainder, for 2 and 4 bytes: the dividend fits an i64. */
function divideNarrow(t: Translation, divisor: Value, size: number, signed: boolean): void {
  const { ir } = t;
  const low = t.toI64(t.readRegister(RAX, size), size);
  const high = signed ? t.toI64Signed(t.readRegister(RDX, size), size) : t.toI64(t.readRegister(RDX, size), size);
  const dividend = ir.or(ir.shl(high, ir.i64(8 * size)), low);
  const b = signed ? t.toI64Signed(divisor, size) : t.toI64(divisor, size);
  const cut = (q: Value) => (signed ? t.toI64Signed(ir.wrap(q), size) : t.toI64(ir.wrap(q), size));
  const [quotient, remainder] = guardedDivision(t, dividend, b, signed, cut, 'i64');
  t.writeRegister(RAX, size, ir.wrap(quotient));
  t.writeRegister(RDX, size, ir.wrap(remainder));
}

/** #DE if the divisor is 0 or the quotient is not what `cut` makes of it. The division itself must not trap on the way there. */
function guardedDivision(
  t: Translation,
  dividend: Value,
  divisor: Value,
  signed: boolean,
  cut: (quotient: Value) => Value,
  type: 'i32' | 'i64',
): [quotient: Value, remainder: Value] {
  const { ir } = t;
  const number = (value: number | bigint) => (type === 'i64' ? ir.i64(value) : ir.i32(Number(value)));
  let bad = ir.eqz(divisor);
  // The one quotient that does not fit the dividend's type; an i32 dividend is never that small.
  if (signed && type === 'i64') bad = ir.or(bad, ir.and(ir.eq(divisor, number(-1)), ir.eq(dividend, number(-(1n << 63n)))));
  const safe = ir.select(bad, number(1), divisor);
  const sign = signed ? 's' : 'u';
  const quotient = ir.op(`${type}.div_${sign}`, dividend, safe);
  const remainder = ir.op(`${type}.rem_${sign}`, dividend, safe);
  t.call('raise_if', ir.or(bad, ir.ne(quotient, cut(quotient))), ir.i32(EXCEPTION.DE), ir.i32(-1));
  return [quotient, remainder];
}

function divide(t: Translation, divisor: Value, signed: boolean): void {
  const size = t.sizeOf(0);
  if (size === 8) t.call(signed ? 'idiv64' : 'div64', divisor);
  else divideNarrow(t, divisor, size, signed);
}

/** CBW, CWDE, CDQE: the lower half of rAX, sign-extended to all of it. */
function extendAccumulator(t: Translation): void {
  const { ir } = t;
  const size = t.operandSize;
  const low = t.readRegister(RAX, size / 2);
  t.writeRegister(RAX, size, size === 8 ? ir.extendS(low) : t.sext(low, size / 2));
}

/** CWD, CDQ, CQO: the sign of rAX all over rDX. */
function extendToRdx(t: Translation): void {
  const size = t.operandSize;
  const value = t.sext(t.readRegister(RAX, size), size);
  t.writeRegister(RDX, size, t.ir.shrS(value, t.constant(8 * size - 1, size)));
}
