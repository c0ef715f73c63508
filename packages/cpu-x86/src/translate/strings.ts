/**
 * String instructions. With a repeat prefix the instruction is a block that goes to itself, one element a round: so faults,
 * interrupts and single steps find it between two elements, with RCX, RSI and RDI as they should be. MOVS and STOS first try to
 * do many elements at once by a helper, CMPS and SCAS to pass over many that do not end the repetition.
 */
import type { Value } from '@nandu/tcg';
import * as L from '../../assembly/layout.js';
import type { OpcodeTable } from '../decode/opcode-table.js';
import { DF, REGISTERS } from '../state.js';
import type { Translation } from './translation.js';

const RAX = 0;
const RCX = 1;
const RDX = 2;
const RSI = 6;
const RDI = 7;

export const STRINGS: OpcodeTable = [
  ['A4', 'movsb', 'Yb,Xb', (t) => move(t, 1), 'raw'],
  ['A5', 'movsw|movsd|movsq', 'Yv,Xv', (t) => move(t, t.operandSize), 'raw'],
  ['AA', 'stosb', 'Yb,AL', (t) => store(t, 1), 'raw'],
  ['AB', 'stosw|stosd|stosq', 'Yv,rAX', (t) => store(t, t.operandSize), 'raw'],
  ['AC', 'lodsb', 'AL,Xb', (t) => load(t, 1), 'raw'],
  ['AD', 'lodsw|lodsd|lodsq', 'rAX,Xv', (t) => load(t, t.operandSize), 'raw'],
  ['A6', 'cmpsb', 'Xb,Yb', (t) => compare(t, 1), 'raw'],
  ['A7', 'cmpsw|cmpsd|cmpsq', 'Xv,Yv', (t) => compare(t, t.operandSize), 'raw'],
  ['AE', 'scasb', 'AL,Yb', (t) => scan(t, 1), 'raw'],
  ['AF', 'scasw|scasd|scasq', 'rAX,Yv', (t) => scan(t, t.operandSize), 'raw'],
  ['6C', 'insb', 'Yb,DX', (t) => input(t, 1), 'raw'],
  ['6D', 'insw|insd|insd', 'Yz,DX', (t) => input(t, Math.min(t.operandSize, 4)), 'raw'],
  ['6E', 'outsb', 'DX,Xb', (t) => output(t, 1), 'raw'],
  ['6F', 'outsw|outsd|outsd', 'DX,Xz', (t) => output(t, Math.min(t.operandSize, 4)), 'raw'],
];

function move(t: Translation, size: number): void {
  startRepeat(t);
  if (t.rep && mayBulk(t)) bulk(t, 'rep_movs', size);
  const value = t.loadLinear(source(t, size), size);
  t.storeLinear(destination(t, size, true), size, value);
  advance(t, RSI, size);
  advance(t, RDI, size);
  endRepeat(t);
}

function store(t: Translation, size: number): void {
  startRepeat(t);
  if (t.rep && mayBulk(t)) bulk(t, 'rep_stos', size);
  t.storeLinear(destination(t, size, true), size, t.readRegister(RAX, size));
  advance(t, RDI, size);
  endRepeat(t);
}

function load(t: Translation, size: number): void {
  startRepeat(t);
  t.writeRegister(RAX, size, t.loadLinear(source(t, size), size));
  advance(t, RSI, size);
  endRepeat(t);
}

function compare(t: Translation, size: number): void {
  startRepeat(t);
  if (t.rep && mayBulk(t)) bulk(t, 'rep_cmps', size);
  // Processors read [RDI] first, which shows where both fault.
  const b = t.loadLinear(destination(t, size, false), size);
  const a = t.loadLinear(source(t, size), size);
  t.flagsFrom('sub', a, b, t.ir.sub(a, b), size);
  advance(t, RSI, size);
  advance(t, RDI, size);
  endRepeat(t, t.ir.eq(a, b));
}

function scan(t: Translation, size: number): void {
  startRepeat(t);
  if (t.rep && mayBulk(t)) bulk(t, 'rep_scas', size);
  const a = t.readRegister(RAX, size);
  const b = t.loadLinear(destination(t, size, false), size);
  t.flagsFrom('sub', a, b, t.ir.sub(a, b), size);
  advance(t, RDI, size);
  endRepeat(t, t.ir.eq(a, b));
}

/** Permission and destination are checked first: a port must not be read for a store that faults, nor twice for one that hits running code. */
function input(t: Translation, size: number): void {
  startRepeat(t);
  t.call('check_io', t.readRegister(RDX, 2), t.ir.i32(size));
  const address = destination(t, size, true);
  t.loadLinear(address, size, { forWrite: true });
  t.storeForGood(address, size, t.call('port_in', t.readRegister(RDX, 2), t.ir.i32(size)));
  advance(t, RDI, size);
  endRepeat(t);
}

function output(t: Translation, size: number): void {
  startRepeat(t);
  t.call('check_io', t.readRegister(RDX, 2), t.ir.i32(size));
  const value = t.loadLinear(source(t, size), size);
  t.call('port_out', t.readRegister(RDX, 2), t.ir.i32(size), value);
  advance(t, RSI, size);
  t.stopAfter();
  endRepeat(t);
}

/** rSI or rDI, cut to the address size: i64. */
function pointer(t: Translation, register: number): Value {
  const value = t.get(REGISTERS[register]!);
  if (t.addressSize === 8) return value;
  return t.ir.and(value, t.ir.i64(t.addressSize === 4 ? 0xffff_ffff : 0xffff));
}

function source(t: Translation, size: number): Value {
  return t.linearOf(t.dataSegment, pointer(t, RSI), size);
}

/** Always in ES. */
function destination(t: Translation, size: number, write: boolean): Value {
  return t.linearOf(L.ES, pointer(t, RDI), size, write);
}

/** One element on, in the direction of DF. */
function advance(t: Translation, register: number, size: number): void {
  moveBy(t, register, t.ir.mul(t.ir.extendS(t.get(DF)), t.ir.i64(size)));
}

function moveBy(t: Translation, register: number, bytes: Value): void {
  const sum = t.ir.add(t.get(REGISTERS[register]!), bytes);
  t.writeRegister(register, t.addressSize, t.addressSize === 8 ? sum : t.ir.wrap(sum));
}

/** A count of 0 does nothing at all. */
function startRepeat(t: Translation): void {
  if (!t.rep) return;
  const count = t.readRegister(RCX, t.addressSize);
  t.ir.exitIf(t.ir.eqz(count), { kind: 'goto', pc: t.nextPc });
}

/** Counts down and goes round again; CMPS and SCAS only while `isEqual` is what the prefix wants. */
function endRepeat(t: Translation, isEqual?: Value): void {
  if (!t.rep) return;
  const { ir } = t;
  const size = t.addressSize;
  const count = ir.sub(t.readRegister(RCX, size), t.constant(1, size));
  t.writeRegister(RCX, size, count);
  let again = ir.ne(t.zext(count, size), t.constant(0, size));
  if (isEqual !== undefined) again = ir.and(again, t.rep === 0xf3 ? isEqual : ir.eqz(isEqual));
  t.endBranch(again, t.pc, t.nextPc);
}

/** Many elements at once need flat segments; 16-bit addresses wrap too soon, and a single step is one element. */
function mayBulk(t: Translation): boolean {
  if (t.hflags & (L.HF_TF | L.HF_INHIBIT | L.HF_RF | L.HF_BREAKPOINTS) || t.addressSize === 2) return false;
  return t.mode64 || !(t.hflags & L.HF_ADDSEG);
}

/** As many elements as the helper can do in one go, upwards only; if it could do some, the instruction starts over with what is left. */
function bulk(t: Translation, helper: 'rep_movs' | 'rep_stos' | 'rep_cmps' | 'rep_scas', size: number): void {
  const { ir } = t;
  const hasSource = helper === 'rep_movs' || helper === 'rep_cmps';
  const searches = helper === 'rep_cmps' || helper === 'rep_scas';
  const count = t.addressSize === 8 ? t.get(REGISTERS[RCX]!) : ir.extendU(t.readRegister(RCX, 4));
  const wanted = ir.select(ir.ltS(t.get(DF), ir.i32(0)), ir.i64(0), count);
  const from = hasSource ? t.linearOf(t.dataSegment, pointer(t, RSI), 0) : t.toI64(t.readRegister(RAX, size), size);
  const to = t.linearOf(L.ES, pointer(t, RDI), 0);
  const form = searches && t.rep === 0xf3 ? size | L.STRING_WHILE_EQUAL : size;
  const done = t.call(helper, ir.i32(form), from, to, wanted, ir.i32(t.mmu));
  const bytes = ir.mul(done, ir.i64(size));
  // Nothing changes if nothing was done, so what follows may still fault.
  if (hasSource) moveBy(t, RSI, bytes);
  moveBy(t, RDI, bytes);
  const left = ir.sub(count, done);
  t.writeRegister(RCX, t.addressSize, t.addressSize === 8 ? left : ir.wrap(left));
  t.commit();
  ir.exitIf(ir.ne(done, ir.i64(0)), { kind: 'goto', pc: t.pc });
}
