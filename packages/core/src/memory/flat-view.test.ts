import { AddressSpace } from './address-space.js';
import { flatten } from './flat-view.js';
import { MemoryRegion } from './region.js';

const io = (name: string, size: number) => MemoryRegion.io(name, size, { read: (offset, size_) => offset * 0x100 + size_, write: () => {} });
const shown = (root: MemoryRegion) => flatten(root).map((r) => `${r.start.toString(16)}-${r.end.toString(16)} ${r.region.name}+${r.offset.toString(16)}`);

describe('flatten', () => {
  it('lets a higher priority hide a lower one, and shows the rest of both', () => {
    const root = MemoryRegion.container('root', 0x1000);
    root.add(0, io('low', 0x1000));
    root.add(0x400, io('high', 0x200), 1);
    expect(shown(root)).toEqual(['0-400 low+0', '400-600 high+0', '600-1000 low+600']);
  });

  it('lets the later of two equals win', () => {
    const root = MemoryRegion.container('root', 0x100);
    root.add(0, io('first', 0x100));
    root.add(0x80, io('second', 0x100));
    expect(shown(root)).toEqual(['0-80 first+0', '80-100 second+0']);
  });

  it('clips aliases to their window and to their target', () => {
    const root = MemoryRegion.container('root', 0x1_0000);
    const target = MemoryRegion.container('target', 0x1000);
    target.add(0x100, io('a', 0x100));
    target.add(0x800, io('b', 0x100));
    root.add(0x8000, MemoryRegion.alias('alias', target, 0x180, 0x700));
    expect(shown(root)).toEqual(['8000-8080 a+80', '8680-8700 b+0']);
  });

  it('leaves out what is disabled', () => {
    const root = MemoryRegion.container('root', 0x100);
    const region = io('a', 0x100);
    root.add(0, region);
    region.setEnabled(false);
    expect(shown(root)).toEqual([]);
  });
});

describe('AddressSpace', () => {
  it('announces one change a transaction, also of an alias target', () => {
    const root = MemoryRegion.container('root', 0x1000);
    const target = MemoryRegion.container('target', 0x100);
    root.add(0, MemoryRegion.alias('alias', target, 0, 0x100));
    const space = new AddressSpace('test', root, 0);
    let changes = 0;
    space.changes$.subscribe(() => changes++);
    space.transaction(() => {
      target.add(0, io('a', 0x10));
      target.add(0x20, io('b', 0x10));
    });
    expect([changes, space.view.length]).toEqual([1, 2]);
  });

  it('splits, widens and refuses accesses as the region says', () => {
    const root = MemoryRegion.container('root', 0x1000);
    const log: string[] = [];
    const handler = {
      read: (offset: number, size: number) => (log.push(`r${offset}/${size}`), 0x44332211),
      write: (offset: number, value: number, size: number) => void log.push(`w${offset}/${size}=${value.toString(16)}`),
    };
    root.add(0, MemoryRegion.io('words', 0x100, handler, { impl: { min: 4, max: 4 } }));
    root.add(0x100, MemoryRegion.io('bytes', 0x100, handler, { impl: { max: 1 }, valid: { max: 2 } }));
    const space = new AddressSpace('test', root, 0xff);
    expect(space.read(2, 1)).toBe(0x33);
    expect(space.read8(8)).toBe(0x4433221144332211n);
    space.write(0x100, 0xabcd, 2);
    expect(space.read(0x100, 4)).toBe(0xffffffff);
    expect(space.read(0x101, 2)).toBe(0xffff);
    expect(space.read(0x800, 2)).toBe(0xffff);
    expect(log).toEqual(['r0/4', 'r8/4', 'r12/4', 'w0/1=cd', 'w1/1=ab']);
  });
});
