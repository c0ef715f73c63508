/** HPET, MCFG and WAET: tables of a few numbers. */
import { HPET_ADDRESS } from '../platform.js';
import { table } from '../table.js';

/** As the device's capability register has it. */
const HPET_ID = 0x8086_a201;

/** IA-PC HPET Specification 1.0a, 3.2.4. */
export function hpetTable(): Uint8Array {
  return table('HPET', 1, (t) => t.u32(HPET_ID).u8(0, 64, 0, 0).u64(HPET_ADDRESS).u8(0).u16(0).u8(0));
}

/** PCI Firmware Specification 3.3, 4.1.2. */
export function mcfg(configAddress: number): Uint8Array {
  return table('MCFG', 1, (t) => t.u64(0).u64(configAddress).u16(0).u8(0, 255).u32(0));
}

/** Windows ACPI Emulated Devices Table: the PM timer need not be read twice. */
export function waet(): Uint8Array {
  return table('WAET', 1, (t) => t.u32(2));
}
