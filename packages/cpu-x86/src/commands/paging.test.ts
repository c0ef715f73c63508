/** Tables of each paging mode, and what QEMU 7.2 showed of them when a kernel had loaded them. */
import { eachMapping, type PagingRegisters } from '../page-tables.js';
import { memText, tlbText } from './paging.js';

const NX = 1n << 63n;
const START = 0x20_0000;
const memory = new DataView(new ArrayBuffer(0x3_0000));

function read(address: number, into: Uint8Array): void {
  into.fill(0);
  if (address >= START && address < START + memory.byteLength) into.set(new Uint8Array(memory.buffer, address - START, into.length));
}

/** Entries of a table by their index. */
function fill(table: number, entryBytes: 4 | 8, entries: Readonly<Record<number, number | bigint>>): void {
  for (const [index, entry] of Object.entries(entries)) {
    const at = table - START + Number(index) * entryBytes;
    if (entryBytes === 8) memory.setBigUint64(at, BigInt(entry), true);
    else memory.setUint32(at, Number(entry), true);
  }
}

// 4 levels.
fill(0x20_0000, 8, { 0: 0x20_1007, 255: 0x20_6007, 256: 0x20_2003, 511: 0x20_3007 });
fill(0x20_1000, 8, { 0: 0x20_4007, 1: 0x4000_0083, 2: NX | 0x8000_00e7n });
fill(0x20_2000, 8, { 0: 0x83 });
fill(0x20_3000, 8, { 511: 0x1_c000_01e3 });
fill(0x20_4000, 8, { 0: 0x20_5007, 1: 0x20_00e7, 2: NX | 0x40_10e3n, 4: 0x80_0083 });
fill(0x20_5000, 8, { 0: 3, 1: 0x1003, 2: 0x2001, 3: 0x3005, 4: 0x4007, 5: NX | 0x5163n, 6: 0x601b, 256: 0x10_0023 });
fill(0x20_6000, 8, { 511: 0x83 });
// PAE: the first table lies at a multiple of 32 bytes.
fill(0x21_0020, 8, { 0: 0x21_1001, 3: 0x21_2001 });
fill(0x21_1000, 8, { 0: 0x21_3007, 1: 0x20_0083, 2: NX | 0x40_00e7n, 3: 0x70_1087 });
fill(0x21_2000, 8, { 511: 0x83 });
fill(0x21_3000, 8, { 0: 3, 1: NX | 0x1067n, 2: 0x2005, 256: 0x10_0023, 511: 0x1f_f003 });
// 2 levels.
fill(0x22_0000, 4, { 0: 0x22_1007, 1: 0x40_0083, 2: 0xc0_2187, 1023: 0xe3 });
fill(0x22_1000, 4, { 0: 3, 1: 0x1067, 2: 0x2005, 256: 0x10_0023, 1023: 0x3f_f003 });
// A root that is also its own next level, and that one's.
fill(0x22_2000, 8, Object.fromEntries(Array.from({ length: 512 }, (_, i) => [i, 0x22_2003])));

const PG = 1n << 31n;
const lines = (text: string): string => `${text.trim().replace(/^ +/gm, '')}\n`;

it.each<{ name: string; registers: PagingRegisters; mem: string; tlb: string }>([
  {
    name: '4 levels',
    registers: { cr0: PG, cr3: 0x20_0000n, cr4: 0xb0n, efer: 0xd00n },
    mem: `
        0000000000000000-0000000000002000 0000000000002000 -rw
        0000000000002000-0000000000003000 0000000000001000 -r-
        0000000000003000-0000000000004000 0000000000001000 ur-
        0000000000004000-0000000000005000 0000000000001000 urw
        0000000000005000-0000000000007000 0000000000002000 -rw
        0000000000100000-0000000000101000 0000000000001000 -rw
        0000000000200000-0000000000400000 0000000000200000 urw
        0000000000400000-0000000000600000 0000000000200000 -rw
        0000000000800000-0000000000a00000 0000000000200000 -rw
        0000000040000000-0000000080000000 0000000040000000 -rw
        0000000080000000-00000000c0000000 0000000040000000 urw
        00007fffc0000000-ffff800040000000 0000000080000000 -rw
        ffffffffc0000000-0001000000000000 0000000040000000 -rw`,
    tlb: `
        0000000000000000: 0000000000000000 --------W
        0000000000001000: 0000000000001000 --------W
        0000000000002000: 0000000000002000 ---------
        0000000000003000: 0000000000003000 -------U-
        0000000000004000: 0000000000004000 -------UW
        0000000000005000: 0000000000005000 XG-DA---W
        0000000000006000: 0000000000006000 -----CT-W
        0000000000100000: 0000000000100000 ----A---W
        0000000000200000: 0000000000200000 --PDA--UW
        0000000000400000: 0000000000400000 X-PDA---W
        0000000000800000: 0000000000800000 --P-----W
        0000000040000000: 0000000040000000 --P-----W
        0000000080000000: 0000000080000000 X-PDA--UW
        00007fffc0000000: 0000000000000000 --P-----W
        ffff800000000000: 0000000000000000 --P-----W
        ffffffffc0000000: 00000001c0000000 -GPDA---W`,
  },
  {
    name: 'PAE',
    registers: { cr0: PG, cr3: 0x21_0020n, cr4: 0x20n, efer: 0x800n },
    mem: `
        0000000000000000-0000000000001000 0000000000001000 -rw
        0000000000001000-0000000000002000 0000000000001000 urw
        0000000000002000-0000000000003000 0000000000001000 ur-
        0000000000100000-0000000000101000 0000000000001000 -rw
        00000000001ff000-0000000000400000 0000000000201000 -rw
        0000000000400000-0000000000800000 0000000000400000 urw
        00000000ffe00000-0000000100000000 0000000000200000 -rw`,
    tlb: `
        0000000000000000: 0000000000000000 --------W
        0000000000001000: 8000000000001000 X--DA--UW
        0000000000002000: 0000000000002000 -------U-
        0000000000100000: 0000000000100000 ----A---W
        00000000001ff000: 00000000001ff000 --------W
        0000000000200000: 0000000000200000 --P-----W
        0000000000400000: 8000000000400000 X-PDA--UW
        0000000000600000: 0000000000700000 --P----UW
        00000000ffe00000: 0000000000000000 --P-----W`,
  },
  {
    name: '2 levels with pages of 4 MiB',
    registers: { cr0: PG, cr3: 0x22_0000n, cr4: 0x10n, efer: 0n },
    mem: `
        0000000000000000-0000000000001000 0000000000001000 -rw
        0000000000001000-0000000000002000 0000000000001000 urw
        0000000000002000-0000000000003000 0000000000001000 ur-
        0000000000100000-0000000000101000 0000000000001000 -rw
        00000000003ff000-0000000000800000 0000000000401000 -rw
        0000000000800000-0000000000c00000 0000000000400000 urw
        00000000ffc00000-0000000100000000 0000000000400000 -rw`,
    tlb: `
        0000000000000000: 0000000000000000 --------W
        0000000000001000: 0000000000001000 ---DA--UW
        0000000000002000: 0000000000002000 -------U-
        0000000000100000: 0000000000100000 ----A---W
        00000000003ff000: 00000000003ff000 --------W
        0000000000400000: 0000000000400000 --P-----W
        0000000000800000: 0000000000c00000 -GP----UW
        00000000ffc00000: 0000000000000000 --PDA---W`,
  },
])('shows what is mapped by $name', ({ registers, mem, tlb }) => {
  expect(memText(registers, read)).toBe(lines(mem));
  expect(tlbText(registers, read)).toBe(lines(tlb));
});

it('takes a large page for a table where CR4.PSE is off', () => {
  const found: bigint[] = [];
  eachMapping({ cr0: PG, cr3: 0x22_0000n, cr4: 0n, efer: 0n }, read, ({ virtual }) => found.push(virtual));
  expect(found).toEqual([0n, 0x1000n, 0x2000n, 0x10_0000n, 0x3f_f000n]);
});

it('gives up on tables that go round in circles', () => {
  const registers = { cr0: PG, cr3: 0x22_2000n, cr4: 0x20n, efer: 0x500n };
  expect(memText(registers, read)).toMatch(/too many page tables to show the rest\n$/);
});
