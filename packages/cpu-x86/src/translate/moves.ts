/** Moves, extensions, exchanges, conditional moves, address computation. */
import type { Value } from '@nandu/tcg';
import { CS, FLAG_ZF, INHIBIT_BY_SS, SS } from '../../assembly/layout.js';
import { NO_RESULT, type OpcodeTable } from '../decode/opcode-table.js';
import { REGISTERS } from '../state.js';
import { loadSegment, readSelector } from './segments.js';
import type { Translation } from './translation.js';

const RAX = 0;
const RCX = 1;
const RDX = 2;
const RBX = 3;

export const MOVES: OpcodeTable = [
  ['88', 'mov', 'Eb,Gb', move, 'writes'],
  ['89', 'mov', 'Ev,Gv', move, 'writes'],
  ['8A', 'mov', 'Gb,Eb', move, 'writes'],
  ['8B', 'mov', 'Gv,Ev', move, 'writes'],
  ['8C', 'mov', 'Ev,Sw', storeSelector, 'raw'],
  ['8E', 'mov', 'Sw,Ew', moveToSegment, 'raw'],
  ['A0', 'mov', 'AL,Ob', move, 'writes'],
  ['A1', 'mov', 'rAX,Ov', move, 'writes'],
  ['A2', 'mov', 'Ob,AL', move, 'writes'],
  ['A3', 'mov', 'Ov,rAX', move, 'writes'],
  ['B0+r', 'mov', 'Zb,Ib', move, 'writes'],
  ['B8+r', 'mov', 'Zv,Iv', move, 'writes'],
  ['C6 /0', 'mov', 'Eb,Ib', move, 'writes'],
  ['C7 /0', 'mov', 'Ev,Iz', move, 'writes'],
  ['NP 0F C3', 'movnti', 'My,Gy', move, 'writes', 'cpuid:sse2'],
  ['0F 38 F0', 'movbe', 'Gv,Mv', swapBytes, 'writes', 'cpuid:movbe'],
  ['0F 38 F1', 'movbe', 'Mv,Gv', swapBytes, 'writes', 'cpuid:movbe'],

  ['0F B6', 'movzx', 'Gv,Eb', zeroExtend, 'writes'],
  ['0F B7', 'movzx', 'Gv,Ew', zeroExtend, 'writes'],
  ['0F BE', 'movsx', 'Gv,Eb', signExtend, 'writes'],
  ['0F BF', 'movsx', 'Gv,Ew', signExtend, 'writes'],
  ['63', 'movsxd', 'Gv,Ed', signExtend, 'writes', 'only64'],

  ['8D', 'lea', 'Gv,M', lea, 'raw'],
  ['D7', 'xlatb', '', xlat, 'raw'],
  ['86', 'xchg', 'Eb,Gb', exchange, 'lock'],
  ['87', 'xchg', 'Ev,Gv', exchange, 'lock'],
  ['90+r', 'xchg', 'Zv,rAX', exchangeWithAccumulator, 'raw'],
  ['0F C8+r', 'bswap', 'Zv', bswap],
  ['0F B0', 'cmpxchg', 'Eb,Gb', compareExchange, 'lock'],
  ['0F B1', 'cmpxchg', 'Ev,Gv', compareExchange, 'lock'],
  ['0F C7 /1', 'cmpxchg8b', 'Mq', compareExchange8, 'lock', 'w0', 'cpuid:cx8'],
  ['0F C7 /1', 'cmpxchg16b', 'M', compareExchange16, 'lock', 'raw', 'mem', 'w1', 'cpuid:cx16'],

  ['0F 40+cc', 'cmovcc', 'Gv,Ev', moveIf, 'cpuid:cmov'],
  ['0F 90+cc', 'setcc', 'Eb', (t) => t.condition(t.opcode & 15), 'writes'],
];

function move(_t: Translation, value: Value): Value {
  return value;
}

function zeroExtend(t: Translation, value: Value): Value {
  return t.operandSize === 8 ? t.ir.extendU(value) : value;
}

function signExtend(t: Translation, value: Value): Value {
  const extended = t.sext(value, t.sizeOf(1));
  return t.operandSize === 8 ? t.ir.extendS(extended) : extended;
}

function swapBytes(t: Translation, value: Value): Value {
  const { ir } = t;
  if (t.operandSize === 2) return ir.shrU(ir.op('i32.bswap', value), ir.i32(16));
  return ir.op(t.operandSize === 8 ? 'i64.bswap' : 'i32.bswap', value);
}

/** With 16 bits it is undefined; processors give 0. */
function bswap(t: Translation, value: Value): Value {
  return t.operandSize === 2 ? t.ir.i32(0) : swapBytes(t, value);
}

function lea(t: Translation): void {
  t.store(0, t.fromI64(t.effectiveOffset(), t.operandSize));
}

/** AL = [rBX + AL]. */
function xlat(t: Translation): void {
  const { ir } = t;
  const sum = ir.add(t.get(REGISTERS[RBX]!), ir.extendU(t.readRegister(RAX, 1)));
  const offset = t.addressSize === 8 ? sum : ir.and(sum, ir.i64(t.addressSize === 4 ? 0xffff_ffff : 0xffff));
  t.writeRegister(RAX, 1, t.loadLinear(t.linearOf(t.dataSegment, offset, 1), 1));
}

function exchange(t: Translation, a: Value, b: Value): Value {
  t.store(1, a);
  return b;
}

/** XCHG with itself is NOP (90): it does not even clear the upper half. */
function exchangeWithAccumulator(t: Translation): void {
  if (t.opcodeRegister === RAX) return;
  const other = t.load(0);
  t.store(0, t.load(1));
  t.store(1, other);
}

/** If the accumulator equals the destination, that becomes the source; else the accumulator becomes the destination. */
function compareExchange(t: Translation, destination: Value, source: Value): Value | undefined {
  const { ir } = t;
  const size = t.sizeOf(0);
  const accumulator = t.readRegister(RAX, size);
  const equal = ir.eq(t.zext(accumulator, size), t.zext(destination, size));
  t.flagsFrom('sub', accumulator, destination, ir.sub(accumulator, destination), size);
  const before = t.get(REGISTERS[RAX]!);
  t.writeRegister(RAX, size, destination);
  // Equal: RAX stays as a whole, upper half included.
  t.set(REGISTERS[RAX]!, ir.select(equal, before, t.get(REGISTERS[RAX]!)));
  const result = ir.select(equal, source, destination);
  if (!t.isRegister || size !== 4) return result;
  // Not equal: the same for a register as destination (AMD).
  const register = REGISTERS[t.rm]!;
  const kept = t.get(register);
  t.writeRegister(t.rm, 4, source);
  t.set(register, ir.select(equal, t.get(register), kept));
  return NO_RESULT;
}

function compareExchange8(t: Translation, destination: Value): Value {
  const { ir } = t;
  const pair = (high: number, low: number) => ir.or(ir.shl(ir.extendU(t.readRegister(high, 4)), ir.i64(32)), ir.extendU(t.readRegister(low, 4)));
  const equal = ir.eq(pair(RDX, RAX), destination);
  const result = ir.select(equal, pair(RCX, RBX), destination);
  t.set(REGISTERS[RAX]!, ir.select(equal, t.get(REGISTERS[RAX]!), ir.and(destination, ir.i64(0xffff_ffff))));
  t.set(REGISTERS[RDX]!, ir.select(equal, t.get(REGISTERS[RDX]!), ir.shrU(destination, ir.i64(32))));
  t.changeFlags([FLAG_ZF, equal]);
  return result;
}

function compareExchange16(t: Translation): typeof NO_RESULT {
  t.call('cmpxchg16b', t.linearForHelper(16, true));
  t.flagsUnknown();
  return NO_RESULT;
}

/** The source is read, and a 32-bit destination extended, whether or not the condition holds. */
function moveIf(t: Translation, a: Value, b: Value): Value {
  return t.ir.select(t.condition(t.opcode & 15), b, a);
}

/** To memory always 16 bits, to a register the operand size. */
function storeSelector(t: Translation): void {
  if ((t.reg & 7) > 5) return t.undefinedOpcode();
  const selector = readSelector(t, t.reg & 7);
  if (t.isRegister) t.writeRegister(t.rm, t.operandSize, t.operandSize === 8 ? t.ir.extendU(selector) : selector);
  else t.storeMemory(2, selector);
}

function moveToSegment(t: Translation): void {
  const segment = t.reg & 7;
  if (segment === CS || segment > 5) return t.undefinedOpcode();
  loadSegment(t, segment, t.load(1));
  if (segment === SS) t.inhibitInterrupts(INHIBIT_BY_SS);
}
