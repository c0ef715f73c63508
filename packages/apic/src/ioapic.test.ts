import { VirtualClock } from '@nandu/core';
import { FakeClock, realize } from '@nandu/testkit';
import { ApicBus } from './apic-bus.js';
import { IoApic } from './ioapic.js';
import { LocalApic } from './local-apic.js';

const LEVEL = 0x8000;
const MASKED = 0x1_0000;
const REMOTE_IRR = 0x4000;

function powerOn() {
  const bus = new ApicBus();
  const services = [
    [VirtualClock, new FakeClock()],
    [ApicBus, bus],
  ] as const;
  const lapic = realize(LocalApic, { services });
  lapic.setUpAsFirmware();
  const ioapic = realize(IoApic, { services });
  const read = (register: number): number => {
    ioapic.write(0x00, register);
    return ioapic.read(0x10);
  };
  const write = (register: number, value: number): void => {
    ioapic.write(0x00, register);
    ioapic.write(0x10, value);
  };
  return { lapic, ioapic, read, write, setPin: (pin: number, level: boolean) => ioapic.input('unnamed-gpio-in', pin)(level) };
}

it('has 24 masked inputs, version 0x20', () => {
  const { read } = powerOn();
  expect([read(0x01), read(0x10), read(0x3e)]).toEqual([0x0017_0020, MASKED, MASKED]);
});

it('sends an edge once, and none while masked', () => {
  const { lapic, write, setPin } = powerOn();
  setPin(4, true);
  setPin(4, false);
  write(0x18, 0x34);
  expect(lapic.hasInterrupt()).toBe(false);
  setPin(4, true);
  expect(lapic.acknowledge()).toBe(0x34);
  lapic.endOfInterrupt();
  expect(lapic.hasInterrupt()).toBe(false);
});

it('sends a level again after its end of interrupt, as long as the line is up', () => {
  const { lapic, read, write, setPin } = powerOn();
  write(0x24, LEVEL | 0x41);
  setPin(10, true);
  expect(lapic.acknowledge()).toBe(0x41);
  expect(read(0x24) & REMOTE_IRR).toBe(REMOTE_IRR);
  lapic.endOfInterrupt();
  expect(lapic.acknowledge()).toBe(0x41);
  setPin(10, false);
  lapic.endOfInterrupt();
  expect([lapic.hasInterrupt(), read(0x24) & REMOTE_IRR]).toEqual([false, 0]);
});

it('sends a level that came while masked when it is unmasked', () => {
  const { lapic, write, setPin } = powerOn();
  write(0x24, LEVEL | MASKED | 0x41);
  setPin(10, true);
  expect(lapic.hasInterrupt()).toBe(false);
  write(0x24, LEVEL | 0x41);
  expect(lapic.hasInterrupt()).toBe(true);
});

it('ends a level by its own register', () => {
  const { ioapic, read, write, setPin } = powerOn();
  write(0x24, LEVEL | 0x41);
  setPin(10, true);
  setPin(10, false);
  ioapic.write(0x40, 0x41);
  expect(read(0x24) & REMOTE_IRR).toBe(0);
});

it('has the 8254, input 0, at pin 2', () => {
  const { lapic, write, setPin } = powerOn();
  write(0x14, 0x30);
  setPin(0, true);
  expect(lapic.acknowledge()).toBe(0x30);
});
