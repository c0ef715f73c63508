/** Guest memory while an instruction is translated: effective addresses, segments, loads, stores, the stack. */
import { Code, type MemoryAccess, type Value, type ValueType } from '@nandu/tcg';
import * as L from '../../assembly/layout.js';
import { NO_SEGMENT } from '../decode/instruction.js';
import { REGISTERS, SEGMENT_BASES } from '../state.js';
import { SYSTEM_HELPERS } from '../system-helpers.js';
import { RegisterAccess } from './registers.js';

const RSP = 4;
const RBP = 5;

export interface AccessOptions {
  /** Default: i32 for 1, 2, 4 bytes, i64 for 8, v128 for 16. */
  readonly type?: ValueType | undefined;
  readonly forWrite?: boolean;
}
const NO_OPTIONS: AccessOptions = {};
export const FOR_WRITE: AccessOptions = { forWrite: true };

/** Descriptions of accesses are made once each; by their codes. */
const ACCESSES = new Array<MemoryAccess | undefined>(Code.ACCESS_CODES);

function accessOf(size: number, type: ValueType, forWrite: boolean, aligned: number, mmu: number): MemoryAccess {
  const code = Code.accessCode(size, Code.typeCode(type), false, forWrite, aligned, mmu);
  return (ACCESSES[code] ??= { size: size as MemoryAccess['size'], type, forWrite, aligned, mmu, code });
}

export abstract class MemoryOperands extends RegisterAccess {
  private cachedOffset: Value | undefined;

  protected startInstructionOfMemory(): void {
    this.cachedOffset = undefined;
  }

  get cpl(): number {
    return this.hflags & L.HF_CPL;
  }

  /** Index of the TLB for this code's own accesses. */
  get mmu(): number {
    if (this.cpl === 3) return L.MMU_USER;
    return this.hflags & L.HF_SMAP ? L.MMU_KERNEL : L.MMU_KERNEL_NO_SMAP;
  }

  /** Segment of the ModRM memory operand: the override, or SS for addresses based on the stack or frame pointer, else DS. */
  get segment(): number {
    if (this.segmentOverride !== NO_SEGMENT) return this.segmentOverride;
    return this.base === RSP || this.base === RBP ? L.SS : L.DS;
  }

  /** Segment of [SI], XLAT, moffs: the override or DS. */
  get dataSegment(): number {
    return this.segmentOverride !== NO_SEGMENT ? this.segmentOverride : L.DS;
  }

  /** Offset of the ModRM memory operand within its segment: i64, zero-extended from the address size. Computed once an instruction. */
  effectiveOffset(): Value {
    return (this.cachedOffset ??= this.computeOffset());
  }

  private computeOffset(): Value {
    const { ir } = this;
    if (this.ipRelative) {
      const address = this.nextPc + this.displacement;
      return this.addressSize === 4 ? ir.extendU(ir.wrap(ir.codeAddress(address))) : ir.codeAddress(address);
    }
    if (this.addressSize === 8) {
      let sum = this.base >= 0 ? this.get(REGISTERS[this.base]!) : undefined;
      if (this.index >= 0) {
        const index = this.get(REGISTERS[this.index]!);
        const scaled = this.scale ? ir.shl(index, ir.i64(this.scale)) : index;
        sum = sum === undefined ? scaled : ir.add(sum, scaled);
      }
      if (sum === undefined) return ir.i64(this.displacement);
      return this.displacement ? ir.add(sum, ir.i64(this.displacement)) : sum;
    }
    let sum = this.base >= 0 ? ir.wrap(this.get(REGISTERS[this.base]!)) : undefined;
    if (this.index >= 0) {
      const index = ir.wrap(this.get(REGISTERS[this.index]!));
      const scaled = this.scale ? ir.shl(index, ir.i32(this.scale)) : index;
      sum = sum === undefined ? scaled : ir.add(sum, scaled);
    }
    const mask = this.addressSize === 2 ? 0xffff : 0xffff_ffff;
    if (sum === undefined) return ir.i64((this.displacement & mask) >>> 0);
    if (this.displacement) sum = ir.add(sum, ir.i32(this.displacement));
    return ir.extendU(this.addressSize === 2 ? ir.and(sum, ir.i32(mask)) : sum);
  }

  /** Linear address of the ModRM memory operand; `size` and `write` are for segment limits outside 64-bit mode. */
  linear(size: number, write = false): Value {
    if (this.half === 0) return this.linearOf(this.segment, this.effectiveOffset(), size, write);
    // The upper half of a 256-bit operand, or of a narrower one that is widened to it.
    const offset = this.ir.add(this.effectiveOffset(), this.ir.i64(size));
    return this.linearOf(this.segment, this.mode64 ? offset : this.ir.and(offset, this.ir.i64(0xffff_ffff)), size, write);
  }

  /** Linear address of `offset` (i64) in a segment, checked outside 64-bit mode where segments are not known to be flat. */
  linearOf(segment: number, offset: Value, size: number, write = false): Value {
    const { ir } = this;
    if (this.mode64) {
      return segment === L.FS || segment === L.GS ? ir.add(this.get(SEGMENT_BASES[segment]!), offset) : offset;
    }
    // Block flags speak of DS, ES and SS only.
    const always = segment === L.FS || segment === L.GS || segment === L.CS;
    if (!always && !(this.hflags & L.HF_ADDSEG)) return offset;
    if (size > 0) ir.call(SYSTEM_HELPERS.check_segment, ir.i32(segment), offset, ir.i32(size), ir.i32(write ? 1 : 0));
    return ir.and(ir.add(this.get(SEGMENT_BASES[segment]!), offset), ir.i64(0xffff_ffff));
  }

  /** Loads from a linear address. Integers come zero-extended. */
  loadLinear(address: Value, size: number, { type, forWrite = false }: AccessOptions = NO_OPTIONS): Value {
    return this.loadAs(address, size, type, forWrite, 1);
  }

  storeLinear(address: Value, size: number, value: Value, { type }: AccessOptions = NO_OPTIONS): void {
    this.storeAs(address, size, value, type, 1);
  }

  /** The same, with the alignment in bytes that the instruction demands. */
  protected loadAs(address: Value, size: number, type: ValueType | undefined, forWrite: boolean, aligned: number): Value {
    if (this.hflags & L.HF_BREAKPOINTS) this.watch(address, size, false);
    const value = this.ir.load(this.access(size, type, forWrite, aligned), address);
    return size < 4 && type === undefined ? this.markExtended(value, size) : value;
  }

  protected storeAs(address: Value, size: number, value: Value, type: ValueType | undefined, aligned: number): void {
    if (this.hflags & L.HF_BREAKPOINTS) this.watch(address, size, true);
    this.ir.store(this.access(size, type, false, aligned), address, value);
  }

  /** A store (i32) that is never given up to be tried again: the instruction has done what cannot be done twice. */
  storeForGood(address: Value, size: number, value: Value): void {
    if (this.hflags & L.HF_BREAKPOINTS) this.watch(address, size, true);
    this.ir.call(SYSTEM_HELPERS.store_for_good, address, value, this.ir.i32(size));
  }

  /** Where the ModRM operand is, for a helper that accesses so many bytes there. */
  linearForHelper(size: number, write = false): Value {
    const address = this.linear(size, write);
    if (this.hflags & L.HF_BREAKPOINTS) this.watch(address, size, write);
    return address;
  }

  /** Data breakpoints are on: notes the access; what comes of it is seen after the instruction. */
  private watch(address: Value, size: number, write: boolean): void {
    this.ir.call(SYSTEM_HELPERS.watch_data, address, this.ir.i32(size), this.ir.i32(write ? 1 : 0));
  }

  private access(size: number, type: ValueType | undefined, forWrite: boolean, aligned: number): MemoryAccess {
    const alignment = aligned === 1 && this.hflags & L.HF_ALIGN && size > 1 && size <= 8 ? size : aligned;
    return accessOf(size, type ?? (size === 16 ? 'v128' : size === 8 ? 'i64' : 'i32'), forWrite, alignment, this.mmu);
  }

  /** Loads and stores the ModRM memory operand. */
  loadMemory(size: number, options = NO_OPTIONS): Value {
    return this.loadLinear(this.linear(size, options.forWrite), size, options);
  }

  storeMemory(size: number, value: Value, options = NO_OPTIONS): void {
    this.storeLinear(this.linear(size, true), size, value, options);
  }

  /** Bytes of the stack pointer that count: 8, 4 (SS.B) or 2. */
  get stackSize(): number {
    if (this.mode64) return 8;
    return this.hflags & L.HF_SS32 ? 4 : 2;
  }

  /** Stack (or frame) pointer plus `delta`, cut to the stack's size: i64. */
  stackOffset(delta = 0, register = RSP): Value {
    const { ir } = this;
    const pointer = this.get(REGISTERS[register]!);
    const sum = delta ? ir.add(pointer, ir.i64(delta)) : pointer;
    if (this.mode64) return sum;
    return ir.and(sum, ir.i64(this.stackSize === 4 ? 0xffff_ffff : 0xffff));
  }

  /** Sets the stack pointer to an offset of `stackOffset`'s making. */
  setStackPointer(offset: Value): void {
    if (this.stackSize === 2) this.writeRegister(RSP, 2, this.ir.wrap(offset));
    else this.set(REGISTERS[RSP]!, offset);
  }

  push(size: number, value: Value): void {
    const offset = this.stackOffset(-size);
    this.storeLinear(this.linearOf(L.SS, offset, size, true), size, value);
    this.setStackPointer(offset);
  }

  /** Pops `size` bytes; the stack pointer is raised by `size` and `extra` bytes. */
  pop(size: number, extra = 0): Value {
    const value = this.loadLinear(this.linearOf(L.SS, this.stackOffset(), size), size);
    this.setStackPointer(this.stackOffset(size + extra));
    return value;
  }
}
