import { AddressSpaceMemory, type CpuSignals, type CpuTsc, Log, VirtualClock } from '@nandu/core';
import { FakeClock, realize } from '@nandu/testkit';
import { ApicBus } from './apic-bus.js';
import { APIC_PAGE_ADDRESS, ApicPages } from './apic-page.js';
import { LocalApic } from './local-apic.js';
import { DELIVERY } from './message.js';

const R = {
  id: 0x20,
  version: 0x30,
  tpr: 0x80,
  ppr: 0xa0,
  eoi: 0xb0,
  ldr: 0xd0,
  dfr: 0xe0,
  svr: 0xf0,
  esr: 0x280,
  icr: 0x300,
  icrHigh: 0x310,
  lvtTimer: 0x320,
  lint0: 0x350,
  initial: 0x380,
  current: 0x390,
  divide: 0x3e0,
} as const;

/** A processor that only notes what it is told. */
class Signals implements CpuSignals {
  pending = false;
  readonly heard: string[] = [];
  setInterruptPending(level: boolean): void {
    this.pending = level;
  }
  nmi(): void {
    this.heard.push('nmi');
  }
  init(): void {
    this.heard.push('init');
  }
  startup(vector: number): void {
    this.heard.push(`startup ${vector}`);
  }
}

/** Counts nanoseconds. */
const TSC: CpuTsc = { frequencyHz: 1e9, tscAt: (ns) => BigInt(ns), nsWhenTscReaches: Number };

/** `count` processors with APIC ids 0, 1, ...; registers are those of the selected one. */
function powerOn(count = 1) {
  const clock = new FakeClock();
  const bus = new ApicBus();
  const memory = new AddressSpaceMemory();
  new ApicPages(memory.root, bus, new Log());
  const cpus = Array.from({ length: count }, (_, id) => {
    const signals = new Signals();
    const apic = realize(LocalApic, {
      services: [
        [VirtualClock, clock],
        [ApicBus, bus],
      ],
      prepare: (device) => Object.assign(device, { apicId: id, isBootstrap: id === 0 }),
    });
    apic.connect(signals, TSC);
    apic.setUpAsFirmware();
    return { apic, signals };
  });
  const [first] = cpus;
  first?.apic.select();
  const read = (register: number): number => memory.read(APIC_PAGE_ADDRESS + register, 4);
  const write = (register: number, value: number): void => memory.write(APIC_PAGE_ADDRESS + register, value, 4);
  return { clock, bus, memory, cpus, apic: (first as (typeof cpus)[0]).apic, signals: (first as (typeof cpus)[0]).signals, read, write };
}

it('serves by priority, and what is lower waits for the end of interrupt', () => {
  const { apic, signals, read, write } = powerOn();
  apic.receive(DELIVERY.fixed, 0x41, false);
  apic.receive(DELIVERY.fixed, 0x61, false);
  expect(apic.acknowledge()).toBe(0x61);
  expect([signals.pending, read(R.ppr)]).toEqual([false, 0x60]);
  write(R.eoi, 0);
  expect([signals.pending, apic.acknowledge()]).toEqual([true, 0x41]);
});

it('holds back what is not above the task priority', () => {
  const { apic, signals, write } = powerOn();
  write(R.tpr, 0x50);
  apic.receive(DELIVERY.fixed, 0x5f, false);
  expect(signals.pending).toBe(false);
  apic.writeTpr(4);
  expect(signals.pending).toBe(true);
});

it('refuses vectors below 16, and says so', () => {
  const { apic, signals, read, write } = powerOn();
  apic.receive(DELIVERY.fixed, 15, false);
  expect(signals.pending).toBe(false);
  write(R.esr, 0);
  expect(read(R.esr)).toBe(0x40);
});

describe('timer', () => {
  it.each([
    { name: 'one-shot', entry: 0x0040, divide: 0x0b, initial: 1000, advanceUs: 5, fired: 1 },
    { name: 'periodic', entry: 0x2_0040, divide: 0x0b, initial: 10_000, advanceUs: 100, fired: 10 },
    { name: 'divided by 16', entry: 0x2_0040, divide: 0x03, initial: 1000, advanceUs: 160, fired: 10 },
    { name: 'masked', entry: 0x1_0040, divide: 0x0b, initial: 1000, advanceUs: 5, fired: 0 },
  ])('$name', ({ entry, divide, initial, advanceUs, fired }) => {
    const { apic, clock, signals, write } = powerOn();
    write(R.lvtTimer, entry);
    write(R.divide, divide);
    write(R.initial, initial);
    let count = 0;
    for (let us = 0; us < advanceUs; us++) {
      clock.advanceUs(1);
      if (!signals.pending) continue;
      expect(apic.acknowledge()).toBe(0x40);
      write(R.eoi, 0);
      count++;
    }
    expect(count).toBe(fired);
  });

  it('counts down as time passes', () => {
    const { clock, read, write } = powerOn();
    write(R.divide, 0x0b);
    write(R.initial, 10_000);
    clock.advanceUs(3);
    expect(read(R.current)).toBe(7_000);
    clock.advanceUs(30);
    expect(read(R.current)).toBe(0);
  });

  it('fires when the time-stamp counter reaches a deadline', () => {
    const { apic, clock, signals, write } = powerOn();
    write(R.lvtTimer, 0x4_0040);
    apic.writeTscDeadline(5_000n);
    clock.advanceUs(4);
    expect([signals.pending, apic.readTscDeadline()]).toEqual([false, 5_000n]);
    clock.advanceUs(1);
    expect([signals.pending, apic.readTscDeadline()]).toEqual([true, 0n]);
  });
});

describe('messages', () => {
  const FLAT = 0xffff_ffff;
  const CLUSTER = 0x0fff_ffff;
  it.each([
    { name: 'one processor', icr: 0x0_0041, high: 2, dfr: FLAT, to: [2] },
    { name: 'oneself', icr: 0x4_0041, high: 0, dfr: FLAT, to: [0] },
    { name: 'everybody', icr: 0x8_0041, high: 0, dfr: FLAT, to: [0, 1, 2, 3] },
    { name: 'everybody else', icr: 0xc_0041, high: 0, dfr: FLAT, to: [1, 2, 3] },
    { name: 'a set, flat', icr: 0x0_0841, high: 0b1010, dfr: FLAT, to: [1, 3] },
    { name: 'a set of a cluster', icr: 0x0_0841, high: 0x11, dfr: CLUSTER, to: [2] },
    { name: 'whoever is least busy', icr: 0x0_0941, high: 0b1111, dfr: FLAT, to: [1] },
    { name: 'all by a physical destination', icr: 0x0_0041, high: 0xff, dfr: FLAT, to: [0, 1, 2, 3] },
  ])('reach $name', ({ icr, high, dfr, to }) => {
    const { cpus, write } = powerOn(4);
    for (const { apic } of [...cpus].reverse()) {
      apic.select();
      write(R.dfr, dfr);
      // Flat: one bit each. Clusters: two of two.
      write(R.ldr, (dfr === FLAT ? 1 << apic.apicId : ((apic.apicId >> 1) << 4) | (1 << (apic.apicId & 1))) << 24);
    }
    write(R.tpr, 0x20);
    write(R.icrHigh, high << 24);
    write(R.icr, icr);
    expect(cpus.flatMap(({ signals }, index) => (signals.pending ? [index] : []))).toEqual(to);
  });

  it('INIT, start-up and NMI reach the processor itself', () => {
    const { cpus, write } = powerOn(2);
    write(R.icrHigh, 1 << 24);
    for (const icr of [0xc500, 0x8500, 0x0608, 0x0400]) write(R.icr, icr);
    expect(cpus[1]?.signals.heard).toEqual(['init', 'startup 8', 'nmi']);
  });

  it('of devices are writes to the page, also for APIC 0', () => {
    const { bus, memory, cpus } = powerOn(2);
    bus.send(0xfee0_1000, 0x51);
    memory.write(0xfee0_0000, 0x52, 4);
    expect([cpus[0]?.apic.acknowledge(), cpus[1]?.apic.acknowledge()]).toEqual([0x52, 0x51]);
  });
});

it('a one-shot that is over stays at zero in periodic mode, until there is a new count', () => {
  const { clock, read, write } = powerOn();
  write(R.lvtTimer, 0x0040);
  write(R.divide, 0x0b);
  write(R.initial, 1000);
  clock.advanceUs(2);
  write(R.lvtTimer, 0x2_0040);
  clock.advanceUs(0.4);
  expect([read(R.initial), read(R.current)]).toEqual([1000, 0]);
  write(R.initial, 1000);
  clock.advanceUs(0.4);
  expect(read(R.current)).toBe(600);
});

it('a deadline that has passed interrupts at once', () => {
  const { apic, clock, signals, write } = powerOn();
  write(R.lvtTimer, 0x4_0040);
  clock.advanceUs(5);
  apic.writeTscDeadline(4000n);
  expect([signals.pending, apic.readTscDeadline()]).toEqual([true, 0n]);
});

describe('the base register', () => {
  const BASE = 0xfee0_0000n;
  it.each([
    { name: 'off', steps: [0n], allowed: true },
    { name: 'off and on again', steps: [0n, 0x800n], allowed: true },
    { name: 'to x2APIC', steps: [0xc00n], allowed: true },
    { name: 'back from x2APIC without turning it off', steps: [0xc00n, 0x800n], allowed: false },
    { name: 'x2APIC from off', steps: [0n, 0xc00n], allowed: false },
    { name: 'reserved bits', steps: [0x801n], allowed: false },
  ])('$name: allowed $allowed', ({ steps, allowed }) => {
    const { apic } = powerOn();
    expect(steps.map((bits) => apic.writeApicBase(BASE | bits)).at(-1)).toBe(allowed);
  });

  it('in x2APIC mode registers are MSRs, with 32-bit ids', () => {
    const { cpus, apic, read } = powerOn(2);
    for (const cpu of cpus) cpu.apic.writeApicBase(BASE | 0xc00n);
    expect(read(R.id)).toBe(0xffff_ffff);
    expect(cpus[1]?.apic.readX2apic(0x802)).toBe(1n);
    expect(cpus[1]?.apic.readX2apic(0x80d)).toBe(2n);
    expect(apic.readX2apic(0x80e)).toBeUndefined();
    expect(apic.writeX2apic(0x830, (1n << 32n) | 0x41n)).toBe(true);
    expect(cpus.map(({ signals }) => signals.pending)).toEqual([false, true]);
    expect(apic.writeX2apic(0x83f, 0x42n)).toBe(true);
    expect(apic.acknowledge()).toBe(0x42);
    expect(apic.writeX2apic(0x83f, 0x142n)).toBe(false);
  });

  it.each([
    { mode: 'off', bits: 0n },
    { mode: 'in x2APIC mode', bits: 0xc00n },
  ])('nobody answers at its page while it is $mode, and no write there is a message', ({ bits }) => {
    const { apic, signals, read, write } = powerOn();
    apic.writeApicBase(BASE | bits);
    write(0, 0x41);
    write(R.tpr, 0x50);
    expect([read(R.version), read(R.tpr), apic.readTpr(), signals.pending]).toEqual([0xffff_ffff, 0xffff_ffff, 0, false]);
  });

  it('moves the registers to another page, for this processor', () => {
    const { cpus, memory, apic, read } = powerOn(2);
    const version = read(R.version);
    apic.writeApicBase(0x1_fed4_0000n | 0x800n);
    expect([memory.read(0x1_fed4_0000 + R.version, 4), read(R.version), apic.readApicBase()]).toEqual([version, 0xffff_ffff, 0x1_fed4_0900n]);
    cpus[1]?.apic.select();
    expect([memory.read(0x1_fed4_0000 + R.version, 4), read(R.version)]).toEqual([0xffff_ffff, version]);
    apic.reset();
    apic.select();
    expect([memory.read(0x1_fed4_0000 + R.version, 4), read(R.version)]).toEqual([0, version]);
  });
});

it('takes another id in xAPIC mode, until it is turned off', () => {
  const { bus, cpus, apic, read, write } = powerOn(2);
  write(R.id, 0x0700_0000);
  bus.deliver({ destination: 7, logical: false, mode: DELIVERY.nmi, vector: 0, level: false });
  bus.deliver({ destination: 0, logical: false, mode: DELIVERY.nmi, vector: 0, level: false });
  expect([read(R.id), cpus.map(({ signals }) => signals.heard)]).toEqual([0x0700_0000, [['nmi'], []]]);
  apic.writeApicBase(0xfee0_0000n);
  apic.writeApicBase(0xfee0_0800n);
  expect(read(R.id)).toBe(0);
});

it('lets the 8259s through LINT0 in ExtINT mode, and straight when it is off', () => {
  const { apic, signals, write } = powerOn();
  apic.connectExternal({ acknowledge: () => 0x30 });
  apic.setPin(0, true);
  expect([signals.pending, apic.acknowledge()]).toEqual([true, 0x30]);
  write(R.lint0, 0x1_0700);
  expect(signals.pending).toBe(false);
  apic.writeApicBase(0xfee0_0000n);
  expect(signals.pending).toBe(true);
});

it('goes on from a saved state', () => {
  const before = powerOn();
  before.write(R.lvtTimer, 0x2_0040);
  before.write(R.divide, 0x0b);
  before.write(R.initial, 10_000);
  before.apic.receive(DELIVERY.fixed, 0x61, false);
  before.apic.acknowledge();
  const after = powerOn();
  after.apic.loadState(before.apic.saveState());
  after.clock.advanceUs(10);
  expect(after.signals.pending).toBe(false);
  after.write(R.eoi, 0);
  expect(after.apic.acknowledge()).toBe(0x40);
});
