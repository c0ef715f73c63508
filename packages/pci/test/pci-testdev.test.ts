import { AddressSpaceIo, AddressSpaceMemory, Device, Log, type } from '@nandu/core';
import { PciBus } from '../src/index.js';
import { PciTestDevice } from '../src/pci-testdev.js';

@type({ name: 'host-of-testdev' })
class Host extends Device {}

const MMIO = 0xfe00_0000;
const PORTS = 0xc000;

function powerOn() {
  const memory = new AddressSpaceMemory();
  const io = new AddressSpaceIo();
  const unused = { send: () => undefined };
  const wiring = {
    memorySpace: memory.root,
    ioSpace: io.root,
    dma: memory,
    log: new Log(),
    msi: unused,
    routeInterrupt: () => 0,
    setInterrupt: () => undefined,
  };
  const bus = new PciBus('pci.0', new Host(), wiring);
  const device = new PciTestDevice();
  bus.plug(device);
  device.bringUp();
  device.configWrite(0x10, MMIO, 4);
  device.configWrite(0x14, PORTS, 4);
  device.configWrite(0x04, 3, 2);
  return { memory, io };
}

it.each([
  { bar: 'memory', base: MMIO, name: 'mmio-no-eventfd', target: 0x800 },
  { bar: 'io', base: PORTS, name: 'portio-no-eventfd', target: 0x80 },
] as const)('tells a test of its $bar BAR and counts its writes', ({ bar, base, name, target }) => {
  const { memory, io } = powerOn();
  const space = bar === 'io' ? io : memory;
  space.write(base, 0, 1);
  const text = Array.from(name, (_, index) => String.fromCharCode(space.read(base + 16 + index, 1))).join('');
  expect([space.read(base + 1, 1), space.read(base + 4, 4), text]).toEqual([1, target, name]);
  space.write(base + target, 0xce, 1);
  space.write(base + target, 0xfa, 1);
  expect(space.read(base + 12, 4)).toBe(2);
});

it('counts only the matching value in the test that asks for it', () => {
  const { memory } = powerOn();
  memory.write(MMIO, 2, 1);
  memory.write(MMIO + 0x802, 0xce, 1);
  memory.write(MMIO + 0x802, 0xfa, 1);
  expect(memory.read(MMIO + 12, 4)).toBe(1);
});

it('has nothing to tell of a test that it does not know', () => {
  const { memory } = powerOn();
  memory.write(MMIO, 3, 1);
  expect([memory.read(MMIO + 1, 1), memory.read(MMIO + 4, 4)]).toEqual([0, 0]);
});
