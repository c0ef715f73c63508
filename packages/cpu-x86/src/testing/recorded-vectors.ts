/** Runs instructions with the state that vectors/generate.mjs recorded a real CPU with, and compares what they leave. */
import { BareMachine } from './bare-machine.js';

/** An instruction, and the state before and after it. */
export interface Vector {
  readonly name: string;
  readonly code: string;
  /** Bytes in hexadecimal, without zeros at their end; in `out` only what changed. */
  readonly in: Readonly<Record<string, string>>;
  readonly out: Readonly<Record<string, string>>;
  /** Bits of the flags that the instruction leaves undefined. */
  readonly undefined?: number;
}

/** In the megabyte that is mapped above everything else. */
const CODE = 0x10_0000;
const CODE_BYTES = 256;
export const MOST_VECTORS = 4000;
const IMAGE = 0x2_0000;
const REGISTERS = 0x2_0200;
const FLAGS = 0x2_0220;
const UPPER = 0x2_0240;
const MEMORY = 0x2_0400;
const IMAGE_AFTER = 0x2_0600;
/** Where the fields of a vector are before and after the instruction, and their bytes. */
const FIELDS: Readonly<Record<string, readonly [before: number, after: number, bytes: number]>> = {
  gpr: [REGISTERS, REGISTERS, 32],
  flags: [FLAGS, FLAGS, 8],
  memory: [MEMORY, MEMORY, 64],
  mxcsr: [IMAGE + 24, IMAGE_AFTER + 24, 4],
  fsw: [IMAGE + 2, IMAGE_AFTER + 2, 2],
  ftw: [IMAGE + 4, IMAGE_AFTER + 4, 1],
  st: [IMAGE + 32, IMAGE_AFTER + 32, 128],
  xmm: [IMAGE + 160, IMAGE_AFTER + 160, 64],
  upper: [UPPER, UPPER, 64],
};

const absolute = (address: number) => [address & 0xff, (address >> 8) & 0xff, (address >> 16) & 0xff, address >>> 24];
const FOUR = [0, 1, 2, 3];
const BEFORE = [
  ...[0x0f, 0x20, 0xe0, 0x0d, 0x00, 0x06, 0x04, 0x00, 0x0f, 0x22, 0xe0], // CR4.OSFXSR, OSXMMEXCPT, OSXSAVE
  ...[0x31, 0xc9, 0x31, 0xd2, 0xb8, 0x07, 0x00, 0x00, 0x00, 0x0f, 0x01, 0xd1], // XCR0: x87, SSE, AVX
  ...[0x48, 0x0f, 0xae, 0x0c, 0x25, ...absolute(IMAGE)], // fxrstor64
  // vinsertf128 ymm, ymm, [upper], 1
  ...FOUR.flatMap((number) => [0xc4, 0xe3, 0x05 | ((number ^ 15) << 3), 0x18, (number << 3) | 4, 0x25, ...absolute(UPPER + 16 * number), 1]),
  ...[0xff, 0x34, 0x25, ...absolute(FLAGS), 0x9d], // push, popfq
  ...FOUR.flatMap((number) => [0x48, 0x8b, (number << 3) | 4, 0x25, ...absolute(REGISTERS + 8 * number)]),
  ...[0xbf, ...absolute(MEMORY)], // mov edi
];
const AFTER = [
  ...FOUR.flatMap((number) => [0x48, 0x89, (number << 3) | 4, 0x25, ...absolute(REGISTERS + 8 * number)]),
  ...[0x9c, 0x8f, 0x04, 0x25, ...absolute(FLAGS)], // pushfq, pop
  ...[0x48, 0x0f, 0xae, 0x04, 0x25, ...absolute(IMAGE_AFTER)], // fxsave64
  // vextractf128 [upper], ymm, 1
  ...FOUR.flatMap((number) => [0xc4, 0xe3, 0x7d, 0x19, (number << 3) | 4, 0x25, ...absolute(UPPER + 16 * number), 1]),
  0xf4,
];
const ARITHMETIC_FLAGS = 0x8d5;

const definedFlags = (vector: Vector) => ARITHMETIC_FLAGS & ~(vector.undefined ?? 0);

const bytesOf = (text = '') => Buffer.from(text, 'hex');
const withoutZeros = (bytes: Buffer) => bytes.toString('hex').replace(/(00)+$/, '');

/** One machine for many vectors, each with code of its own. */
export class VectorRunner {
  readonly machine: BareMachine;

  /** `compiled`: tier 1 gets what ran twice; everything runs three times. */
  constructor(private readonly compiled = false) {
    this.machine = new BareMachine(compiled ? { engine: { eager: () => true } } : {});
  }

  /** What each instruction leaves; equal to `expected` if all is well. */
  run(vectors: readonly Vector[]): Record<string, string>[] {
    if (vectors.length > MOST_VECTORS) throw new Error(`${vectors.length} vectors are too many at once`);
    vectors.forEach((vector, i) => this.machine.load(CODE + i * CODE_BYTES, [...BEFORE, ...bytesOf(vector.code), ...AFTER]));
    // Code is compiled between slices, a few milliseconds after it became hot: by the third time most of it is.
    for (let i = 0; this.compiled && i < 2; i++) vectors.forEach((vector, at) => this.once(vector, at));
    return vectors.map((vector, at) => this.once(vector, at));
  }

  private once(vector: Vector, at: number): Record<string, string> {
    const { machine } = this;
    machine.ram.fill(0, IMAGE, IMAGE + 512);
    machine.ram.set([0x7f, 0x03], IMAGE);
    for (const [name, [before, , bytes]] of Object.entries(FIELDS)) {
      machine.ram.fill(0, before, before + bytes);
      machine.ram.set(bytesOf(vector.in[name]), before);
    }
    machine.long(CODE + at * CODE_BYTES);
    const stop = machine.run(200);
    if (stop !== 'halted') return { stop };
    const left: Record<string, string> = {};
    for (const [name, [, after, bytes]] of Object.entries(FIELDS)) {
      const now = Buffer.from(machine.ram.subarray(after, after + bytes));
      if (name === 'flags') now.writeUInt16LE(now.readUInt16LE(0) & definedFlags(vector));
      left[name] = withoutZeros(now);
    }
    return left;
  }

  static expected(vector: Vector): Record<string, string> {
    const expected = Object.fromEntries(Object.keys(FIELDS).map((name) => [name, vector.out[name] ?? vector.in[name] ?? '']));
    const flags = Buffer.concat([bytesOf(expected['flags']), Buffer.alloc(8)]);
    flags.writeUInt16LE(flags.readUInt16LE(0) & definedFlags(vector));
    expected['flags'] = withoutZeros(flags.subarray(0, 2));
    return expected;
  }
}
