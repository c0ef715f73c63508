import { hmpCommand, MiB, textQuery } from '@nandu/core';
import { memoryDevices } from '../memory-device.js';
import { NumaTopology } from '../numa.js';

/** info numa: a node's size counts what memory devices have plugged into it. */
export const infoNuma = hmpCommand({
  name: 'info numa',
  args: '',
  params: '',
  help: 'show NUMA information',
  run(_, { machine }) {
    const { nodes } = machine.container.resolve(NumaTopology);
    const devices = memoryDevices(machine);
    const shown = nodes.map(({ id, cpus, memBytes }) => {
      const plugged = devices.reduce((sum, { node, pluggedSizeBytes }) => sum + (node === id ? pluggedSizeBytes : 0), 0);
      const mb = (bytes: number): number => Math.floor(bytes / MiB);
      return `node ${id} cpus:${cpus.map((cpu) => ` ${cpu}`).join('')}\nnode ${id} size: ${mb(memBytes + plugged)} MB\nnode ${id} plugged: ${mb(plugged)} MB\n`;
    });
    return `${nodes.length} nodes\n${shown.join('')}`;
  },
});

export const queryNuma = textQuery('x-query-numa', infoNuma);
