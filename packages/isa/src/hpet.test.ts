import { VirtualClock } from '@nandu/core';
import { FakeClock, realize } from '@nandu/testkit';
import { Hpet } from './hpet.js';

const REGISTER = { id: 0x00, period: 0x04, config: 0x10, status: 0x20, counter: 0xf0 } as const;
const TIMER = (index: number) => ({ config: 0x100 + 0x20 * index, routes: 0x104 + 0x20 * index, comparator: 0x108 + 0x20 * index });
const ENABLE = 4;
const PERIODIC = 8;
const SET_VALUE = 0x40;
const NARROW = 0x100;

function powerOn() {
  const clock = new FakeClock();
  const hpet = realize(Hpet, { services: [[VirtualClock, clock]] });
  const edges = new Map<number, number>();
  hpet.outputs.forEach((line, gsi) =>
    line.subscribe((level) => {
      if (level) edges.set(gsi, (edges.get(gsi) ?? 0) + 1);
    }),
  );
  return { clock, hpet, edges };
}

it('has a counter of 10 ns that can be stopped and set', () => {
  const { clock, hpet } = powerOn();
  expect([hpet.read(REGISTER.id), hpet.read(REGISTER.period)]).toEqual([0x8086_a201, 10_000_000]);
  hpet.write(REGISTER.counter, 1000);
  hpet.write(REGISTER.config, 1);
  clock.advanceUs(5);
  expect(hpet.read(REGISTER.counter)).toBe(1500);
  hpet.write(REGISTER.config, 0);
  clock.advanceUs(5);
  expect(hpet.read(REGISTER.counter)).toBe(1500);
});

it('interrupts once at a match', () => {
  const { clock, hpet, edges } = powerOn();
  const { config, comparator, routes } = TIMER(2);
  expect(hpet.read(routes)).toBe(4);
  hpet.write(config, ENABLE | NARROW | (2 << 9));
  hpet.write(REGISTER.config, 1);
  hpet.write(comparator, 100_000);
  clock.advanceUs(999);
  expect(edges.size).toBe(0);
  clock.advanceUs(1);
  clock.advanceUs(100_000);
  expect([...edges]).toEqual([[2, 1]]);
});

it('interrupts periodically in place of the 8254', () => {
  const { clock, hpet, edges } = powerOn();
  const { config, comparator } = TIMER(0);
  hpet.write(REGISTER.config, 3);
  expect(hpet.pitEnabled$.level).toBe(false);
  hpet.write(config, ENABLE | PERIODIC | SET_VALUE | NARROW);
  hpet.write(comparator, 400_000);
  hpet.write(comparator, 400_000);
  clock.advanceUs(1_000_000);
  expect([...edges]).toEqual([[0, 250]]);
});

it('makes up for interrupts that a host which stood still has missed, one by one', () => {
  const { clock, hpet, edges } = powerOn();
  const { config, comparator } = TIMER(0);
  hpet.write(REGISTER.config, 3);
  hpet.write(config, ENABLE | PERIODIC | SET_VALUE | NARROW);
  hpet.write(comparator, 400_000);
  hpet.write(comparator, 400_000);
  // 100 ms pass before anybody looks at the timers.
  Object.assign(clock, { now: 100_000_000 });
  clock.timers.runDue(clock.nowNs());
  expect(edges.get(0)).toBe(1);
  clock.advanceUs(100_000);
  expect(edges.get(0)).toBe(50);
});

it('holds a level until its status is cleared', () => {
  const { clock, hpet } = powerOn();
  const { config, comparator } = TIMER(1);
  hpet.write(config, ENABLE | 2 | (2 << 9));
  hpet.write(REGISTER.config, 1);
  hpet.write(comparator, 1000);
  hpet.write(comparator + 4, 0);
  clock.advanceUs(10);
  expect([hpet.read(REGISTER.status), hpet.outputs[2]?.level]).toEqual([2, true]);
  hpet.write(REGISTER.status, 2);
  expect(hpet.outputs[2]?.level).toBe(false);
});

it('goes on from a saved state', () => {
  const before = powerOn();
  before.hpet.write(TIMER(0).config, ENABLE | NARROW | (2 << 9));
  before.hpet.write(REGISTER.config, 1);
  before.hpet.write(TIMER(0).comparator, 2000);
  const after = powerOn();
  after.hpet.loadState(before.hpet.saveState());
  after.clock.advanceUs(20);
  expect([...after.edges]).toEqual([[2, 1]]);
});
