/**
 * What the semantics of an instruction work with: the decoded instruction (fields of `Instruction`), registers, memory, flags
 * (the classes below this one), its operands, and ways to end the block. One object serves all blocks of a vCPU's target.
 */
import { type CodeReader, Env, type Helper, type Ir, type TranslateRequest, type Value, type ValueType } from '@nandu/tcg';
import * as L from '../../assembly/layout.js';
import type { Feature } from '../decode/opcode-table.js';
import { type Operand, sizeOf } from '../decode/operand.js';
import { BLOCK_FLAGS, EFLAGS, INHIBIT, INTERRUPT_PENDING, PC, SEGMENT_SELECTORS, XMM } from '../state.js';
import { SYSTEM_HELPERS, type SystemHelperName } from '../system-helpers.js';
import { EXCEPTION } from './exceptions.js';
import { FlagTracker } from './flags.js';
import { FOR_WRITE } from './memory.js';

export { EXCEPTION } from './exceptions.js';

/** Under these there is something to do after every instruction, so blocks do not go straight to others. */
const AFTERWARDS = L.HF_TF | L.HF_INHIBIT | L.HF_RF | L.HF_BREAKPOINTS;

export class Translation extends FlagTracker {
  /** Whether the block must end after this instruction although it does not branch. */
  stop = false;
  /** Addresses of code are distances: see `Ir.codeAddress`. */
  relocatable = false;
  /** Whether debug traps are put off until the next instruction has ended. */
  private trapsWait = false;
  /** Interrupts are to wait until the next instruction has ended; until this one has: STI came before it, in the same block. */
  private shadowAhead = false;
  private isShadowed = false;
  /** Whether the instruction behind this one reads the flags, and can be in the same block. */
  flagsAreRead: () => boolean = () => false;
  private memoryAddress: Value | undefined;
  private code!: CodeReader;

  constructor(readonly features: ReadonlySet<Feature>) {
    super();
  }

  startBlock(ir: Ir, { code, relocatable }: TranslateRequest): void {
    this.ir = ir;
    this.code = code;
    this.relocatable = relocatable;
    this.shadowAhead = false;
    this.startBlockOfRegisters();
    this.startBlockOfFlags();
  }

  startInstruction(): void {
    this.startInstructionOfMemory();
    this.memoryAddress = undefined;
    this.stop = false;
    this.trapsWait = false;
    this.isShadowed = this.shadowAhead;
    this.shadowAhead = false;
    this.isWide = false;
    this.half = 0;
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
      case 'B':
        return this.readRegister(this.vvvv, size);
      case 'Z':
        return this.readRegister(this.opcodeRegister, size);
      case 'R':
        return this.readRegister(this.rm, size);
      case 'register':
        return this.readRegister(operand.register, size);
      case 'I':
        return this.immediateValue(operand, size);
      case 'one':
        return ir.i32(1);
      case 'M':
        return size === 0 ? this.linear(0) : this.loadOperandMemory(operand, size, forWrite);
      case 'O':
        return this.loadLinear(this.linearOf(this.dataSegment, this.directOffset(), size, forWrite), size, forWrite ? FOR_WRITE : undefined);
      case 'S':
        return this.get(SEGMENT_SELECTORS[this.reg & 7]!);
      case 'V':
        return this.readXmmAs(this.reg, size, operand.type);
      case 'U':
        return this.readXmmAs(this.rm, size, operand.type);
      case 'H':
        return this.readXmmAs(this.vvvv, size, operand.type);
      case 'L':
        return this.readXmmAs(this.immediateRegister, size, operand.type);
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
      case 'B':
        return this.writeRegister(this.vvvv, size, value);
      case 'Z':
        return this.writeRegister(this.opcodeRegister, size, value);
      case 'R':
        return this.writeRegister(this.rm, size, value);
      case 'register':
        return this.writeRegister(operand.register, size, value);
      case 'M':
        return this.storeOperandMemory(operand, size, value);
      case 'O':
        return this.storeLinear(this.linearOf(this.dataSegment, this.directOffset(), size, true), size, value);
      case 'V':
        return this.writeXmmAs(this.reg, size, value);
      case 'U':
        return this.writeXmmAs(this.rm, size, value);
      case 'H':
        return this.writeXmmAs(this.vvvv, size, value);
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

  /** The register in bits 4-7 of the immediate; outside 64-bit mode bit 7 is ignored. */
  private get immediateRegister(): number {
    return (this.immediate >> 4) & (this.mode64 ? 15 : 7);
  }

  private immediateValue(operand: Operand, size: number): Value {
    const { ir } = this;
    if (operand.isSecondImmediate) return ir.i32(this.immediate2);
    const changing = size >= 4 && !operand.signedByte ? this.code.changing?.(this.immediateAt, this.wideImmediate ? 8 : 4) : undefined;
    if (changing) {
      const value = this.call(this.wideImmediate ? 'code_quad' : 'code_long', ir.i32(changing));
      return size === 8 ? value : ir.wrap(value);
    }
    if (size === 8) return ir.i64(this.wideImmediate ? this.immediate64 : this.immediate);
    // A sign-extended byte is cut to the operand's size again.
    const value = size === 1 ? this.immediate & 0xff : size === 2 ? this.immediate & 0xffff : this.immediate;
    return this.markExtended(ir.i32(value), size);
  }

  /** The address in the instruction (moffs). */
  private directOffset(): Value {
    return this.ir.i64(this.wideImmediate ? this.immediate64 : this.displacement);
  }

  /** A load for a read-modify-write checks limits and access for the write as well, so the store goes to the same address. */
  private loadOperandMemory(operand: Operand, size: number, forWrite: boolean): Value {
    const address = this.linear(size, forWrite);
    if (forWrite) this.memoryAddress = address;
    return this.loadAs(address, size, operand.type, forWrite, this.alignmentOf(size));
  }

  private storeOperandMemory(operand: Operand, size: number, value: Value): void {
    this.storeAs(this.memoryAddress ?? this.linear(size, true), size, value, operand.type, this.alignmentOf(size));
  }

  /** What the instruction demands of its memory operand. */
  private alignmentOf(size: number): number {
    return size === 16 && !this.row!.unaligned && !this.half ? (this.isWide ? 32 : 16) : 1;
  }

  /** A vector; or of a narrower operand the lane: with `half` 1 the one that the upper half of the result is made from. */
  private readXmmAs(number: number, size: number, type: ValueType | undefined): Value {
    const { ir } = this;
    if (size === 16 || type === 'v128') return this.readXmm(number);
    const whole = this.get(XMM[number]!);
    const lane = this.half;
    if (size === 8) return ir.op(`${type === 'f64' ? 'f64x2' : 'i64x2'}.extract_lane.${lane}`, whole);
    if (size === 4) return ir.op(`${type === 'f32' ? 'f32x4' : 'i32x4'}.extract_lane.${lane}`, whole);
    return this.markExtended(ir.op(size === 2 ? `i16x8.extract_lane.${lane}` : `i8x16.extract_lane.${lane}`, whole), size);
  }

  /** By the value's type: v128 replaces the register, others its lowest lane: of the first source, if there are three operands. */
  private writeXmmAs(number: number, _size: number, value: Value): void {
    const { ir } = this;
    const lanes = { i32: 'i32x4', i64: 'i64x2', f32: 'f32x4', f64: 'f64x2' } as const;
    const type = ir.typeOf(value);
    const rest = this.vex ? this.vvvv : number;
    this.writeXmm(number, type === 'v128' ? value : ir.op(`${lanes[type]}.replace_lane.0`, this.readXmm(rest), value));
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

  /** #GP(0) unless an address is canonical (48 bits). */
  requireCanonical(address: Value): void {
    const { ir } = this;
    const cut = ir.shrS(ir.shl(address, ir.i64(16)), ir.i64(16));
    this.call('raise_if', ir.ne(cut, address), ir.i32(EXCEPTION.GP), ir.i32(0));
  }

  undefinedOpcode(): void {
    this.raise(EXCEPTION.UD);
  }

  generalProtection(error = 0): void {
    this.raise(EXCEPTION.GP, error);
  }

  // Ends of the block.

  /** Goes to a known address (of the guest's, in the mode that the block is in). */
  endAt(pc: number): void {
    if (this.hflags & AFTERWARDS) return this.endDynamic(this.ir.codeAddress(pc));
    this.commit();
    this.letInterruptsIn(pc);
    this.ir.end({ kind: 'goto', pc });
  }

  /** Goes on with the next instruction, at `pc`. Nothing is left to do after the last one. */
  endNext(pc: number): void {
    if (this.shadowAhead) this.inhibitInterrupts(L.INHIBIT_BY_STI);
    if (this.hflags & AFTERWARDS || this.shadowAhead) return this.endDynamic(this.ir.codeAddress(pc));
    this.letInterruptsIn(pc);
    this.ir.end({ kind: 'goto', pc });
  }

  /**
   * Goes to one of two known addresses, the second behind the instruction. If what stands there looks at the flags, it belongs to the block:
   * compilers follow one comparison by two jumps, and what the second block would have to work out is known in the first.
   */
  endBranch(condition: Value, taken: number, otherwise: number): void {
    const { ir } = this;
    if (this.hflags & AFTERWARDS || this.isShadowed) return this.endDynamic(ir.select(condition, ir.codeAddress(taken), ir.codeAddress(otherwise)));
    this.commit();
    if (this.flagsAreRead()) return ir.exitIf(condition, { kind: 'goto', pc: taken });
    ir.branch(condition, { kind: 'goto', pc: taken }, { kind: 'goto', pc: otherwise });
  }

  /** Goes to where `pc` (i64, zero-extended outside 64-bit mode) says. */
  endDynamic(pc: Value): void {
    this.set(PC, pc);
    this.endLookup();
  }

  /** After a helper that moved control, or with `pc` set. */
  endLookup(): void {
    this.finishInstruction();
    this.commit();
    this.debugTraps();
    this.ir.end({ kind: 'lookup' });
  }

  /** After a helper that moved control and cleared TF as it wanted it. */
  endLookupWithoutTrap(): void {
    this.finishInstruction();
    this.commit();
    this.ir.end({ kind: 'lookup' });
  }

  /** Back to the main loop, with `pc` at the next instruction unless a helper set it. */
  endLeave(reason: number, pc: number | undefined): void {
    if (pc !== undefined) this.set(PC, this.ir.codeAddress(pc));
    this.finishInstruction();
    this.commit();
    this.debugTraps();
    this.ir.end({ kind: 'leave', reason });
  }

  /** Single step and data breakpoints come after the instruction, as traps. */
  private debugTraps(): void {
    if (!(this.hflags & (L.HF_TF | L.HF_BREAKPOINTS)) || this.trapsWait) return;
    const nextPc = this.ir.get(PC);
    if (this.hflags & L.HF_TF) this.call('single_step', nextPc);
    else this.call('watch_end', nextPc);
    // A helper that may fault runs with PC at its own instruction; this one need not fault.
    this.ir.set(PC, nextPc);
  }

  /** The next instruction starts a block of its own: this one may have changed what translation depends on. */
  stopAfter(): void {
    this.stop = true;
  }

  endStopped(): void {
    this.endDynamic(this.ir.codeAddress(this.nextPc));
  }

  /** Whether the block has to end behind this instruction: interrupts that STI kept waiting may come then. */
  get endsShadow(): boolean {
    return this.isShadowed;
  }

  /** After STI: if the next instruction is in the same block, interrupts wait for it by themselves. */
  startShadow(): void {
    // Of several in a row, only the first counts.
    this.shadowAhead = (this.hflags & L.HF_INHIBIT) === 0 && !this.isShadowed;
  }

  /** At the end of the instruction behind STI, with everything else done. */
  private letInterruptsIn(pc?: number): void {
    if (!this.isShadowed) return;
    const { ir } = this;
    if (pc !== undefined) ir.set(PC, ir.codeAddress(pc));
    ir.exitIf(ir.get(INTERRUPT_PENDING), { kind: 'leave', reason: Env.EXIT_REQUESTED });
  }

  /** Blocks interrupts, and after MOV SS and POP SS debug traps, until the next instruction has ended; that will be a block of its own. */
  inhibitInterrupts(by: typeof L.INHIBIT_BY_STI | typeof L.INHIBIT_BY_SS): void {
    this.stopAfter();
    // Of several in a row, only the first counts.
    if (this.hflags & L.HF_INHIBIT) return;
    this.trapsWait = by === L.INHIBIT_BY_SS;
    this.set(INHIBIT, this.ir.i32(by));
    this.set(BLOCK_FLAGS, this.ir.or(this.get(BLOCK_FLAGS), this.ir.i32(L.HF_INHIBIT)));
  }

  /** Ends what lasts for one instruction: interrupts blocked by STI and MOV SS, breakpoints suppressed by RF. */
  private finishInstruction(): void {
    const { ir } = this;
    const ending = this.hflags & (L.HF_INHIBIT | L.HF_RF);
    if (this.isShadowed) {
      this.commit();
      this.letInterruptsIn();
    }
    if (!ending) return;
    this.set(BLOCK_FLAGS, ir.and(this.get(BLOCK_FLAGS), ir.i32(~ending)));
    if (ending & L.HF_RF) this.set(EFLAGS, ir.and(this.get(EFLAGS), ir.i32(~L.FLAG_RF)));
    if (!(ending & L.HF_INHIBIT)) return;
    this.set(INHIBIT, ir.i32(0));
    this.commit();
    // An interrupt that came in the meantime was put off: now the main loop is to look again.
    if (!(this.hflags & L.HF_TF)) ir.exitIf(ir.get(INTERRUPT_PENDING), { kind: 'leave', reason: Env.EXIT_REQUESTED });
  }
}
