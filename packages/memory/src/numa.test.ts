import { GiB, MiB } from '@nandu/core';
import { nodeSizes, splitEvenly } from './numa.js';

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
