/** SRAT and SLIT: which node CPUs and memory belong to, and how far nodes are apart (ACPI 6.5, 5.2.16 and 5.2.17). */
import type { AcpiPlatform } from '../platform.js';
import { table } from '../table.js';

const ENABLED = 1;
const HOTPLUGGABLE = 2;

export function srat({ cpus, memory }: AcpiPlatform): Uint8Array {
  return table('SRAT', 3, (t) => {
    t.u32(1).u64(0);
    for (const { apicId, node } of cpus) {
      if (apicId < 255)
        t.u8(0, 16, node & 0xff, apicId)
          .u32(ENABLED)
          .u8(0, (node >> 8) & 0xff, 0, 0)
          .u32(0);
      else t.u8(2, 24).u16(0).u32(node, apicId, ENABLED, 0, 0);
    }
    for (const { node, address, sizeBytes, hotpluggable } of memory) {
      t.u8(1, 40)
        .u32(node)
        .u16(0)
        .u64(address, sizeBytes)
        .u32(0, ENABLED | (hotpluggable ? HOTPLUGGABLE : 0))
        .u64(0);
    }
  });
}

export function slit(distances: readonly (readonly number[])[]): Uint8Array {
  return table('SLIT', 1, (t) => {
    t.u64(distances.length);
    for (const row of distances) t.u8(...row);
  });
}
