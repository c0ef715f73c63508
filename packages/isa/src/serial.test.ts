import { IsaBench } from './isa-bench.test-support.js';
import { IsaSerial } from './serial.js';

const COM1 = 0x3f8;
const [DATA, IER, IIR, LCR, MCR, LSR, MSR] = [0, 1, 2, 3, 4, 5, 6].map((offset) => COM1 + offset) as [number, number, number, number, number, number, number];
const FIFO_ON = 0x07;

function powerOn() {
  const bench = new IsaBench();
  const serial = bench.add(IsaSerial, { chardev: 'serial0' });
  return { bench, serial };
}

it('sends at once and interrupts when it can take more', () => {
  const { bench } = powerOn();
  bench.out(IER, 0x02);
  expect(bench.levels[4]).toBe(true);
  expect(bench.in(IIR)).toBe(0x02);
  expect(bench.levels[4]).toBe(false);
  bench.out(DATA, ...Buffer.from('hello'));
  expect(bench.chardev.sent).toBe('hello');
  expect(bench.in(LSR)).toBe(0x60);
  expect(bench.edges[4]).toBe(6);
});

it('never loses input, however slowly it is read', () => {
  const { bench } = powerOn();
  bench.out(IIR, FIFO_ON);
  const text = 'the quick brown fox jumps over the lazy dog';
  bench.chardev.type(text);
  let read = '';
  while (bench.in(LSR) & 1) read += String.fromCharCode(bench.in(DATA));
  expect(read).toBe(text);
  expect(bench.in(LSR) & 2).toBe(0);
});

it('interrupts at the trigger level, or when less has waited for four characters', () => {
  const { bench } = powerOn();
  bench.out(LCR, 0x83);
  bench.out(DATA, 1); // 115200 baud
  bench.out(LCR, 0x03);
  bench.out(IIR, 0x87); // trigger at 8
  bench.out(IER, 0x01);
  bench.chardev.type('1234567');
  expect(bench.levels[4]).toBe(false);
  bench.clock.advanceUs(348);
  expect(bench.in(IIR)).toBe(0xcc);
  bench.chardev.type('8');
  bench.in(DATA);
  bench.chardev.type('9');
  expect(bench.in(IIR)).toBe(0xc4);
});

it('loops back data and modem lines', () => {
  const { bench } = powerOn();
  expect(bench.in(MSR)).toBe(0xb0);
  bench.out(MCR, 0x1b);
  expect(bench.in(MSR)).toBe(0xb0 & ~0x40);
  bench.out(DATA, 0x41);
  expect(bench.in(DATA)).toBe(0x41);
  expect(bench.chardev.sent).toBe('');
});

it('tells drivers its kind: scratch and FIFO registers, divisor', () => {
  const { bench } = powerOn();
  bench.out(COM1 + 7, 0x5a);
  expect(bench.in(COM1 + 7)).toBe(0x5a);
  expect(bench.in(IIR)).toBe(0x01);
  bench.out(IIR, FIFO_ON);
  expect(bench.in(IIR)).toBe(0xc1);
  bench.out(LCR, 0x80);
  bench.out(DATA, 0x34);
  bench.out(IER, 0x12);
  expect([bench.in(DATA), bench.in(IER)]).toEqual([0x34, 0x12]);
});

it('goes on from a saved state', () => {
  const before = powerOn();
  before.bench.out(IIR, FIFO_ON);
  before.bench.out(IER, 0x01);
  before.bench.chardev.type('ab');
  const after = powerOn();
  after.serial.loadState(before.serial.saveState());
  after.bench.clock.advanceUs(10_000);
  expect(after.bench.levels[4]).toBe(true);
  expect([after.bench.in(DATA), after.bench.in(DATA)]).toEqual([0x61, 0x62]);
});
