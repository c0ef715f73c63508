/** Bit tests, scans and counts, CRC-32. */
import type { Value } from '@nandu/tcg';
import { FLAG_CF, FLAG_ZF } from '../../assembly/layout.js';
import { NO_RESULT, type OpcodeRow, type OpcodeTable } from '../decode/opcode-table.js';
import { REGISTERS } from '../state.js';
import type { Translation } from './translation.js';

type Change = (t: Translation, value: Value, mask: Value) => Value;

const set: Change = (t, value, mask) => t.ir.or(value, mask);
const reset: Change = (t, value, mask) => t.ir.and(value, t.ir.xor(mask, t.constant(-1, t.operandSize)));
const complement: Change = (t, value, mask) => t.ir.xor(value, mask);

function changing(mnemonic: string, opcode: string, digit: number, change: Change): OpcodeRow[] {
  return [
    [opcode, mnemonic, 'Ev,Gv', (t) => testAnyBit(t, change), 'raw', 'lock'],
    [`0F BA /${digit}`, mnemonic, 'Ev,Ib', (t, value, index) => testBit(t, value, index, change), 'lock'],
  ];
}

export const BITS: OpcodeTable = [
  ['0F A3', 'bt', 'Ev,Gv', (t) => testAnyBit(t, undefined), 'raw'],
  ['0F BA /4', 'bt', 'Ev,Ib', (t, value, index) => testBit(t, value, index, undefined), 'reads'],
  ...changing('bts', '0F AB', 5, set),
  ...changing('btr', '0F B3', 6, reset),
  ...changing('btc', '0F BB', 7, complement),
  ['0F BC', 'bsf', 'Gv,Ev', (t, source) => scan(t, source, (value) => countOf(t, 'ctz', value)), 'writes'],
  ['0F BD', 'bsr', 'Gv,Ev', (t, source) => scan(t, source, (value) => highestBit(t, value)), 'writes'],
  ['F3 0F BC', 'tzcnt', 'Gv,Ev', trailingZeros, 'writes', 'cpuid:bmi1'],
  ['F3 0F BD', 'lzcnt', 'Gv,Ev', leadingZeros, 'writes', 'cpuid:lzcnt'],
  ['F3 0F B8', 'popcnt', 'Gv,Ev', populationCount, 'writes', 'cpuid:popcnt'],
  ['F2 0F 38 F0', 'crc32', 'Gy,Eb', crc32, 'cpuid:sse4.2'],
  ['F2 0F 38 F1', 'crc32', 'Gy,Ev', crc32, 'cpuid:sse4.2'],
];

/** CF is the bit; ZF stays, and so do the others, which are undefined. */
function testBit(t: Translation, value: Value, index: Value, change: Change | undefined): Value | undefined {
  const { ir } = t;
  const size = t.operandSize;
  const inIndexType = size === 8 && ir.typeOf(index) === 'i32' ? ir.extendU(index) : index;
  const bit = ir.and(inIndexType, t.constant(8 * size - 1, size));
  t.changeFlags([FLAG_CF, t.lowBit(ir.shrU(value, bit), size)]);
  return change ? change(t, value, ir.shl(t.constant(1, size), bit)) : NO_RESULT;
}

/** The bit number in a register may point anywhere around a memory operand: it is a signed number of bits from there. */
function testAnyBit(t: Translation, change: Change | undefined): void {
  const { ir } = t;
  const size = t.operandSize;
  const index = t.load(1);
  if (t.isRegister) {
    const result = testBit(t, t.load(0), index, change);
    if (result !== undefined) t.store(0, result);
    return;
  }
  const element = ir.shrS(t.toI64Signed(index, size), ir.i64(Math.log2(8 * size)));
  const sum = ir.add(t.effectiveOffset(), ir.shl(element, ir.i64(Math.log2(size))));
  const offset = t.addressSize === 8 ? sum : ir.and(sum, ir.i64(t.addressSize === 4 ? 0xffff_ffff : 0xffff));
  const address = t.linearOf(t.segment, offset, size, change !== undefined);
  const result = testBit(t, t.loadLinear(address, size, { forWrite: change !== undefined }), index, change);
  if (result !== undefined) t.storeLinear(address, size, result);
}

function countOf(t: Translation, name: 'clz' | 'ctz' | 'popcnt', value: Value): Value {
  return t.ir.op(`${t.operandSize === 8 ? 'i64' : 'i32'}.${name}`, value);
}

function highestBit(t: Translation, value: Value): Value {
  const width = t.operandSize === 8 ? 63 : 31;
  return t.ir.xor(countOf(t, 'clz', value), t.constant(width, t.operandSize));
}

/** Of 0, ZF is set and the destination keeps its value, as all processors have it. Other flags, undefined, are those of a test of the source. */
function scan(t: Translation, source: Value, find: (value: Value) => Value): void {
  const { ir } = t;
  const register = REGISTERS[t.reg]!;
  const before = t.get(register);
  const isZero = ir.eqz(source);
  t.store(0, find(source));
  t.set(register, ir.select(isZero, before, t.get(register)));
  t.logicFlags(source);
}

function trailingZeros(t: Translation, source: Value): Value {
  const { ir } = t;
  // A bit above 16-bit operands stops the count there.
  const count = countOf(t, 'ctz', t.operandSize === 2 ? ir.or(source, ir.i32(0x1_0000)) : source);
  return countFlags(t, source, count);
}

function leadingZeros(t: Translation, source: Value): Value {
  const { ir } = t;
  const count = countOf(t, 'clz', source);
  return countFlags(t, source, t.operandSize === 2 ? ir.sub(count, ir.i32(16)) : count);
}

function countFlags(t: Translation, source: Value, count: Value): Value {
  t.onlyFlags([FLAG_CF, t.ir.eqz(source)], [FLAG_ZF, t.ir.eqz(count)]);
  return count;
}

function populationCount(t: Translation, source: Value): Value {
  t.onlyFlags([FLAG_ZF, t.ir.eqz(source)]);
  return countOf(t, 'popcnt', source);
}

function crc32(t: Translation, crc: Value, data: Value): Value {
  const bytes = t.sizeOf(1);
  const size = t.sizeOf(0);
  return t.fromI64(t.call('crc32', t.toI64(crc, size), t.toI64(data, bytes), t.ir.i32(bytes)), size);
}
