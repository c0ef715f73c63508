/**
 * From IR to micro-ops. A value lives in the slot of the global that it was read from or will be set to, where nothing gets in
 * the way, so that most instructions are one micro-op; else in a temporary. Constants are immediates where there is a form for it.
 */
import { Code, Env, type Exit, type IrBlock, type OpName } from '@nandu/tcg';
import { ARENA_START, BLOCK_HEAD } from '../memory-map.js';
import { HELPER_INSTRUCTION, HELPER_PC, HELPER_SIZE, MOST_HELPER_ARGUMENTS } from './helper-case.js';
import { accessWord, BRANCH_IMMEDIATES, BRANCHES, controlNumber, IMMEDIATES, loadNumber, MICRO_OP_SIZE, SLOTS, storeNumber } from './micro-ops.js';
import { FIRST_HELPER, sequenceNumber } from './sequences.js';
import { NO_SLOT, Values } from './values.js';

const {
  NO_VALUE,
  OP_ARITY,
  OP_BRANCH,
  OP_CALL,
  OP_END,
  OP_EXIT_IF,
  OP_F32,
  OP_F64,
  OP_GET,
  OP_I32,
  OP_I64,
  OP_INSTRUCTION,
  OP_LOAD,
  OP_SET,
  OP_SHUFFLE,
  OP_STORE,
  OP_V128,
  V128,
} = Code;
const ADD64 = Code.opcodeOf('i64.add');
const EQZ: readonly number[] = ['i32.eqz', 'i64.eqz'].map((name) => Code.opcodeOf(name as OpName));
const JUMP_UNLINKED = controlNumber('unlinked');
const GOTO = controlNumber('goto');
const LOOKUP = controlNumber('lookup');
const LEAVE = controlNumber('leave');
const IF = controlNumber('if');
const GIVE_BACK = controlNumber('give_back');
const LEA = controlNumber('lea');
const SHUFFLE = controlNumber('shuffle');
const CHECK_ALIGNMENT = controlNumber('check_alignment');
const COPY = [controlNumber('copy32'), controlNumber('copy64'), controlNumber('copy32'), controlNumber('copy64'), controlNumber('copy128')];
const CONST32 = controlNumber('const32');
const CONST64 = controlNumber('const64');
const CONST128 = controlNumber('const128');

/** What a block's exits depend on. */
export interface LoweringContext {
  /** Whether a jump to `pc` may be linked directly: it stays within the guest page where the block starts. */
  isLinkable(pc: number): boolean;
  /** Numbers of helpers, in the interpreter's order. */
  helperNumber(name: string): number;
  /** Jumps leave to the main loop after one block. */
  readonly alone: boolean;
}

export class Lowering {
  readonly #u16: Uint16Array;
  readonly #i32: Int32Array;
  /** Next byte of the arena. */
  #at = 0;
  /** Where the sequence of micro-ops starts that the next one may become part of, and where it ends. */
  #sequence = 0;
  #sequenceEnd = -1;
  #block!: IrBlock;
  #context!: LoweringContext;
  #nextTemporary = 0;
  /** Guest instruction that the op belongs to, from 0. */
  #instruction = -1;

  readonly #values = new Values();

  constructor(memory: WebAssembly.Memory, arenaEnd: number) {
    const length = arenaEnd - ARENA_START;
    this.#u16 = new Uint16Array(memory.buffer, ARENA_START, length / 2);
    this.#i32 = new Int32Array(memory.buffer, ARENA_START, length / 4);
  }

  /** Bytes of arena that a block can take at most. */
  static roomFor(block: IrBlock): number {
    return BLOCK_HEAD + block.count * 6 * MICRO_OP_SIZE + block.vectorCount * 48 + block.instructionCount * 4 + 64;
  }

  /** Writes micro-ops from `address` on (that is after the head); returns the address behind the last. */
  lower(block: IrBlock, address: number, context: LoweringContext): number {
    this.#block = block;
    this.#context = context;
    this.#at = address - ARENA_START;
    this.#sequenceEnd = -1;
    this.#nextTemporary = Env.TEMPORARIES_START;
    this.#instruction = -1;
    this.#values.analyse(block);
    for (let i = 0; i < block.count; i++) this.#emitOp(i);
    return this.#at + ARENA_START;
  }

  #emit(number: number, d: number, a: number, b: number, low: number, high: number): void {
    const at = this.#at;
    const u16 = this.#u16;
    const i32 = this.#i32;
    u16[at >> 1] = number;
    this.#growSequence(at, number);
    u16[(at >> 1) + 1] = d;
    u16[(at >> 1) + 2] = a;
    u16[(at >> 1) + 3] = b;
    i32[(at >> 2) + 2] = low;
    i32[(at >> 2) + 3] = high;
    this.#at = at + MICRO_OP_SIZE;
  }

  /** Notes that micro-op `number` is written at `at`: part of a sequence with what stands before it, or the first of the next. */
  #growSequence(at: number, number: number): void {
    const longer = at === this.#sequenceEnd ? sequenceNumber(this.#u16[this.#sequence >> 1]!, number) : 0;
    if (longer !== 0) this.#u16[this.#sequence >> 1] = longer;
    else this.#sequence = at;
    this.#sequenceEnd = at + MICRO_OP_SIZE;
  }

  #temporary(type: number): number {
    let slot = this.#nextTemporary;
    if (type === V128) slot = (slot + 15) & ~15;
    this.#nextTemporary = slot + (type === V128 ? 16 : 8);
    // The last 16 bytes are the slow path's.
    if (this.#nextTemporary > Env.TEMPORARIES_END - 16) throw new Error('block has too many values for the vCPU block');
    return slot;
  }

  /** The slot that the value is in; constants are put into one. */
  #operand(of: number): number {
    const value = this.#values.root[of]!;
    const slot = this.#values.slot[value]!;
    if (slot !== NO_SLOT) return slot;
    const temporary = this.#temporary(this.#block.type[value]!);
    this.#values.slot[value] = temporary;
    this.#emitConstant(value, temporary);
    return temporary;
  }

  /** The slot where a computed value goes. */
  #destination(value: number): number {
    const slot = this.#values.slot[value]!;
    return slot === NO_SLOT ? (this.#values.slot[value] = this.#temporary(this.#block.type[value]!)) : slot;
  }

  #emitConstant(value: number, slot: number): void {
    const { op, a, b, vectors } = this.#block;
    switch (op[value]) {
      case OP_I32:
      case OP_F32:
        this.#emit(CONST32, slot, 0, 0, a[value]!, 0);
        break;
      case OP_I64:
      case OP_F64:
        this.#emit(CONST64, slot, 0, 0, a[value]!, b[value]!);
        break;
      case OP_V128:
        this.#emit(CONST128, slot, 0, 0, this.#data(vectors[a[value]!]!), 0);
        break;
      default:
        throw new Error(`value ${value} (${Code.OP_NAMES[op[value]!]}) is used before it is made`);
    }
  }

  /** Puts bytes into the arena, behind a `jump` around them. Returns their address. */
  #data(bytes: Uint8Array): number {
    const at = this.#at + MICRO_OP_SIZE;
    this.#emit(controlNumber('jump'), 0, 0, 0, ARENA_START + at + bytes.length, 0);
    new Uint8Array(this.#u16.buffer, ARENA_START + at, bytes.length).set(bytes);
    this.#at = at + bytes.length;
    return ARENA_START + at;
  }

  #emitOp(i: number): void {
    const { op, type, a, b, c } = this.#block;
    const o = op[i]!;
    if (o >= OP_SHUFFLE) {
      if (!this.#values.fused[i] && this.#values.root[i] === i) this.#emitComputation(i);
      return;
    }
    switch (o) {
      case OP_GET:
        if (this.#values.needsTemporary[i] && this.#values.uses[i]! > 0) {
          const slot = this.#temporary(type[i]!);
          this.#emit(COPY[type[i]!]!, slot, a[i]!, 0, 0, 0);
          this.#values.slot[i] = slot;
        }
        break;
      case OP_SET:
        if (!this.#values.forwarded[i]) this.#emitSet(a[i]!, b[i]!);
        break;
      case OP_LOAD:
      case OP_STORE: {
        const access = c[i]!;
        const store = o === OP_STORE;
        const value = store ? this.#operand(b[i]!) : 0;
        const displacement = this.#displacement(a[i]!);
        const base = this.#operand(this.#base(a[i]!));
        if (Code.accessAlignLog2(access) > 0) this.#emit(CHECK_ALIGNMENT, this.#instruction, base, 0, displacement, access);
        if (store) this.#emit(storeNumber(access), this.#instruction, base, value, displacement, accessWord(access));
        else this.#emit(loadNumber(access), this.#destination(i), base, this.#instruction, displacement, accessWord(access));
        break;
      }
      case OP_CALL:
        this.#emitCall(i);
        break;
      case OP_INSTRUCTION:
        this.#instruction++;
        break;
      case OP_EXIT_IF: {
        const at = this.#emitTest(a[i]!);
        const left = this.#block.instructionCount - 1 - this.#instruction;
        if (left > 0) this.#emit(GIVE_BACK, 0, 0, 0, left, 0);
        this.#emitExit(this.#block.exits[b[i]!]!);
        this.#u16[(at >> 1) + 1] = this.#at - at;
        break;
      }
      case OP_END:
        this.#emitExit(this.#block.exits[b[i]!]!);
        break;
      case OP_BRANCH: {
        const at = this.#emitTest(a[i]!);
        this.#emitExit(this.#block.exits[b[i]!]!);
        this.#u16[(at >> 1) + 1] = this.#at - at;
        this.#emitExit(this.#block.exits[c[i]!]!);
        break;
      }
    }
  }

  #emitSet(offset: number, value: number): void {
    const { op, type } = this.#block;
    const o = op[value]!;
    if (this.#values.slot[value] === NO_SLOT && (o === OP_I32 || o === OP_I64 || o === OP_F32 || o === OP_F64 || o === OP_V128))
      this.#emitConstant(value, offset);
    else this.#emit(COPY[type[value]!]!, offset, this.#operand(value), 0, 0, 0);
  }

  /** An op of the table, or a shuffle. */
  #emitComputation(i: number): void {
    const { op, a, b, c, vectors } = this.#block;
    const o = op[i]!;
    const number = SLOTS[o]!;
    const arity = OP_ARITY[o]!;
    if (o === OP_SHUFFLE) {
      const lanes = vectors[c[i]!]!;
      const x = this.#operand(a[i]!);
      const y = this.#operand(b[i]!);
      // A swizzle gives 0 for a lane number over 15: each half picks what is its own.
      const table = Uint8Array.from({ length: 32 }, (_, k) => (k < 16 ? (lanes[k]! < 16 ? lanes[k]! : 255) : lanes[k - 16]! >= 16 ? lanes[k - 16]! - 16 : 255));
      const at = this.#data(table);
      this.#emit(SHUFFLE, this.#destination(i), x, y, at, 0);
      return;
    }
    if (arity === 1) {
      const x = this.#operand(a[i]!);
      this.#emit(number, this.#destination(i), x, 0, 0, 0);
      return;
    }
    const last = b[i]!;
    const lastOp = op[last]!;
    if (o === ADD64 && this.#values.fused[last]) {
      const x = this.#operand(a[i]!);
      const y = this.#operand(a[last]!);
      this.#emit(LEA, this.#destination(i), x, y, 0, this.#block.a[b[last]!]! & 63);
      return;
    }
    if (arity === 2 && IMMEDIATES[o] !== 0 && (lastOp === OP_I32 || lastOp === OP_I64)) {
      const x = this.#operand(a[i]!);
      this.#emit(IMMEDIATES[o]!, this.#destination(i), x, 0, this.#block.a[last]!, this.#block.b[last]!);
      return;
    }
    const x = this.#operand(a[i]!);
    const y = this.#operand(last);
    const z = arity > 2 ? this.#operand(c[i]!) : 0;
    this.#emit(number, this.#destination(i), x, y, z, 0);
  }

  #displacement(address: number): number {
    return this.#values.fused[address] ? this.#block.a[this.#block.b[address]!]! : 0;
  }

  #base(address: number): number {
    return this.#values.fused[address] ? this.#block.a[address]! : address;
  }

  #emitCall(i: number): void {
    const { a, b, c, extra, helpers, pcs, type } = this.#block;
    const helper = helpers[a[i]!]!;
    const args: number[] = [];
    for (let k = b[i]!, end = k + c[i]!; k < end; k++) args.push(this.#operand(extra[k]!));
    while (args.length < MOST_HELPER_ARGUMENTS) args.push(0);
    const d = type[i] === NO_VALUE ? 0 : this.#destination(i);
    const at = this.#at;
    this.#emit(FIRST_HELPER + this.#context.helperNumber(helper.name), d, args[0]!, args[1]!, args[2]! | (args[3]! << 16), args[4]! | (args[5]! << 16));
    const instruction = Math.max(this.#instruction, 0);
    const pc = pcs[instruction]!;
    this.#i32[(at + HELPER_INSTRUCTION) >> 2] = instruction;
    this.#i32[(at + HELPER_PC) >> 2] = pc | 0;
    this.#i32[(at + HELPER_PC + 4) >> 2] = Math.floor(pc / 0x1_0000_0000) | 0;
    this.#at = at + HELPER_SIZE;
  }

  /** The test of a branch; returns where its micro-op is, so that its distance can be filled in. */
  #emitTest(condition: number): number {
    const { op, a, b } = this.#block;
    const test = this.#values.root[condition]!;
    if (!this.#values.fused[test]) {
      const slot = this.#operand(test);
      this.#emit(IF, 0, slot, 0, 0, 0);
    } else {
      const x = this.#operand(a[test]!);
      const o = op[test]!;
      const right = b[test]!;
      if (EQZ.includes(o)) this.#emit(BRANCHES[o]!, 0, x, 0, 0, 0);
      else if (op[right] === OP_I32 || op[right] === OP_I64) this.#emit(BRANCH_IMMEDIATES[o]!, 0, x, 0, a[right]!, b[right]!);
      else {
        const y = this.#operand(right);
        this.#emit(BRANCHES[o]!, 0, x, y, 0, 0);
      }
    }
    return this.#at - MICRO_OP_SIZE;
  }

  #emitExit(exit: Exit): void {
    switch (exit.kind) {
      case 'lookup':
        this.#emit(LOOKUP, 0, 0, 0, 0, 0);
        break;
      case 'leave':
        this.#emit(LEAVE, 0, 0, 0, exit.reason, 0);
        break;
      case 'goto': {
        const number = !this.#context.alone && this.#context.isLinkable(exit.pc) ? JUMP_UNLINKED : GOTO;
        this.#emit(number, 0, 0, 0, exit.pc | 0, Math.floor(exit.pc / 0x1_0000_0000) | 0);
        break;
      }
    }
  }
}
