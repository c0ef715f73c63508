/**
 * Blocks of IR as plain numbers, one behind the other in an array, so that another thread can be handed them without a copy. Helpers go by
 * numbers, which both sides agree on.
 */
import { IrBlock } from './block.js';
import type { Exit, Helper } from './types.js';

/** An array that grows; every number is exact in a double. */
export class NumberWriter {
  private numbers = new Float64Array(0x1_0000);
  private count = 0;

  get length(): number {
    return this.count;
  }

  push(number: number): void {
    if (this.count === this.numbers.length) this.grow(1);
    this.numbers[this.count++] = number;
  }

  /** One number a name; `NumberReader.fields` reads them. */
  fields<Name extends string>(names: readonly Name[], from: Readonly<Record<Name, number>>): void {
    for (const name of names) this.push(from[name]);
  }

  /** The start of so many numbers, which the caller writes at once. */
  reserve(count: number): { readonly numbers: Float64Array; readonly at: number } {
    if (this.count + count > this.numbers.length) this.grow(count);
    const at = this.count;
    this.count += count;
    return { numbers: this.numbers, at };
  }

  /** What was written, as an array of its own; the next begins. */
  take(): Float64Array<ArrayBuffer> {
    const taken = this.numbers.slice(0, this.count);
    this.clear();
    return taken;
  }

  clear(): void {
    this.count = 0;
  }

  private grow(by: number): void {
    const numbers = new Float64Array(Math.max(2 * this.numbers.length, this.count + by));
    numbers.set(this.numbers);
    this.numbers = numbers;
  }
}

export class NumberReader {
  private at = 0;

  constructor(private readonly numbers: Float64Array) {}

  next(): number {
    if (this.at >= this.numbers.length) throw new Error('numbers end too early');
    return this.numbers[this.at++]!;
  }

  list(count: number): number[] {
    return Array.from({ length: count }, () => this.next());
  }

  fields<Name extends string>(names: readonly Name[]): Record<Name, number> {
    return Object.fromEntries(names.map((name) => [name, this.next()])) as Record<Name, number>;
  }

  /** The start of so many numbers, which the caller reads at once. */
  skip(count: number): { readonly numbers: Float64Array; readonly at: number } {
    const { numbers, at } = this;
    if (at + count > numbers.length) throw new Error('numbers end too early');
    this.at += count;
    return { numbers, at };
  }
}

/** Opcode, type and operands of one op; opcode and type share a number. */
const NUMBERS_PER_OP = 4;
const TYPE_UNIT = 0x1_0000;
const VECTOR_BYTES = 16;
const LENGTHS = [
  'count',
  'instructionCount',
  'extraCount',
  'vectorCount',
  'exitCount',
  'helperCount',
  'byteLength',
] as const satisfies readonly (keyof IrBlock)[];
const EXIT_KINDS: readonly Exit['kind'][] = ['goto', 'lookup', 'leave'];

export function packIr(ir: IrBlock, numberOf: (helper: Helper) => number, out: NumberWriter): void {
  const { count, op, type, a, b, c } = ir;
  out.fields(LENGTHS, ir);
  let { numbers, at } = out.reserve(NUMBERS_PER_OP * count);
  for (let i = 0; i < count; i++) {
    numbers[at++] = op[i]! + TYPE_UNIT * type[i]!;
    numbers[at++] = a[i]!;
    numbers[at++] = b[i]!;
    numbers[at++] = c[i]!;
  }
  ({ numbers, at } = out.reserve(ir.instructionCount));
  for (let i = 0; i < ir.instructionCount; i++) numbers[at++] = ir.pcs[i]!;
  for (let i = 0; i < ir.extraCount; i++) out.push(ir.extra[i]!);
  for (let i = 0; i < ir.vectorCount; i++) for (const byte of ir.vectors[i]!) out.push(byte);
  for (let i = 0; i < ir.exitCount; i++) {
    const exit = ir.exits[i]!;
    out.push(EXIT_KINDS.indexOf(exit.kind));
    out.push(exit.kind === 'goto' ? exit.pc : exit.kind === 'leave' ? exit.reason : 0);
  }
  for (let i = 0; i < ir.helperCount; i++) out.push(numberOf(ir.helpers[i]!));
}

/** The block again, with columns and lists as long as the counts say. `helpers`: by their numbers. */
export function unpackIr(from: NumberReader, helpers: readonly Helper[]): IrBlock {
  const lengths = from.fields(LENGTHS);
  const { count, instructionCount, extraCount, vectorCount, exitCount, helperCount } = lengths;
  const ir = Object.assign(new IrBlock(count), lengths);
  const { numbers, at: start } = from.skip(NUMBERS_PER_OP * count);
  for (let i = 0, at = start; i < count; i++) {
    const first = numbers[at++]!;
    ir.op[i] = first % TYPE_UNIT;
    ir.type[i] = first / TYPE_UNIT;
    ir.a[i] = numbers[at++]!;
    ir.b[i] = numbers[at++]!;
    ir.c[i] = numbers[at++]!;
  }
  const pcs = from.skip(instructionCount);
  ir.pcs = pcs.numbers.slice(pcs.at, pcs.at + instructionCount);
  ir.extra = from.list(extraCount);
  ir.vectors = Array.from({ length: vectorCount }, () => Uint8Array.from(from.list(VECTOR_BYTES)));
  ir.exits = Array.from({ length: exitCount }, () => exitOf(from.next(), from.next()));
  ir.helpers = from.list(helperCount).map((number) => helpers[number]!);
  return ir;
}

function exitOf(kind: number, what: number): Exit {
  const name = EXIT_KINDS[kind]!;
  return name === 'goto' ? { kind: name, pc: what } : name === 'leave' ? { kind: name, reason: what } : { kind: name };
}
