/** Instructions on single flags, AH and the flags, and decimal arithmetic. */
import * as L from '../../assembly/layout.js';
import type { OpcodeTable } from '../decode/opcode-table.js';
import { DF } from '../state.js';
import type { Translation } from './translation.js';

const RAX = 0;
/** SF ZF AF PF CF. */
const IN_AH = 0xd5;

export const FLAG_CONTROL: OpcodeTable = [
  ['F5', 'cmc', '', (t) => t.changeFlags([L.FLAG_CF, t.ir.eqz(t.flag(L.FLAG_CF))])],
  ['F8', 'clc', '', (t) => t.changeFlags([L.FLAG_CF, t.ir.i32(0)])],
  ['F9', 'stc', '', (t) => t.changeFlags([L.FLAG_CF, t.ir.i32(1)])],
  ['FC', 'cld', '', (t) => t.set(DF, t.ir.i32(1))],
  ['FD', 'std', '', (t) => t.set(DF, t.ir.i32(-1))],
  ['9E', 'sahf', '', sahf, 'not64'],
  ['9F', 'lahf', '', lahf, 'not64'],
  ['9E', 'sahf', '', sahf, 'only64', 'cpuid:lahf'],
  ['9F', 'lahf', '', lahf, 'only64', 'cpuid:lahf'],
  ['D6', 'salc', '', (t) => t.writeRegister(RAX, 1, t.ir.sub(t.ir.i32(0), t.flag(L.FLAG_CF))), 'not64'],

  ['27', 'daa', '', decimal, 'not64'],
  ['2F', 'das', '', decimal, 'not64'],
  ['37', 'aaa', '', decimal, 'not64'],
  ['3F', 'aas', '', decimal, 'not64'],
  ['D4', 'aam', 'Ib', decimal, 'raw', 'not64'],
  ['D5', 'aad', 'Ib', decimal, 'raw', 'not64'],
  ['62', 'bound', 'Gv,M', bound, 'raw', 'not64', 'mem'],
];

/** AH, whatever the prefixes: bits 8-15 of RAX. */
function lahf(t: Translation): void {
  const { ir } = t;
  const bits = ir.or(ir.and(t.flagBits(), ir.i32(IN_AH)), ir.i32(2));
  const ax = ir.or(t.readRegister(RAX, 1), ir.shl(bits, ir.i32(8)));
  t.writeRegister(RAX, 2, ax);
}

function sahf(t: Translation): void {
  const { ir } = t;
  const ah = ir.shrU(t.readRegister(RAX, 2), ir.i32(8));
  t.setFlagBits(ir.or(ir.and(ah, ir.i32(IN_AH)), ir.and(t.flagBits(), ir.i32(L.FLAG_OF))));
}

/** The helper knows the instruction by its opcode. */
function decimal(t: Translation): void {
  t.call('bcd', t.ir.i32(t.opcode), t.ir.i32(t.opcode >= 0xd4 ? t.immediate : 0));
  t.flagsUnknown();
}

function bound(t: Translation): void {
  const size = t.operandSize;
  t.call('bound', t.toI64Signed(t.readRegister(t.reg, size), size), t.linear(2 * size), t.ir.i32(size));
}
