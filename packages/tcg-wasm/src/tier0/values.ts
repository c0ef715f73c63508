/**
 * What a block's values need before they become micro-ops: how often and how long each is used, which cost none of their own, and which live in
 * the slot of a global.
 */
import { Code, Env, type IrBlock } from '@nandu/tcg';
import { BRANCHES } from './micro-ops.js';

const { I32, NO_VALUE, OP_ARITY, OP_BRANCH, OP_CALL, OP_END, OP_EXIT_IF, OP_GET, OP_I64, OP_LOAD, OP_SET, OP_SHUFFLE, OP_STORE } = Code;
const SHL64 = Code.opcodeOf('i64.shl');
const ADD64 = Code.opcodeOf('i64.add');
const WRAP = Code.opcodeOf('i32.wrap_i64');
const EXTEND_U = Code.opcodeOf('i64.extend_i32_u');

/** No slot yet. Slot 0 is the budget, so no value's. */
export const NO_SLOT = 0;
const GLOBAL_SLOTS = Env.GLOBALS_END >> 2;

export class Values {
  #block!: IrBlock;

  // By value.
  uses = new Uint16Array(1024);
  #addressUses = new Uint16Array(1024);
  #lastUse = new Int32Array(1024);
  slot = new Uint16Array(1024);
  /** 1: computed where it is used (fused compare, address), or a constant, so that no micro-op is its own. */
  fused = new Uint8Array(1024);
  /**
   * The value whose slot a value shares: its own, or, for conversions between i32 and i64 that change no bit, the operand's. The
   * low half of a slot of 64 bits is one of 32; and every i32 that is computed is stored with zeros above it.
   */
  root = new Int32Array(1024);
  /** For a GET: 1 if it must be copied, since the global changes before its last use. */
  needsTemporary = new Uint8Array(1024);
  /** For a SET: 1 if the value is computed right into the global's slot. */
  forwarded = new Uint8Array(1024);

  // By global (offset / 4), good where the stamp is the current one.
  readonly #stamps = new Float64Array(GLOBAL_SLOTS);
  #stamp = 0;
  /** The value that lives in the global's slot, or -1. */
  readonly #holder = new Int32Array(GLOBAL_SLOTS);
  /** The SET by which it got there, or -1 for a GET. */
  readonly #holderSet = new Int32Array(GLOBAL_SLOTS);
  /** Last op that wrote or read the slot. */
  readonly #touched = new Int32Array(GLOBAL_SLOTS);

  /** Finds all of it out for a block. */
  analyse(block: IrBlock): void {
    this.#block = block;
    this.#prepare(block.count);
    this.#countUses();
    this.#fuse();
    this.#placeGlobals();
  }

  #prepare(count: number): void {
    if (this.uses.length < count) {
      const capacity = count * 2;
      this.uses = new Uint16Array(capacity);
      this.#addressUses = new Uint16Array(capacity);
      this.#lastUse = new Int32Array(capacity);
      this.slot = new Uint16Array(capacity);
      this.root = new Int32Array(capacity);
      this.fused = new Uint8Array(capacity);
      this.needsTemporary = new Uint8Array(capacity);
      this.forwarded = new Uint8Array(capacity);
      return;
    }
    this.uses.fill(0, 0, count);
    this.#addressUses.fill(0, 0, count);
    this.slot.fill(NO_SLOT, 0, count);
    this.fused.fill(0, 0, count);
    this.needsTemporary.fill(0, 0, count);
    this.forwarded.fill(0, 0, count);
  }

  #use(value: number, at: number): void {
    const root = this.root[value]!;
    this.uses[root]!++;
    this.#lastUse[root] = at;
  }

  /** Whether op `i` is a conversion that needs no code. */
  #isFree(i: number): boolean {
    const { op, a } = this.#block;
    if (op[i] === WRAP) return true;
    if (op[i] !== EXTEND_U) return false;
    const from = op[a[i]!]!;
    return (from >= OP_SHUFFLE && from !== WRAP) || from === OP_LOAD || from === OP_CALL;
  }

  #countUses(): void {
    const { count, op, a, b, c, extra } = this.#block;
    for (let i = 0; i < count; i++) {
      const o = op[i]!;
      this.root[i] = i;
      if (o >= OP_SHUFFLE) {
        const arity = OP_ARITY[o]!;
        if (this.#isFree(i)) {
          this.root[i] = this.root[a[i]!]!;
          continue;
        }
        this.#use(a[i]!, i);
        if (arity > 1) this.#use(b[i]!, i);
        if (arity > 2) this.#use(c[i]!, i);
        continue;
      }
      switch (o) {
        case OP_SET:
          this.#use(b[i]!, i);
          break;
        case OP_STORE:
        case OP_LOAD:
          if (o === OP_STORE) this.#use(b[i]!, i);
          this.#use(a[i]!, i);
          this.#addressUses[this.root[a[i]!]!]!++;
          break;
        case OP_CALL:
          for (let k = b[i]!, end = k + c[i]!; k < end; k++) this.#use(extra[k]!, i);
          break;
        case OP_EXIT_IF:
        case OP_BRANCH:
          this.#use(a[i]!, i);
          break;
      }
    }
  }

  /** Marks comparisons that only a branch uses and sums that are only addresses; their operands live as long as they. */
  #fuse(): void {
    const { count, op, a, b } = this.#block;
    for (let i = count - 1; i >= 0; i--) {
      const o = op[i]!;
      if (o === OP_EXIT_IF || o === OP_BRANCH) {
        const test = this.root[a[i]!]!;
        if (BRANCHES[op[test]!] !== 0 && this.uses[test] === 1) {
          this.fused[test] = 1;
          this.#extend(a[test]!, i);
          if (OP_ARITY[op[test]!]! > 1) this.#extend(b[test]!, i);
        }
      } else if (o === ADD64) {
        if (this.uses[i]! > 0 && this.uses[i] === this.#addressUses[i] && this.#isDisplacement(b[i]!)) {
          this.fused[i] = 1;
          this.#extend(a[i]!, this.#lastUse[i]!);
        } else if (this.#isScaled(b[i]!)) {
          this.fused[b[i]!] = 1;
          this.#extend(a[b[i]!]!, i);
        }
      }
    }
  }

  #extend(of: number, to: number): void {
    const value = this.root[of]!;
    if (this.#lastUse[value]! < to) this.#lastUse[value] = to;
    // What is computed into an address lives on with it.
    if (this.fused[value]) this.#extend(this.#block.a[value]!, to);
  }

  /** Whether a value is one shifted left by a constant, and used just once. */
  #isScaled(value: number): boolean {
    const { op, b } = this.#block;
    return op[value] === SHL64 && this.uses[value] === 1 && op[b[value]!] === OP_I64;
  }

  #isDisplacement(value: number): boolean {
    const { op, a, b } = this.#block;
    return op[value] === OP_I64 && b[value] === a[value]! >> 31;
  }

  /** Decides which values live in slots of globals. */
  #placeGlobals(): void {
    const { count, op, type, a, b } = this.#block;
    this.#stamp++;
    let barrier = -1;
    for (let i = 0; i < count; i++) {
      switch (op[i]) {
        case OP_GET: {
          const g = this.#global(a[i]!);
          this.#touched[g] = i;
          this.slot[i] = a[i]!;
          this.#release(g, i);
          this.#holder[g] = i;
          this.#holderSet[g] = -1;
          break;
        }
        case OP_SET: {
          const value = this.root[b[i]!]!;
          const g = this.#global(a[i]!);
          const old = this.#holder[g]!;
          // Its operands are loaded before its result is stored: the old value may be used by the very op that makes the new one.
          const free = this.#touched[g]! <= value && (old < 0 || this.#lastUse[old]! <= value);
          const made = op[value]!;
          // A slot of 32 bits is too small for a result with zeros above it.
          const fits = type[b[i]!] !== I32;
          const isComputed = fits && (made >= OP_SHUFFLE || made === OP_LOAD || made === OP_CALL) && this.fused[value] === 0 && this.slot[value] === NO_SLOT;
          this.#release(g, i);
          this.#touched[g] = i;
          if (isComputed && free && barrier <= value) {
            this.slot[value] = a[i]!;
            this.forwarded[i] = 1;
            this.#holder[g] = value;
            this.#holderSet[g] = i;
          } else this.#holder[g] = -1;
          break;
        }
        case OP_CALL: {
          const { writes } = this.#block.helpers[a[i]!]!;
          if (writes === 'all') {
            // Rare enough to look at every value that is alive.
            for (let v = 0; v < i; v++) if (this.#lastUse[v]! > i && type[v] !== NO_VALUE && this.uses[v]! > 0) this.#evict(v);
            this.#stamp++;
          } else if (writes !== 'none') {
            for (const global of writes) {
              const g = this.#global(global.offset);
              this.#release(g, i);
              this.#holder[g] = -1;
              this.#touched[g] = i;
            }
          }
          barrier = i;
          break;
        }
        case OP_LOAD:
        case OP_STORE:
        case OP_EXIT_IF:
        case OP_BRANCH:
        case OP_END:
          barrier = i;
          break;
      }
    }
  }

  #global(offset: number): number {
    const g = offset >> 2;
    if (this.#stamps[g] !== this.#stamp) {
      this.#stamps[g] = this.#stamp;
      this.#holder[g] = -1;
      this.#touched[g] = -1;
    }
    return g;
  }

  /** The slot changes at op `at`: what lives there and is used later must have been elsewhere. */
  #release(g: number, at: number): void {
    const value = this.#holder[g]!;
    if (value < 0 || this.#lastUse[value]! <= at) return;
    const set = this.#holderSet[g]!;
    if (set < 0) this.needsTemporary[value] = 1;
    else {
      this.forwarded[set] = 0;
      this.slot[value] = NO_SLOT;
    }
  }

  #evict(value: number): void {
    const slot = this.slot[value]!;
    if (slot === NO_SLOT) return;
    if (this.#block.op[value] === OP_GET) this.needsTemporary[value] = 1;
    else {
      const g = slot >> 2;
      if (this.#stamps[g] === this.#stamp && this.#holder[g] === value) this.forwarded[this.#holderSet[g]!] = 0;
      this.slot[value] = NO_SLOT;
    }
  }
}
