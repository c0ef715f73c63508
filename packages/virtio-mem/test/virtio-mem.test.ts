import { GiB, MiB } from '@nandu/core';
import { HostMemory } from '@nandu/memory';
import { VirtioDriver } from '@nandu/testkit';
import { testMachine } from '@nandu/virtio/testing';
import { virtioMemPlugin } from '../src/index.js';

const BASE = 4 * GiB;
const BLOCK = 2 * MiB;
const VERSION_1 = 1n << 32n;
const INACCESSIBLE = 1n << 1n;
const PLUG = 0;
const UNPLUG = 1;

function powerOn(properties: Record<string, unknown> = {}, backends: Record<string, number> = { mem0: 1 * GiB }) {
  const setup = testMachine({
    plugins: [virtioMemPlugin],
    memory: { sizeBytes: 1 * GiB, maxBytes: 8 * GiB },
    backends,
    devices: [{ driver: 'virtio-mem-pci', id: 'vm0', properties: { addr: '4', memdev: 'mem0', 'requested-size': 512 * MiB, ...properties } }],
  });
  const driver = new VirtioDriver(setup.memory, setup.io, 4);
  driver.negotiate(VERSION_1 | INACCESSIBLE);
  const queue = driver.queue(0, 0x10_0000);
  driver.start();
  const request = (type: number, address: number, blockCount: number): number => {
    const view = new DataView(new ArrayBuffer(24));
    view.setUint16(0, type, true);
    view.setBigUint64(8, BigInt(address), true);
    view.setUint16(16, blockCount, true);
    return queue.send([new Uint8Array(view.buffer)], [10]).buffers[0]?.[0] as number;
  };
  const device = setup.machine.findDevice('vm0') as NonNullable<ReturnType<typeof setup.machine.findDevice>>;
  return { ...setup, driver, request, device };
}

describe('with unplugged-inaccessible=on', () => {
  it('has memory where blocks are plugged, and nothing elsewhere', () => {
    const { memory, request } = powerOn();
    const present = (): boolean[] => [0, 1, 2, 3].map((block) => memory.ramAt(BASE + block * BLOCK) !== undefined);
    expect(present()).toEqual([false, false, false, false]);
    request(PLUG, BASE, 1);
    request(PLUG, BASE + 2 * BLOCK, 2);
    expect(present()).toEqual([true, false, true, true]);
    request(PLUG, BASE + BLOCK, 1);
    expect(memory.ramAt(BASE)?.length).toBe(4 * BLOCK);
    request(UNPLUG, BASE + 2 * BLOCK, 1);
    expect(present()).toEqual([true, true, false, true]);
  });

  it('gives back what was in a block', () => {
    const { memory, request } = powerOn();
    request(PLUG, BASE, 64);
    const block = memory.ramAt(BASE)?.block;
    for (let i = 0; i < 64; i++) memory.write(BASE + i * BLOCK, 1, 4);
    expect(block?.residentBytes).toBe(64 * BLOCK);
    request(UNPLUG, BASE, 63);
    expect(block?.residentBytes).toBe(BLOCK);
    request(PLUG, BASE, 1);
    expect(memory.read(BASE, 4)).toBe(0);
  });

  it('announces one change of the map for a request of 64 blocks', () => {
    const { memory, request } = powerOn();
    let changes = 0;
    memory.changes$.subscribe(() => changes++);
    request(PLUG, BASE, 64);
    expect(changes).toBe(1);
  });

  it('unplugs everything at a system reset and keeps the request', () => {
    const { machine, memory, request, device, events } = powerOn();
    request(PLUG, BASE, 10);
    machine.performReset();
    expect(memory.ramAt(BASE)).toBeUndefined();
    expect([device.getProperty('size'), device.getProperty('requested-size')]).toEqual([0, 512 * MiB]);
    expect(events.filter(({ name }) => name === 'MEMORY_DEVICE_SIZE_CHANGE').map(({ data }) => data?.size)).toEqual([10 * BLOCK, 0]);
  });

  it('shows the same blocks where its state is loaded', () => {
    const one = powerOn();
    one.request(PLUG, BASE + BLOCK, 3);
    const other = powerOn();
    other.device.loadState(structuredClone(one.device.saveState()));
    expect([0, 1, 3, 4].map((block) => other.memory.ramAt(BASE + block * BLOCK) !== undefined)).toEqual([false, true, true, false]);
    expect(other.driver.config(40, 8)).toBe(3 * BLOCK);
  });
});

it('answers BUSY where there is no memory to preallocate', () => {
  const { request, messages, device, machine } = powerOn({ prealloc: true, 'requested-size': 5 * GiB }, { mem0: 6 * GiB });
  // As in a guest's own request: while its code runs nothing is moved out to make room.
  machine.container.resolve(HostMemory).pool.running = true;
  const plugged = Array.from({ length: 5 }, (_, i) => request(PLUG, BASE + i * GiB, 512));
  expect(plugged).toEqual([0, 0, 0, 2, 2]);
  expect(messages).toEqual([expect.stringContaining('cannot back more guest memory: /objects/mem0'), expect.anything()]);
  expect(device.getProperty('size')).toBe(3 * GiB);
});

describe('requested-size', () => {
  it.each([
    [1 * MiB, "'requested-size' has to be multiples of 'block-size' (0x200000)"],
    [2 * GiB, "'requested-size' cannot exceed the memory backend size(0x40000000)"],
    [-1, "'requested-size' has to be multiples of 'block-size' (0x200000)"],
    ['500M', "Parameter 'requested-size' expects uint64"],
  ])('cannot become %p', (value, message) => {
    const { device } = powerOn();
    expect(() => device.setProperty('requested-size', value)).toThrow(message);
  });
});

describe('what cannot be made', () => {
  it.each([
    [{ memdev: undefined }, "'memdev' property must be set"],
    [{ memdev: 'nosuch' }, "Device 'nosuch' not found"],
    [{ 'block-size': 3 * MiB }, "'block-size' property has to be a power of two"],
    [{ 'block-size': 512 * 1024 }, "'block-size' property has to be at least 0x100000"],
    [{ 'block-size': 4 * MiB, 'requested-size': 6 * MiB }, "'requested-size' property has to be multiples of 'block-size' (0x400000)"],
    [{ node: 1 }, "'node' property has value '1', which exceedsthe number of numa nodes: 1"],
    [{ memaddr: 1 }, 'address must be aligned to 0x200000 bytes'],
    [{ addr: '0x20' }, "Property 'virtio-mem-pci.addr' doesn't take value '0x20'"],
  ])('%j', (properties, message) => {
    const given = Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));
    if ('memdev' in properties && properties.memdev === undefined) {
      expect(() => testMachine({ plugins: [virtioMemPlugin], memory: { maxBytes: 2 * GiB }, devices: [{ driver: 'virtio-mem-pci' }] })).toThrow(message);
    } else {
      expect(() => powerOn(given)).toThrow(message);
    }
  });

  it('takes a backend once', () => {
    const { machine } = powerOn();
    expect(() => machine.addDevice({ driver: 'virtio-mem-pci', properties: { memdev: 'mem0' }, text: false })).toThrow(
      "'memdev' property specifies a busy memdev: mem0",
    );
  });
});
