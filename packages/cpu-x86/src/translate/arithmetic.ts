/** Addition, subtraction, logic and their groups (SDM volume 2, under each mnemonic). */
import type { Value } from '@nandu/tcg';
import { FLAG_CF, FLAG_OF } from '../../assembly/layout.js';
import { type Attribute, NO_RESULT, type OpcodeRow, type OpcodeTable, type Semantics } from '../decode/opcode-table.js';
import type { Translation } from './translation.js';

/** The eight operations of the classic pattern: six opcodes from `digit * 8` on, and groups 80-83. */
function family(digit: number, mnemonic: string, semantics: Semantics, ...attributes: Attribute[]): OpcodeRow[] {
  const opcode = (i: number) => (digit * 8 + i).toString(16).toUpperCase().padStart(2, '0');
  const toMemory: Attribute[] = attributes.includes('reads') ? attributes : [...attributes, 'lock'];
  return [
    [opcode(0), mnemonic, 'Eb,Gb', semantics, ...toMemory],
    [opcode(1), mnemonic, 'Ev,Gv', semantics, ...toMemory],
    [opcode(2), mnemonic, 'Gb,Eb', semantics, ...attributes],
    [opcode(3), mnemonic, 'Gv,Ev', semantics, ...attributes],
    [opcode(4), mnemonic, 'AL,Ib', semantics, ...attributes],
    [opcode(5), mnemonic, 'rAX,Iz', semantics, ...attributes],
    [`80 /${digit}`, mnemonic, 'Eb,Ib', semantics, ...toMemory],
    [`81 /${digit}`, mnemonic, 'Ev,Iz', semantics, ...toMemory],
    [`82 /${digit}`, mnemonic, 'Eb,Ib', semantics, ...toMemory, 'not64'],
    [`83 /${digit}`, mnemonic, 'Ev,Ibs', semantics, ...toMemory],
  ];
}

export const ARITHMETIC: OpcodeTable = [
  ...family(0, 'add', add),
  ...family(1, 'or', or),
  ...family(2, 'adc', adc),
  ...family(3, 'sbb', sbb),
  ...family(4, 'and', and),
  ...family(5, 'sub', sub),
  ...family(6, 'xor', xor),
  ...family(7, 'cmp', cmp, 'reads'),

  ['40+r', 'inc', 'Zv', inc, 'not64'],
  ['48+r', 'dec', 'Zv', dec, 'not64'],
  ['FE /0', 'inc', 'Eb', inc, 'lock'],
  ['FE /1', 'dec', 'Eb', dec, 'lock'],
  ['FF /0', 'inc', 'Ev', inc, 'lock'],
  ['FF /1', 'dec', 'Ev', dec, 'lock'],

  ['84', 'test', 'Eb,Gb', test, 'reads'],
  ['85', 'test', 'Ev,Gv', test, 'reads'],
  ['A8', 'test', 'AL,Ib', test, 'reads'],
  ['A9', 'test', 'rAX,Iz', test, 'reads'],
  ['F6 /0', 'test', 'Eb,Ib', test, 'reads'],
  ['F6 /1', 'test', 'Eb,Ib', test, 'reads'],
  ['F7 /0', 'test', 'Ev,Iz', test, 'reads'],
  ['F7 /1', 'test', 'Ev,Iz', test, 'reads'],
  ['F6 /2', 'not', 'Eb', not, 'lock'],
  ['F7 /2', 'not', 'Ev', not, 'lock'],
  ['F6 /3', 'neg', 'Eb', neg, 'lock'],
  ['F7 /3', 'neg', 'Ev', neg, 'lock'],

  ['0F C0', 'xadd', 'Eb,Gb', xadd, 'lock'],
  ['0F C1', 'xadd', 'Ev,Gv', xadd, 'lock'],
  ['66 0F 38 F6', 'adcx', 'Gy,Ey', (t, a, b) => addWithFlag(t, a, b, FLAG_CF), 'cpuid:adx'],
  ['F3 0F 38 F6', 'adox', 'Gy,Ey', (t, a, b) => addWithFlag(t, a, b, FLAG_OF), 'cpuid:adx'],
];

function add(t: Translation, a: Value, b: Value): Value {
  const sum = t.ir.add(a, b);
  t.flagsFrom('add', a, b, sum, t.sizeOf(0));
  return sum;
}

function adc(t: Translation, a: Value, b: Value): Value {
  const { ir } = t;
  const size = t.sizeOf(0);
  const carry = t.flag(FLAG_CF);
  const sum = ir.add(ir.add(a, b), size === 8 ? ir.extendU(carry) : carry);
  t.flagsFrom('adc', a, b, sum, size, carry);
  return sum;
}

function sub(t: Translation, a: Value, b: Value): Value {
  const difference = t.ir.sub(a, b);
  t.flagsFrom('sub', a, b, difference, t.sizeOf(0));
  return difference;
}

function sbb(t: Translation, a: Value, b: Value): Value {
  const { ir } = t;
  const size = t.sizeOf(0);
  const borrow = t.flag(FLAG_CF);
  const difference = ir.sub(ir.sub(a, b), size === 8 ? ir.extendU(borrow) : borrow);
  t.flagsFrom('sbb', a, b, difference, size, borrow);
  return difference;
}

/** A subtraction of which only the flags are kept. */
function cmp(t: Translation, a: Value, b: Value): typeof NO_RESULT {
  sub(t, a, b);
  return NO_RESULT;
}

function and(t: Translation, a: Value, b: Value): Value {
  const result = t.ir.and(a, b);
  t.logicFlags(result, t.sizeOf(0));
  return result;
}

function test(t: Translation, a: Value, b: Value): typeof NO_RESULT {
  // TEST of a register with itself is the usual comparison with zero.
  t.logicFlags(isSameRegister(t) ? a : t.ir.and(a, b), t.sizeOf(0));
  return NO_RESULT;
}

function or(t: Translation, a: Value, b: Value): Value {
  const result = isSameRegister(t) ? a : t.ir.or(a, b);
  t.logicFlags(result, t.sizeOf(0));
  return result;
}

function xor(t: Translation, a: Value, b: Value): Value {
  const size = t.sizeOf(0);
  // The usual way to clear a register.
  const result = isSameRegister(t) ? t.constant(0, size) : t.ir.xor(a, b);
  t.logicFlags(result, size);
  return result;
}

function isSameRegister(t: Translation): boolean {
  const [first, second] = t.row!.operands;
  return t.row!.hasModrm && t.isRegister && t.reg === t.rm && (first!.kind === 'G' || second!.kind === 'G');
}

function not(t: Translation, a: Value): Value {
  return t.ir.xor(a, t.constant(-1, t.sizeOf(0)));
}

function neg(t: Translation, a: Value): Value {
  const size = t.sizeOf(0);
  const zero = t.constant(0, size);
  const result = t.ir.sub(zero, a);
  t.flagsFrom('sub', zero, a, result, size);
  return result;
}

/** INC and DEC keep CF. */
function inc(t: Translation, a: Value): Value {
  const size = t.sizeOf(0);
  const carry = t.flag(FLAG_CF);
  const result = t.ir.add(a, t.constant(1, size));
  t.flagsFrom('inc', a, a, result, size, carry);
  return result;
}

function dec(t: Translation, a: Value): Value {
  const size = t.sizeOf(0);
  const carry = t.flag(FLAG_CF);
  const result = t.ir.sub(a, t.constant(1, size));
  t.flagsFrom('dec', a, a, result, size, carry);
  return result;
}

/** The register gets the old destination before the destination gets the sum: they may be the same. */
function xadd(t: Translation, a: Value, b: Value): Value {
  t.store(1, a);
  return add(t, a, b);
}

/** An addition with carry through one flag, which leaves all others. */
function addWithFlag(t: Translation, a: Value, b: Value, flag: number): Value {
  const { ir } = t;
  const wide = t.sizeOf(0) === 8;
  const carry = t.flag(flag);
  const partial = ir.add(a, b);
  const sum = ir.add(partial, wide ? ir.extendU(carry) : carry);
  t.changeFlags([flag, ir.or(ir.ltU(partial, a), ir.ltU(sum, partial))]);
  return sum;
}
