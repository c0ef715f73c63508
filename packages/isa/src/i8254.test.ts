import { I8254 } from './i8254.js';
import { IsaBench } from './isa-bench.test-support.js';
import { nsWhenTicks, PIT_HZ, ticksAt } from './pit-channel.js';
import { PcSpeaker } from './speaker.js';

function powerOn() {
  const bench = new IsaBench();
  const pit = bench.add(I8254);
  bench.add(PcSpeaker, {}, (speaker) => {
    speaker.pit = pit;
  });
  let edges = 0;
  pit.irq$.subscribe((level) => {
    if (level) edges++;
  });
  return { bench, pit, edges: () => edges };
}

it.each([0, 1, 1193, PIT_HZ - 1, PIT_HZ * 1_000_000 + 7])('tick %i begins in its own nanosecond', (tick) => {
  expect(ticksAt(nsWhenTicks(tick))).toBe(tick);
  if (tick > 0) expect(ticksAt(nsWhenTicks(tick) - 1)).toBe(tick - 1);
});

it.each([
  { mode: 'rate generator', control: 0x34, count: 11_932, seconds: 1, edges: 99 },
  { mode: 'square wave', control: 0x36, count: 11_932, seconds: 1, edges: 99 },
  { mode: 'interrupt on terminal count', control: 0x30, count: 11_932, seconds: 1, edges: 1 },
])('as $mode gives $edges edges in $seconds s', ({ control, count, seconds, edges }) => {
  const { bench, edges: counted } = powerOn();
  bench.out(0x43, control);
  const before = counted();
  bench.out(0x40, count & 0xff, count >> 8);
  bench.clock.advanceUs(seconds * 1e6);
  expect(counted() - before).toBe(edges);
});

it('counts down, and gives a latched count in two halves', () => {
  const { bench } = powerOn();
  bench.out(0x43, 0x30);
  bench.out(0x40, 0xff, 0xff);
  bench.clock.advanceUs(10_000);
  bench.out(0x43, 0x00);
  bench.clock.advanceUs(1_000);
  const latched = bench.in(0x40) | (bench.in(0x40) << 8);
  expect(latched).toBe(0xffff - (ticksAt(10_000_000) - 1));
});

it('reads back status: output, null count, access, mode', () => {
  const { bench } = powerOn();
  bench.out(0x43, 0x34, 0xe2);
  expect(bench.in(0x40)).toBe(0x74);
  bench.out(0x40, 0x10, 0x00);
  bench.out(0x43, 0xe2);
  expect(bench.in(0x40)).toBe(0x34);
});

it('gates channel 2 and shows its output at port 0x61', () => {
  const { bench } = powerOn();
  bench.out(0x61, 0x01);
  bench.out(0x43, 0xb0);
  bench.out(0x42, 0x00, 0x10); // 4096 ticks, 3.43 ms
  expect(bench.in(0x61) & 0x21).toBe(0x01);
  bench.clock.advanceUs(3_500);
  expect(bench.in(0x61) & 0x21).toBe(0x21);
});

it('goes on from a saved state', () => {
  const before = powerOn();
  before.bench.out(0x43, 0x34);
  before.bench.out(0x40, 0xa9, 0x04);
  const after = powerOn();
  after.pit.loadState(before.pit.saveState());
  after.bench.clock.advanceUs(10_000);
  expect(after.edges()).toBe(10);
});
