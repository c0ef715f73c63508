/** Segment registers and descriptor tables (SDM volume 3, chapters 3 and 5). */
import type { Value } from '@nandu/tcg';
import * as L from '../../assembly/layout.js';
import { NO_RESULT, type OpcodeRow, type OpcodeTable } from '../decode/opcode-table.js';
import { CC_SRC, CR0, GDT_BASE, GDT_LIMIT, IDT_BASE, IDT_LIMIT, KERNEL_GS_BASE, REGISTERS, SEGMENT_BASES, SEGMENT_SELECTORS } from '../state.js';
import type { Translation } from './translation.js';

export const SEGMENTS: OpcodeTable = [
  farPointer('C4', 'les', L.ES, 'not64'),
  farPointer('C5', 'lds', L.DS, 'not64'),
  farPointer('0F B2', 'lss', L.SS),
  farPointer('0F B4', 'lfs', L.FS),
  farPointer('0F B5', 'lgs', L.GS),

  ['0F 00 /0', 'sldt', 'Ev', (t) => storeSystemWord(t, () => t.get(SEGMENT_SELECTORS[L.LDTR]!)), 'raw', 'protected'],
  ['0F 00 /1', 'str', 'Ev', (t) => storeSystemWord(t, () => t.get(SEGMENT_SELECTORS[L.TR]!)), 'raw', 'protected'],
  ['0F 00 /2', 'lldt', 'Ew', (t, selector) => void t.call('load_ldtr', selector), 'reads', 'protected', 'cpl0'],
  ['0F 00 /3', 'ltr', 'Ew', (t, selector) => void t.call('load_tr', selector), 'reads', 'protected', 'cpl0'],
  ['0F 00 /4', 'verr', 'Ew', (t, selector) => verify(t, 'verr', selector), 'reads', 'protected'],
  ['0F 00 /5', 'verw', 'Ew', (t, selector) => verify(t, 'verw', selector), 'reads', 'protected'],
  ['0F 02', 'lar', 'Gv,Ew', (t, selector) => describe(t, 'lar', selector), 'writes', 'protected'],
  ['0F 03', 'lsl', 'Gv,Ew', (t, selector) => describe(t, 'lsl', selector), 'writes', 'protected'],
  ['63', 'arpl', 'Ew,Gw', arpl, 'not64', 'protected'],

  ['0F 01 /0', 'sgdt', 'M', (t) => storeTable(t, t.get(GDT_LIMIT), t.get(GDT_BASE)), 'raw', 'mem'],
  ['0F 01 /1', 'sidt', 'M', (t) => storeTable(t, t.get(IDT_LIMIT), t.get(IDT_BASE)), 'raw', 'mem'],
  ['0F 01 /2', 'lgdt', 'M', (t) => loadTable(t, 'load_gdt'), 'raw', 'mem', 'cpl0'],
  ['0F 01 /3', 'lidt', 'M', (t) => loadTable(t, 'load_idt'), 'raw', 'mem', 'cpl0'],
  ['0F 01 /4', 'smsw', 'Ev', (t) => storeSystemWord(t, () => t.ir.wrap(t.get(CR0))), 'raw'],
  ['0F 01 /6', 'lmsw', 'Ew', loadMachineStatus, 'reads', 'cpl0'],

  ['F3 0F AE /0', 'rdfsbase', 'Ry', (t) => readBase(t, L.FS), 'writes', 'only64', 'cpuid:fsgsbase'],
  ['F3 0F AE /1', 'rdgsbase', 'Ry', (t) => readBase(t, L.GS), 'writes', 'only64', 'cpuid:fsgsbase'],
  ['F3 0F AE /2', 'wrfsbase', 'Ry', (t, value) => writeBase(t, L.FS, value), 'reads', 'only64', 'cpuid:fsgsbase'],
  ['F3 0F AE /3', 'wrgsbase', 'Ry', (t, value) => writeBase(t, L.GS, value), 'reads', 'only64', 'cpuid:fsgsbase'],
  ['0F 01 F8', 'swapgs', '', swapGs, 'only64', 'cpl0'],
];

export function readSelector(t: Translation, segment: number): Value {
  return t.markExtended(t.get(SEGMENT_SELECTORS[segment]!), 2);
}

/** Loads a segment register. Outside 64-bit mode that may change what translation depends on; SS may everywhere. */
export function loadSegment(t: Translation, segment: number, selector: Value): void {
  t.call('load_segment', t.ir.i32(segment), selector);
  if (!t.mode64 || segment === L.SS) t.stopAfter();
}

function farPointer(opcode: string, mnemonic: string, segment: number, ...mode: 'not64'[]): OpcodeRow {
  return [opcode, mnemonic, 'Gv,Mp', (t) => loadFarPointer(t, segment), 'raw', ...mode];
}

function loadFarPointer(t: Translation, segment: number): void {
  const { ir } = t;
  const size = t.operandSize;
  const address = t.linear(size + 2);
  const offset = t.loadLinear(address, size);
  const selector = t.loadLinear(ir.add(address, ir.i64(size)), 2);
  loadSegment(t, segment, selector);
  t.store(0, offset);
}

/** SLDT, STR, SMSW: memory gets 16 bits, a register the operand size. CR4.UMIP forbids them to users. */
function storeSystemWord(t: Translation, read: () => Value): void {
  if (isUmipFault(t)) return t.generalProtection();
  const value = read();
  if (!t.isRegister) t.storeMemory(2, value);
  else t.writeRegister(t.rm, t.operandSize, t.operandSize === 8 ? t.ir.extendU(value) : value);
}

function isUmipFault(t: Translation): boolean {
  return (t.hflags & L.HF_UMIP) !== 0 && t.cpl > 0;
}

/** SGDT, SIDT: 2 bytes of limit, then the base: 4 bytes, in 64-bit mode 8. */
function storeTable(t: Translation, limit: Value, base: Value): void {
  if (isUmipFault(t)) return t.generalProtection();
  const { ir } = t;
  const size = t.mode64 ? 8 : 4;
  const address = t.linear(2 + size, true);
  t.storeLinear(address, 2, limit);
  t.storeLinear(ir.add(address, ir.i64(2)), size, t.fromI64(base, size));
}

/** Outside 64-bit mode an operand size of 16 takes 24 bits of the base. */
function loadTable(t: Translation, name: 'load_gdt' | 'load_idt'): void {
  const { ir } = t;
  const size = t.mode64 ? 8 : 4;
  const address = t.linear(2 + size);
  const limit = t.loadLinear(address, 2);
  const base = t.toI64(t.loadLinear(ir.add(address, ir.i64(2)), size), size);
  t.call(name, limit, !t.mode64 && t.operandSize === 2 ? ir.and(base, ir.i64(0xff_ffff)) : base);
}

function loadMachineStatus(t: Translation, value: Value): void {
  t.call('lmsw', value);
  t.stopAfter();
}

function verify(t: Translation, name: 'verr' | 'verw', selector: Value): void {
  t.call(name, selector);
  t.flagsUnknown();
}

/** LAR, LSL: the destination changes only if the helper set ZF, which it leaves in CC_SRC. */
function describe(t: Translation, name: 'lar' | 'lsl', selector: Value): void {
  const { ir } = t;
  const value = t.call(name, selector, ir.i32(t.operandSize));
  t.flagsUnknown();
  const found = ir.and(ir.wrap(ir.get(CC_SRC)), ir.i32(L.FLAG_ZF));
  const register = REGISTERS[t.reg]!;
  const before = t.get(register);
  t.store(0, t.fromI64(value, t.operandSize));
  t.set(register, ir.select(found, t.get(register), before));
}

/** Raises the requested privilege level of a selector to that of another; ZF tells whether it had to. */
function arpl(t: Translation, destination: Value, source: Value): Value {
  const { ir } = t;
  const rpl = ir.and(source, ir.i32(3));
  const lower = ir.ltU(ir.and(destination, ir.i32(3)), rpl);
  t.changeFlags([L.FLAG_ZF, lower]);
  return ir.select(lower, ir.or(ir.and(destination, ir.i32(0xfffc)), rpl), destination);
}

function readBase(t: Translation, segment: number): Value | undefined {
  if (!(t.hflags & L.HF_FSGSBASE)) return void t.undefinedOpcode();
  return t.fromI64(t.get(SEGMENT_BASES[segment]!), t.sizeOf(0));
}

/** 64-bit bases must be canonical. */
function writeBase(t: Translation, segment: number, value: Value): typeof NO_RESULT {
  if (!(t.hflags & L.HF_FSGSBASE)) return void t.undefinedOpcode();
  const base = t.toI64(value, t.sizeOf(0));
  if (t.sizeOf(0) === 8) t.requireCanonical(base);
  t.set(SEGMENT_BASES[segment]!, base);
  return NO_RESULT;
}

function swapGs(t: Translation): void {
  const gs = SEGMENT_BASES[L.GS]!;
  const base = t.get(gs);
  t.set(gs, t.get(KERNEL_GS_BASE));
  t.set(KERNEL_GS_BASE, base);
}
