/** The seed machine without processors: what a guest finds on its buses. */
import { apicPlugin } from '@nandu/apic';
import { ChardevRegistry, chardevPlugin } from '@nandu/chardev';
import { AddressSpaceIo, AddressSpaceMemory, GiB, Machine, type MachineConfig, type MachineRequest } from '@nandu/core';
import { isaPlugin } from '@nandu/isa';
import { memoryPlugin } from '@nandu/memory';
import { pciPlugin } from '@nandu/pci';
import { Piix3 } from './piix3.js';
import { pcPlugin } from './plugin.js';

const SEED: MachineConfig = {
  board: 'pc-i440fx-7.2-machine',
  boardProperties: {},
  cpuModel: 'qemu64',
  smp: { cpus: 4, maxCpus: 4, sockets: 2, dies: 1, clusters: 1, cores: 2, threads: 1 },
  memory: { sizeBytes: 4 * GiB, maxBytes: 20 * GiB, slots: 0 },
  numa: [
    { id: 0, cpus: [0, 1] },
    { id: 1, cpus: [2, 3] },
  ],
  boot: {},
  accelerator: 'qtest',
  acceleratorProperties: {},
  serial: [],
  rtc: { base: 'utc', clock: 'vm' },
  actions: { reboot: 'reset', shutdown: 'poweroff', panic: 'shutdown', watchdog: 'none' },
  noDefaults: true,
  globals: [],
};

function powerOn(change: Partial<MachineConfig> = {}) {
  const machine = new Machine([pciPlugin, isaPlugin, apicPlugin, memoryPlugin, chardevPlugin(new ChardevRegistry()), pcPlugin], { ...SEED, ...change });
  const requests: MachineRequest[] = [];
  machine.requests$.subscribe((request) => requests.push(request));
  machine.build();
  machine.finish();
  const io = machine.container.resolve(AddressSpaceIo);
  const memory = machine.container.resolve(AddressSpaceMemory);
  const config = (devfn: number, offset: number): number => {
    io.write(0xcf8, 0x8000_0000 + devfn * 256 + offset, 4);
    return io.read(0xcfc, 4);
  };
  const setConfig = (devfn: number, offset: number, value: number): void => {
    io.write(0xcf8, 0x8000_0000 + devfn * 256 + offset, 4);
    io.write(0xcfc, value, 4);
  };
  return { machine, io, memory, requests, config, setConfig };
}

it('has its bridges where a PC has them', () => {
  const { config } = powerOn();
  expect([0x00, 0x08, 0x0b, 0x10].map((devfn) => config(devfn, 0))).toEqual([0x1237_8086, 0x7000_8086, 0x7113_8086, 0xffff_ffff]);
});

it('maps RAM below and above 4 GiB, controllers between, and a hole for a display', () => {
  const { memory } = powerOn();
  const view = memory.view.map(({ start, end, region, offset }) => `${start.toString(16)}-${(end - 1).toString(16)} ${region.name}+${offset.toString(16)}`);
  expect(view).toEqual([
    '0-9ffff pc.ram+0',
    'a0000-bffff vga-lowmem+0',
    'c0000-bfffffff pc.ram+c0000',
    'fec00000-fec00fff ioapic+0',
    'fed00000-fed003ff hpet+0',
    'fee00000-feefffff apic-msi+0',
    '100000000-13fffffff pc.ram+c0000000',
  ]);
});

it('puts the window for memory devices above RAM', () => {
  const { machine } = powerOn();
  const window = machine.container.resolve(AddressSpaceMemory).root.subregions.find(({ name }) => name === 'device-memory');
  expect([window?.address, window?.size]).toEqual([5 * GiB, 16 * GiB]);
});

it.each([
  { name: 'the reset control register', port: 0xcf9, value: 0x06 },
  { name: 'the keyboard controller', port: 0x64, value: 0xfe },
  { name: 'port 0x92', port: 0x92, value: 0x01 },
])('resets by $name', ({ port, value }) => {
  const { io, requests } = powerOn();
  io.write(port, value, 1);
  expect(requests).toEqual([{ kind: 'reset', cause: 'guest-reset' }]);
});

it('turns off by ACPI, once its ports are placed', () => {
  const { io, requests, setConfig } = powerOn();
  setConfig(0x0b, 0x40, 0x601);
  setConfig(0x0b, 0x80, 0x01);
  io.write(0x604, 0x2000, 2);
  expect(requests).toEqual([{ kind: 'shutdown', cause: 'guest-shutdown', exitCode: 0 }]);
});

it('has memory sizes and CPUs in CMOS and fw_cfg', () => {
  const { io } = powerOn();
  const cell = (index: number): number => {
    io.write(0x70, index, 1);
    return io.read(0x71, 1);
  };
  expect([0x15, 0x16, 0x34, 0x35, 0x5b, 0x5c, 0x5d, 0x5f].map(cell)).toEqual([0x80, 0x02, 0x00, 0xbf, 0x00, 0x40, 0x00, 3]);
  io.write(0x510, 0x05, 2);
  expect(io.read(0x511, 1)).toBe(4);
});

it('gives CPUs their places and APIC ids', () => {
  const { machine } = powerOn({ smp: { cpus: 6, maxCpus: 6, sockets: 2, dies: 1, clusters: 1, cores: 3, threads: 1 }, numa: [] });
  const cpus = [...machine.node('/machine/unattached').children.values()].filter(({ typeInfo }) => typeInfo.name === 'qemu64-x86_64-cpu');
  expect(cpus.map((cpu) => [cpu.getProperty('socket-id'), cpu.getProperty('core-id'), cpu.getProperty('apic-id')])).toEqual([
    [0, 0, 0],
    [0, 1, 1],
    [0, 2, 2],
    [1, 0, 4],
    [1, 1, 5],
    [1, 2, 6],
  ]);
});

it('brings PCI interrupts to the request that the PIIX3 routes them to', () => {
  const { machine, io, memory, setConfig } = powerOn();
  const waiting = (): number => {
    io.write(0xa0, 0x0a, 1);
    return io.read(0xa0, 1);
  };
  io.write(0x4d1, 0x0c, 1); // 10 and 11 are levels
  setConfig(0x08, 0x60, 0x8080_800a);
  const piix3 = machine.only(Piix3);
  piix3.setPirq(0, true);
  expect(waiting()).toBe(1 << 2);
  setConfig(0x08, 0x60, 0x8080_800b);
  expect(waiting()).toBe(1 << 3);
  piix3.setPirq(0, false);
  expect(waiting()).toBe(0);
  memory.write(0xfec0_0000, 1, 4);
  expect(memory.read(0xfec0_0010, 4)).toBe(0x0017_0020);
});

it('refuses more CPUs than it can number', () => {
  expect(() => powerOn({ smp: { ...SEED.smp, cpus: 300, maxCpus: 300 } })).toThrow(
    "Invalid SMP CPUs 300. The max CPUs supported by machine 'pc-i440fx-7.2' is 255",
  );
});

it('has no interval timer and no speaker with pit=off', () => {
  const { io } = powerOn({ boardProperties: { pit: 'off' } });
  expect([io.read(0x40, 1), io.read(0x61, 1)]).toEqual([0xff, 0xff]);
});
