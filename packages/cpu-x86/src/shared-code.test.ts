/** One page of code mapped at many addresses, as shared libraries are: translated once for all of them, and right at each. */
import type { AcceleratorOptions } from '@nandu/tcg-wasm';
import { assemble } from './testing/assemble.js';
import { BareMachine } from './testing/bare-machine.js';
import { gate, LONG_MODE } from './testing/long-mode.js';

const ENGINES: readonly { name: string; engine: AcceleratorOptions }[] = [
  { name: 'interpreter', engine: { tier: 'interpreter' } },
  { name: 'both tiers', engine: { threshold: 20 } },
  { name: 'everything compiled', engine: { eager: () => true } },
];

/** Physical: a library of two pages, another second page, and where its exception ends. */
const LIBRARY = 0x2_0000;
const OTHER_SECOND_PAGE = 0x2_4000;
const HANDLER = 0x3_0000;
/** Virtual: where copies of the library are, up to the end of the addresses that users have. */
const COPIES = [0x10_0000, 0x5555_5555_4000, 0x7ffe_1e3c_8000, 0x14_4000, 0x7fff_ffff_8000, 0x7fff_0000_0000, 0x18_0000, 0x7fff_fffe_0000];
/** Physical: tables for addresses that are not in the first 2 MiB. */
const TABLES = 0x10_0000;
/** In the library. */
const ENTRY = 0x10;
const CROSSING = 0xffd;
const ROUNDS = 100;
const PAGE_OF_USERS = 7;
const INVALID_OPCODE = 6;
const GENERAL_PROTECTION = 13;

/** RAX: an address; R8: return addresses; RBX: data, and what CROSSING adds. */
const FIRST = assemble(
  'again: lea rax, [rip+again]\nadd rbx, [rip+data]\ncall function\nlea rdx, [rip+function]\ncall rdx\njmp over\ndata: dq 5\nfunction: mov rsi, [rsp]\nadd r8, rsi\nret\nover: nop',
);
/** Where the two calls of `function` return to, from ENTRY on. */
const RETURNS = [0x13, 0x1c];
const callCrossing = [0xe8, ...bytes32(CROSSING - (ENTRY + FIRST.length + 5))];
const LAST = assemble('dec rcx');
const jumpBack = [0x0f, 0x85, ...bytes32(-(FIRST.length + callCrossing.length + LAST.length + 6))];
const END = ENTRY + FIRST.length + callCrossing.length + LAST.length + jumpBack.length;

function bytes32(value: number): number[] {
  return [0, 8, 16, 24].map((shift) => (value >> shift) & 0xff);
}

function machineWith(engine: AcceleratorOptions): BareMachine {
  const machine = new BareMachine({ engine });
  machine.load(LIBRARY + ENTRY, [...FIRST, ...callCrossing, ...LAST, ...jumpBack, 0x0f, 0x0b]);
  machine.load(LIBRARY + CROSSING, assemble('add rbx, 0x12345678\nret'));
  machine.load(OTHER_SECOND_PAGE, [...machine.ram.subarray(LIBRARY + 0x1000, LIBRARY + 0x1010)]);
  // The immediate's last byte.
  machine.load(OTHER_SECOND_PAGE + 3, [0x02]);
  machine.load(HANDLER, assemble('hlt'));
  return machine;
}

const ADDS = 0x1234_5678;
const OTHER_ADDS = 0x0234_5678;

/** Maps one page, through tables that are there for it alone. */
function map(machine: BareMachine, virtual: number, physical: number): void {
  const entry = physical | PAGE_OF_USERS;
  if (virtual < 0x20_0000) return machine.write64(LONG_MODE.pt + 8 * (virtual / 0x1000), entry);
  let table: number = LONG_MODE.pml4;
  for (let level = 3; level > 0; level--) {
    const next = TABLES + 0x1000 * (3 - level);
    machine.write64(table + 8 * (Math.floor(virtual / 0x1000 / 512 ** level) % 512), next | PAGE_OF_USERS);
    table = next;
  }
  machine.write64(table + 8 * (Math.floor(virtual / 0x1000) % 512), entry);
}

/** Ready to run the library as a copy, whose exceptions end at a HLT. */
function enter(machine: BareMachine, copy: number, second: number, registers: Readonly<Record<string, number>>): number {
  const base = COPIES[copy]!;
  machine.user(base + ENTRY, registers);
  for (const vector of [INVALID_OPCODE, GENERAL_PROTECTION]) machine.write64(LONG_MODE.idt + 16 * vector, ...gate(HANDLER));
  map(machine, base, LIBRARY);
  map(machine, base + 0x1000, second);
  machine.engine.flushTlb(machine.cpu);
  return base;
}

/** Maps the library as a copy and runs it there. `adds`: what CROSSING is to add. */
function runCopy(machine: BareMachine, copy: number, second = LIBRARY + 0x1000, adds = ADDS): void {
  const base = enter(machine, copy, second, { rcx: ROUNDS, rbx: 0, r8: 0 });
  expect(machine.run()).toBe('halted');
  const read = (name: string): bigint => machine.cpu.readRegister(name)!;
  expect(read('rax')).toBe(BigInt(base + ENTRY));
  expect(read('r8')).toBe(BigInt.asUintN(64, BigInt(ROUNDS) * RETURNS.reduce((sum, at) => sum + BigInt(base + ENTRY + at), 0n)));
  expect(read('rbx')).toBe(BigInt(ROUNDS * (5 + adds)));
  // What the exception pushed.
  expect(Number(machine.read64(Number(read('rsp'))))).toBe(base + END);
}

describe.each(ENGINES)('$name', ({ engine }) => {
  it('runs a library at each of its addresses', () => {
    const machine = machineWith(engine);
    for (let copy = 0; copy < 6; copy++) runCopy(machine, copy);
  });

  it('translates it for the first address, and for all others together', () => {
    const machine = machineWith(engine);
    const { counters } = machine.engine;
    runCopy(machine, 0);
    runCopy(machine, 1);
    const { blocksTranslated } = counters;
    expect(counters.blocksInvalidated).toBeGreaterThan(0);
    for (let copy = 2; copy < 8; copy++) runCopy(machine, copy);
    // At the end of a slice there may be a block of its own.
    expect(counters.blocksTranslated - blocksTranslated).toBeLessThan(3);
  });

  it('notices another second page behind the first', () => {
    const machine = machineWith(engine);
    for (const parity of [0, 1]) {
      for (let copy = 0; copy < 6; copy++) {
        if (copy % 2 === parity) runCopy(machine, copy);
        else runCopy(machine, copy, OTHER_SECOND_PAGE, OTHER_ADDS);
      }
    }
  });

  it('runs what was stored over it, at every address', () => {
    const machine = machineWith(engine);
    for (let copy = 0; copy < 3; copy++) runCopy(machine, copy);
    machine.load(LIBRARY + 0x1003, [0x02]);
    for (let copy = 0; copy < 4; copy++) runCopy(machine, copy, LIBRARY + 0x1000, OTHER_ADDS);
  });

  it('does not jump over the end of the addresses', () => {
    const machine = machineWith(engine);
    // Jumps only if RDI is not zero.
    const code = [...assemble('test rdi, rdi'), 0x74, 5, 0xe9, 0, 0, 2, 0, 0x0f, 0x0b];
    machine.load(LIBRARY + ENTRY, code);
    for (const copy of [0, 1, 3, 0, 1, 3]) {
      const base = enter(machine, copy, LIBRARY + 0x1000, { rdi: 0 });
      machine.run();
      expect(Number(machine.read64(Number(machine.cpu.readRegister('rsp'))))).toBe(base + ENTRY + 10);
    }
    const base = enter(machine, 7, LIBRARY + 0x1000, { rdi: 1 });
    machine.run();
    // Behind the error code.
    expect(Number(machine.read64(Number(machine.cpu.readRegister('rsp')) + 8))).toBe(base + ENTRY + 5);
  });
});
