/**
 * Registers while an instruction is translated. Sets are held back until the instruction is complete, so that nothing is
 * changed before its last op that may fault, in whatever order the semantics are written; `get` sees them.
 */
import type { Global, Ir, Value } from '@nandu/tcg';
import { Instruction } from '../decode/instruction.js';
import { MMX, REGISTERS, XMM, YMM_HIGH } from '../state.js';
import { zero } from './vectors.js';

const HIGH_BYTE_FIRST = 4;
const HIGH_BYTE_LAST = 7;

export abstract class RegisterAccess extends Instruction {
  ir!: Ir;
  /** The instruction works on 256-bit vectors, by halves: `half` is the one that its semantics see as 128-bit registers. */
  isWide = false;
  half: 0 | 1 = 0;
  /** Sets held back, in order: the first `heldCount` of each. */
  private readonly heldGlobals: Global[] = [];
  private readonly heldValues: Value[] = [];
  private heldCount = 0;
  /** By value: from how many bytes it is known to be zero-extended, or 0. */
  private extended = new Uint8Array(4096);
  private extendedEnd = 0;

  protected startBlockOfRegisters(): void {
    this.heldCount = 0;
    this.extended.fill(0, 0, this.extendedEnd);
    this.extendedEnd = 0;
  }

  get(global: Global): Value {
    const held = this.heldIndex(global);
    return held < this.heldCount ? this.heldValues[held]! : this.ir.get(global);
  }

  /** Where the global's set is held back; the next free place if there is none. */
  private heldIndex(global: Global): number {
    let i = 0;
    while (i < this.heldCount && this.heldGlobals[i] !== global) i++;
    return i;
  }

  /** Sets the global once the instruction is complete (or at `commit`). */
  set(global: Global, value: Value): void {
    const at = this.heldIndex(global);
    if (at === this.heldCount) this.heldCount++;
    this.heldGlobals[at] = global;
    this.heldValues[at] = value;
  }

  /** Carries out what `set` held back: after the last op of the instruction that may fault, before the block ends. */
  commit(): void {
    for (let i = 0; i < this.heldCount; i++) this.ir.set(this.heldGlobals[i]!, this.heldValues[i]!);
    this.heldCount = 0;
  }

  /** A general register by its number: i32, zero-extended, for sizes 1, 2, 4; i64 for 8. Numbers 4-7 of one byte are AH CH DH BH without REX. */
  readRegister(number: number, size: number): Value {
    const { ir } = this;
    switch (size) {
      case 8:
        return this.get(REGISTERS[number]!);
      case 4:
        return ir.wrap(this.get(REGISTERS[number]!));
      case 2:
        return this.zext(ir.wrap(this.get(REGISTERS[number]!)), 2);
      default:
        return this.isHighByte(number)
          ? this.zext(ir.shrU(ir.wrap(this.get(REGISTERS[number - 4]!)), ir.i32(8)), 1)
          : this.zext(ir.wrap(this.get(REGISTERS[number]!)), 1);
    }
  }

  /** Bits of `value` above the size are ignored; 4 bytes clear the upper half, 1 and 2 bytes keep the rest. */
  writeRegister(number: number, size: number, value: Value): void {
    const { ir } = this;
    if (size === 8) {
      this.set(REGISTERS[number]!, value);
    } else if (size === 4) {
      this.set(REGISTERS[number]!, ir.extendU(value));
    } else if (size === 1 && this.isHighByte(number)) {
      const register = REGISTERS[number - 4]!;
      const byte = ir.shl(ir.extendU(this.zext(value, 1)), ir.i64(8));
      this.set(register, ir.or(ir.and(this.get(register), ir.i64(~0xff00)), byte));
    } else {
      const register = REGISTERS[number]!;
      const mask = size === 1 ? 0xff : 0xffff;
      this.set(register, ir.or(ir.and(this.get(register), ir.i64(~mask)), ir.extendU(this.zext(value, size))));
    }
  }

  private isHighByte(number: number): boolean {
    return this.rex === 0 && number >= HIGH_BYTE_FIRST && number <= HIGH_BYTE_LAST;
  }

  /** XMM register as a whole (v128); the upper half of the YMM register while `half` is 1. */
  readXmm(number: number): Value {
    return this.get((this.half ? YMM_HIGH : XMM)[number]!);
  }

  /** The same. What has a VEX prefix and 128 bits clears the upper half; without VEX it stays. */
  writeXmm(number: number, value: Value): void {
    this.set((this.half ? YMM_HIGH : XMM)[number]!, value);
    if (this.vex && !this.isWide) this.set(YMM_HIGH[number]!, zero(this.ir));
  }

  /** The first source of an instruction that with a VEX prefix has three operands. */
  get firstSource(): number {
    return this.vex ? this.vvvv : this.reg;
  }

  /** MMX register (i64); entering MMX mode (TOP, tags) is the semantics' business. */
  readMmx(number: number): Value {
    return this.get(MMX[number & 7]!);
  }

  writeMmx(number: number, value: Value): void {
    this.set(MMX[number & 7]!, value);
  }

  /** The low `size` bytes of a value, zero-extended within its type (i32 for 1, 2, 4; i64 for 8). */
  zext(value: Value, size: number): Value {
    if (size >= 4) return value;
    const known = this.extended[value];
    if (known && known <= size) return value;
    const { ir } = this;
    return this.markExtended(ir.and(value, ir.i32(size === 1 ? 0xff : 0xffff)), size);
  }

  /** The same, sign-extended. */
  sext(value: Value, size: number): Value {
    if (size >= 4) return value;
    return this.ir.op(size === 1 ? 'i32.extend8_s' : 'i32.extend16_s', value);
  }

  /** Tells that `value` (of a load, say) has zeros above `size` bytes. */
  markExtended(value: Value, size: number): Value {
    if (size >= 4) return value;
    if (value >= this.extended.length) {
      const larger = new Uint8Array(2 * value);
      larger.set(this.extended);
      this.extended = larger;
    }
    this.extended[value] = size;
    if (value >= this.extendedEnd) this.extendedEnd = value + 1;
    return value;
  }

  /** A constant of the type that integers of this size have. */
  constant(value: number | bigint, size: number): Value {
    return size === 8 ? this.ir.i64(value) : this.ir.i32(Number(value) | 0);
  }

  /** An integer of `size` bytes (in its type) as i64, zero-extended; sign-extended. */
  toI64(value: Value, size: number): Value {
    return size === 8 ? value : this.ir.extendU(this.zext(value, size));
  }

  toI64Signed(value: Value, size: number): Value {
    return size === 8 ? value : this.ir.extendS(this.sext(value, size));
  }

  /** The low bytes of an i64, in the type that integers of this size have; zero-extended. */
  fromI64(value: Value, size: number): Value {
    return size === 8 ? value : this.zext(this.ir.wrap(value), size);
  }
}
