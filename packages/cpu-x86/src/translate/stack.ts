/** PUSH, POP and their relatives. */
import type { Value } from '@nandu/tcg';
import * as L from '../../assembly/layout.js';
import type { OpcodeRow, OpcodeTable } from '../decode/opcode-table.js';
import { REGISTERS } from '../state.js';
import { loadSegment, readSelector } from './segments.js';
import type { Translation } from './translation.js';

const RSP = 4;
const RBP = 5;
function segmentRows(segment: number, name: string, push: string, pop: string, ...onlyOutside64: 'not64'[]): OpcodeRow[] {
  return [
    [push, 'push', name, (t) => t.push(t.operandSize, selectorToPush(t, segment)), 'default64', ...onlyOutside64],
    [pop, 'pop', name, (t) => popSegment(t, segment), 'default64', ...onlyOutside64],
  ];
}

export const STACK: OpcodeTable = [
  ['50+r', 'push', 'Zv', push, 'reads', 'default64'],
  ['58+r', 'pop', 'Zv', pop, 'writes', 'default64'],
  ['68', 'push', 'Iz', push, 'reads', 'default64'],
  ['6A', 'push', 'Ibs', push, 'reads', 'default64'],
  ['FF /6', 'push', 'Ev', push, 'reads', 'default64'],
  ['8F /0', 'pop', 'Ev', pop, 'writes', 'default64'],
  ...segmentRows(L.ES, 'es', '06', '07', 'not64'),
  ['0E', 'push', 'cs', (t) => t.push(t.operandSize, selectorToPush(t, L.CS)), 'not64'],
  ...segmentRows(L.SS, 'ss', '16', '17', 'not64'),
  ...segmentRows(L.DS, 'ds', '1E', '1F', 'not64'),
  ...segmentRows(L.FS, 'fs', '0F A0', '0F A1'),
  ...segmentRows(L.GS, 'gs', '0F A8', '0F A9'),
  ['60', 'pushaw|pushad', '', pushAll, 'not64'],
  ['61', 'popaw|popad', '', popAll, 'not64'],
  ['9C', 'pushfw|pushfd|pushfq', '', pushFlags, 'default64'],
  ['9D', 'popfw|popfd|popfq', '', popFlags, 'default64'],
  ['C8', 'enter', 'Iw,Ib', enter, 'raw', 'default64'],
  ['C9', 'leave', '', leave, 'default64'],
];

function push(t: Translation, value: Value): void {
  t.push(t.operandSize, value);
}

/** POP into memory addressed by the stack pointer sees it raised already. */
function pop(t: Translation): Value {
  return t.pop(t.operandSize);
}

function selectorToPush(t: Translation, segment: number): Value {
  const selector = readSelector(t, segment);
  return t.operandSize === 8 ? t.ir.extendU(selector) : selector;
}

/** Loading the segment comes last: it may fault, and must see the old stack pointer then. */
function popSegment(t: Translation, segment: number): void {
  const value = t.loadLinear(t.linearOf(L.SS, t.stackOffset(), t.operandSize), t.operandSize);
  // The width of the new stack pointer is the old stack segment's.
  const after = t.stackOffset(t.operandSize);
  loadSegment(t, segment, t.operandSize === 8 ? t.ir.wrap(value) : value);
  t.setStackPointer(after);
  if (segment === L.SS) t.inhibitInterrupts(L.INHIBIT_BY_SS);
}

/** The stack pointer that is pushed is the one from before. */
function pushAll(t: Translation): void {
  const values = REGISTERS.slice(0, 8).map((_, i) => t.readRegister(i, t.operandSize));
  for (let i = 0; i < 8; i++) push(t, values[i]!);
}

function popAll(t: Translation): void {
  for (let i = 7; i >= 0; i--) {
    const value = t.pop(t.operandSize);
    if (i !== RSP) t.writeRegister(i, t.operandSize, value);
  }
}

function pushFlags(t: Translation): void {
  t.push(t.operandSize, t.fromI64(t.call('pushf_value', t.ir.i32(t.operandSize)), t.operandSize));
}

function popFlags(t: Translation): void {
  const value = t.toI64(t.pop(t.operandSize), t.operandSize);
  t.call('popf', value, t.ir.i32(t.operandSize));
  t.flagsUnknown();
  t.stopAfter();
}

function enter(t: Translation): void {
  const { ir } = t;
  const level = t.immediate2 & 31;
  if (level !== 0) {
    t.call('enter', ir.i32(t.operandSize), ir.i32(t.immediate), ir.i32(level));
    return;
  }
  t.push(t.operandSize, t.readRegister(RBP, t.operandSize));
  const frame = t.get(REGISTERS[RSP]!);
  if (t.mode64) t.set(REGISTERS[RBP]!, frame);
  else t.writeRegister(RBP, t.operandSize, ir.wrap(frame));
  const top = t.stackOffset(-t.immediate);
  // Processors see to it that the new top of the stack can be written.
  t.loadLinear(t.linearOf(L.SS, top, t.operandSize, true), t.operandSize, { forWrite: true });
  t.setStackPointer(top);
}

function leave(t: Translation): void {
  const offset = t.stackOffset(0, RBP);
  const value = t.loadLinear(t.linearOf(L.SS, offset, t.operandSize), t.operandSize);
  t.setStackPointer(t.stackOffset(t.operandSize, RBP));
  t.writeRegister(RBP, t.operandSize, value);
}
