import { VirtualClock } from '@nandu/core';
import { FakeClock, Guest, realize } from '@nandu/testkit';
import { PulseTimer, REGISTERS } from './pulse-timer.js';

function powerOn() {
  const clock = new FakeClock();
  const timer = realize(PulseTimer, { services: [[VirtualClock, clock]], properties: { 'min-period': 10 } });
  return { clock, timer, guest: new Guest(timer, REGISTERS) };
}

it('raises its line once the period has passed', () => {
  const { clock, timer, guest } = powerOn();
  guest.write('period', { us: 500 });
  guest.write('control', { enable: 1, irqEnable: 1 });

  clock.advanceUs(499);
  expect([timer.irq$.level, guest.read('left')]).toEqual([false, { us: 1 }]);
  clock.advanceUs(1);
  expect(timer.irq$.level).toBe(true);
});

it('lowers it when the guest acknowledges, and raises it again a period later', () => {
  const { clock, timer, guest } = powerOn();
  guest.write('period', { us: 500 });
  guest.write('control', { enable: 1, irqEnable: 1 });
  clock.advanceUs(500);
  guest.write('status', { expired: 1 });
  expect(timer.irq$.level).toBe(false);
  clock.advanceUs(500);
  expect(timer.irq$.level).toBe(true);
});

it('takes no period shorter than its minimum', () => {
  const { clock, timer, guest } = powerOn();
  guest.write('period', { us: 1 });
  guest.write('control', { enable: 1, irqEnable: 1 });
  clock.advanceUs(9);
  expect(timer.irq$.level).toBe(false);
  clock.advanceUs(1);
  expect(timer.irq$.level).toBe(true);
});

it('is quiet again after a reset', () => {
  const { clock, timer, guest } = powerOn();
  guest.write('control', { enable: 1, irqEnable: 1 });
  clock.advanceUs(2_000);
  timer.reset();
  clock.advanceUs(2_000);
  expect([timer.irq$.level, guest.read('period')]).toEqual([false, { us: 1_000 }]);
});

it('carries on from saved state', () => {
  const { clock, timer, guest } = powerOn();
  guest.write('control', { enable: 1, irqEnable: 1 });
  clock.advanceUs(400);
  const later = powerOn();
  later.clock.advanceUs(400);
  later.timer.loadState(structuredClone(timer.saveState()));
  later.clock.advanceUs(599);
  expect(later.timer.irq$.level).toBe(false);
  later.clock.advanceUs(1);
  expect(later.timer.irq$.level).toBe(true);
});
