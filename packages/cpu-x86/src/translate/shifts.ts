/**
 * Shifts and rotates (SDM volume 2, SAL/SAR/SHL/SHR, RCL/RCR/ROL/ROR, SHLD, SHRD). Counts are taken modulo 32, or 64 for
 * 64-bit operands; a count of 0 leaves the flags. OF is undefined for counts above 1: it follows the formula for 1.
 */
import type { Value } from '@nandu/tcg';
import { CC_SAR, CC_SHL, FLAG_CF, FLAG_OF } from '../../assembly/layout.js';
import type { OpcodeRow, OpcodeTable, Semantics } from '../decode/opcode-table.js';
import { CC_DST, CC_OP, CC_SRC } from '../state.js';
import type { Translation } from './translation.js';

function family(digit: number, mnemonic: string, semantics: Semantics): OpcodeRow[] {
  return [
    [`C0 /${digit}`, mnemonic, 'Eb,Ib', semantics],
    [`C1 /${digit}`, mnemonic, 'Ev,Ib', semantics],
    [`D0 /${digit}`, mnemonic, 'Eb,1', semantics],
    [`D1 /${digit}`, mnemonic, 'Ev,1', semantics],
    [`D2 /${digit}`, mnemonic, 'Eb,CL', semantics],
    [`D3 /${digit}`, mnemonic, 'Ev,CL', semantics],
  ];
}

export const SHIFTS: OpcodeTable = [
  ...family(0, 'rol', rol),
  ...family(1, 'ror', ror),
  ...family(2, 'rcl', rcl),
  ...family(3, 'rcr', rcr),
  ...family(4, 'shl', shl),
  ...family(5, 'shr', shr),
  ...family(6, 'shl', shl),
  ...family(7, 'sar', sar),
  ['0F A4', 'shld', 'Ev,Gv,Ib', shld],
  ['0F A5', 'shld', 'Ev,Gv,CL', shld],
  ['0F AC', 'shrd', 'Ev,Gv,Ib', shrd],
  ['0F AD', 'shrd', 'Ev,Gv,CL', shrd],
];

function shl(t: Translation, a: Value, count: Value): Value {
  return shift(t, a, count, CC_SHL, (value, by) => t.ir.shl(value, by));
}

function shr(t: Translation, a: Value, count: Value): Value {
  return shift(t, a, count, CC_SAR, (value, by) => t.ir.shrU(value, by));
}

function sar(t: Translation, a: Value, count: Value): Value {
  return shift(t, t.sext(a, t.sizeOf(0)), count, CC_SAR, (value, by) => t.ir.shrS(value, by));
}

/** A shift by `count` and, for the flags, by one less. */
function shift(t: Translation, a: Value, count: Value, cc: number, apply: (value: Value, by: Value) => Value): Value {
  const size = t.sizeOf(0);
  const known = constantCount(t, count, size);
  if (known === 0) return a;
  const amount = maskedCount(t, count, size);
  const by = toType(t, amount, size);
  const result = apply(a, by);
  const one = t.constant(1, size);
  const before = known === 1 ? a : apply(a, t.ir.sub(by, one));
  shiftFlags(t, cc, known, amount, before, result, size);
  return result;
}

/** Flags of shifts: unless the count is a known one, they stay if it is 0. */
function shiftFlags(t: Translation, cc: number, known: number | undefined, count: Value, before: Value, result: Value, size: number): void {
  if (known !== undefined) {
    t.flagsFrom(cc === CC_SHL ? 'shl' : 'sar', before, before, result, size);
    return;
  }
  const { ir } = t;
  t.set(CC_OP, ir.select(count, ir.i32(cc + Math.log2(size)), t.get(CC_OP)));
  t.set(CC_DST, ir.select(count, widen(t, result, size), t.get(CC_DST)));
  t.set(CC_SRC, ir.select(count, widen(t, before, size), t.get(CC_SRC)));
  t.flagsUnknown();
}

function constantCount(t: Translation, count: Value, size: number): number | undefined {
  const constant = t.ir.constantOf(count);
  return constant === undefined ? undefined : constant & (size === 8 ? 63 : 31);
}

/** The count as the processor takes it: i32. */
function maskedCount(t: Translation, count: Value, size: number): Value {
  return t.ir.and(count, t.ir.i32(size === 8 ? 63 : 31));
}

/** An i32 in the type that a shift of this size takes. */
function toType(t: Translation, value: Value, size: number): Value {
  return size === 8 ? t.ir.extendU(value) : value;
}

function widen(t: Translation, value: Value, size: number): Value {
  return size === 8 ? value : t.ir.extendU(value);
}

function rol(t: Translation, a: Value, count: Value): Value {
  const size = t.sizeOf(0);
  return rotate(
    t,
    a,
    count,
    (by) => rotated(t, a, by, size, 'rotl'),
    (result) => {
      const carry = t.lowBit(result, size);
      return [carry, t.ir.xor(carry, t.topBit(result, size))];
    },
  );
}

function ror(t: Translation, a: Value, count: Value): Value {
  const size = t.sizeOf(0);
  return rotate(
    t,
    a,
    count,
    (by) => rotated(t, a, by, size, 'rotr'),
    (result) => {
      const carry = t.topBit(result, size);
      const next = t.topBit(t.ir.shl(result, t.constant(1, size)), size);
      return [carry, t.ir.xor(carry, next)];
    },
  );
}

/** Rotates change CF and OF only. */
function rotate(
  t: Translation,
  a: Value,
  count: Value,
  apply: (by: Value) => Value,
  flags: (result: Value) => readonly [carry: Value, overflow: Value],
): Value {
  const size = t.sizeOf(0);
  const known = constantCount(t, count, size);
  if (known === 0) return a;
  const amount = maskedCount(t, count, size);
  const result = apply(amount);
  const [carry, overflow] = flags(result);
  if (known !== undefined) {
    t.changeFlags([FLAG_CF, carry], [FLAG_OF, overflow]);
    return result;
  }
  const { ir } = t;
  const old = t.flagBits();
  const changed = ir.or(ir.and(old, ir.i32(~(FLAG_CF | FLAG_OF))), ir.or(carry, ir.shl(overflow, ir.i32(11))));
  t.setFlagBits(ir.select(amount, changed, old));
  return result;
}

function rotated(t: Translation, a: Value, count: Value, size: number, direction: 'rotl' | 'rotr'): Value {
  const { ir } = t;
  if (size === 8) return ir.op(`i64.${direction}`, a, ir.extendU(count));
  if (size === 4) return ir.op(`i32.${direction}`, a, count);
  // The value, repeated to fill 32 bits, rotates as a narrow one would.
  const value = t.zext(a, size);
  const pair = ir.or(value, ir.shl(value, ir.i32(16)));
  const filled = size === 2 ? pair : ir.or(pair, ir.shl(pair, ir.i32(8)));
  return t.zext(ir.op(`i32.${direction}`, filled, count), size);
}

function rcl(t: Translation, a: Value, count: Value): Value {
  const { ir } = t;
  const size = t.sizeOf(0);
  if (constantCount(t, count, size) !== 1) return throughCarry(t, 'rcl', a, count);
  const result = ir.or(ir.shl(a, t.constant(1, size)), toType(t, t.flag(FLAG_CF), size));
  const carry = t.topBit(a, size);
  t.changeFlags([FLAG_CF, carry], [FLAG_OF, ir.xor(carry, t.topBit(result, size))]);
  return result;
}

function rcr(t: Translation, a: Value, count: Value): Value {
  const { ir } = t;
  const size = t.sizeOf(0);
  if (constantCount(t, count, size) !== 1) return throughCarry(t, 'rcr', a, count);
  const carryIn = t.flag(FLAG_CF);
  const result = ir.or(ir.shrU(t.zext(a, size), t.constant(1, size)), ir.shl(toType(t, carryIn, size), t.constant(8 * size - 1, size)));
  t.changeFlags([FLAG_CF, t.lowBit(a, size)], [FLAG_OF, ir.xor(carryIn, t.topBit(a, size))]);
  return result;
}

/** By a helper, which sets the flags; the destination was loaded for writing, so storing it cannot fault. */
function throughCarry(t: Translation, name: 'rcl' | 'rcr', a: Value, count: Value): Value {
  const size = t.sizeOf(0);
  if (constantCount(t, count, size) === 0) return a;
  const result = t.call(name, t.toI64(a, size), maskedCount(t, count, size), t.ir.i32(size));
  t.flagsUnknown();
  return t.fromI64(result, size);
}

function shld(t: Translation, a: Value, b: Value, count: Value): Value {
  const { ir } = t;
  return doubleShift(t, a, count, CC_SHL, (by, rest, size) => {
    if (size > 2) return ir.or(ir.shl(a, by), ir.shrU(b, rest));
    return ir.wrap(ir.shrU(ir.shl(threeWords(t, a, b, b), ir.extendU(by)), ir.i64(32)));
  });
}

function shrd(t: Translation, a: Value, b: Value, count: Value): Value {
  const { ir } = t;
  return doubleShift(t, a, count, CC_SAR, (by, rest, size) => {
    if (size > 2) return ir.or(ir.shrU(a, by), ir.shl(b, rest));
    return ir.wrap(ir.shrU(threeWords(t, b, b, a), ir.extendU(by)));
  });
}

/** With 16-bit operands, counts above 16 are undefined; AMD processors shift in the source once more, with CF 0. */
function threeWords(t: Translation, high: Value, middle: Value, low: Value): Value {
  const { ir } = t;
  return ir.or(ir.or(ir.shl(ir.extendU(high), ir.i64(32)), ir.shl(ir.extendU(middle), ir.i64(16))), ir.extendU(low));
}

function doubleShift(t: Translation, a: Value, count: Value, cc: number, apply: (by: Value, rest: Value, size: number) => Value): Value {
  const { ir } = t;
  const size = t.sizeOf(0);
  const known = constantCount(t, count, size);
  if (known === 0) return a;
  const amount = maskedCount(t, count, size);
  const by = toType(t, amount, size);
  const shifted = apply(by, ir.sub(t.constant(8 * size, size), by), size);
  // With a count of 0 the other operand's shift would wrap around.
  const result = known === undefined ? ir.select(amount, shifted, a) : shifted;
  const less = ir.sub(by, t.constant(1, size));
  const before = cc === CC_SHL ? ir.shl(a, less) : ir.shrU(a, less);
  shiftFlags(t, cc, known, amount, before, result, size);
  return result;
}
