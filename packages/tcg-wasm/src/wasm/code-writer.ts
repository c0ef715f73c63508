import type { ValueType } from '@nandu/tcg';
import { ByteWriter } from './byte-writer.js';
import * as I from './instructions.js';

/** Value types in the binary format (5.3.1 and 5.3.2). */
export const TYPE_CODE: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };
const NO_RESULT = 0x40;

/** A block, loop or if that is open: its depth of nesting. Branches name it so; the writer works out the distance. */
export type Label = number;

const floatBits = new DataView(new ArrayBuffer(8));

/** Writes the body of one function. Locals may be added at any time; they are declared when the body is finished. */
export class CodeWriter extends ByteWriter {
  private readonly locals: ValueType[] = [];
  private readonly scratches = new Map<string, number>();
  private readonly hints: { at: number; likely: boolean }[] = [];
  private depth = 0;

  constructor(private readonly parameterCount: number) {
    super(1024);
  }

  /** The index of a new local. */
  local(type: ValueType): number {
    return this.parameterCount + this.locals.push(type) - 1;
  }

  /** A local for use within one instruction sequence; the same for the same type and number all over the function. */
  scratch(type: ValueType, number: number): number {
    const key = type + number;
    let index = this.scratches.get(key);
    if (index === undefined) this.scratches.set(key, (index = this.local(type)));
    return index;
  }

  op(instruction: number): void {
    if (instruction > 0xff) {
      this.u8(instruction >>> 8);
      this.u32(instruction & 0xff);
    } else this.u8(instruction);
  }

  get(local: number): void {
    this.u8(I.LOCAL_GET);
    this.u32(local);
  }

  set(local: number): void {
    this.u8(I.LOCAL_SET);
    this.u32(local);
  }

  tee(local: number): void {
    this.u8(I.LOCAL_TEE);
    this.u32(local);
  }

  i32(value: number): void {
    this.u8(I.I32_CONST);
    this.s32(value);
  }

  /** A safe integer or a bigint, taken modulo 2^64. */
  i64(value: number | bigint): void {
    this.u8(I.I64_CONST);
    if (typeof value === 'number') this.s64(value % 0x1_0000_0000, Math.floor(value / 0x1_0000_0000));
    else this.s64(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
  }

  /** The 64-bit number with these halves. */
  i64Halves(low: number, high: number): void {
    this.u8(I.I64_CONST);
    this.s64(low, high);
  }

  f32(value: number): void {
    floatBits.setFloat32(0, value, true);
    this.f32Bits(floatBits.getUint32(0, true));
  }

  f32Bits(bits: number): void {
    this.u8(I.F32_CONST);
    for (let shift = 0; shift < 32; shift += 8) this.u8((bits >>> shift) & 0xff);
  }

  f64(value: number): void {
    this.u8(I.F64_CONST);
    floatBits.setFloat64(0, value, true);
    for (let i = 0; i < 8; i++) this.u8(floatBits.getUint8(i));
  }

  f64Bits(low: number, high: number): void {
    this.u8(I.F64_CONST);
    for (const word of [low, high]) for (let shift = 0; shift < 32; shift += 8) this.u8((word >>> shift) & 0xff);
  }

  v128(bytes: ArrayLike<number>): void {
    this.op(I.V128_CONST);
    this.raw(bytes);
  }

  /** A load or store. Alignment is only a hint and engines ignore it, so the default says 1 byte. */
  memory(instruction: number, offset: number, alignLog2 = 0): void {
    this.op(instruction);
    this.u32(alignLog2);
    this.u32(offset);
  }

  block(result?: ValueType): Label {
    return this.open(I.BLOCK, result);
  }

  loop(result?: ValueType): Label {
    return this.open(I.LOOP, result);
  }

  if(result?: ValueType): Label {
    return this.open(I.IF, result);
  }

  else(): void {
    this.u8(I.ELSE);
  }

  end(): void {
    this.depth--;
    this.u8(I.END);
  }

  /** Says of the `if` or `brIf` that is written next whether its condition mostly holds; engines keep what is unlikely out of the way. */
  likely(likely: boolean): void {
    this.hints.push({ at: this.length, likely });
  }

  br(label: Label): void {
    this.u8(I.BR);
    this.u32(this.depth - label);
  }

  brIf(label: Label): void {
    this.u8(I.BR_IF);
    this.u32(this.depth - label);
  }

  brTable(labels: readonly Label[], otherwise: Label): void {
    this.u8(I.BR_TABLE);
    this.u32(labels.length);
    for (const label of labels) this.u32(this.depth - label);
    this.u32(this.depth - otherwise);
  }

  return(): void {
    this.u8(I.RETURN);
  }

  unreachable(): void {
    this.u8(I.UNREACHABLE);
  }

  drop(): void {
    this.u8(I.DROP);
  }

  call(functionIndex: number): void {
    this.u8(I.CALL);
    this.u32(functionIndex);
  }

  returnCall(functionIndex: number): void {
    this.u8(I.RETURN_CALL);
    this.u32(functionIndex);
  }

  callIndirect(typeIndex: number, table = 0): void {
    this.u8(I.CALL_INDIRECT);
    this.u32(typeIndex);
    this.u32(table);
  }

  returnCallIndirect(typeIndex: number, table = 0): void {
    this.u8(I.RETURN_CALL_INDIRECT);
    this.u32(typeIndex);
    this.u32(table);
  }

  /** Writes the function as an entry of the code section (5.5.13): size, locals, body, end. */
  finish(section: ByteWriter): void {
    const head = this.declarations();
    section.u32(head.length + this.length + 1);
    section.raw(head.bytes());
    section.raw(this.bytes());
    section.u8(I.END);
  }

  get hasHints(): boolean {
    return this.hints.length > 0;
  }

  /** Writes the function's branch hints (branch hinting proposal): offsets count from the local declarations on. */
  finishHints(section: ByteWriter): void {
    const start = this.declarations().length;
    section.u32(this.hints.length);
    for (const { at, likely } of this.hints) {
      section.u32(start + at);
      section.u8(1);
      section.u8(likely ? 1 : 0);
    }
  }

  /** The locals, in runs of one type. */
  private declarations(): ByteWriter {
    const head = new ByteWriter(64);
    const runs: { type: ValueType; count: number }[] = [];
    for (const type of this.locals) {
      const last = runs.at(-1);
      if (last?.type === type) last.count++;
      else runs.push({ type, count: 1 });
    }
    head.u32(runs.length);
    for (const { type, count } of runs) {
      head.u32(count);
      head.u8(TYPE_CODE[type]);
    }
    return head;
  }

  private open(instruction: number, result?: ValueType): Label {
    this.u8(instruction);
    this.u8(result ? TYPE_CODE[result] : NO_RESULT);
    return ++this.depth;
  }
}
