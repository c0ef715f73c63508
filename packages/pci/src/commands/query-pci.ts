import { hmpCommand, type Machine, qmpCommand } from '@nandu/core';
import type { Bar } from '../bar.js';
import { PCI_CLASS_NAMES } from '../class-names.js';
import { CLASS_DEVICE, DEVICE_ID, INTERRUPT_LINE, INTERRUPT_PIN, SUBSYSTEM_ID, SUBSYSTEM_VENDOR_ID, VENDOR_ID } from '../config-space.js';
import { PciBus } from '../pci-bus.js';
import type { PciDevice } from '../pci-device.js';

function region({ index, options, sizeBytes, address = -1 }: Bar) {
  const place = { bar: index, size: sizeBytes, address };
  if (options.kind === 'io') return { ...place, type: 'io' };
  return { ...place, type: 'memory', prefetch: options.prefetchable === true, mem_type_64: options.is64 === true };
}

function describe(device: PciDevice, bus: number) {
  const { config } = device;
  const classCode = config.get16(CLASS_DEVICE);
  const desc = PCI_CLASS_NAMES[classCode];
  const pin = config.get8(INTERRUPT_PIN);
  return {
    bus,
    slot: device.slot,
    function: device.devfn & 7,
    class_info: { class: classCode, ...(desc === undefined ? {} : { desc }) },
    id: {
      vendor: config.get16(VENDOR_ID),
      device: config.get16(DEVICE_ID),
      'subsystem-vendor': config.get16(SUBSYSTEM_VENDOR_ID),
      subsystem: config.get16(SUBSYSTEM_ID),
    },
    ...(pin === 0 ? {} : { irq: config.get8(INTERRUPT_LINE) }),
    irq_pin: pin,
    qdev_id: device.id ?? '',
    regions: [...device.bars].sort((a, b) => a.index - b.index).map(region),
  };
}

function buses(machine: Machine) {
  return machine.buses
    .filter((bus) => bus instanceof PciBus)
    .map((bus, number) => ({ bus: number, devices: bus.present().map((device) => describe(device, number)) }));
}

/** query-pci: every function of every bus, with where its BARs are mapped (-1: nowhere). */
export const queryPci = qmpCommand({ name: 'query-pci', arguments: {}, run: (_, { machine }) => buses(machine) });

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

function showRegion({ bar, size, address, ...rest }: ReturnType<typeof region>): string {
  // An unmapped BAR is at -1, and QEMU computes its end from that.
  const start = address === -1 ? 'ffffffffffffffff' : undefined;
  const end = address + size - 1;
  if (!('prefetch' in rest)) return `      BAR${bar}: I/O at 0x${start ?? hex(address, 4)} [0x${hex(end, 4)}].\n`;
  return `      BAR${bar}: ${rest.mem_type_64 ? 64 : 32} bit${rest.prefetch ? ' prefetchable' : ''} memory at 0x${start ?? hex(address, 8)} [0x${hex(end, 8)}].\n`;
}

function show(info: ReturnType<typeof describe>): string {
  const { vendor, device, subsystem } = info.id;
  const name = info.class_info.desc ?? `Class ${String(info.class_info.class).padStart(4, '0')}`;
  return [
    `  Bus ${String(info.bus).padStart(2)}, device ${String(info.slot).padStart(3)}, function ${info.function}:\n`,
    `    ${name}: PCI device ${hex(vendor, 4)}:${hex(device, 4)}\n`,
    `      PCI subsystem ${hex(info.id['subsystem-vendor'], 4)}:${hex(subsystem, 4)}\n`,
    ...(info.irq_pin === 0 ? [] : [`      IRQ ${info.irq}, pin ${'ABCD'[info.irq_pin - 1]}\n`]),
    ...info.regions.map(showRegion),
    `      id "${info.qdev_id}"\n`,
  ].join('');
}

export const infoPci = hmpCommand({
  name: 'info pci',
  args: '',
  params: '',
  help: 'show PCI info',
  run: (_, { machine }) =>
    buses(machine)
      .flatMap(({ devices }) => devices.map(show))
      .join('') || undefined,
});
