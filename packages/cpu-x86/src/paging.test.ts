import * as L from '../assembly/layout.js';
import { HelperHost } from './testing/helper-host.js';
import { enterLongMode, LONG_MODE as W } from './testing/long-mode.js';

const READ = 0;
const WRITE = 1;
const EXECUTE = 2;
const P = 1n;
const RW = 2n;
const US = 4n;
const ACCESSED = 0x20n;
const DIRTY = 0x40n;
const NX = 1n << 63n;
/** The page that each test maps as it likes. */
const PAGE = 0x4_5000;
const ENTRY = W.pt + 8 * (PAGE >> 12);

function longModeHost(): HelperHost {
  const host = new HelperHost();
  enterLongMode(host, host.cpu, 0x1_0000);
  return host;
}

function fill(host: HelperHost, access: number, mmu: number, virtual = BigInt(PAGE)) {
  host.forget();
  return host.call['tlb_fill']!(virtual, access, mmu) === 1 ? 'ok' : host.announced;
}

const fault = (error: number) => ({ vector: 14, error });

describe('4-level paging', () => {
  it.each([
    { entry: 0n, access: READ, mmu: L.MMU_KERNEL, result: fault(0) },
    { entry: 0n, access: WRITE, mmu: L.MMU_USER, result: fault(6) },
    { entry: P | RW | US, access: WRITE, mmu: L.MMU_USER, result: 'ok' },
    { entry: P | US, access: WRITE, mmu: L.MMU_USER, result: fault(7) },
    { entry: P | US, access: WRITE, mmu: L.MMU_KERNEL, result: fault(3) },
    { entry: P | RW, access: READ, mmu: L.MMU_USER, result: fault(5) },
    { entry: P | RW, access: READ, mmu: L.MMU_KERNEL, result: 'ok' },
    { entry: P | RW | US | NX, access: EXECUTE, mmu: L.MMU_FETCH_USER, result: fault(0x15) },
    { entry: P | RW, access: EXECUTE, mmu: L.MMU_FETCH_USER, result: fault(0x15) },
    { entry: P | RW, access: EXECUTE, mmu: L.MMU_FETCH_KERNEL, result: 'ok' },
    { entry: P | RW | US | (1n << 45n), access: READ, mmu: L.MMU_USER, result: fault(0xd) },
  ])('an entry of $entry for access $access through table $mmu: $result', ({ entry, access, mmu, result }) => {
    const host = longModeHost();
    host.write64(ENTRY, BigInt(PAGE) | entry);
    expect(fill(host, access, mmu)).toEqual(result);
    if (result !== 'ok') expect(host.cpu.readRegister('cr2')).toBe(BigInt(PAGE));
  });

  it('sets accessed bits on the way and the dirty bit on the first store', () => {
    const host = longModeHost();
    fill(host, READ, L.MMU_KERNEL);
    expect(host.read64(ENTRY) & (ACCESSED | DIRTY)).toBe(ACCESSED);
    for (const entry of [W.pml4, W.pdpt, W.pd]) expect(host.read64(entry) & ACCESSED).toBe(ACCESSED);
    fill(host, WRITE, L.MMU_KERNEL);
    expect(host.read64(ENTRY) & (ACCESSED | DIRTY)).toBe(ACCESSED | DIRTY);
  });

  it('raises #GP for addresses that are not canonical', () => {
    const host = longModeHost();
    expect(fill(host, READ, L.MMU_KERNEL, 0x8000_0000_0000n)).toEqual({ vector: 13, error: 0 });
  });

  it('maps 2 MiB pages, with reserved bits below the frame', () => {
    const host = longModeHost();
    host.write64(W.pd + 8, 0x0008_0000n | P | RW | 0x80n);
    expect(fill(host, READ, L.MMU_KERNEL, 0x20_0000n)).toEqual(fault(9));
    host.write64(W.pd + 8, P | RW | 0x80n);
    expect(fill(host, READ, L.MMU_KERNEL, 0x21_2345n)).toBe('ok');
    expect(host.call['translate_debug']!(0x21_2345n)).toBe(0x1_2345n);
  });

  it('keeps the kernel from executing user pages with SMEP, and from touching them with SMAP', () => {
    const host = longModeHost();
    host.cpu.setState({ registers: { cr4: 0x30_06b0 } });
    expect(fill(host, EXECUTE, L.MMU_FETCH_KERNEL)).toEqual(fault(0x11));
    expect(fill(host, READ, L.MMU_KERNEL)).toEqual(fault(1));
    expect(fill(host, READ, L.MMU_KERNEL_NO_SMAP)).toBe('ok');
  });

  it('lets level 0 write read-only pages while CR0.WP is clear', () => {
    const host = longModeHost();
    host.write64(ENTRY, BigInt(PAGE) | P);
    host.cpu.setState({ registers: { cr0: 0x8004_0033 } });
    expect(fill(host, WRITE, L.MMU_KERNEL)).toBe('ok');
  });
});

describe('32-bit paging', () => {
  it('walks two levels and maps 4 MiB pages', () => {
    const host = new HelperHost();
    host.cpu.setState({ registers: { cr0: 0x8001_0011, cr3: 0x1000, cr4: 0x10, efer: 0 } });
    host.write32(0x1000, 0x2007, 0x0000_0083);
    host.write32(0x2000 + 4 * 5, 0x0000_9003);
    expect(host.call['translate_debug']!(0x5123n)).toBe(0x9123n);
    expect(host.call['translate_debug']!(0x45_6789n)).toBe(0x5_6789n);
    expect(fill(host, READ, L.MMU_USER, 0x5123n)).toEqual(fault(5));
    expect(fill(host, READ, L.MMU_KERNEL, 0x6000n)).toEqual(fault(0));
  });
});
