import { hmpCommand, qmpCommand } from '@nandu/core';
import { type MemoryDeviceInfo, memoryDevices } from '../memory-device.js';

/**
 * query-memory-devices: all memory devices, by address.
 *
 *   -> { "execute": "query-memory-devices" }
 *   <- { "return": [{ "type": "virtio-mem", "data": { "id": "vm0", "memaddr": 5368709120, "size": 0, ... } }] }
 */
export const queryMemoryDevices = qmpCommand({
  name: 'query-memory-devices',
  arguments: {},
  run: (_, { machine }) => memoryDevices(machine).map((device) => device.describe()),
});

/** Members in the order that HMP shows them. */
const SHOWN = ['memaddr', 'slot', 'node', 'requested-size', 'size', 'max-size', 'block-size', 'memdev', 'hotplugged', 'hotpluggable'];

function show({ type, data }: MemoryDeviceInfo): string {
  const lines = SHOWN.flatMap((name) => {
    const value = data[name];
    if (value === undefined) return [];
    return [`  ${name}: ${name === 'memaddr' ? `0x${value.toString(16)}` : value}\n`];
  });
  return `Memory device [${type}]: "${data.id ?? ''}"\n${lines.join('')}`;
}

export const infoMemoryDevices = hmpCommand({
  name: 'info memory-devices',
  args: '',
  params: '',
  help: 'show memory devices',
  run: (_, { machine }) =>
    memoryDevices(machine)
      .map((device) => show(device.describe()))
      .join(''),
});
