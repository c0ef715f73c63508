import { type ManualClock, MiB, VirtualClock } from '@nandu/core';
import { VirtioDriver, type VirtqueueDriver } from '@nandu/testkit';
import { testMachine } from '@nandu/virtio/testing';
import { virtioRngPlugin } from '../src/index.js';

const VERSION_1 = 1n << 32n;
const SLOT = 3;

function powerOn(properties: Record<string, unknown> = {}) {
  const setup = testMachine({
    plugins: [virtioRngPlugin],
    memory: { sizeBytes: 16 * MiB },
    devices: [{ driver: 'virtio-rng-pci', properties: { addr: '3', ...properties } }],
  });
  return { ...setup, driver: new VirtioDriver(setup.memory, setup.io, SLOT) };
}

function start(driver: VirtioDriver, vector?: number): VirtqueueDriver {
  driver.negotiate(VERSION_1);
  const queue = driver.queue(0, 0x10_0000, vector);
  driver.start();
  return queue;
}

it('fills buffers with bytes that differ', () => {
  const { driver, board } = powerOn();
  const queue = start(driver);
  const first = queue.send([], [32]);
  expect(first.usedLength).toBe(32);
  expect(queue.send([], [32]).buffers[0]).not.toEqual(first.buffers[0]);
  // No MSI-X yet: the pin, which reading the ISR lets go.
  expect(board.lines[2]).toBe(true);
  expect(driver.readIsr()).toBe(1);
  expect(board.lines[2]).toBe(false);
});

it('sends a message once MSI-X is on, and keeps it while the vector is masked', () => {
  const { driver, board, memory } = powerOn();
  const msix = driver.pci.capabilities().find((at) => driver.pci.read(at, 1) === 0x11) as number;
  const table = driver.bar + 0x1_0000;
  driver.pci.write(msix + 2, 0x8000, 2);
  const queue = start(driver, 1);
  memory.write(table + 16, 0xfee0_1000, 4);
  memory.write(table + 24, 0x41, 4);

  queue.send([], [8]);
  expect(board.messages).toEqual([]);
  expect(memory.read(table + 0x800, 4)).toBe(2);
  memory.write(table + 28, 0, 4);
  expect(board.messages).toEqual([{ address: 0xfee0_1000, data: 0x41 }]);
  queue.send([], [8]);
  expect(board.messages.length).toBe(2);
  expect(board.lines).toEqual([false, false, false, false]);
});

it('gives no more than max-bytes a period', () => {
  const { machine, driver } = powerOn({ 'max-bytes': 16, period: 10 });
  const clock = machine.container.resolve(VirtualClock as never) as ManualClock;
  const queue = start(driver);
  expect(queue.send([], [32]).usedLength).toBe(16);
  expect(queue.send([], [32]).usedLength).toBeUndefined();
  clock.advanceUs(10_000);
  expect(queue.take()).toBe(16);
});

it('serves a legacy driver through the I/O window', () => {
  const { driver, memory } = powerOn();
  driver.setLegacy(18, 3, 1);
  driver.setLegacy(4, 0, 4);
  expect(driver.legacy(12, 2)).toBe(8);
  driver.setLegacy(8, 0x100, 4);
  driver.setLegacy(18, 7, 1);
  // One writable buffer of 4 bytes at 0x20_0000, in rings at page 0x100: descriptors, available, and used on the next page.
  memory.write8(0x10_0000, 0x20_0000n);
  memory.write(0x10_0008, 4, 4);
  memory.write(0x10_000c, 2, 2);
  memory.write(0x10_0082, 1, 2);
  driver.setLegacy(16, 0, 2);
  expect(memory.read(0x10_1002, 2)).toBe(1);
  expect(driver.legacy(19, 1)).toBe(1);
});
