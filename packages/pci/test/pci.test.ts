import { AddressSpaceIo, AddressSpaceMemory, Device, Log, type Machine, MemoryRegion, type } from '@nandu/core';
import { PciFunctionDriver } from '@nandu/testkit';
import { AcpiPciHotplug, ConfigMechanism1, ecamRegion, Msi, PciBus, PciDevice, parseDevfn, printDevfn } from '../src/index.js';

@type({ name: 'host' })
class Host extends Device {}

@type({ name: 'card', userCreatable: true, hotpluggable: true })
class Card extends PciDevice {
  msi: Msi | undefined;
  override realize(): void {
    this.identify({ vendor: 0x1234, device: 0x5678, classCode: 0x00ff, interruptPin: 1 });
    const constant = (value: number) => ({ read: () => value, write: () => {} });
    this.addBar(0, MemoryRegion.io('ports', 16, constant(0x11)), { kind: 'io' });
    this.addBar(1, MemoryRegion.io('registers', 0x1000, constant(0x22)), { kind: 'memory' });
    this.addBar(2, MemoryRegion.io('wide', 0x4000, constant(0x33)), { kind: 'memory', is64: true, prefetchable: true });
    this.msi = new Msi(this, this.config, 4);
  }
  set level(level: boolean) {
    this.setInterruptLevel(level);
  }
}

function powerOn(addresses: readonly string[] = ['4']) {
  const memory = new AddressSpaceMemory();
  const io = new AddressSpaceIo();
  const lines: [number, boolean][] = [];
  const bus = new PciBus('pci.0', new Host(), {
    memorySpace: memory.root,
    ioSpace: io.root,
    dma: memory,
    log: new Log(),
    msi: { send: (address: number, data: number) => messages.push([address, data]) },
    routeInterrupt: (slot, pin) => (slot + pin) & 3,
    setInterrupt: (line, level) => lines.push([line, level]),
  });
  const messages: [number, number][] = [];
  const config = new ConfigMechanism1(bus);
  io.root.add(0xcf8, config.address);
  io.root.add(0xcfc, config.data);
  const cards = addresses.map((addr) => {
    const card = new Card();
    if (addr !== '') card.setPropertyText('addr', addr);
    bus.plug(card);
    card.bringUp();
    return card;
  });
  const [card] = cards as [Card];
  return { memory, io, bus, cards, card, lines, messages, pci: new PciFunctionDriver(io, card.slot, card.devfn & 7) };
}

it('reads as ones where nothing is', () => {
  const { io } = powerOn();
  expect([io.read(0xcfc, 4), new PciFunctionDriver(io, 9).read(0, 4)]).toEqual([0xffff_ffff, 0xffff_ffff]);
});

it('maps BARs while the command register decodes them', () => {
  const { memory, io, pci, bus } = powerOn();
  pci.write(0x10, 0xc000, 4);
  pci.write(0x14, 0xfe00_0000, 4);
  pci.write(0x18, 0x8000_0000, 4);
  pci.write(0x1c, 0x5, 4);
  const seen = (): number[] => [io.read(0xc000, 4), memory.read(0xfe00_0000, 4), memory.read(0x5_8000_0000, 4)];
  expect(seen()).toEqual([0xffff_ffff, 0, 0]);
  pci.write(4, 1, 2);
  expect(seen()).toEqual([0x11, 0, 0]);
  pci.write(4, 2, 2);
  expect(seen()).toEqual([0xffff_ffff, 0x22, 0x33]);
  pci.write(0x14, 0xfd00_0000, 4);
  expect([memory.read(0xfe00_0000, 4), memory.read(0xfd00_0000, 4)]).toEqual([0, 0x22]);
  bus.at(0x20)?.reset();
  expect([memory.read(0xfd00_0000, 4), pci.read(4, 2)]).toEqual([0, 0]);
});

it('tells the sizes of BARs', () => {
  const { pci } = powerOn();
  expect([0, 1, 2, 3].map((index) => pci.sizeBar(index))).toEqual([0xffff_fff1, 0xffff_f000, 0xffff_c00c, 0xffff_ffff]);
});

it('keeps a line high while any of those that share it are', () => {
  const { cards, lines } = powerOn(['4', '8']);
  const [a, b] = cards as [Card, Card];
  a.level = true;
  b.level = true;
  a.level = false;
  expect(lines).toEqual([[0, true]]);
  b.level = false;
  expect(lines).toEqual([
    [0, true],
    [0, false],
  ]);
});

it('holds INTx back while it is disabled, and says so in the status', () => {
  const { card, pci, lines } = powerOn();
  pci.write(4, 0x400, 2);
  card.level = true;
  expect([pci.read(6, 2) & 8, lines]).toEqual([8, []]);
  pci.write(4, 0, 2);
  expect(lines).toEqual([[0, true]]);
});

it('sends MSI messages', () => {
  const { card, pci, messages } = powerOn();
  const [at] = pci.capabilities() as [number];
  pci.write(at + 4, 0xfee0_1000, 4);
  pci.write(at + 12, 0x40, 2);
  pci.write(at + 2, 0x21, 2);
  card.msi?.notify(3);
  expect(messages).toEqual([]);
  pci.write(4, 4, 2);
  card.msi?.notify(3);
  expect(messages).toEqual([[0xfee0_1000, 0x43]]);
});

it('shows the same configuration in memory (ECAM)', () => {
  const { bus, memory } = powerOn();
  memory.root.add(0xb000_0000, ecamRegion(bus, 0x1000_0000));
  expect([memory.read(0xb002_0000, 4), memory.read(0xb002_0100, 4), memory.read(0xb012_0000, 4)]).toEqual([0x5678_1234, 0xffff_ffff, 0xffff_ffff]);
});

it('places devices in free slots', () => {
  const { cards } = powerOn(['', '1', '', '1f.7']);
  expect(cards.map(({ devfn }) => printDevfn(devfn))).toEqual(['00.0', '01.0', '02.0', '1f.7']);
});

it('refuses a slot that is taken', () => {
  expect(() => powerOn(['4', '4.0'])).toThrow('PCI: slot 4 function 0 not available for card, in use by card,id=(null)');
});

it.each([
  ['5', 40],
  ['1f.7', 255],
  ['0x3', 24],
  ['20', undefined],
  ['1.8', undefined],
  ['x', undefined],
])('reads the address %s', (text, devfn) => {
  expect(parseDevfn(text)).toBe(devfn);
});

describe('ACPI hot-plug', () => {
  function hotplug() {
    const { bus, io, card } = powerOn();
    let events = 0;
    const removed: Device[] = [];
    const machine = {
      booted: true,
      removeDevice: (device: Device) => {
        removed.push(device);
        bus.unplug(device);
      },
    } as unknown as Machine;
    const controller = new AcpiPciHotplug(machine, bus, () => events++);
    io.root.add(0xae00, controller.region);
    return { bus, io, card, controller, removed, events: () => events };
  }

  it('announces a new device once', () => {
    const { io, controller, card, events } = hotplug();
    controller.plugged(card);
    expect([events(), io.read(0xae00, 4), io.read(0xae00, 4)]).toEqual([1, 1 << 4, 0]);
  });

  it('removes a device when the guest ejects its slot', () => {
    const { bus, io, card, removed, events } = hotplug();
    bus.requestUnplug(card);
    expect([events(), io.read(0xae04, 4), removed]).toEqual([1, 1 << 4, []]);
    bus.requestUnplug(card);
    expect([events(), io.read(0xae04, 4), removed]).toEqual([2, 1 << 4, []]);
    io.write(0xae08, 1 << 4, 4);
    expect([removed, io.read(0xae04, 4), bus.at(0x20)]).toEqual([[card], 0, undefined]);
  });

  it('removes it at a system reset at the latest', () => {
    const { bus, card, controller, removed } = hotplug();
    bus.requestUnplug(card);
    controller.reset();
    expect(removed).toEqual([card]);
  });
});
