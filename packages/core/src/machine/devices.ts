import { ConfigError, QmpError } from '../errors.js';
import type { Bus } from '../object/bus.js';
import { Device } from '../object/device.js';
import type { Machine } from './machine.js';

/** Options of `-device` / device_add in their order. Text for the command line, JSON values for QMP. */
export interface DeviceOptions {
  readonly driver: string;
  readonly id?: string;
  /** Bus by name or by the path of its device. */
  readonly bus?: string;
  readonly properties: Readonly<Record<string, unknown>>;
  /** Values of `properties` are option text, to be parsed by each property's type. */
  readonly text: boolean;
}

/** Creates, configures, plugs and realizes a device (QEMU's qdev_device_add). */
export function addDevice(machine: Machine, options: DeviceOptions): Device {
  const info = machine.types.find(options.driver);
  if (!info || !machine.isType(info, 'device')) throw new ConfigError(`'${options.driver}' is not a valid device model name`);
  if (info.abstract) throw new ConfigError(`Parameter 'driver' expects a non-abstract device type`);
  const hotplug = machine.booted;
  if (!info.userCreatable || (hotplug && info.hotpluggable === false)) {
    throw new ConfigError(`Parameter 'driver' expects a pluggable device type`);
  }
  const bus = findBus(machine, options.bus, info.bus, info.name);
  if (hotplug && bus && !bus.hotpluggable) throw new ConfigError(`Bus '${bus.busName}' does not support hotplugging`);
  if (options.id !== undefined && machine.node('/machine/peripheral').children.has(options.id)) {
    throw new ConfigError(`Duplicate device ID '${options.id}'`);
  }
  const device = machine.instantiateType(info) as Device;
  device.id = options.id;
  device.hotplugged = hotplug;
  const parent = machine.node(options.id === undefined ? '/machine/peripheral-anon' : '/machine/peripheral');
  applyGlobals(machine, device);
  for (const [name, value] of Object.entries(options.properties)) {
    if (options.text) device.setPropertyText(name, String(value), 'option');
    else device.setProperty(name, value);
  }
  parent.addChild(options.id ?? 'device[*]', device);
  try {
    if (bus) machine.attach(device, { bus });
    else machine.attach(device);
  } catch (error) {
    bus?.unplug(device);
    device.unparent();
    throw error;
  }
  if (hotplug) device.reset();
  return device;
}

function applyGlobals(machine: Machine, device: Device): void {
  for (const { driver, property, value } of machine.config.globals) {
    if (machine.isType(device.typeInfo, driver) && device.findProperty(property)) device.setPropertyText(property, value);
  }
}

function findBus(machine: Machine, name: string | undefined, busType: string | undefined, driver: string): Bus | undefined {
  if (name !== undefined) {
    const bus = machine.buses.find((b) => b.busName === name);
    if (!bus) throw new ConfigError(`Bus '${name}' not found`);
    if (busType !== undefined && !machine.isType(bus.typeInfo, busType)) {
      throw new ConfigError(`Device cannot be plugged into bus '${name}': it wants a ${busType} bus`);
    }
    return bus;
  }
  if (busType === undefined || busType === 'System') return undefined;
  const bus = machine.buses.find((b) => machine.isType(b.typeInfo, busType));
  if (!bus) throw new ConfigError(`No '${busType}' bus found for device '${driver}'`);
  return bus;
}

/** Unrealizes, takes off its bus and out of the tree; announces DEVICE_DELETED. */
export function removeDevice(machine: Machine, device: Device): void {
  const { path, id } = device;
  device.takeDown();
  machine.forgetReset(device);
  device.bus?.unplug(device);
  device.unparent();
  machine.emit('DEVICE_DELETED', id === undefined ? { path } : { device: id, path });
}

/** device_del: asks the bus, which asks the guest where it must. */
export function requestUnplug(machine: Machine, id: string): void {
  const device = machine.findDevice(id);
  if (!device && id.startsWith('/') && machine.root.resolve(id)) throw new ConfigError(`${id} is not a hotpluggable device`);
  if (!device) throw new QmpError('DeviceNotFound', `Device '${id}' not found`);
  if (!device.bus) throw new ConfigError(`Device '${id}' does not support hotplugging`);
  device.bus.requestUnplug(device);
}
