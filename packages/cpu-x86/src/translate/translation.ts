/**
 * What the semantics of an instruction work with: the decoded instruction (fields of `Instruction`), registers, memory, flags
 * (the classes below this one), its operands, and ways to end the block. One object serves all blocks of a vCPU's target.
 */
import type { Exit, Helper, Ir, Value, ValueType } from '@nandu/tcg';
import * as L from '../../assembly/layout.js';
import type { Feature } from '../decode/opcode-table.js';
import { type Operand, sizeOf } from '../decode/operand.js';
import { PC, SEGMENT_SELECTORS } from '../state.js';
import { SYSTEM_HELPERS, type SystemHelperName } from '../system-helpers.js';
import { FlagTracker } from './flags.js';
import { EXCEPTION } from './exceptions.js';

export { EXCEPTION } from './exceptions.js';

export class Translation extends FlagTracker {
  /** Whether the block must end after this instruction although it does not branch: going on at the next, or where `pc` says. */
  stop: 'no' | 'next' | 'lookup' = 'no';
  private memoryAddress: Value | undefined;

  constructor(readonly features: ReadonlySet<Feature>) {
    super();
  }

  startBlock(ir: Ir): void {
    this.ir = ir;
    this.startBlockOfRegisters();
    this.startBlockOfFlags();
  }

  startInstruction(): void {
    this.startInstructionOfMemory();
    this.memoryAddress = undefined;
    this.stop = 'no';
  }

  // Operands of the row.

  /** Loads operand `i` as the table says; `forWrite` if it will be stored to as well. */
  load(i: number, forWrite = false): Value {
    return this.loadOperand(this.row!.operands[i]!, forWrite);
  }

  store(i: number, value: Value): void {
    this.storeOperand(this.row!.operands[i]!, value);
  }

  /** Bytes of operand `i`. */
  sizeOf(i: number): number {
    return sizeOf(this.row!.operands[i]!, this);
  }

  loadOperand(operand: Operand, forWrite = false): Value {
    const { ir } = this;
    const size = sizeOf(operand, this);
    switch (operand.kind) {
      case 'E':
        return this.isRegister ? this.readRegister(this.rm, size) : this.loadOperandMemory(operand, size, forWrite);
      case 'G':
        return this.readRegister(this.reg, size);
      case 'Z':
        return this.readRegister(this.opcodeRegister, size);
      case 'R':
        return this.readRegister(this.rm, size);
      case 'register':
        return this.readRegister(operand.register, size);
      case 'I':
        return size === 8 ? ir.i64(this.immediate64) : this.markExtended(ir.i32(this.immediate), size);
      case 'one':
        return ir.i32(1);
      case 'M':
        return size === 0 ? this.linear(0) : this.loadOperandMemory(operand, size, forWrite);
      case 'O':
        return this.loadLinear(this.linearOf(this.dataSegment, ir.i64(this.displacement), size, forWrite), size, { forWrite });
      case 'S':
        return this.get(SEGMENT_SELECTORS[this.reg & 7]!);
      case 'V':
        return this.readXmmAs(this.reg, size, operand.type);
      case 'U':
        return this.readXmmAs(this.rm, size, operand.type);
      case 'W':
        return this.isRegister ? this.readXmmAs(this.rm, size, operand.type) : this.loadOperandMemory(operand, size, forWrite);
      case 'P':
        return this.readMmxAs(this.reg, size);
      case 'N':
        return this.readMmxAs(this.rm, size);
      case 'Q':
        return this.isRegister ? this.readMmxAs(this.rm, size) : this.loadOperandMemory(operand, size, forWrite);
      default:
        throw new Error(`operand ${operand.text} has no value`);
    }
  }

  storeOperand(operand: Operand, value: Value): void {
    const size = sizeOf(operand, this);
    switch (operand.kind) {
      case 'E':
        return this.isRegister ? this.writeRegister(this.rm, size, value) : this.storeOperandMemory(operand, size, value);
      case 'G':
        return this.writeRegister(this.reg, size, value);
      case 'Z':
        return this.writeRegister(this.opcodeRegister, size, value);
      case 'R':
        return this.writeRegister(this.rm, size, value);
      case 'register':
        return this.writeRegister(operand.register, size, value);
      case 'M':
        return this.storeOperandMemory(operand, size, value);
      case 'O':
        return this.storeLinear(this.linearOf(this.dataSegment, this.ir.i64(this.displacement), size, true), size, value);
      case 'V':
        return this.writeXmmAs(this.reg, size, value);
      case 'U':
        return this.writeXmmAs(this.rm, size, value);
      case 'W':
        return this.isRegister ? this.writeXmmAs(this.rm, size, value) : this.storeOperandMemory(operand, size, value);
      case 'P':
        return this.writeMmx(this.reg, this.ir.typeOf(value) === 'i32' ? this.ir.extendU(value) : value);
      case 'N':
        return this.writeMmx(this.rm, this.ir.typeOf(value) === 'i32' ? this.ir.extendU(value) : value);
      case 'Q':
        return this.isRegister ? this.writeMmx(this.rm, value) : this.storeOperandMemory(operand, size, value);
      default:
        throw new Error(`operand ${operand.text} cannot be stored`);
    }
  }

  /** A load for a read-modify-write checks limits and access for the write as well, so the store goes to the same address. */
  private loadOperandMemory(operand: Operand, size: number, forWrite: boolean): Value {
    const address = this.linear(size, forWrite);
    if (forWrite) this.memoryAddress = address;
    return this.loadLinear(address, size, this.optionsOf(operand, size, forWrite));
  }

  private storeOperandMemory(operand: Operand, size: number, value: Value): void {
    this.storeLinear(this.memoryAddress ?? this.linear(size, true), size, value, this.optionsOf(operand, size, false));
  }

  private optionsOf(operand: Operand, size: number, forWrite: boolean) {
    return {
      ...(operand.type ? { type: operand.type } : undefined),
      ...(size === 16 && !this.row!.unaligned ? { aligned: 16 } : undefined),
      ...(forWrite ? { forWrite } : undefined),
    };
  }

  private readXmmAs(number: number, size: number, type: ValueType | undefined): Value {
    const { ir } = this;
    const whole = this.readXmm(number);
    if (size === 16) return whole;
    if (size === 8) return ir.op(type === 'f64' ? 'f64x2.extract_lane.0' : 'i64x2.extract_lane.0', whole);
    if (size === 4) return ir.op(type === 'f32' ? 'f32x4.extract_lane.0' : 'i32x4.extract_lane.0', whole);
    return size === 2 ? this.markExtended(ir.op('i16x8.extract_lane.0', whole), 2) : this.markExtended(ir.op('i8x16.extract_lane.0', whole), 1);
  }

  /** By the value's type: v128 replaces the register, others its lowest lane. */
  private writeXmmAs(number: number, _size: number, value: Value): void {
    const { ir } = this;
    const lanes = { i32: 'i32x4', i64: 'i64x2', f32: 'f32x4', f64: 'f64x2' } as const;
    const type = ir.typeOf(value);
    this.writeXmm(number, type === 'v128' ? value : ir.op(`${lanes[type]}.replace_lane.0`, this.readXmm(number), value));
  }

  private readMmxAs(number: number, size: number): Value {
    const value = this.readMmx(number);
    return size === 8 ? value : this.ir.wrap(value);
  }

  // Exceptions and helpers.

  hasFeature(name: Feature): boolean {
    return this.features.has(name);
  }

  /** Protected mode proper: neither real nor virtual-8086. */
  get isProtected(): boolean {
    return (this.hflags & (L.HF_PE | L.HF_VM)) === L.HF_PE;
  }

  get isVm86(): boolean {
    return (this.hflags & L.HF_VM) !== 0;
  }

  get iopl(): number {
    return (this.hflags >>> L.HF_IOPL_SHIFT) & 3;
  }

  /** Calls a system helper. Nothing that `set` holds back is visible to it: call `commit` first where it must be. */
  call(name: SystemHelperName, ...args: Value[]): Value {
    return this.ir.call(SYSTEM_HELPERS[name], ...args);
  }

  callHelper(helper: Helper, ...args: Value[]): Value {
    return this.ir.call(helper, ...args);
  }

  /** Raises a fault here and now and ends the block; `error` is its error code, if it has one. Semantics return after it. */
  raise(vector: number, error = -1): void {
    this.call('raise', this.ir.i32(vector), this.ir.i32(error));
    this.ir.end({ kind: 'lookup' });
  }

  undefinedOpcode(): void {
    this.raise(EXCEPTION.UD);
  }

  generalProtection(error = 0): void {
    this.raise(EXCEPTION.GP, error);
  }

  // Ends of the block.

  end(exit: Exit): void {
    this.commit();
    this.ir.end(exit);
  }

  /** Goes to where `pc` (i64, zero-extended outside 64-bit mode) says. */
  endAt(pc: Value): void {
    this.set(PC, pc);
    this.end({ kind: 'lookup' });
  }

  /** After a helper that moved control. */
  endLookup(): void {
    this.end({ kind: 'lookup' });
  }

  /** The next instruction starts a block of its own: this one may have changed what translation depends on. */
  stopAfter(): void {
    if (this.stop === 'no') this.stop = 'next';
  }
}
