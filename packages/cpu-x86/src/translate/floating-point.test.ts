/** x87, MMX and SSE against what a real CPU left of the same instructions: every row of the tables (see vectors/generate.mjs). */
import { readFileSync } from 'node:fs';
import { BareMachine } from '../testing/bare-machine.js';

interface Vector {
  readonly name: string;
  readonly code: string;
  /** Bytes in hexadecimal, without zeros at their end; in `out` only what changed. */
  readonly in: Readonly<Record<string, string>>;
  readonly out: Readonly<Record<string, string>>;
}

const VECTORS = JSON.parse(readFileSync(new URL('../../../vectors/floating-point.json', import.meta.url), 'utf8')).vectors as readonly Vector[];

const CODE = 0x1_0000;
const IMAGE = 0x2_0000;
const REGISTERS = 0x2_0200;
const FLAGS = 0x2_0220;
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
};

const absolute = (address: number) => [address & 0xff, (address >> 8) & 0xff, (address >> 16) & 0xff, address >>> 24];
const BEFORE = [
  ...[0x0f, 0x20, 0xe0, 0x0d, 0x00, 0x06, 0x00, 0x00, 0x0f, 0x22, 0xe0], // CR4.OSFXSR, OSXMMEXCPT
  ...[0x48, 0x0f, 0xae, 0x0c, 0x25, ...absolute(IMAGE)], // fxrstor64
  ...[0xff, 0x34, 0x25, ...absolute(FLAGS), 0x9d], // push, popfq
  ...[0, 1, 2, 3].flatMap((number) => [0x48, 0x8b, (number << 3) | 4, 0x25, ...absolute(REGISTERS + 8 * number)]),
  ...[0xbf, ...absolute(MEMORY)], // mov edi
];
const AFTER = [
  ...[0, 1, 2, 3].flatMap((number) => [0x48, 0x89, (number << 3) | 4, 0x25, ...absolute(REGISTERS + 8 * number)]),
  ...[0x9c, 0x8f, 0x04, 0x25, ...absolute(FLAGS)], // pushfq, pop
  ...[0x48, 0x0f, 0xae, 0x04, 0x25, ...absolute(IMAGE_AFTER)], // fxsave64
  0xf4,
];
const ARITHMETIC_FLAGS = 0x8d5;

const bytesOf = (text = '') => Buffer.from(text, 'hex');

describe('floating point, as recorded', () => {
  const machine = new BareMachine();

  function put(at: number, bytes: number, text: string | undefined): void {
    machine.ram.fill(0, at, at + bytes);
    machine.ram.set(bytesOf(text), at);
  }

  function run(vector: Vector): Record<string, string> {
    machine.load(CODE, [...BEFORE, ...bytesOf(vector.code), ...AFTER]);
    machine.ram.fill(0, IMAGE, IMAGE + 512);
    machine.ram.set([0x7f, 0x03], IMAGE);
    for (const [name, [before, , bytes]] of Object.entries(FIELDS)) put(before, bytes, vector.in[name]);
    machine.long(CODE);
    expect(machine.run(200)).toBe('halted');
    const left: Record<string, string> = {};
    for (const [name, [, after, bytes]] of Object.entries(FIELDS)) {
      const now = Buffer.from(machine.ram.subarray(after, after + bytes));
      if (name === 'flags') now.writeUInt16LE(now.readUInt16LE(0) & ARITHMETIC_FLAGS);
      left[name] = now.toString('hex').replace(/(00)+$/, '');
    }
    return left;
  }

  it.each(VECTORS.map((vector) => [`${vector.name} (${vector.code})`, vector] as const))('%s', (_, vector) => {
    const expected = Object.fromEntries(Object.keys(FIELDS).map((name) => [name, vector.out[name] ?? vector.in[name] ?? '']));
    const flags = Buffer.concat([bytesOf(expected['flags']), Buffer.alloc(8)]);
    expected['flags'] = Buffer.from([flags[0]! & ARITHMETIC_FLAGS & 0xff, flags[1]! & (ARITHMETIC_FLAGS >> 8)])
      .toString('hex')
      .replace(/(00)+$/, '');
    expect(run(vector)).toEqual(expected);
  });
});
