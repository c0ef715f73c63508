/**
 * BMI1 and BMI2: bit manipulation on general registers, with VEX prefixes (SDM volume 2, under each mnemonic). TZCNT and LZCNT
 * are in bits.ts. Undefined flags are 0.
 */
import type { Value } from '@nandu/tcg';
import { FLAG_CF, FLAG_SF, FLAG_ZF } from '../../assembly/layout.js';
import type { OpcodeTable } from '../decode/opcode-table.js';
import type { Translation } from './translation.js';

const RDX = 2;

export const BMI: OpcodeTable = [
  ['VEX NP 0F 38 F2', 'andn', 'Gy,By,Ey', andNot, 'writes', 'protected', 'cpuid:bmi1'],
  ['VEX NP 0F 38 F3 /1', 'blsr', 'By,Ey', resetLowest, 'writes', 'protected', 'cpuid:bmi1'],
  ['VEX NP 0F 38 F3 /2', 'blsmsk', 'By,Ey', maskToLowest, 'writes', 'protected', 'cpuid:bmi1'],
  ['VEX NP 0F 38 F3 /3', 'blsi', 'By,Ey', isolateLowest, 'writes', 'protected', 'cpuid:bmi1'],
  ['VEX NP 0F 38 F7', 'bextr', 'Gy,Ey,By', extractField, 'writes', 'protected', 'cpuid:bmi1'],
  ['VEX NP 0F 38 F5', 'bzhi', 'Gy,Ey,By', zeroHigh, 'writes', 'protected', 'cpuid:bmi2'],
  ['VEX F3 0F 38 F5', 'pext', 'Gy,By,Ey', (t, value, mask) => byHelper(t, 'pext', value, mask), 'writes', 'protected', 'cpuid:bmi2'],
  ['VEX F2 0F 38 F5', 'pdep', 'Gy,By,Ey', (t, value, mask) => byHelper(t, 'pdep', value, mask), 'writes', 'protected', 'cpuid:bmi2'],
  ['VEX F2 0F 38 F6', 'mulx', 'Gy,By,Ey', multiply, 'raw', 'protected', 'cpuid:bmi2'],
  ['VEX 66 0F 38 F7', 'shlx', 'Gy,Ey,By', (t, value, count) => t.ir.shl(value, masked(t, count)), 'writes', 'protected', 'cpuid:bmi2'],
  ['VEX F3 0F 38 F7', 'sarx', 'Gy,Ey,By', (t, value, count) => t.ir.shrS(value, masked(t, count)), 'writes', 'protected', 'cpuid:bmi2'],
  ['VEX F2 0F 38 F7', 'shrx', 'Gy,Ey,By', (t, value, count) => t.ir.shrU(value, masked(t, count)), 'writes', 'protected', 'cpuid:bmi2'],
  ['VEX F2 0F 3A F0', 'rorx', 'Gy,Ey,Ib', rotateRight, 'raw', 'protected', 'cpuid:bmi2'],
];

function bits(t: Translation): number {
  return 8 * t.sizeOf(0);
}

function masked(t: Translation, count: Value): Value {
  return t.ir.and(count, t.constant(bits(t) - 1, t.sizeOf(0)));
}

function one(t: Translation): Value {
  return t.constant(1, t.sizeOf(0));
}

function andNot(t: Translation, a: Value, b: Value): Value {
  const result = t.ir.and(t.ir.xor(a, t.constant(-1, t.sizeOf(0))), b);
  t.logicFlags(result, t.sizeOf(0));
  return result;
}

/** ZF and SF of the result, CF as given. */
function resultFlags(t: Translation, result: Value, carry: Value): Value {
  t.onlyFlags([FLAG_CF, carry], [FLAG_ZF, t.ir.eqz(result)], [FLAG_SF, t.topBit(result, t.sizeOf(0))]);
  return result;
}

function resetLowest(t: Translation, value: Value): Value {
  const { ir } = t;
  return resultFlags(t, ir.and(value, ir.sub(value, one(t))), ir.eqz(value));
}

function maskToLowest(t: Translation, value: Value): Value {
  const { ir } = t;
  return resultFlags(t, ir.xor(value, ir.sub(value, one(t))), ir.eqz(value));
}

function isolateLowest(t: Translation, value: Value): Value {
  const { ir } = t;
  return resultFlags(t, ir.and(value, ir.sub(t.constant(0, t.sizeOf(0)), value)), ir.eqz(ir.eqz(value)));
}

/** Bits 0-7 of the control: first bit; bits 8-15: how many. */
function extractField(t: Translation, value: Value, control: Value): Value {
  const { ir } = t;
  const size = t.sizeOf(0);
  const byte = t.constant(0xff, size);
  const width = t.constant(bits(t), size);
  const zero = t.constant(0, size);
  const start = ir.and(control, byte);
  const length = ir.and(ir.shrU(control, t.constant(8, size)), byte);
  const shifted = ir.select(ir.ltU(start, width), ir.shrU(value, start), zero);
  const result = ir.select(ir.ltU(length, width), ir.and(shifted, lowOnes(t, length)), shifted);
  return resultFlags(t, result, ir.i32(0));
}

/** As many ones as a count below the width says. */
function lowOnes(t: Translation, count: Value): Value {
  return t.ir.sub(t.ir.shl(one(t), count), one(t));
}

function zeroHigh(t: Translation, value: Value, index: Value): Value {
  const { ir } = t;
  const size = t.sizeOf(0);
  const count = ir.and(index, t.constant(0xff, size));
  const inside = ir.ltU(count, t.constant(bits(t), size));
  return resultFlags(t, ir.select(inside, ir.and(value, lowOnes(t, count)), value), ir.eqz(inside));
}

function byHelper(t: Translation, name: 'pdep' | 'pext', value: Value, mask: Value): Value {
  const size = t.sizeOf(0);
  return t.fromI64(t.call(name, t.toI64(value, size), t.toI64(mask, size)), size);
}

/** RDX times the operand: low half to the second register, then high half to the first, which may be the same. No flags. */
function multiply(t: Translation): void {
  const { ir } = t;
  const size = t.sizeOf(0);
  const a = t.readRegister(RDX, size);
  const b = t.load(2);
  if (size === 8) {
    t.store(1, ir.mul(a, b));
    t.store(0, ir.op('i64.mulhi_u', a, b));
    return;
  }
  const product = ir.mul(ir.extendU(a), ir.extendU(b));
  t.store(1, ir.wrap(product));
  t.store(0, ir.wrap(ir.shrU(product, ir.i64(32))));
}

function rotateRight(t: Translation): void {
  const { ir } = t;
  const value = t.load(1);
  const isWide = t.sizeOf(0) === 8;
  t.store(0, isWide ? ir.op('i64.rotr', value, ir.i64(t.immediate)) : ir.op('i32.rotr', value, ir.i32(t.immediate)));
}
