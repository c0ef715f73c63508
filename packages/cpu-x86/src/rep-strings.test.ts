/** REP CMPS and REP SCAS stop where a loop over the elements stops, wherever that is, in both directions and over pages. */
import type { AcceleratorOptions } from '@nandu/tcg-wasm';
import { assemble } from './testing/assemble.js';
import { BareMachine } from './testing/bare-machine.js';
import { gate, LONG_MODE } from './testing/long-mode.js';

const CODE = 0x1_0000;
const LEFT = 0x2_0000;
const RIGHT = 0x3_0000;
const AREA = 0x3000;
const SUFFIXES = { 1: 'b', 2: 'w', 4: 'd', 8: 'q' } as const;
type Size = keyof typeof SUFFIXES;

let state = 99;
const random = (limit: number): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % limit;

interface Case {
  readonly scans: boolean;
  readonly whileEqual: boolean;
  readonly size: Size;
  readonly backwards: boolean;
  readonly count: number;
  readonly left: number;
  readonly right: number;
  readonly value: bigint;
}

function makeCase(machine: BareMachine): Case {
  const size = ([1, 2, 4, 8] as const)[random(4)]!;
  const [scans, whileEqual, backwards] = [random(2) === 1, random(2) === 1, random(4) === 0];
  const count = random(3) ? random(80) : random(0x1100 / size);
  const span = backwards ? AREA - 16 : 0x1f00;
  const [left, right] = [LEFT + span - random(size === 1 ? 300 : 40) - (backwards ? 0 : 0xf00), RIGHT + span - random(300) - (backwards ? 0 : 0xf00)];
  const value = [0x4141_4141_4141_4141n, 0n, 0x1234_5678_9abc_def0n][random(3)]!;
  // Nearly all elements keep the repetition going.
  const [fill, other] = whileEqual ? [value, value] : [value ^ 0x5555_5555_5555_5555n, value];
  for (let i = 0; i < AREA; i += 8) {
    machine.write64(LEFT + i, value);
    machine.write64(RIGHT + i, fill);
  }
  const stop = random(count + 10);
  const at = right + (backwards ? -stop : stop) * size;
  if (at >= RIGHT && at + 8 < RIGHT + AREA) {
    const bytes = new DataView(machine.ram.buffer, machine.ram.byteOffset);
    const put = whileEqual ? other ^ (1n << BigInt(random(8 * size))) : other;
    for (let i = 0; i < size; i++) bytes.setUint8(at + i, Number((put >> BigInt(8 * i)) & 0xffn));
  }
  return { scans, whileEqual, size, backwards, count, left, right, value };
}

function element(machine: BareMachine, at: number, size: Size): bigint {
  let value = 0n;
  for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(machine.ram[at + i]!);
  return value;
}

/** One element after the other. */
function expected(machine: BareMachine, { scans, whileEqual, size, backwards, count, left, right, value }: Case) {
  const step = backwards ? -size : size;
  let [si, di, cx] = [left, right, count];
  let flags: { carry: boolean; zero: boolean } | undefined;
  while (cx > 0) {
    const a = scans ? BigInt.asUintN(8 * size, value) : element(machine, si, size);
    const b = element(machine, di, size);
    if (!scans) si += step;
    di += step;
    cx--;
    flags = { carry: a < b, zero: a === b };
    if ((a === b) !== whileEqual) break;
  }
  return { rsi: BigInt(si), rdi: BigInt(di), rcx: BigInt(cx), ...(flags ?? { carry: false, zero: false }) };
}

const ENGINES: readonly { name: string; engine: AcceleratorOptions; rounds: number }[] = [
  { name: 'interpreter', engine: { tier: 'interpreter' }, rounds: 150 },
  { name: 'both tiers', engine: { threshold: 2 }, rounds: 150 },
];

describe.each(ENGINES)('repeated comparisons, $name', ({ engine, rounds }) => {
  const machine = new BareMachine({ engine });

  it('stop where a loop stops', () => {
    for (let i = 0; i < rounds; i++) {
      const what = makeCase(machine);
      const { scans, whileEqual, size, backwards, count, left, right, value } = what;
      const name = `${whileEqual ? 'repe' : 'repne'} ${scans ? 'scas' : 'cmps'}${SUFFIXES[size]}`;
      machine.load(CODE, [...assemble(`${backwards ? 'std' : 'cld'}\ncmp esp, 0\n${name}\ncld`), 0xf4]);
      machine.long(CODE, { rcx: count, rsi: left, rdi: right, rax: value, rsp: 0x4_0000 });
      const before = machine.engine.instructionsExecuted(machine.cpu);
      for (let slices = 0; slices < 1000 && machine.run(70) !== 'halted'; slices++);
      const { cpu } = machine;
      const rflags = cpu.readRegister('rflags')!;
      const after = {
        rsi: cpu.readRegister('rsi'),
        rdi: cpu.readRegister('rdi'),
        rcx: cpu.readRegister('rcx'),
        carry: (rflags & 1n) !== 0n,
        zero: (rflags & 0x40n) !== 0n,
      };
      const wanted = expected(machine, what);
      expect({ name, count, ...after }).toEqual({ name, count, ...wanted });
      // An iteration is an instruction, as in the loop; a count of 0 is one, too.
      const iterations = count - Number(wanted.rcx);
      expect(machine.engine.instructionsExecuted(cpu) - before).toBe(4 + Math.max(iterations, 1));
    }
  });
});

describe('the operand that faults first', () => {
  const [GP, PF] = [13, 14];
  const NOT_CANONICAL = 0xc18d_bff0_c80a_3c0bn;
  // The first 2 MiB are mapped. As an AMD processor does it, and QEMU.
  it.each([
    ['cmpsb', [0xa6], 0x30_0000n, 0x40_0000n, PF, 0x40_0000n],
    ['cmpsb', [0xa6], NOT_CANONICAL, 0x40_0000n, PF, 0x40_0000n],
    ['cmpsb', [0xa6], 0x30_0000n, NOT_CANONICAL, GP, 0n],
    ['repe cmpsb', [0xf3, 0xa6], NOT_CANONICAL, 0x40_0000n, PF, 0x40_0000n],
    ['movsb', [0xa4], 0x30_0000n, 0x40_0000n, PF, 0x30_0000n],
    ['movsb', [0xa4], NOT_CANONICAL, 0x40_0000n, GP, 0n],
  ])('%s', (_, code, rsi, rdi, vector, cr2) => {
    const machine = new BareMachine();
    for (const number of [GP, PF]) {
      machine.write64(LONG_MODE.idt + 16 * number, ...gate(0x1_8000 + 16 * number));
      machine.load(0x1_8000 + 16 * number, [0xbd, number, 0, 0, 0, 0xf4]); // mov ebp, number; hlt
    }
    machine.load(0x1_0000, [...code, 0xf4]);
    machine.long(0x1_0000, { rsi, rdi, rcx: 5 });
    machine.run(1000);
    expect(machine.cpu.readRegister('rbp')).toBe(BigInt(vector));
    expect(machine.cpu.readRegister('cr2')).toBe(cr2);
  });
});
