import type { AddressSpaceMemory } from '@nandu/core';
import { MiB } from '@nandu/core';
import { VirtioDriver, type VirtqueueDriver } from '@nandu/testkit';
import { EchoDevice, EchoPci, testMachine } from '../src/testing/index.js';

const VERSION_1 = 1n << 32n;
const INDIRECT = 1n << 28n;
const EVENT_IDX = 1n << 29n;
const RINGS = 0x10_0000;
const BUFFERS = 0x20_0000;
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

function powerOn(features = VERSION_1) {
  const setup = testMachine({
    plugins: [{ name: 'echo', types: [EchoDevice, EchoPci] }],
    memory: { sizeBytes: 16 * MiB },
    devices: [{ driver: 'echo-pci', id: 'echo', properties: { addr: '5' } }],
  });
  const driver = new VirtioDriver(setup.memory, setup.io, 5);
  driver.negotiate(features);
  const queue = driver.queue(0, RINGS);
  driver.start();
  return { ...setup, driver, queue };
}

it('moves bytes through chains of several buffers', () => {
  const { queue } = powerOn();
  const { usedLength, buffers } = queue.send([bytes('hello, '), bytes('world')], [5, 20]);
  expect([usedLength, text(buffers[0]), text(buffers[1]?.subarray(0, 7))]).toEqual([12, 'HELLO', ', WORLD']);
});

it('goes round the ring many times', () => {
  const { queue } = powerOn();
  for (let i = 0; i < 70_000; i++) if (queue.send([Uint8Array.of(1)], [1]).usedLength !== 1) throw new Error(`no answer to request ${i}`);
});

it('follows an indirect table', () => {
  const { queue, memory } = powerOn(VERSION_1 | INDIRECT);
  memory.writeBytes(BUFFERS, bytes('abc'));
  queue.writeDescriptor(0, { address: BUFFERS, length: 3, flags: 1, next: 1 }, BUFFERS + 0x1000);
  queue.writeDescriptor(1, { address: BUFFERS + 0x100, length: 3, flags: 2 }, BUFFERS + 0x1000);
  queue.writeDescriptor(0, { address: BUFFERS + 0x1000, length: 32, flags: 4 });
  queue.offer(0);
  const answer = new Uint8Array(3);
  memory.readBytes(BUFFERS + 0x100, answer);
  expect([queue.take(), text(answer)]).toEqual([3, 'ABC']);
});

it('interrupts once the used index passes what the driver waits for', () => {
  const { queue, memory, driver } = powerOn(VERSION_1 | EVENT_IDX);
  const usedEvent = queue.available + 4 + 2 * queue.size;
  const interrupted = (): boolean => {
    queue.send([Uint8Array.of(1)], [1]);
    return driver.readIsr() === 1;
  };
  memory.write(usedEvent, 2, 2);
  // The first push always tells, since nothing was told before.
  expect([interrupted(), interrupted(), interrupted(), interrupted()]).toEqual([true, false, true, false]);
  expect(memory.read(queue.used + 4 + 8 * queue.size, 2)).toBe(4);
});

type Ring = (queue: VirtqueueDriver, memory: AddressSpaceMemory) => void;
const BAD: readonly { readonly name: string; readonly make: Ring; readonly says: string }[] = [
  { name: 'a head beyond the table', make: (q) => q.offer(8), says: 'Guest says index 8 is available' },
  {
    name: 'an index that ran ahead',
    make: (q, m) => {
      m.write(q.available + 2, 100, 2);
      q.offer(0);
      m.write(q.available + 2, 100, 2);
    },
    says: 'Guest says index|virtio: zero sized',
  },
  {
    name: 'a loop',
    make: (q) => {
      q.writeDescriptor(0, { address: BUFFERS, length: 4, flags: 1, next: 0 });
      q.offer(0);
    },
    says: 'Looped descriptor',
  },
  {
    name: 'a next beyond the table',
    make: (q) => {
      q.writeDescriptor(0, { address: BUFFERS, length: 4, flags: 1, next: 9 });
      q.offer(0);
    },
    says: 'Desc next is 9',
  },
  {
    name: 'an empty buffer',
    make: (q) => {
      q.writeDescriptor(0, { address: BUFFERS, length: 0, flags: 0 });
      q.offer(0);
    },
    says: 'virtio: zero sized buffers are not allowed',
  },
  {
    name: 'a buffer outside memory',
    make: (q) => {
      q.writeDescriptor(0, { address: 2 ** 40, length: 4, flags: 0 });
      q.offer(0);
    },
    says: 'virtio: bogus descriptor or out of resources',
  },
  {
    name: 'a buffer that reaches out of memory',
    make: (q) => {
      q.writeDescriptor(0, { address: BUFFERS, length: 0xffff_ffff, flags: 0 });
      q.offer(0);
    },
    says: 'virtio: bogus descriptor or out of resources',
  },
  {
    name: 'readable after writable',
    make: (q) => {
      q.writeDescriptor(0, { address: BUFFERS, length: 4, flags: 3, next: 1 });
      q.writeDescriptor(1, { address: BUFFERS, length: 4, flags: 0 });
      q.offer(0);
    },
    says: 'Incorrect order for descriptors',
  },
  {
    name: 'an indirect table of odd size',
    make: (q) => {
      q.writeDescriptor(0, { address: BUFFERS, length: 17, flags: 4 });
      q.offer(0);
    },
    says: 'Invalid size for indirect buffer table',
  },
  {
    name: 'an indirect table in itself',
    make: (q) => {
      q.writeDescriptor(0, { address: BUFFERS, length: 16, flags: 4 }, BUFFERS);
      q.writeDescriptor(0, { address: BUFFERS, length: 16, flags: 4 });
      q.offer(0);
    },
    says: 'Indirect descriptor in an indirect table',
  },
];

it.each(BAD)('needs a reset after $name', ({ make, says }) => {
  const { queue, memory, driver, messages } = powerOn(VERSION_1 | INDIRECT);
  make(queue, memory);
  expect(driver.status).toBe(0x4f);
  expect(messages).toEqual([expect.stringMatching(says)]);
  expect(queue.take()).toBeUndefined();

  // Dead until the driver resets it, and well afterwards.
  driver.notify(0);
  expect(messages.length).toBe(1);
  driver.negotiate(VERSION_1);
  const again = driver.queue(0, RINGS);
  driver.start();
  expect(again.send([bytes('x')], [1]).usedLength).toBe(1);
});

it('survives rings of noise', () => {
  const { queue, memory, driver } = powerOn(VERSION_1 | INDIRECT);
  let seed = 1;
  const noise = (length: number): Uint8Array => Uint8Array.from({ length }, () => (seed = (seed * 1103515245 + 12345) & 0x7fff_ffff) >>> 16);
  for (let round = 0; round < 300; round++) {
    memory.writeBytes(queue.descriptors, noise(128));
    memory.writeBytes(queue.available, noise(32));
    driver.notify(0);
    driver.negotiate(VERSION_1 | INDIRECT);
    driver.queue(0, RINGS);
    driver.start();
  }
  expect(driver.status & 0x0f).toBe(0x0f);
});

it('carries on in another machine where it was saved', () => {
  const one = powerOn(VERSION_1 | EVENT_IDX);
  one.queue.send([bytes('a')], [1]);
  const state = structuredClone(one.machine.findDevice('echo')?.saveState());
  const other = powerOn();
  const ram = new Uint8Array(0x10_0000);
  one.memory.readBytes(RINGS, ram);
  other.memory.writeBytes(RINGS, ram);
  other.machine.findDevice('echo')?.loadState(state as Record<string, unknown>);
  expect(one.driver.status).toBe(other.driver.status);
  // The first machine's driver, on the second machine's device.
  Object.assign(one.queue, { memory: other.memory, notify: () => other.driver.notify(0) });
  expect(one.queue.send([bytes('b')], [1]).usedLength).toBe(1);
});

it('reaches its registers through configuration space, too', () => {
  const { driver } = powerOn();
  const cap = driver.pci.capabilities().find((at) => driver.pci.read(at, 1) === 9 && driver.pci.read(at + 3, 1) === 5) as number;
  driver.pci.write(cap + 4, 4, 1);
  driver.pci.write(cap + 8, 0x2000, 4);
  driver.pci.write(cap + 12, 4, 4);
  expect(driver.pci.read(cap + 16, 4)).toBe(0x0403_0201);
  driver.pci.write(cap + 8, 20, 4);
  driver.pci.write(cap + 12, 1, 4);
  driver.pci.write(cap + 16, 0, 1);
  expect(driver.status).toBe(0);
});
