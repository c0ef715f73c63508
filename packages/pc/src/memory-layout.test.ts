import { GiB, KiB, MiB } from '@nandu/core';
import { e820Map, nodeMemory, pciHole, pciHole64, splitRam, uncachedStart } from './memory-layout.js';

it.each([
  { ram: 512 * MiB, max: undefined, lowBytes: 512 * MiB, highBytes: 0 },
  { ram: 3 * GiB, max: undefined, lowBytes: 3 * GiB, highBytes: 0 },
  { ram: 3.5 * GiB - MiB, max: undefined, lowBytes: 3.5 * GiB - MiB, highBytes: 0 },
  { ram: 3.5 * GiB, max: undefined, lowBytes: 3 * GiB, highBytes: 0.5 * GiB },
  { ram: 4 * GiB, max: undefined, lowBytes: 3 * GiB, highBytes: GiB },
  { ram: 4 * GiB, max: 2 * GiB, lowBytes: 2 * GiB, highBytes: 2 * GiB },
])('of $ram bytes of RAM $lowBytes are below 4 GiB', ({ ram, max, lowBytes, highBytes }) => expect(splitRam(ram, max)).toEqual({ lowBytes, highBytes }));

it('gives the map that QEMU gives (golden guest-view.txt)', () => {
  const lines = e820Map(splitRam(4 * GiB)).map(({ address, sizeBytes, type }) => `${address.toString(16)}-${(address + sizeBytes - 1).toString(16)} ${type}`);
  expect(lines).toEqual([
    '0-9fbff 1',
    '9fc00-9ffff 2',
    'f0000-fffff 2',
    '100000-bffdffff 1',
    'bffe0000-bfffffff 2',
    'fffc0000-ffffffff 2',
    '100000000-13fffffff 1',
  ]);
});

it('gives nodes their addresses as QEMU does (golden guest-acpi-tables.txt)', () => {
  const nodes = [
    { id: 0, memBytes: 2 * GiB },
    { id: 1, memBytes: 2 * GiB },
  ];
  const ranges = nodeMemory(splitRam(4 * GiB), nodes).map(({ node, address, sizeBytes }) => [node, address, sizeBytes]);
  expect(ranges).toEqual([
    [0, 0, 640 * KiB],
    [0, MiB, 2 * GiB - MiB],
    [1, 2 * GiB, GiB],
    [1, 4 * GiB, GiB],
  ]);
});

it('leaves PCI what RAM leaves', () => {
  expect(pciHole(splitRam(4 * GiB))).toEqual({ first: 0xc000_0000, last: 0xfebf_ffff });
  expect(pciHole64(0x5_4000_0000)).toEqual({ first: 0x5_4000_0000, last: 0x5_bfff_ffff });
  expect([uncachedStart(splitRam(GiB)), uncachedStart(splitRam(3.25 * GiB))]).toEqual([3 * GiB, 3.5 * GiB]);
});
