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
/** Virtual: copies of the library, each so far from the one before. */
const COPIES = 0x10_0000;
const COPY_BYTES = 0x4000;
/** In the library. */
const ENTRY = 0x10;
const CROSSING = 0xffd;
const ROUNDS = 100;
const PAGE_OF_USERS = 7;
const INVALID_OPCODE = 6;

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

/** Maps the library as a copy and runs it there. `adds`: what CROSSING is to add. */
function runCopy(machine: BareMachine, copy: number, second = LIBRARY + 0x1000, adds = ADDS): void {
  const base = COPIES + copy * COPY_BYTES;
  machine.user(base + ENTRY, { rcx: ROUNDS, rbx: 0, r8: 0 });
  machine.write64(LONG_MODE.idt + 16 * INVALID_OPCODE, ...gate(HANDLER));
  [LIBRARY, second].forEach((physical, page) => machine.write64(LONG_MODE.pt + 8 * (base / 0x1000 + page), physical | PAGE_OF_USERS));
  machine.engine.flushTlb(machine.cpu);
  expect(machine.run()).toBe('halted');
  const read = (name: string): number => Number(machine.cpu.readRegister(name));
  expect(read('rax')).toBe(base + ENTRY);
  expect(read('r8')).toBe(ROUNDS * RETURNS.reduce((sum, at) => sum + base + ENTRY + at, 0));
  expect(read('rbx')).toBe(ROUNDS * (5 + adds));
  // What the exception pushed.
  expect(Number(machine.read64(read('rsp')))).toBe(base + END);
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
    const { blocksTranslated, regionsInstalled } = counters;
    expect(counters.blocksInvalidated).toBeGreaterThan(0);
    for (let copy = 2; copy < 8; copy++) runCopy(machine, copy);
    // At the end of a slice there may be a block of its own, and what is entered often is compiled once more.
    expect(counters.blocksTranslated - blocksTranslated).toBeLessThan(3);
    expect(counters.regionsInstalled - regionsInstalled).toBeLessThan(3);
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
});
