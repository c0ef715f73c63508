/** All tables of a platform, placed one after the other in guest memory, and the root pointer to them. */
import { type AcpiPlatform } from './platform.js';
import { checksum, TableWriter, table } from './table.js';
import { slit, srat } from './tables/affinity.js';
import { dsdt } from './tables/dsdt.js';
import { facs, fadt } from './tables/fadt.js';
import { madt } from './tables/madt.js';
import { hpetTable, mcfg, waet } from './tables/small.js';

export interface AcpiImage {
  /** Tables, to be put at the address they were built for. */
  readonly tables: Uint8Array;
  /** Root system description pointer, to be put where the guest looks for it. */
  readonly rsdp: Uint8Array;
}

const FACS_BYTES = 64;
const ALIGNMENT = 16;

export function buildAcpi(platform: AcpiPlatform, address: number): AcpiImage {
  const parts: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  let end = 0;
  /** Places a table; its address. */
  const place = (bytes: Uint8Array): number => {
    const offset = end;
    parts.push({ offset, bytes });
    end = Math.ceil((offset + bytes.length) / ALIGNMENT) * ALIGNMENT;
    return address + offset;
  };
  if (address % FACS_BYTES !== 0) throw new Error('the FACS needs an address that is a multiple of 64');
  const facsAddress = place(facs());
  const dsdtAddress = place(dsdt(platform));
  const listed = [
    place(fadt(platform, facsAddress, dsdtAddress)),
    place(madt(platform)),
    ...(platform.hasHpet ? [place(hpetTable())] : []),
    ...(platform.hasNuma ? [place(srat(platform))] : []),
    ...(platform.distances ? [place(slit(platform.distances))] : []),
    ...(platform.pci.configAddress === undefined ? [] : [place(mcfg(platform.pci.configAddress))]),
    place(waet()),
  ];
  const rsdt = place(table('RSDT', 1, (t) => t.u32(...listed)));
  const xsdt = place(table('XSDT', 1, (t) => t.u64(...listed)));
  const tables = new Uint8Array(end);
  for (const { offset, bytes } of parts) tables.set(bytes, offset);
  return { tables, rsdp: rootPointer(rsdt, xsdt) };
}

/** RSDP of revision 2 (ACPI 6.5, 5.2.5.3): a checksum over the first 20 bytes, and one over all 36. */
function rootPointer(rsdt: number, xsdt: number): Uint8Array {
  const bytes = new TableWriter().text('RSD PTR ').u8(0).text('BOCHS ').u8(2).u32(rsdt, 36).u64(xsdt).u8(0, 0, 0, 0).bytes();
  bytes[8] = checksum(bytes.subarray(0, 20));
  bytes[32] = checksum(bytes);
  return bytes;
}
