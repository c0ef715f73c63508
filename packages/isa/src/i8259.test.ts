import { I8259 } from './i8259.js';
import { IsaBench } from './isa-bench.test-support.js';

const MASTER = 0x20;
const SLAVE = 0xa0;
const EOI = 0x20;

/** Both controllers as firmware sets them up: vectors 0x20 and 0x28, nothing masked. */
function powerOn() {
  const bench = new IsaBench();
  const master = bench.add(I8259);
  const slave = bench.add(I8259, { iobase: SLAVE, elcr_addr: 0x4d1, elcr_mask: 0xde, master: false });
  master.slave = slave;
  slave.output$.connect(master.input('unnamed-gpio-in', 2));
  bench.out(MASTER, 0x11);
  bench.out(MASTER + 1, 0x20, 0x04, 0x01, 0x00);
  bench.out(SLAVE, 0x11);
  bench.out(SLAVE + 1, 0x28, 0x02, 0x01, 0x00);
  const pulse = (irq: number): void => {
    const set = irq < 8 ? master.input('unnamed-gpio-in', irq) : slave.input('unnamed-gpio-in', irq - 8);
    set(true);
    set(false);
  };
  return { bench, master, slave, pulse };
}

it.each([
  { name: 'one request', irqs: [4], vectors: [0x24] },
  { name: 'the highest priority first', irqs: [4, 1], vectors: [0x21, 0x24] },
  { name: 'the slave comes by input 2', irqs: [12, 4], vectors: [0x2c, 0x24] },
])('serves $name', ({ irqs, vectors }) => {
  const { bench, master, pulse } = powerOn();
  for (const irq of irqs) pulse(irq);
  const served = vectors.map(() => {
    expect(master.output$.level).toBe(true);
    const vector = master.acknowledge();
    if (vector >= 0x28) bench.out(SLAVE, EOI);
    bench.out(MASTER, EOI);
    return vector;
  });
  expect(served).toEqual(vectors);
  expect(master.output$.level).toBe(false);
});

it('holds back what has no higher priority than what is in service', () => {
  const { bench, master, pulse } = powerOn();
  pulse(3);
  expect(master.acknowledge()).toBe(0x23);
  pulse(4);
  expect(master.output$.level).toBe(false);
  pulse(1);
  expect(master.acknowledge()).toBe(0x21);
  bench.out(MASTER, EOI, EOI);
  expect(master.acknowledge()).toBe(0x24);
});

it('keeps a masked request until it is unmasked', () => {
  const { bench, master, pulse } = powerOn();
  bench.out(MASTER + 1, 0x10);
  pulse(4);
  expect(master.output$.level).toBe(false);
  bench.out(MASTER + 1, 0x00);
  expect(master.acknowledge()).toBe(0x24);
});

it('follows the level of an input that ELCR makes level-triggered', () => {
  const { bench, master } = powerOn();
  bench.out(0x4d0, 0xff);
  expect(bench.in(0x4d0)).toBe(0xf8);
  const line = master.input('unnamed-gpio-in', 5);
  line(true);
  expect(master.acknowledge()).toBe(0x25);
  bench.out(MASTER, EOI);
  expect(master.output$.level).toBe(true);
  line(false);
  expect(master.output$.level).toBe(false);
  expect(master.acknowledge()).toBe(0x27); // spurious
});

it('reads requests and services, and ends a named one', () => {
  const { bench, master, pulse } = powerOn();
  pulse(3);
  pulse(6);
  master.acknowledge();
  bench.out(MASTER, 0x0b);
  expect(bench.in(MASTER)).toBe(1 << 3);
  bench.out(MASTER, 0x0a);
  expect(bench.in(MASTER)).toBe(1 << 6);
  bench.out(MASTER, 0x63);
  expect(master.acknowledge()).toBe(0x26);
});

it('goes on from a saved state', () => {
  const before = powerOn();
  before.pulse(3);
  before.master.acknowledge();
  before.pulse(4);
  const after = powerOn();
  after.master.loadState(before.master.saveState());
  expect(after.master.output$.level).toBe(false);
  after.bench.out(MASTER, EOI);
  expect(after.master.acknowledge()).toBe(0x24);
});
