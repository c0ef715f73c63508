import { AddressSpaceMemory, MemoryRegion, type RamBlock } from '@nandu/core';
import { NEVER } from 'rxjs';
import { FW_CFG, FwCfg } from './fw-cfg.js';
import { IsaBench } from './isa-bench.test-support.js';

function powerOn() {
  const bench = new IsaBench();
  const fwCfg = bench.add(FwCfg);
  const read = (key: number, length: number): number[] => {
    bench.io.write(0x510, key, 2);
    return Array.from({ length }, () => bench.in(0x511));
  };
  return { bench, fwCfg, read };
}

it('shows its signature, its interface and numbers', () => {
  const { bench, fwCfg, read } = powerOn();
  fwCfg.setNumber(FW_CFG.ramSize, 4 * 2 ** 30, 8);
  expect(String.fromCharCode(...read(FW_CFG.signature, 4))).toBe('QEMU');
  expect(read(FW_CFG.id, 4)).toEqual([3, 0, 0, 0]);
  expect(read(FW_CFG.ramSize, 10)).toEqual([0, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
  expect([bench.in(0x514, 4), bench.in(0x518, 4)]).toEqual([0x554d4551, 0x47464320]);
});

it('lists files by name, with their keys and sizes', () => {
  const { fwCfg, read } = powerOn();
  fwCfg.setFile('etc/b', Uint8Array.of(1, 2, 3));
  fwCfg.setFile('etc/a', Uint8Array.of(4));
  const directory = Buffer.from(read(FW_CFG.fileDirectory, 4 + 2 * 64));
  const entries = [4, 68].map((at) => ({
    name: directory.toString('latin1', at + 8, at + 13),
    size: directory.readUInt32BE(at),
    key: directory.readUInt16BE(at + 4),
  }));
  expect(entries).toEqual([
    { name: 'etc/a', size: 1, key: 0x21 },
    { name: 'etc/b', size: 3, key: 0x20 },
  ]);
  expect(read(0x20, 3)).toEqual([1, 2, 3]);
});

/** RAM of a few pages, as far as a test of DMA needs it. */
function smallRam(sizeBytes: number): RamBlock {
  const bytes = new Uint8Array(sizeBytes);
  return {
    id: 'ram',
    sizeBytes,
    memory: new DataView(bytes.buffer),
    moved$: NEVER,
    residentBytes: sizeBytes,
    hostAddress: (offset) => offset,
    hostAddressIfTouched: (offset) => offset,
    hostAddressIfResident: (offset) => offset,
    read: (offset, into) => into.set(bytes.subarray(offset, offset + into.length)),
    write: (offset, from) => bytes.set(from, offset),
    discard: () => undefined,
  };
}

it('reads an item into memory by DMA', () => {
  const bench = new IsaBench();
  const memory = new AddressSpaceMemory();
  memory.root.add(0, MemoryRegion.ram('ram', smallRam(0x4000)));
  const fwCfg = bench.add(FwCfg);
  Object.assign(fwCfg, { memory });
  fwCfg.setFile('f', Uint8Array.of(0xaa, 0xbb, 0xcc));
  const descriptor = new DataView(new ArrayBuffer(16));
  descriptor.setUint32(0, (0x20 << 16) | 0x08 | 0x02); // select, read
  descriptor.setUint32(4, 4);
  descriptor.setBigUint64(8, 0x2000n);
  memory.writeBytes(0x1000, new Uint8Array(descriptor.buffer));
  bench.io.write(0x518, 0x0010_0000, 4); // 0x1000, big-endian
  expect(memory.read(0x2000, 4)).toBe(0x00cc_bbaa);
  expect(memory.read(0x1000, 4)).toBe(0);
});
