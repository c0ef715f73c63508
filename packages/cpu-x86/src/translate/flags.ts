/**
 * Arithmetic flags while a block is translated. What the last instruction left is remembered as values, so that a branch
 * compares operands instead of computing flags; the globals (CC_*, see layout.ts) are set along, and are usually dead.
 */
import type { Value } from '@nandu/tcg';
import * as L from '../../assembly/layout.js';
import { CC_DST, CC_OP, CC_SRC, CC_SRC2 } from '../state.js';
import { SYSTEM_HELPERS } from '../system-helpers.js';
import { MemoryOperands } from './memory.js';

export type FlagKind = 'add' | 'adc' | 'sub' | 'sbb' | 'logic' | 'inc' | 'dec' | 'shl' | 'sar' | 'mul';

const CC_OF_KIND: Readonly<Record<FlagKind, number>> = {
  add: L.CC_ADD,
  adc: L.CC_ADC,
  sub: L.CC_SUB,
  sbb: L.CC_SBB,
  logic: L.CC_LOGIC,
  inc: L.CC_INC,
  dec: L.CC_DEC,
  shl: L.CC_SHL,
  sar: L.CC_SAR,
  mul: L.CC_MUL,
};

/**
 * What is known of the flags.
 *   add, sub:  result = a op b;  adc, sbb: and `carry` (0 or 1)
 *   logic:     result
 *   inc, dec:  result, and `carry` as it was
 *   shl, sar:  result, and `a`, the operand shifted by one less
 *   mul:       result (low half), and `carry`, 1 if the product overflowed
 *   bits:      `a` has the flags at their places in EFLAGS, i32
 */
interface Known {
  readonly kind: FlagKind | 'bits';
  readonly size: number;
  readonly result: Value;
  readonly a: Value;
  readonly b: Value;
  readonly carry: Value;
}

/** Of a power of two, as every size and flag is. */
const log2 = (x: number): number => 31 - Math.clz32(x);

/** Conditions as encoded, without their lowest bit, which negates. */
export const CONDITION_NAMES = ['o', 'no', 'b', 'nb', 'z', 'nz', 'be', 'nbe', 's', 'ns', 'p', 'np', 'l', 'nl', 'le', 'nle'] as const;
const [COND_O, COND_B, COND_Z, COND_BE, COND_S, COND_P, COND_L] = [0, 1, 2, 3, 4, 5, 6];

type FlagRow = readonly [flag: number, valueOf: (tracker: FlagTracker, known: Known) => Value];

export abstract class FlagTracker extends MemoryOperands {
  private static readonly FLAGS: readonly FlagRow[] = [
    [L.FLAG_CF, (t, known) => t.carry(known)],
    [L.FLAG_PF, (t, known) => t.parity(known)],
    [L.FLAG_AF, (t, known) => t.adjust(known)],
    [L.FLAG_ZF, (t, known) => t.zero(known)],
    [L.FLAG_SF, (t, known) => t.sign(known)],
    [L.FLAG_OF, (t, known) => t.overflow(known)],
  ];
  private known: Known | undefined;
  /** Takes effect when the instruction is complete. */
  private next: Known | undefined | null = null;

  protected startBlockOfFlags(): void {
    this.known = undefined;
    this.next = null;
  }

  override commit(): void {
    super.commit();
    if (this.next !== null) this.known = this.next;
    this.next = null;
  }

  /** Forgets what is known: a helper set the flags. */
  flagsUnknown(): void {
    this.next = undefined;
  }

  /**
   * The flags that an operation of `size` bytes (default: operand size) leaves. `a` and `b` are its operands, `carry` the
   * carry in (0 or 1, i32); see `Known` for the kinds whose operands are others.
   */
  flagsFrom(kind: FlagKind, a: Value, b: Value, result: Value, size = this.operandSize, carry?: Value): void {
    const { ir } = this;
    const none = carry ?? result;
    this.next = { kind, size, a, b, result, carry: none };
    this.set(CC_OP, ir.i32(CC_OF_KIND[kind] + log2(size)));
    this.set(CC_DST, this.wide(result, size));
    switch (kind) {
      case 'add':
      case 'sub':
        this.set(CC_SRC, this.wide(b, size));
        break;
      case 'adc':
      case 'sbb':
        this.set(CC_SRC, this.wide(b, size));
        this.set(CC_SRC2, ir.extendU(none));
        break;
      case 'shl':
      case 'sar':
        this.set(CC_SRC, this.wide(a, size));
        break;
      case 'inc':
      case 'dec':
      case 'mul':
        this.set(CC_SRC, ir.extendU(none));
        break;
      case 'logic':
        break;
    }
  }

  /** Flags of AND, OR, XOR, TEST. */
  logicFlags(result: Value, size = this.operandSize): void {
    this.flagsFrom('logic', result, result, result, size);
  }

  private wide(value: Value, size: number): Value {
    return size === 8 ? value : this.ir.extendU(value);
  }

  /** All six flags, given at their places in EFLAGS (i32; other bits must be 0). */
  setFlagBits(bits: Value): void {
    const { ir } = this;
    this.next = { kind: 'bits', size: 4, a: bits, b: bits, result: bits, carry: bits };
    this.set(CC_OP, ir.i32(L.CC_FLAGS));
    this.set(CC_SRC, ir.extendU(bits));
  }

  /** Sets some flags: pairs of a FLAG_* and a value of 0 or 1 (i32). The others stay. */
  changeFlags(...changes: readonly (readonly [flag: number, value: Value])[]): void {
    const { ir } = this;
    const mask = changes.reduce((sum, [flag]) => sum | flag, 0);
    let bits = this.flagBits(L.FLAGS_ARITHMETIC & ~mask);
    for (const [flag, value] of changes) bits = ir.or(bits, this.place(value, flag));
    this.setFlagBits(bits);
  }

  /** Flags become these alone, the others 0. */
  onlyFlags(...flags: readonly (readonly [flag: number, value: Value])[]): void {
    const { ir } = this;
    let bits = ir.i32(0);
    for (const [flag, value] of flags) bits = ir.or(bits, this.place(value, flag));
    this.setFlagBits(bits);
  }

  private place(value: Value, flag: number): Value {
    const shift = log2(flag);
    return shift ? this.ir.shl(value, this.ir.i32(shift)) : value;
  }

  /** Some of the six flags (by default all) at their places in EFLAGS, as they were before this instruction: i32. */
  flagBits(mask = L.FLAGS_ARITHMETIC): Value {
    const known = this.known ?? this.flagsFromGlobals();
    if (known.kind === 'bits') return this.ir.and(known.a, this.ir.i32(mask));
    // Operations that mostly turn out to be dead, in place of a helper's call.
    let bits = this.ir.i32(0);
    for (const [flag, valueOf] of FlagTracker.FLAGS) {
      if (mask & flag) bits = this.ir.or(bits, this.place(valueOf(this, known), flag));
    }
    return bits;
  }

  private flagsFromGlobals(): Known {
    const bits = this.ir.wrap(this.ir.call(SYSTEM_HELPERS.compute_flags));
    // The instruction may still fault, so the globals stay; what is known of them may improve.
    this.known = { kind: 'bits', size: 4, a: bits, b: bits, result: bits, carry: bits };
    return this.known;
  }

  /** One flag before this instruction, 0 or 1: i32. */
  flag(flag: number): Value {
    switch (flag) {
      case L.FLAG_CF:
        return this.condition(2);
      case L.FLAG_ZF:
        return this.condition(4);
      case L.FLAG_SF:
        return this.condition(8);
      case L.FLAG_OF:
        return this.condition(0);
      case L.FLAG_PF:
        return this.condition(10);
      default:
        return this.bit(this.flagBits(flag), flag);
    }
  }

  private bit(bits: Value, flag: number): Value {
    const shift = log2(flag);
    return this.ir.and(shift ? this.ir.shrU(bits, this.ir.i32(shift)) : bits, this.ir.i32(1));
  }

  /** A condition as encoded in Jcc (0-15), from the flags before this instruction: i32, 0 or 1. */
  condition(code: number): Value {
    const known = this.known ?? this.flagsFromGlobals();
    const value = known.kind === 'bits' ? this.conditionOfBits(code >> 1, known.a) : this.conditionOf(code >> 1, known);
    return code & 1 ? this.ir.eqz(value) : value;
  }

  private conditionOfBits(condition: number, bits: Value): Value {
    const { ir } = this;
    switch (condition) {
      case COND_O:
        return this.bit(bits, L.FLAG_OF);
      case COND_B:
        return this.bit(bits, L.FLAG_CF);
      case COND_Z:
        return this.bit(bits, L.FLAG_ZF);
      case COND_BE:
        return ir.ne(ir.and(bits, ir.i32(L.FLAG_CF | L.FLAG_ZF)), ir.i32(0));
      case COND_S:
        return this.bit(bits, L.FLAG_SF);
      case COND_P:
        return this.bit(bits, L.FLAG_PF);
      case COND_L:
        return this.bit(ir.xor(bits, ir.shrU(bits, ir.i32(4))), L.FLAG_SF);
      default:
        return ir.or(this.bit(ir.xor(bits, ir.shrU(bits, ir.i32(4))), L.FLAG_SF), this.bit(bits, L.FLAG_ZF));
    }
  }

  private conditionOf(condition: number, known: Known): Value {
    const { ir } = this;
    switch (condition) {
      case COND_O:
        return this.overflow(known);
      case COND_B:
        return this.carry(known);
      case COND_Z:
        return this.zero(known);
      case COND_BE:
        return this.belowOrEqual(known);
      case COND_S:
        return this.sign(known);
      case COND_P:
        return this.parity(known);
      case COND_L:
        return this.less(known);
      default:
        if (known.kind === 'sub') return this.compare('le_s', this.signedOf(known.a, known.size), this.signedOf(known.b, known.size), known.size);
        if (known.kind === 'logic') return this.compare('le_s', this.signedOf(known.result, known.size), this.constant(0, known.size), known.size);
        return ir.or(this.zero(known), this.less(known));
    }
  }

  private carry({ kind, size, a, b, result, carry }: Known): Value {
    const { ir } = this;
    switch (kind) {
      case 'add':
        return this.ltU(result, a, size);
      case 'sub':
        return this.ltU(a, b, size);
      case 'adc':
        return ir.or(this.ltU(result, a, size), ir.and(carry, ir.eq(this.zext(result, size), this.zext(a, size))));
      case 'sbb':
        return ir.or(this.ltU(a, b, size), ir.and(carry, ir.eq(this.zext(a, size), this.zext(b, size))));
      case 'shl':
        return this.topBit(a, size);
      case 'sar':
        return this.lowBit(a, size);
      case 'logic':
        return ir.i32(0);
      default:
        return carry;
    }
  }

  private overflow(known: Known): Value {
    const { ir } = this;
    const { kind, size, a, b, result } = known;
    switch (kind) {
      case 'add':
      case 'adc':
        return this.topBit(ir.and(ir.xor(a, result), ir.xor(b, result)), size);
      case 'sub':
      case 'sbb':
        return this.topBit(ir.and(ir.xor(a, b), ir.xor(a, result)), size);
      case 'inc':
        return ir.eq(this.zext(result, size), this.constant(1n << BigInt(8 * size - 1), size));
      case 'dec':
        return ir.eq(this.zext(result, size), this.constant((1n << BigInt(8 * size - 1)) - 1n, size));
      case 'shl':
        // For counts above 1 the flag is undefined; this is what the formula for 1 gives.
        return ir.xor(this.topBit(a, size), this.topBit(result, size));
      case 'sar':
        return this.topBit(ir.xor(a, result), size);
      case 'logic':
        return ir.i32(0);
      default:
        return known.carry;
    }
  }

  private zero({ kind, size, a, b, result }: Known): Value {
    const { ir } = this;
    if (kind === 'sub') return ir.eq(this.zext(a, size), this.zext(b, size));
    return ir.eqz(this.zext(result, size));
  }

  private sign({ size, result }: Known): Value {
    return this.topBit(result, size);
  }

  private belowOrEqual(known: Known): Value {
    const { kind, size, a, b } = known;
    if (kind === 'sub') return this.compare('le_u', this.zext(a, size), this.zext(b, size), size);
    if (kind === 'logic') return this.zero(known);
    return this.ir.or(this.carry(known), this.zero(known));
  }

  private less(known: Known): Value {
    const { kind, size, a, b } = known;
    if (kind === 'sub') return this.compare('lt_s', this.signedOf(a, size), this.signedOf(b, size), size);
    if (kind === 'logic') return this.sign(known);
    return this.ir.xor(this.sign(known), this.overflow(known));
  }

  /** AF: the carry out of bit 3; 0 where it is undefined. */
  private adjust({ kind, size, a, b, result }: Known): Value {
    const { ir } = this;
    const bit4 = (value: Value): Value => ir.and(ir.shrU(size === 8 ? ir.wrap(value) : value, ir.i32(4)), ir.i32(1));
    switch (kind) {
      case 'add':
      case 'adc':
      case 'sub':
      case 'sbb':
        return bit4(ir.xor(ir.xor(a, b), result));
      case 'inc':
      case 'dec':
        return ir.eq(ir.and(size === 8 ? ir.wrap(result) : result, ir.i32(15)), ir.i32(kind === 'inc' ? 0 : 15));
      default:
        return ir.i32(0);
    }
  }

  /** PF: even number of ones in the lowest byte. */
  private parity({ size, result }: Known): Value {
    const { ir } = this;
    const low = this.zext(size === 8 ? ir.wrap(result) : result, 1);
    const byte = size === 1 ? low : ir.and(low, ir.i32(0xff));
    return ir.eqz(ir.and(ir.op('i32.popcnt', byte), ir.i32(1)));
  }

  private ltU(a: Value, b: Value, size: number): Value {
    return this.ir.ltU(this.zext(a, size), this.zext(b, size));
  }

  private compare(name: 'le_u' | 'le_s' | 'lt_s', a: Value, b: Value, size: number): Value {
    return this.ir.op(`${size === 8 ? 'i64' : 'i32'}.${name}`, a, b);
  }

  private signedOf(value: Value, size: number): Value {
    return this.sext(value, size);
  }

  /** The highest bit of `size` bytes: i32, 0 or 1. */
  topBit(value: Value, size: number): Value {
    const { ir } = this;
    if (size === 8) return ir.ltS(value, ir.i64(0));
    if (size === 4) return ir.ltS(value, ir.i32(0));
    return ir.and(ir.shrU(value, ir.i32(8 * size - 1)), ir.i32(1));
  }

  lowBit(value: Value, size: number): Value {
    return this.ir.and(size === 8 ? this.ir.wrap(value) : value, this.ir.i32(1));
  }
}
