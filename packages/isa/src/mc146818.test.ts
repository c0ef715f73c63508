import { IsaBench } from './isa-bench.test-support.js';
import { Mc146818 } from './mc146818.js';

/** 2026-11-22 22:14:57 UTC, a Sunday. */
const START = 1_795_385_697;

function powerOn() {
  const bench = new IsaBench({ base: START, clock: 'vm' });
  const rtc = bench.add(Mc146818);
  const read = (cell: number): number => {
    bench.out(0x70, cell);
    return bench.in(0x71);
  };
  const write = (cell: number, value: number): void => {
    bench.out(0x70, cell);
    bench.out(0x71, value);
  };
  return { bench, rtc, read, write };
}

const TIME_CELLS = [0x32, 9, 8, 7, 6, 4, 2, 0];

it.each([
  { format: 'BCD, 24 hours', b: 0x02, expected: [0x20, 0x26, 0x11, 0x22, 0x01, 0x22, 0x14, 0x57] },
  { format: 'binary, 24 hours', b: 0x06, expected: [0x20, 26, 11, 22, 1, 22, 14, 57] },
  { format: 'BCD, 12 hours', b: 0x00, expected: [0x20, 0x26, 0x11, 0x22, 0x01, 0x90, 0x14, 0x57] },
])('shows the time in $format', ({ b, expected }) => {
  const { read, write } = powerOn();
  write(0x0b, b);
  expect(TIME_CELLS.map(read)).toEqual(expected);
});

it('takes a new time once updates go on', () => {
  const { bench, read, write } = powerOn();
  write(0x0b, 0x82);
  for (const [cell, value] of [
    [0x32, 0x19],
    [9, 0x99],
    [8, 0x12],
    [7, 0x31],
    [4, 0x23],
    [2, 0x59],
    [0, 0x58],
  ] as const)
    write(cell, value);
  write(0x0b, 0x02);
  bench.clock.advanceUs(3_000_000);
  expect([0x32, 9, 8, 7, 4, 2].map(read)).toEqual([0x20, 0x00, 0x01, 0x01, 0x00, 0x00]);
});

it('tells how far the guest sets it from what it would show, once updates go on', () => {
  const { bench, rtc, read, write } = powerOn();
  bench.host.advanceTo(5_000_000_000);
  bench.clock.advanceUs(5_000_000);
  const told = (offset: number) => ({ name: 'RTC_CHANGE', data: { offset, 'qom-path': rtc.path }, rateLimitKey: 'RTC_CHANGE' });
  write(4, 0x23);
  expect(bench.events.splice(0)).toEqual([told(3600)]);
  write(0x0b, 0x82);
  write(2, 0x16);
  write(0, 0x00);
  expect(bench.events).toEqual([]);
  write(0x0b, 0x02);
  expect(bench.events.splice(0)).toEqual([told(3600 + 58)]);
  // Reading the time, or letting it go on, tells nothing.
  bench.clock.advanceUs(2_000_000);
  read(0);
  write(0x0b, 0x06);
  expect(bench.events).toEqual([]);
});

it('announces an update shortly before it', () => {
  const { bench, read } = powerOn();
  expect(read(0x0a) & 0x80).toBe(0);
  bench.clock.advanceUs(999_900);
  expect(read(0x0a) & 0x80).toBe(0x80);
});

it('interrupts after every update, until its flags are read', () => {
  const { bench, read, write } = powerOn();
  write(0x0b, 0x12);
  bench.clock.advanceUs(1_000_000);
  expect(bench.levels[8]).toBe(true);
  expect(read(0x0c) & 0x90).toBe(0x90);
  expect(bench.levels[8]).toBe(false);
  bench.clock.advanceUs(1_000_000);
  expect(bench.edges[8]).toBe(2);
});

it('interrupts at the time of the alarm', () => {
  const { bench, read, write } = powerOn();
  write(5, 0xff);
  write(3, 0x15);
  write(1, 0x05);
  write(0x0b, 0x22);
  bench.clock.advanceUs(7_999_999);
  expect(bench.levels[8]).toBe(false);
  bench.clock.advanceUs(1);
  expect(bench.levels[8]).toBe(true);
  expect(read(0x0c) & 0xa0).toBe(0xa0);
});

it('interrupts periodically, 64 times a second', () => {
  const { bench, read, write } = powerOn();
  write(0x0a, 0x2a);
  write(0x0b, 0x42);
  let count = 0;
  for (let ms = 0; ms < 1000; ms++) {
    bench.clock.advanceUs(1000);
    if (bench.levels[8]) {
      count++;
      read(0x0c);
    }
  }
  expect(count).toBe(64);
});

it('keeps what is stored in it over a reset, and goes on from a saved state', () => {
  const before = powerOn();
  before.write(0x50, 0xa5);
  before.rtc.reset();
  expect(before.read(0x50)).toBe(0xa5);
  before.write(9, 0x30);
  const after = powerOn();
  after.rtc.loadState(before.rtc.saveState());
  expect([after.read(0x50), after.read(9)]).toEqual([0xa5, 0x30]);
});
