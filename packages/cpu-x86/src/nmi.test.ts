import { assemble } from './testing/assemble.js';
import { BareMachine } from './testing/bare-machine.js';
import { gate, LONG_MODE as W } from './testing/long-mode.js';

const CODE = 0x1_0000;
const HANDLER = 0x2_0000;
const NMI = 2;

/** A processor that spins; its NMI handler counts in RCX, and takes a while. */
function spinning(): BareMachine {
  const machine = new BareMachine();
  machine.load(CODE, assemble('spin: inc rdx; jmp spin'));
  machine.load(HANDLER, assemble('inc rcx; mov rbx, 20; wait: dec rbx; jnz wait; iretq'));
  machine.long(CODE);
  machine.write64(W.idt + 16 * NMI, ...gate(HANDLER));
  return machine;
}

const received = (machine: BareMachine): bigint => machine.cpu.readRegister('rcx')!;

it('an NMI that comes while another is handled is taken as soon as that one is done', () => {
  const machine = spinning();
  machine.cpu.nmi();
  machine.run(10);
  for (let i = 0; i < 5; i++) machine.cpu.nmi();
  expect(machine.engine.run(machine.cpu, 10)).toBeDefined();
  expect(received(machine)).toBe(1n);
  machine.run(60);
  expect(received(machine)).toBe(2n);
  machine.run(500);
  expect(received(machine)).toBe(2n);
});

it('two that come while the processor does not run are two', () => {
  const machine = spinning();
  for (let i = 0; i < 5; i++) machine.cpu.nmi();
  machine.run(500);
  expect(received(machine)).toBe(2n);
});
