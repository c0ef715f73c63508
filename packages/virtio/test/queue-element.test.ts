/** What monitors show of a chain in a queue. Orders and words are QEMU 7.2's. */
import { type AnyCommand, type Machine, MiB } from '@nandu/core';
import { VirtioDriver } from '@nandu/testkit';
import { virtioElementCommands } from '../src/commands/virtio-element.js';
import { EchoDevice, EchoPci, testMachine } from '../src/testing/index.js';

const VERSION_1 = 1n << 32n;
const INDIRECT = 1n << 28n;
const RINGS = 0x10_0000;
const TABLE = 0x30_0000;
const PATH = '/machine/peripheral/echo/virtio-backend';

const [query, info] = virtioElementCommands as [AnyCommand, AnyCommand];
const run = (command: AnyCommand, machine: Machine, args: object): unknown => command.run({ path: PATH, queue: 0, ...args } as never, { machine });

function powerOn() {
  const setup = testMachine({
    plugins: [{ name: 'echo', types: [EchoDevice, EchoPci] }],
    memory: { sizeBytes: 16 * MiB },
    devices: [{ driver: 'echo-pci', id: 'echo', properties: { addr: '5' } }],
  });
  return { ...setup, driver: new VirtioDriver(setup.memory, setup.io, 5) };
}

/** Makes a descriptor the available ring's entry at `place`, without a word to the device. */
function started() {
  const { driver, machine, memory } = powerOn();
  driver.negotiate(VERSION_1 | INDIRECT);
  const queue = driver.queue(0, RINGS);
  driver.start();
  const place = (index: number, head: number): void => memory.write(queue.available + 4 + 2 * index, head, 2);
  return { queue, memory, machine, place };
}

it('shows a chain from its end on, and where both sides are', () => {
  const { queue, memory, machine, place } = started();
  queue.send([Uint8Array.of(1)], [1]);
  queue.writeDescriptor(3, { address: 0x1_2345_6000, length: 16, flags: 1, next: 4 });
  queue.writeDescriptor(4, { address: 0x20_0000, length: 32, flags: 3, next: 5 });
  queue.writeDescriptor(5, { address: 0x20_0100, length: 48, flags: 0 });
  place(1, 3);
  memory.write(queue.available, 1, 2);
  const element = {
    name: 'echo',
    index: 3,
    descs: [
      { addr: 0x20_0100, len: 48, flags: [] },
      { addr: 0x20_0000, len: 32, flags: ['write', 'next'] },
      { addr: 0x1_2345_6000, len: 16, flags: ['next'] },
    ],
    avail: { flags: 1, idx: 1, ring: 3 },
    used: { flags: 0, idx: 1 },
  };
  // The device takes place 1 next.
  for (const args of [{}, { index: 1 }, { index: 1 + queue.size }]) expect(run(query, machine, args)).toEqual(element);
  expect(run(query, machine, { index: 0 })).toMatchObject({
    index: 0,
    descs: [
      { len: 1, flags: ['write'] },
      { len: 1, flags: ['next'] },
    ],
  });
  expect(run(info, machine, {})).toBe(`${PATH}:
  device_name: ${element.name}
  index:   3
  desc:
    descs:
        addr 0x200100 len 48,
        addr 0x200000 len 32 (write, next),
        addr 0x123456000 len 16 (next)
  avail:
    flags: 1
    idx:   1
    ring:  3
  used:
    flags: 0
    idx:   1
`);
});

it('looks into an indirect table', () => {
  const { queue, machine, place } = started();
  queue.writeDescriptor(0, { address: TABLE, length: 32, flags: 4 });
  queue.writeDescriptor(0, { address: 0x20_0000, length: 1, flags: 1, next: 1 }, TABLE);
  queue.writeDescriptor(1, { address: 0x20_0100, length: 2, flags: 2 }, TABLE);
  place(0, 0);
  expect(run(query, machine, {})).toMatchObject({
    index: 0,
    descs: [
      { len: 2, flags: ['write'] },
      { len: 1, flags: ['next'] },
    ],
  });
});

it('comes to an end where a chain does not, and leaves the device alone', () => {
  const { queue, machine, place } = started();
  queue.writeDescriptor(0, { address: 0x20_0000, length: 1, flags: 1, next: 0 });
  queue.writeDescriptor(1, { address: 0x20_0000, length: 1, flags: 1, next: 60_000 });
  place(0, 0);
  expect((run(query, machine, {}) as { descs: unknown[] }).descs).toHaveLength(queue.size);
  place(0, 1);
  expect((run(query, machine, {}) as { descs: unknown[] }).descs).toHaveLength(1);
  expect((machine.root.resolve(PATH) as EchoDevice).broken).toBe(false);
});

it.each([
  [{}, 'Region caches not initialized'],
  [{ queue: 9 }, 'Invalid virtqueue number 9'],
  [{ queue: 70_000 }, "Parameter 'queue' expects uint16_t"],
  [{ index: -1 }, "Parameter 'index' expects uint16_t"],
  [{ path: '/x' }, 'Path /x is not a VirtIO device'],
])('refuses %j of a queue that no driver has set up', (args, message) => {
  expect(() => run(query, powerOn().machine, args)).toThrow(message);
});
