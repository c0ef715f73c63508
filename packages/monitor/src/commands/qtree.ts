/** info qtree: devices by the buses they sit on; info qdm: what types of devices there are. */
import { type AnyCommand, type Bus, Device, hmpCommand, isSubtype, type Machine, type MemoryRegion, type PropertyInfo, type TypeInfo } from '@nandu/core';
import { deviceList } from '../device-list.js';

const indent = (level: number): string => ' '.repeat(level);

/**
 * Configuration, those of the most derived type first. Not links, nor what changes while the device lives, nor sizes with
 * checks of their own: QEMU keeps those as properties of the object, which its tree does not show.
 */
function shownProperties(info: TypeInfo): PropertyInfo[] {
  const own = info.properties.filter((p) => !p.runtime && !p.readOnly && !p.type.name.startsWith('link<') && !(p.type.name === 'size' && (p.set || p.get)));
  return info.parent ? [...own, ...shownProperties(info.parent)] : own;
}

function gpioLines(device: Device, level: number): string {
  const label = (name: string): string => (name.startsWith('unnamed-gpio') ? '' : name);
  const inputs = [...device.gpioInputs].map(([name, { count }]) => `${indent(level)}gpio-in "${label(name)}" ${count}\n`);
  const outputs = [...device.gpioOutputs].map(([name, lines]) => `${indent(level)}gpio-out "${label(name)}" ${lines.length}\n`);
  return inputs.join('') + outputs.join('');
}

/** Where a region is, as the outermost container counts; all ones where it is not mapped. */
function addressOf(region: MemoryRegion): bigint {
  if (!region.container) return 0xffff_ffff_ffff_ffffn;
  let address = 0n;
  for (let at: MemoryRegion | undefined = region; at; at = at.container) address += BigInt(at.address);
  return address;
}

function deviceText(device: Device, level: number): string {
  const inner = level + 2;
  const properties = shownProperties(device.typeInfo).map(({ name, type }) => `${indent(inner)}${name} = ${type.print(device.getProperty(name))}\n`);
  const hex = (value: bigint | number): string => value.toString(16).padStart(16, '0');
  const regions = device.bus ? [] : device.regions.map((region) => `${indent(inner)}mmio ${hex(addressOf(region))}/${hex(region.size)}\n`);
  const details = device.bus?.describe(device).map((line) => `${indent(inner)}${line}\n`) ?? [];
  const buses = device.childBuses.map((bus) => busText(bus, inner));
  return `${indent(level)}dev: ${device.typeInfo.name}, id "${device.id ?? ''}"\n${gpioLines(device, inner)}${properties.join('')}${regions.join('')}${details.join('')}${buses.join('')}`;
}

/** The newest device of a bus comes first. */
function busText(bus: Bus, level: number): string {
  const devices = [...bus.devices].reverse().map((device) => deviceText(device, level + 2));
  return `${indent(level)}bus: ${bus.busName}\n${indent(level)}  type ${bus.typeInfo.name}\n${devices.join('')}`;
}

/** Parts of the board that sit on no bus; CPUs and their interrupt controllers are not in this tree. */
function systemDevices(machine: Machine): Device[] {
  return machine.all(Device).filter((device) => !device.bus && !partOfCpu(device) && (device.typeInfo.bus === undefined || device.typeInfo.bus === 'System'));
}

function partOfCpu(device: Device): boolean {
  return isSubtype(device.typeInfo, 'cpu') || (device.parent instanceof Device && partOfCpu(device.parent));
}

export const qtreeCommands: readonly AnyCommand[] = [
  hmpCommand({
    name: 'info qtree',
    args: '',
    params: '',
    help: 'show device tree',
    run: (_, { machine }) =>
      `bus: main-system-bus\n  type System\n${systemDevices(machine)
        .reverse()
        .map((device) => deviceText(device, 2))
        .join('')}`,
  }),
  hmpCommand({ name: 'info qdm', args: '', params: '', help: 'show qdev device model list', run: (_, { machine }) => deviceList(machine.types, true) }),
];
