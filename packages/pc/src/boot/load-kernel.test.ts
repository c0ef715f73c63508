import { ConfigError, MiB } from '@nandu/core';
import { e820Map } from '../memory-layout.js';
import type { BootImage, BootRequest } from './boot-image.js';
import { loadKernel } from './load-kernel.js';

const LAYOUT = { lowBytes: 64 * MiB, highBytes: 0 };

function request(kernel: Uint8Array, more: Partial<BootRequest> = {}): BootRequest {
  return {
    kernel,
    kernelName: 'kernel',
    commandLine: 'console=ttyS0',
    initrd: undefined,
    initrdName: 'initrd',
    e820: e820Map(LAYOUT),
    lowRamEnd: 64 * MiB - 0x2_0000,
    rsdpAddress: 0xf_5a00,
    ...more,
  };
}

/** What the image has at an address. */
function at(image: BootImage, address: number): DataView {
  const part = image.parts.find(({ address: start, bytes }) => address >= start && address < start + bytes.length);
  if (!part) throw new Error(`nothing at 0x${address.toString(16)}`);
  return new DataView(part.bytes.buffer, part.bytes.byteOffset + address - part.address);
}

function textAt(image: BootImage, address: number): string {
  const view = at(image, address);
  let text = '';
  for (let index = 0; view.getUint8(index) !== 0; index++) text += String.fromCharCode(view.getUint8(index));
  return text;
}

/** A bzImage with one sector of setup and a page of kernel. */
function bzImage({ version = 0x20f, xloadFlags = 1 } = {}): Uint8Array {
  const view = new DataView(new ArrayBuffer(1024 + 4096));
  view.setUint8(0x1f1, 1);
  view.setUint16(0x1fe, 0xaa55, true);
  view.setUint8(0x201, 0x6a);
  view.setUint32(0x202, 0x5372_6448, true);
  view.setUint16(0x206, version, true);
  view.setUint8(0x211, 1);
  view.setUint32(0x22c, 0x7fff_ffff, true);
  view.setUint16(0x236, xloadFlags, true);
  view.setUint32(0x238, 2047, true);
  view.setUint32(0x260, 16 * MiB, true);
  view.setUint32(1024, 0x1234_5678, true);
  return new Uint8Array(view.buffer);
}

describe('Linux', () => {
  it('is entered in 64-bit mode with the zero page in RSI', () => {
    const image = loadKernel(request(bzImage(), { initrd: new Uint8Array(10_000).fill(7) }));
    const { registers = {} } = image.entry;
    expect({ rip: registers['rip'], efer: registers['efer'] }).toEqual({ rip: 0x10_0200, efer: 0x500 });
    expect(at(image, 0x10_0000).getUint32(0, true)).toBe(0x1234_5678);
    const page = at(image, Number(registers['rsi']));
    expect(textAt(image, page.getUint32(0x228, true))).toBe('console=ttyS0');
    expect({
      rsdp: Number(page.getBigUint64(0x70, true)),
      loader: page.getUint8(0x210),
      entries: page.getUint8(0x1e8),
      size: page.getUint32(0x21c, true),
    }).toEqual({ rsdp: 0xf_5a00, loader: 0xff, entries: 6, size: 10_000 });
    const initrd = page.getUint32(0x218, true);
    expect([initrd % 4096, at(image, initrd).getUint8(9_999)]).toEqual([0, 7]);
    expect(initrd + 10_000).toBeLessThanOrEqual(64 * MiB - 0x2_0000);
    // The tables at CR3 map the kernel to itself.
    const pml4 = at(image, Number(registers['cr3']));
    const pdpt = at(image, Number(pml4.getBigUint64(0, true) & ~0xfffn));
    const directory = at(image, Number(pdpt.getBigUint64(3 * 8, true) & ~0xfffn));
    expect(directory.getBigUint64(511 * 8, true)).toBe(0xffe0_0083n);
  });

  it('is entered in 32-bit mode where it has no 64-bit entry', () => {
    const { registers } = loadKernel(request(bzImage({ xloadFlags: 0 }))).entry;
    expect(registers).toMatchObject({ rip: 0x10_0000, cr0: 0x11, rsi: 0x7000 });
  });

  it.each([
    { name: 'a protocol of the last century', kernel: bzImage({ version: 0x201 }), more: {}, message: /boot protocol 2\.1 is too old/ },
    { name: 'an initrd larger than memory', kernel: bzImage(), more: { initrd: new Uint8Array(60 * MiB) }, message: /initrd is too large, cannot support/ },
    { name: 'a long command line', kernel: bzImage(), more: { commandLine: 'x'.repeat(3000) }, message: /command line is too long/ },
    { name: 'no kernel at all', kernel: new Uint8Array(4096), more: {}, message: /neither a bzImage nor/ },
    { name: 'an empty file', kernel: new Uint8Array(0), more: {}, message: /neither a bzImage nor/ },
  ])('refuses $name', ({ kernel, more, message }) => {
    const load = (): BootImage => loadKernel(request(kernel, more));
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(message);
  });
});

/** An ELF file with one segment at 1 MiB, and a note of Xen's. */
function elf({ is64 = true, note = true, address = 0x10_0000 } = {}): Uint8Array {
  const view = new DataView(new ArrayBuffer(0x400));
  view.setUint32(0, 0x7f45_4c46);
  view.setUint8(4, is64 ? 2 : 1);
  view.setUint16(18, is64 ? 62 : 3, true);
  const header = is64 ? 0x40 : 0x34;
  const segments = [{ type: 1, offset: 0x200, size: 0x100, memory: 0x3000 }, ...(note ? [{ type: 4, offset: 0x180, size: 20, memory: 20 }] : [])];
  if (is64) {
    view.setBigUint64(24, 0x10_0010n, true);
    view.setBigUint64(32, BigInt(header), true);
  } else {
    view.setUint32(24, 0x10_0010, true);
    view.setUint32(28, header, true);
  }
  const entryBytes = is64 ? 56 : 32;
  view.setUint16(is64 ? 54 : 42, entryBytes, true);
  view.setUint16(is64 ? 56 : 44, segments.length, true);
  segments.forEach(({ type, offset, size, memory }, index) => {
    const at = header + index * entryBytes;
    view.setUint32(at, type, true);
    if (is64)
      [
        [8, offset],
        [24, address],
        [32, size],
        [40, memory],
      ].forEach(([field, value]) => view.setBigUint64(at + (field as number), BigInt(value as number), true));
    else
      [
        [4, offset],
        [12, address],
        [16, size],
        [20, memory],
      ].forEach(([field, value]) => view.setUint32(at + (field as number), value as number, true));
  });
  view.setUint32(0x180, 4, true);
  view.setUint32(0x184, 4, true);
  view.setUint32(0x188, 18, true);
  view.setUint32(0x18c, 0x006e_6558, true); // 'Xen'
  view.setUint32(0x190, 0x10_0020, true);
  view.setUint32(0x200, 0xcafe_babe, true);
  return new Uint8Array(view.buffer);
}

describe('PVH', () => {
  it('is entered at its note, with what there is at RBX', () => {
    const image = loadKernel(request(elf(), { initrd: Uint8Array.of(1, 2, 3) }));
    const { registers = {} } = image.entry;
    expect(registers).toMatchObject({ rip: 0x10_0020, cr0: 0x11 });
    const info = at(image, Number(registers['rbx']));
    const word = (index: number): number => Number(info.getBigUint64(index * 8, true));
    expect([info.getUint32(0, true), info.getUint32(4, true), info.getUint32(12, true), word(4)]).toEqual([0x336e_c578, 1, 1, 0xf_5a00]);
    expect(textAt(image, word(3))).toBe('console=ttyS0');
    const module = at(image, word(2));
    expect([module.getBigUint64(8, true), at(image, Number(module.getBigUint64(0, true))).getUint8(2)]).toEqual([3n, 3]);
    expect([word(6), at(image, word(5)).getBigUint64(8, true)]).toEqual([6, 0x9_fc00n]);
    expect([at(image, 0x10_0000).getUint32(0, true), at(image, 0x10_2ffc).getUint32(0, true)]).toEqual([0xcafe_babe, 0]);
  });

  it('needs its note', () => {
    expect(() => loadKernel(request(elf({ note: false })))).toThrow('Error loading uncompressed kernel without PVH ELF Note');
  });
});

/** Puts a multiboot header at 0x80. */
function withMultiboot(file: Uint8Array, flags = 3, addresses: readonly number[] = []): Uint8Array {
  const bytes = Uint8Array.from(file);
  const view = new DataView(bytes.buffer);
  [0x1bad_b002, flags, -(0x1bad_b002 + flags) >>> 0, ...addresses].forEach((word, index) => view.setUint32(0x80 + index * 4, word >>> 0, true));
  return bytes;
}

describe('multiboot', () => {
  it('loads ELF of 32 bits, and tells about memory, the command line and modules', () => {
    const image = loadKernel(request(withMultiboot(elf({ is64: false, note: false })), { initrd: Uint8Array.of(9), initrdName: 'module arg' }));
    const { registers = {} } = image.entry;
    expect(registers).toMatchObject({ rip: 0x10_0010, rax: 0x2bad_b002 });
    const info = at(image, Number(registers['rbx']));
    const u32 = (offset: number): number => info.getUint32(offset, true);
    expect([u32(4), u32(8)]).toEqual([640, 63 * 1024 - 128]);
    expect(textAt(image, u32(16))).toBe('kernel console=ttyS0');
    const module = at(image, u32(24));
    expect([u32(20), module.getUint32(4, true) - module.getUint32(0, true), textAt(image, module.getUint32(8, true))]).toEqual([1, 1, 'module arg']);
    expect([u32(44), at(image, u32(48)).getUint32(0, true)]).toEqual([6 * 24, 20]);
  });

  it('loads any file by the addresses of its header', () => {
    const image = loadKernel(request(withMultiboot(new Uint8Array(0x400), 0x1_0003, [0x20_0080, 0x20_0000, 0, 0x20_1000, 0x20_0090])));
    expect(image.entry.registers).toMatchObject({ rip: 0x20_0090 });
    expect([at(image, 0x20_0080).getUint32(0, true), at(image, 0x20_0ffc).getUint32(0, true)]).toEqual([0x1bad_b002, 0]);
  });

  it('does not take 64-bit ELF, nor features that it does not have', () => {
    expect(() => loadKernel(request(withMultiboot(elf({ note: false }))))).toThrow('Cannot load x86-64 image, give a 32bit one.');
    expect(() => loadKernel(request(withMultiboot(elf({ is64: false }), 0x0103)))).toThrow(/requires multiboot features/);
  });
});

it.each([
  { kind: 'a multiboot', file: withMultiboot(elf({ is64: false, note: false, address: 0x8000 })) },
  { kind: 'a PVH', file: elf({ address: 0x8000 }) },
])('puts what it tells $kind kernel where the kernel is not', ({ file }) => {
  const { parts } = loadKernel(request(file, { initrd: Uint8Array.of(9) }));
  const sorted = [...parts].sort((a, b) => a.address - b.address);
  const overlaps = sorted.filter(({ address }, index) => index > 0 && address < sorted[index - 1]!.address + sorted[index - 1]!.bytes.length);
  expect([sorted.some(({ address }) => address === 0x8000), overlaps]).toEqual([true, []]);
});

it.each([
  { kind: 'a multiboot', file: withMultiboot(elf({ is64: false, note: false, address: 0xf_f000 })) },
  { kind: 'a PVH', file: elf({ address: 0xf_f000 }) },
])('loads what $kind kernel has from 1 MiB on, and not what lies over ROM', ({ file }) => {
  const { parts } = loadKernel(request(file));
  const high = parts.filter(({ address }) => address >= 0xa_0000);
  expect(high.map(({ address, bytes }) => [address, bytes.length])).toEqual([[MiB, 0x2000]]);
});

it('says that a kernel does not fit into memory', () => {
  expect(() => loadKernel(request(elf(), { lowRamEnd: MiB }))).toThrow(/do not fit into 1 MiB/);
});
