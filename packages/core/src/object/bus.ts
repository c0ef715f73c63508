import { ConfigError } from '../errors.js';
import type { Device } from './device.js';
import { QObject } from './object.js';
import { boolType } from './property-types.js';
import { property, type } from './type.js';

/** A bus: devices plug into it. A bus's type name ('PCI') is what a device type's `bus` names. */
@type({ name: 'bus', abstract: true })
export abstract class Bus extends QObject {
  readonly devices: Device[] = [];
  /** Whether devices may come and go while the machine runs. */
  hotpluggable = false;
  @property({ readOnly: true, type: boolType })
  realized = true;
  /** How many ever were: links to them are numbered. */
  private plugged = 0;
  private readonly links = new Map<Device, string>();

  constructor(
    readonly busName: string,
    readonly owner: Device | undefined,
  ) {
    super();
  }

  /** Puts the device on the bus before it is realized: addresses, slots. Throws ConfigError where there is no room. */
  plug(device: Device): void {
    device.bus = this;
    this.devices.push(device);
    const name = `child[${this.plugged++}]`;
    this.dynamicProperties.set(name, { name, type: `link<${device.typeInfo.name}>`, get: () => device.path });
    this.links.set(device, name);
  }
  unplug(device: Device): void {
    const index = this.devices.indexOf(device);
    if (index >= 0) this.devices.splice(index, 1);
    this.dynamicProperties.delete(this.links.get(device) ?? '');
    this.links.delete(device);
    device.bus = undefined;
  }
  /** What `info qtree` says of a device besides its properties: a PCI device's class, ids and BARs. */
  describe(_device: Device): readonly string[] {
    return [];
  }
  /**
   * The user asked (device_del) that the device go away. A bus that can ask the guest does so and calls `machine.remove` later.
   * Throws ConfigError where it cannot be.
   */
  requestUnplug(_device: Device): void {
    throw new ConfigError(`Bus '${this.busName}' does not support hotplugging`);
  }
}

/** What has no bus: mapped by the machine itself. */
@type({ name: 'System' })
export class SystemBus extends Bus {}
