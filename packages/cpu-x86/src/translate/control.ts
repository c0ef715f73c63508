/** Jumps, calls, returns, loops and software interrupts. */
import type { Value } from '@nandu/tcg';
import { EXIT_NOT_CANONICAL, FLAG_OF, FLAG_ZF } from '../../assembly/layout.js';
import type { OpcodeTable } from '../decode/opcode-table.js';
import { PC } from '../state.js';
import { EXCEPTION, type Translation } from './translation.js';

const RCX = 1;
/** Kinds of `software_interrupt`: EXC_KIND. */
const INT_N = 1;
const INT_3 = 2;
const ICEBP = 3;
/** Above this, a target is not canonical (48-bit linear addresses). */
const CANONICAL_END = 2 ** 47;

export const CONTROL: OpcodeTable = [
  ['70+cc', 'jcc', 'Jb', jumpIf, 'force64'],
  ['0F 80+cc', 'jcc', 'Jz', jumpIf, 'force64'],
  ['E0', 'loopne', 'Jb', (t) => loop(t, (count) => t.ir.and(count, t.ir.eqz(t.flag(FLAG_ZF)))), 'force64'],
  ['E1', 'loope', 'Jb', (t) => loop(t, (count) => t.ir.and(count, t.flag(FLAG_ZF))), 'force64'],
  ['E2', 'loop', 'Jb', (t) => loop(t, (count) => count), 'force64'],
  ['E3', 'jrcxz', 'Jb', jumpIfCountIsZero, 'force64'],
  ['EB', 'jmp', 'Jb', jump, 'force64'],
  ['E9', 'jmp', 'Jz', jump, 'force64'],
  ['FF /4', 'jmp', 'Ev', (t, target) => jumpTo(t, target), 'reads', 'force64'],
  ['E8', 'call', 'Jz', call, 'force64'],
  ['FF /2', 'call', 'Ev', callTo, 'reads', 'force64'],
  ['C3', 'ret', '', (t) => jumpTo(t, t.pop(t.operandSize)), 'force64'],
  ['C2', 'ret', 'Iw', (t) => jumpTo(t, t.pop(t.operandSize, t.immediate)), 'raw', 'force64'],

  ['EA', 'jmpf', 'A', (t) => farImmediate(t, 'far_jump'), 'raw', 'not64'],
  ['9A', 'callf', 'A', (t) => farImmediate(t, 'far_call'), 'raw', 'not64'],
  ['FF /5', 'jmpf', 'Mp', (t) => farMemory(t, 'far_jump'), 'raw'],
  ['FF /3', 'callf', 'Mp', (t) => farMemory(t, 'far_call'), 'raw'],
  ['CA', 'retf', 'Iw', (t) => farReturn(t, t.immediate), 'raw'],
  ['CB', 'retf', '', (t) => farReturn(t, 0)],
  ['CF', 'iretw|iretd|iretq', '', interruptReturn, 'iopl-vm'],

  ['CC', 'int3', '', (t) => interrupt(t, EXCEPTION.BP, INT_3)],
  ['CD', 'int', 'Ib', (t) => interrupt(t, t.immediate, INT_N), 'raw', 'iopl-vm'],
  ['CE', 'into', '', interruptOnOverflow, 'not64'],
  ['F1', 'icebp', '', (t) => interrupt(t, EXCEPTION.DB, ICEBP)],
];

/** Jumps of a relocatable block that reach no further are not checked: at the very end of the addresses, the fetch faults in their place. */
const NEAR = 0x1_0000;

/**
 * Whether a direct jump may go on to its target. A relocatable block finds out when it runs, and leaves by itself; `condition`: whether
 * it jumps.
 */
function isCanonical(t: Translation, target: number, condition?: Value): boolean {
  if (!t.mode64) return true;
  if (!t.relocatable) return target >= -CANONICAL_END && target < CANONICAL_END;
  if (Math.abs(target - t.nextPc) > NEAR) leaveUnlessCanonical(t, t.ir.codeAddress(target), condition);
  return true;
}

function jumpIf(t: Translation): void {
  branch(t, t.condition(t.opcode & 15));
}

function branch(t: Translation, condition: Value): void {
  const { ir } = t;
  if (isCanonical(t, t.target, condition)) return t.endBranch(condition, t.target, t.nextPc);
  t.call('raise_if', condition, ir.i32(EXCEPTION.GP), ir.i32(0));
  t.endAt(t.nextPc);
}

/** Counts rCX (of address size) down, flags untouched. */
function loop(t: Translation, condition: (counted: Value) => Value): void {
  const { ir } = t;
  const size = t.addressSize;
  const count = ir.sub(t.readRegister(RCX, size), t.constant(1, size));
  const goesOn = condition(ir.ne(t.zext(count, size), t.constant(0, size)));
  t.writeRegister(RCX, size, count);
  branch(t, goesOn);
}

function jumpIfCountIsZero(t: Translation): void {
  branch(t, t.ir.eqz(t.readRegister(RCX, t.addressSize)));
}

function jump(t: Translation): void {
  if (!isCanonical(t, t.target)) return t.generalProtection();
  t.endAt(t.target);
}

/** To an address of operand size. */
function jumpTo(t: Translation, target: Value): void {
  leaveUnlessCanonical(t, target);
  t.endDynamic(t.toI64(target, t.operandSize));
}

/**
 * #GP(0) at the branch itself. Too frequent for a helper: the block leaves with nothing done, and `X86Cpu` raises it.
 * Canonical addresses plus 2^47 have no bits from 48 on.
 */
function leaveUnlessCanonical(t: Translation, target: Value, condition?: Value): void {
  if (!t.mode64) return;
  const { ir } = t;
  const beyond = ir.wrap(ir.shrU(ir.add(target, ir.i64(CANONICAL_END)), ir.i64(48)));
  ir.set(PC, ir.codeAddress(t.pc));
  ir.exitIf(condition === undefined ? beyond : ir.select(condition, beyond, ir.i32(0)), { kind: 'leave', reason: EXIT_NOT_CANONICAL });
}

/** In 64-bit mode, of 8 bytes always; elsewhere an address is a constant. */
function returnAddress(t: Translation): Value {
  return t.operandSize === 8 ? t.ir.codeAddress(t.nextPc) : t.constant(t.nextPc, t.operandSize);
}

function call(t: Translation): void {
  if (!isCanonical(t, t.target)) return t.generalProtection();
  t.push(t.operandSize, returnAddress(t));
  t.endAt(t.target);
}

function callTo(t: Translation, target: Value): void {
  leaveUnlessCanonical(t, target);
  t.push(t.operandSize, returnAddress(t));
  t.endDynamic(t.toI64(target, t.operandSize));
}

function farImmediate(t: Translation, name: 'far_jump' | 'far_call'): void {
  far(t, name, t.ir.i32(t.farSelector), t.ir.i64(t.operandSize === 2 ? t.immediate & 0xffff : t.immediate >>> 0));
}

/** Offset of operand size, then selector. */
function farMemory(t: Translation, name: 'far_jump' | 'far_call'): void {
  const { ir } = t;
  const size = t.operandSize;
  const address = t.linear(size + 2);
  const offset = t.toI64(t.loadLinear(address, size), size);
  far(t, name, t.loadLinear(ir.add(address, ir.i64(size)), 2), offset);
}

function far(t: Translation, name: 'far_jump' | 'far_call', selector: Value, offset: Value): void {
  t.call(name, selector, offset, t.ir.i32(t.operandSize), t.ir.codeAddress(t.nextPc));
  t.endLookup();
}

function farReturn(t: Translation, drop: number): void {
  t.call('far_return', t.ir.i32(t.operandSize), t.ir.i32(drop));
  t.endLookup();
}

function interruptReturn(t: Translation): void {
  t.call('interrupt_return', t.ir.i32(t.operandSize), t.ir.codeAddress(t.nextPc));
  t.endLookup();
}

function interrupt(t: Translation, vector: number, kind: number): void {
  t.call('software_interrupt', t.ir.i32(vector), t.ir.i32(kind), t.ir.codeAddress(t.nextPc));
  t.endLookupWithoutTrap();
}

function interruptOnOverflow(t: Translation): void {
  t.call('into', t.flag(FLAG_OF), t.ir.codeAddress(t.nextPc));
}
