/** MADT: interrupt controllers (ACPI 6.5, 5.2.12). */
import { type AcpiPlatform, IOAPIC_ADDRESS, LOCAL_APIC_ADDRESS } from '../platform.js';
import { table } from '../table.js';

const HAS_8259 = 1;
const ENABLED = 1;
const ACTIVE_HIGH_LEVEL = 0x0d;
/** Requests that PCI interrupts and the SCI use. */
const LEVEL_IRQS = [5, 9, 10, 11] as const;

export function madt({ cpus }: AcpiPlatform): Uint8Array {
  return table('APIC', 3, (t) => {
    t.u32(LOCAL_APIC_ADDRESS, HAS_8259);
    cpus.forEach(({ apicId }, uid) => {
      if (apicId < 255) t.u8(0, 8, uid, apicId).u32(ENABLED);
      else t.u8(9, 16).u16(0).u32(apicId, ENABLED, uid);
    });
    t.u8(1, 12, 0, 0).u32(IOAPIC_ADDRESS, 0);
    // Overrides: ISA request 0 is at pin 2; the others are levels.
    t.u8(2, 10, 0, 0).u32(2).u16(0);
    for (const irq of LEVEL_IRQS) t.u8(2, 10, 0, irq).u32(irq).u16(ACTIVE_HIGH_LEVEL);
    // LINT1 of every processor is NMI.
    if (cpus.some(({ apicId }) => apicId >= 255)) t.u8(0x0a, 12).u16(0).u32(0xffff_ffff).u8(1, 0, 0, 0);
    t.u8(4, 6, 0xff).u16(0).u8(1);
  });
}
