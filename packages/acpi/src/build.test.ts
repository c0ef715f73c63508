import { buildAcpi } from './build.js';
import type { AcpiPlatform } from './platform.js';

const GiB = 2 ** 30;
const ADDRESS = 0xbffe_0000;

/** The seed machine: 4 CPUs, 2 nodes, 4 GiB, a window of 16 GiB. */
const SEED: AcpiPlatform = {
  cpus: [0, 1, 2, 3].map((apicId) => ({ apicId, node: apicId >> 1 })),
  hasNuma: true,
  memory: [
    { node: 0, address: 0, sizeBytes: 0xa_0000, hotpluggable: false },
    { node: 1, address: 5 * GiB, sizeBytes: 16 * GiB, hotpluggable: true },
  ],
  pci: { hole: { first: 0xc000_0000, last: 0xfebf_ffff }, hole64: { first: 21 * GiB, last: 23 * GiB - 1 }, hotplugSlots: [2, 3] },
  hasHpet: true,
  hasI8042: true,
  serialPorts: [{ iobase: 0x3f8, irq: 4 }],
};

/** Tables by signature, found as an operating system finds them: from the root pointer. */
function tables(platform: AcpiPlatform): Map<string, Buffer> {
  const image = buildAcpi(platform, ADDRESS);
  const memory = Buffer.from(image.tables);
  const at = (address: number): Buffer => {
    const offset = address - ADDRESS;
    return memory.subarray(offset, offset + memory.readUInt32LE(offset + 4));
  };
  const xsdt = at(Number(Buffer.from(image.rsdp).readBigUInt64LE(24)));
  const found = new Map([['XSDT', xsdt]]);
  for (let entry = 36; entry < xsdt.length; entry += 8) {
    const table = at(Number(xsdt.readBigUInt64LE(entry)));
    found.set(table.toString('latin1', 0, 4), table);
  }
  const fadt = found.get('FACP') as Buffer;
  found.set('DSDT', at(Number(fadt.readBigUInt64LE(140))));
  found.set('FACS', at(fadt.readUInt32LE(36)));
  return found;
}

it('has every table that its platform asks for, each with a good checksum', () => {
  const found = tables(SEED);
  expect([...found.keys()].sort()).toEqual(['APIC', 'DSDT', 'FACP', 'FACS', 'HPET', 'SRAT', 'WAET', 'XSDT']);
  for (const [name, table] of found) if (name !== 'FACS') expect(table.reduce((sum, byte) => sum + byte, 0) & 0xff).toBe(0);
  const { rsdp } = buildAcpi(SEED, ADDRESS);
  expect([rsdp.subarray(0, 20), rsdp].map((bytes) => bytes.reduce((sum, byte) => sum + byte, 0) & 0xff)).toEqual([0, 0]);
});

it.each([
  { change: { hasHpet: false, hasNuma: false }, gone: ['HPET', 'SRAT'], there: [] },
  {
    change: {
      distances: [
        [10, 20],
        [20, 10],
      ],
    },
    gone: [],
    there: ['SLIT'],
  },
  { change: { pci: { ...SEED.pci, configAddress: 0xb000_0000 } }, gone: [], there: ['MCFG'] },
])('follows the platform: without $gone, with $there', ({ change, gone, there }) => {
  const found = tables({ ...SEED, ...change });
  for (const name of gone) expect(found.has(name)).toBe(false);
  for (const name of there) expect(found.has(name)).toBe(true);
});

it('says where power management is', () => {
  const fadt = tables(SEED).get('FACP') as Buffer;
  expect(fadt.length).toBe(276);
  expect({
    sci: fadt.readUInt16LE(46),
    command: fadt.readUInt32LE(48),
    event: fadt.readUInt32LE(56),
    control: fadt.readUInt32LE(64),
    timer: fadt.readUInt32LE(76),
    gpe: fadt.readUInt32LE(80),
    reset: Number(fadt.readBigUInt64LE(120)),
    resetValue: fadt[128],
  }).toEqual({ sci: 9, command: 0xb2, event: 0x600, control: 0x604, timer: 0x608, gpe: 0xafe0, reset: 0xcf9, resetValue: 6 });
});

// Entries of QEMU's recorded tables (golden guest-acpi-tables.txt).
it('lists interrupt controllers as QEMU does', () => {
  const madt = tables(SEED).get('APIC') as Buffer;
  expect(madt.toString('hex', 36)).toBe(
    [
      '0000e0fe01000000',
      ...['0000', '0101', '0202', '0303'].map((id) => `0008${id}01000000`),
      '010c00000000c0fe00000000',
      '020a0000020000000000',
      ...['05', '09', '0a', '0b'].map((irq) => `020a00${irq}${irq}0000000d00`),
      '0406ff000001',
    ].join(''),
  );
});

it('gives CPUs and memory to nodes, the window as hot-pluggable', () => {
  const srat = tables(SEED).get('SRAT') as Buffer;
  expect(srat.toString('hex', 48, 64)).toBe('00100000010000000000000000000000');
  expect(srat.toString('hex', srat.length - 40)).toBe(
    ['0128010000000000', '0000004001000000', '0000000004000000', '0000000003000000', '0000000000000000'].join(''),
  );
});

it('numbers CPUs beyond 254 with 32 bits', () => {
  const madt = tables({ ...SEED, cpus: [{ apicId: 300, node: 0 }] }).get('APIC') as Buffer;
  expect(madt.toString('hex', 44, 60)).toBe('091000002c0100000100000000000000');
});
