/** What `info qtree` says of a PCI device besides its properties. */
import type { Bar } from './bar.js';
import { PCI_CLASS_NAMES } from './class-names.js';
import { CLASS_DEVICE, DEVICE_ID, SUBSYSTEM_ID, SUBSYSTEM_VENDOR_ID, VENDOR_ID } from './config-space.js';
import { printDevfn } from './pci-address.js';
import type { PciDevice } from './pci-device.js';

/** Where QEMU has what is not mapped; it computes an end from that. */
const UNMAPPED = 0xffff_ffff_ffff_ffffn;

const hex = (value: number | bigint, digits = 1): string => value.toString(16).padStart(digits, '0');

function barLine({ index, options, sizeBytes, address }: Bar): string {
  const start = address === undefined ? UNMAPPED : BigInt(address);
  const end = BigInt.asUintN(64, start + BigInt(sizeBytes) - 1n);
  return `bar ${index}: ${options.kind === 'io' ? 'i/o' : 'mem'} at 0x${hex(start)} [0x${hex(end)}]`;
}

/** Class, address on bus `bus`, identity, and a line for each BAR. */
export function describeFunction(device: PciDevice, bus: number): string[] {
  const { config } = device;
  const classCode = config.get16(CLASS_DEVICE);
  const id = (vendor: number, product: number): string => `${hex(config.get16(vendor), 4)}:${hex(config.get16(product), 4)}`;
  const className = PCI_CLASS_NAMES[classCode] ?? `Class ${hex(classCode, 4)}`;
  return [
    `class ${className}, addr ${hex(bus, 2)}:${printDevfn(device.devfn)}, pci id ${id(VENDOR_ID, DEVICE_ID)} (sub ${id(SUBSYSTEM_VENDOR_ID, SUBSYSTEM_ID)})`,
    ...[...device.bars].sort((a, b) => a.index - b.index).map(barLine),
  ];
}
