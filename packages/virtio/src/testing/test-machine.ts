/** A machine for tests of virtio devices: RAM, a PCI bus, the window for memory devices. No processor, no interrupt controller. */
import {
  AddressSpaceIo,
  AddressSpaceMemory,
  addObject,
  Board,
  Device,
  type DeviceOptions,
  GiB,
  Log,
  Machine,
  type MachineConfig,
  type MachineEvent,
  MemoryRegion,
  MiB,
  MsiTarget,
  type NumaNodeConfig,
  type Plugin,
  type,
} from '@nandu/core';
import { DeviceMemory, MachineMemory, memoryPlugin } from '@nandu/memory';
import { ConfigMechanism1, PciBus, pciPlugin } from '@nandu/pci';
import { inject } from 'tsyringe';
import { virtioPlugin } from '../plugin.js';

/** RAM beyond this starts again at 4 GiB. */
const LOW_RAM_END = 3 * GiB;

@type({ name: 'test-pci-host' })
class TestPciHost extends Device {}

@type({ name: 'test-machine' })
export class TestBoard extends Board {
  bus!: PciBus;
  /** Levels of the four interrupt lines of the bus, and messages sent. */
  readonly lines = [false, false, false, false];
  readonly messages: { readonly address: number; readonly data: number }[] = [];

  constructor(
    @inject(Machine) private readonly machine: Machine,
    @inject(AddressSpaceMemory) readonly memory: AddressSpaceMemory,
    @inject(AddressSpaceIo) readonly io: AddressSpaceIo,
    @inject(Log) private readonly log: Log,
    @inject(MachineMemory) private readonly ram: MachineMemory,
    @inject(DeviceMemory) private readonly window: DeviceMemory,
  ) {
    super();
  }

  override build(): void {
    const size = this.machine.config.memory.sizeBytes;
    const low = Math.min(size, LOW_RAM_END);
    const region = this.ram.create('pc.ram');
    this.memory.root.add(0, MemoryRegion.alias('ram-below-4g', region, 0, low));
    if (size > low) this.memory.root.add(4 * GiB, MemoryRegion.alias('ram-above-4g', region, low, size - low));
    this.window.create(4 * GiB + size - low);
    const pci = MemoryRegion.container('pci', 2 ** 52);
    this.memory.root.add(0, pci, -1);
    const board = this;
    class Messages extends MsiTarget {
      override send(address: number, data: number): void {
        board.messages.push({ address, data });
      }
    }
    const host = this.machine.attach(new TestPciHost(), { parent: this, name: 'host' });
    this.bus = new PciBus('pci.0', host, {
      memorySpace: pci,
      ioSpace: this.io.root,
      dma: this.memory,
      log: this.log,
      msi: new Messages(),
      routeInterrupt: (slot, pin) => (slot - 1 + pin) & 3,
      setInterrupt: (line, level) => {
        this.lines[line] = level;
      },
    });
    this.bus.hotpluggable = true;
    this.machine.addBus(this.bus);
    const config = new ConfigMechanism1(this.bus);
    this.io.root.add(0xcf8, config.address);
    this.io.root.add(0xcfc, config.data);
  }
}

export interface TestMachineOptions {
  readonly plugins?: readonly Plugin[];
  readonly memory?: { readonly sizeBytes?: number; readonly maxBytes?: number; readonly slots?: number; readonly backend?: string };
  readonly numa?: readonly NumaNodeConfig[];
  /** Backends under /objects: id to size. */
  readonly backends?: Readonly<Record<string, number>>;
  readonly devices?: readonly (Partial<DeviceOptions> & { readonly driver: string })[];
}

/** A test machine, complete and reset, with what it emitted and logged so far. */
export function testMachine({ plugins = [], memory = {}, numa = [], backends = {}, devices = [] }: TestMachineOptions) {
  const sizeBytes = memory.sizeBytes ?? 256 * MiB;
  const config: MachineConfig = {
    board: 'test-machine',
    boardProperties: {},
    cpuModel: 'none',
    smp: { cpus: 4, maxCpus: 4, sockets: 2, dies: 1, clusters: 1, cores: 2, threads: 1 },
    memory: { sizeBytes, maxBytes: memory.maxBytes ?? sizeBytes, slots: memory.slots ?? 0, backend: memory.backend },
    numa,
    boot: {},
    accelerator: 'qtest',
    acceleratorProperties: {},
    serial: [],
    rtc: { base: 'utc', clock: 'vm' },
    actions: { reboot: 'reset', shutdown: 'poweroff', panic: 'shutdown', watchdog: 'none' },
    noDefaults: true,
    globals: [],
  } as MachineConfig;
  const machine = new Machine([memoryPlugin, pciPlugin, virtioPlugin, ...plugins, { name: 'test-board', types: [TestBoard] }], config);
  const events: MachineEvent[] = [];
  const messages: string[] = [];
  machine.events$.subscribe((event) => events.push(event));
  machine.log.records$.subscribe(({ message }) => messages.push(message));
  for (const [id, size] of Object.entries(backends)) addObject(machine, { qomType: 'memory-backend-ram', id, properties: { size } });
  const board = machine.build() as TestBoard;
  for (const device of devices) machine.addDevice({ properties: {}, text: false, ...device } as DeviceOptions);
  machine.finish();
  return { machine, board, memory: board.memory, io: board.io, events, messages };
}
