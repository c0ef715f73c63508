import { GiB, Log, type MachineConfig, MiB } from '@nandu/core';
import { NumaTopology, nodeSizes, splitEvenly } from './numa.js';

it.each([
  [4 * GiB, 2, [2 * GiB, 2 * GiB]],
  [1 * GiB, 3, [336 * MiB, 344 * MiB, 344 * MiB]],
])('splits %d bytes between %d nodes in steps of 8 MiB', (size, count, parts) => {
  expect(splitEvenly(size, count)).toEqual(parts);
});

const NODE = { cpus: [] };

it.each([
  {
    name: 'no memory at all',
    nodes: [
      { ...NODE, id: 0 },
      { ...NODE, id: 1 },
    ],
    sizes: [2 * GiB, 2 * GiB],
  },
  {
    name: 'backends',
    nodes: [
      { ...NODE, id: 0, memdev: 'three' },
      { ...NODE, id: 1, memdev: 'one' },
    ],
    sizes: [3 * GiB, 1 * GiB],
  },
  {
    name: 'all on one',
    nodes: [
      { ...NODE, id: 0, memBytes: 4 * GiB },
      { ...NODE, id: 1 },
    ],
    sizes: [4 * GiB, 0],
  },
])('gives nodes their memory: $name', ({ nodes, sizes }) => {
  expect(nodeSizes(nodes, 4 * GiB, (memdev) => ({ three: 3 * GiB, one: 1 * GiB })[memdev] ?? 0)).toEqual(sizes);
});

it('wants the sum to be the size of RAM', () => {
  expect(() => nodeSizes([{ ...NODE, id: 0, memBytes: 2 * GiB }], 4 * GiB, () => 0)).toThrow(
    'total memory for NUMA nodes (0x80000000) should equal RAM size (0x100000000)',
  );
});

it.each([
  { name: 'none without memory to plug', memory: { sizeBytes: GiB, maxBytes: GiB, slots: 0 }, nodes: 0 },
  { name: 'one with maxmem', memory: { sizeBytes: GiB, maxBytes: 4 * GiB, slots: 0 }, nodes: 1 },
  { name: 'one with slots', memory: { sizeBytes: GiB, maxBytes: GiB, slots: 2 }, nodes: 1 },
])('makes of a command line without nodes: $name', ({ memory, nodes }) => {
  const config = { numa: [], memory, smp: { cpus: 1, maxCpus: 2, sockets: 2, dies: 1, clusters: 1, cores: 1, threads: 1 } } as unknown as MachineConfig;
  const topology = new NumaTopology(config, new Log());
  topology.complete(() => 0);
  expect(topology.nodes).toEqual(Array(nodes).fill({ id: 0, cpus: [0, 1], memBytes: GiB, memdev: undefined, distances: [10] }));
});
