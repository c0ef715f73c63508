import { assert, type MemoryRegion } from '@nandu/core';
import { FakeClock } from '@nandu/testkit';
import { PowerManagement } from './power-management.js';

const POWER_BUTTON = 0x100;

function powerOn() {
  const clock = new FakeClock();
  const events = { sci: false, off: 0 };
  const power = new PowerManagement(clock, {
    sci: (level) => {
      events.sci = level;
    },
    powerOff: () => {
      events.off++;
    },
    unimplemented: () => undefined,
  });
  const write = (region: MemoryRegion, offset: number, value: number): void => region.parts.handler?.write(offset, value, 2);
  const read = (region: MemoryRegion, offset: number): number => {
    assert(region.parts.handler);
    return region.parts.handler.read(offset, 2);
  };
  return { clock, events, power, write, read };
}

it('counts 3.579545 million times a second, in 24 bits', () => {
  const { clock, power, read } = powerOn();
  clock.advanceUs(1_000_000);
  expect(read(power.timerRegion, 0)).toBe(3_579_545);
  clock.advanceUs(4_000_000);
  expect(read(power.timerRegion, 0)).toBe((5 * 3_579_545) % 2 ** 24);
});

it('interrupts while the power button is pressed, enabled and not acknowledged', () => {
  const { events, power, write, read } = powerOn();
  power.pressPowerButton();
  expect(events.sci).toBe(false);
  write(power.eventRegion, 2, POWER_BUTTON);
  expect(events.sci).toBe(true);
  expect(read(power.eventRegion, 0)).toBe(POWER_BUTTON);
  write(power.eventRegion, 0, POWER_BUTTON);
  expect(events.sci).toBe(false);
});

it('interrupts when the timer has made half a turn, if that is wanted', () => {
  const { clock, events, power, write } = powerOn();
  write(power.eventRegion, 2, 1);
  clock.advanceUs(2_343_000);
  expect(events.sci).toBe(false);
  clock.advanceUs(500_000);
  expect(events.sci).toBe(true);
});

it('raises general-purpose events', () => {
  const { events, power, write, read } = powerOn();
  power.raiseGpe(1);
  write(power.gpeRegion, 2, 0x02);
  expect([events.sci, read(power.gpeRegion, 0)]).toEqual([true, 0x02]);
  write(power.gpeRegion, 0, 0x02);
  expect(events.sci).toBe(false);
});

it('is taken over by the command port, and turns the machine off', () => {
  const { events, power, write, read } = powerOn();
  write(power.controlRegion, 0, 1);
  expect(read(power.controlRegion, 0)).toBe(0);
  write(power.commandRegion, 0, 0xf1);
  expect(read(power.controlRegion, 0)).toBe(1);
  write(power.controlRegion, 0, 0x2001);
  expect(events.off).toBe(1);
});

it('goes on from a saved state', () => {
  const before = powerOn();
  before.write(before.power.eventRegion, 2, POWER_BUTTON);
  const after = powerOn();
  after.power.load(before.power.save());
  after.power.pressPowerButton();
  expect(after.events.sci).toBe(true);
});
