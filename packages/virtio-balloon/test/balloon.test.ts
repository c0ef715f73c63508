import { readFileSync } from 'node:fs';
import { type MachineEvent, type ManualClock, MiB, VirtualClock } from '@nandu/core';
import { VirtioDriver, type VirtqueueDriver } from '@nandu/testkit';
import { testMachine } from '@nandu/virtio/testing';
import { balloon, queryBalloon } from '../src/commands/balloon.js';
import { virtioBalloonPlugin } from '../src/index.js';

const SLOT = 4;
const RAM = 256 * MiB;
const STATS = 1n << 1n;
const POISON = 1n << 4n;
const REPORTING = 1n << 5n;
const VERSION_1 = 1n << 32n;

const le32 = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);

function statistic(tag: number, value: bigint): Uint8Array {
  const view = new DataView(new ArrayBuffer(10));
  view.setUint16(0, tag, true);
  view.setBigUint64(2, value, true);
  return new Uint8Array(view.buffer);
}

function powerOn(properties: Record<string, unknown> = {}) {
  const setup = testMachine({
    plugins: [virtioBalloonPlugin],
    memory: { sizeBytes: RAM },
    devices: [{ driver: 'virtio-balloon-pci', id: 'b0', properties: { addr: '4', ...properties } }],
  });
  const driver = new VirtioDriver(setup.memory, setup.io, SLOT);
  const run = (command: { run(args: never, context: never): unknown }, args: unknown = {}) => command.run(args as never, { machine: setup.machine } as never);
  const start = (features = VERSION_1 | STATS): VirtqueueDriver[] => {
    driver.negotiate(features);
    const queues = Array.from({ length: driver.common(18, 2) }, (_, index) => driver.queue(index, 0x10_0000 + index * 0x1_0000));
    driver.start();
    return queues;
  };
  return { ...setup, driver, run, start, device: setup.machine.findDevice('b0') as NonNullable<ReturnType<typeof setup.machine.findDevice>> };
}

const balloonEvents = (events: readonly MachineEvent[]) => events.filter(({ name }) => name === 'BALLOON_CHANGE').map(({ data }) => data);

describe('the recorded conversation', () => {
  const lines = readFileSync(new URL('../../test/golden/virtio-balloon-requests.txt', import.meta.url), 'utf8').split('\n');
  const at = (start: string): string => lines.find((line) => line.startsWith(start)) as string;

  it('looks the same on the bus', () => {
    const { driver, start } = powerOn();
    const { pci } = driver;
    const word = (offset: number): string => pci.read(offset, 4).toString(16).padStart(8, '0');
    pci.write(4, 0, 2);
    expect(`pci id ${word(0)} class/rev ${word(8)} subsystem ${word(0x2c)} status/command ${word(4)}`).toBe(at('pci id'));
    for (const index of [0, 1, 2, 3, 4, 5]) {
      expect(`BAR${index} reads back ${pci.sizeBar(index).toString(16).padStart(8, '0')} after all ones`).toBe(at(`BAR${index}`));
    }
    for (const offset of pci.capabilities()) {
      expect(`capability at ${offset.toString(16)}: ${[0, 4, 8, 12, 16].map((o) => word(offset + o)).join(' ')}`).toBe(
        at(`capability at ${offset.toString(16)}`),
      );
    }
    pci.write(4, 7, 2);
    start();
    expect(driver.deviceFeatures()).toBe(0x0000010130000012n);
    expect(driver.common(18, 2)).toBe(3);
  });

  it('has the same answers', () => {
    const { driver, start, run, memory, events, device, machine } = powerOn();
    const [inflate, deflate, stats] = start() as [VirtqueueDriver, VirtqueueDriver, VirtqueueDriver];
    const config = (): number[] => [driver.config(0, 4), driver.config(4, 4), driver.generation];

    run(balloon, { value: 192 * MiB });
    expect([config(), driver.readIsr(), run(queryBalloon)]).toEqual([[16384, 0, 1], 3, { actual: RAM }]);

    memory.write8(0x800_0000, 0x1111n);
    expect(inflate.send([le32(0x8000, 0x8001, 0x8002, 0x8003)]).usedLength).toBe(0);
    expect(memory.read8(0x800_0000)).toBe(0n);
    expect([inflate.send([le32(0xffff_0000)]).usedLength, inflate.send([new Uint8Array(3)]).usedLength, driver.status]).toEqual([0, 0, 0xf]);

    driver.setConfig(4, 16384, 4);
    expect(run(queryBalloon)).toEqual({ actual: 192 * MiB });
    driver.setConfig(4, 70000, 4);
    driver.setConfig(4, 16384, 4);
    expect(balloonEvents(events)).toEqual([{ actual: 192 * MiB }, { actual: -18284544 }, { actual: 192 * MiB }]);

    expect(deflate.send([le32(0x8000, 0x8001)]).usedLength).toBe(0);

    const numbers = new Uint8Array([...statistic(4, 123456n), ...statistic(5, 234567n), ...statistic(14, 1n)]);
    expect(stats.send([numbers]).usedLength).toBeUndefined();
    expect(device.getProperty('guest-stats')).toMatchObject({
      stats: { 'stat-free-memory': 123456n, 'stat-total-memory': 234567n, 'stat-swap-in': 2n ** 64n - 1n },
    });

    // Neither the driver nor the machine resets what is wanted and what there is.
    driver.setCommon(20, 0, 1);
    expect(config()).toEqual([16384, 16384, 1]);
    machine.performReset();
    const again = new VirtioDriver(memory, powerOnIo(machine), SLOT);
    expect([again.config(0, 4), again.config(4, 4)]).toEqual([16384, 16384]);
  });
});

function powerOnIo(machine: ReturnType<typeof powerOn>['machine']) {
  return (machine.board as unknown as { io: ReturnType<typeof powerOn>['io'] }).io;
}

it('frees a chunk once all of its pages are in the balloon', () => {
  const { memory, start } = powerOn();
  const [inflate] = start() as [VirtqueueDriver];
  const block = memory.ramAt(0)?.block;
  memory.write(0x800_0000, 1, 4);
  const before = block?.residentBytes ?? 0;
  const pages = Array.from({ length: 512 }, (_, i) => 0x8000 + i);
  inflate.send([le32(...pages.slice(0, 511))]);
  expect(block?.residentBytes).toBe(before);
  inflate.send([le32(...pages.slice(511))]);
  expect(block?.residentBytes).toBe(before - 2 * MiB);
});

it('asks for statistics at the interval that the user sets', () => {
  const { machine, device, start } = powerOn();
  const clock = machine.container.resolve(VirtualClock as never) as ManualClock;
  const [, , stats] = start() as VirtqueueDriver[] as [VirtqueueDriver, VirtqueueDriver, VirtqueueDriver];
  stats.send([statistic(4, 1n)]);
  device.setProperty('guest-stats-polling-interval', 2);
  clock.advanceUs(1);
  expect(stats.take()).toBe(0);
  stats.send([statistic(4, 2n)]);
  clock.advanceUs(1_999_000);
  expect(stats.take()).toBeUndefined();
  clock.advanceUs(2_000);
  expect(stats.take()).toBe(0);
});

it.each([
  [-1, 'timer value must be greater than zero'],
  [2 ** 32, 'timer value is too big'],
  ['1', "Invalid parameter type for 'guest-stats-polling-interval', expected: integer"],
])('refuses a polling interval of %p', (value, message) => {
  const { device } = powerOn();
  expect(() => device.setProperty('guest-stats-polling-interval', value)).toThrow(message);
});

describe('free page reporting', () => {
  it.each([
    { poison: 0, resident: false },
    { poison: 0xaa, resident: true },
  ])('gives reported pages back, unless free pages must keep $poison', ({ poison, resident }) => {
    const { memory, driver, start } = powerOn({ 'free-page-reporting': true });
    const queues = start(VERSION_1 | STATS | POISON | REPORTING);
    driver.setConfig(12, poison, 4);
    memory.write(0x800_0000, 7, 4);
    const reporting = queues[3] as VirtqueueDriver;
    reporting.writeDescriptor(0, { address: 0x800_0000, length: 4 * MiB, flags: 2 });
    reporting.offer(0);
    expect(reporting.take()).toBe(0);
    expect(memory.ramAt(0x800_0000)?.block.hostAddressIfTouched(0x800_0000) !== 0).toBe(resident);
  });
});

describe('what the user may not do', () => {
  it('takes one balloon only', () => {
    const { machine } = powerOn();
    expect(() => machine.addDevice({ driver: 'virtio-balloon-pci', properties: {}, text: false })).toThrow('Only one balloon device is supported');
  });
  it('needs an iothread for free page hints', () => {
    expect(() => powerOn({ 'free-page-hint': true })).toThrow("'free-page-hint' requires 'iothread' to be set");
  });
  it('has no balloon once it is gone', () => {
    const { machine, run, device, events } = powerOn();
    machine.removeDevice(device);
    expect(() => run(queryBalloon)).toThrow('No balloon device has been activated');
    expect(events.filter(({ name }) => name === 'DEVICE_DELETED').map(({ data }) => data)).toEqual([
      { path: '/machine/peripheral/b0/virtio-backend' },
      { device: 'b0', path: '/machine/peripheral/b0' },
    ]);
  });
});
