/** FADT and FACS: where power management is (ACPI 6.5, 5.2.9 and 5.2.10). */
import { ACPI_PORT, type AcpiPlatform, SCI_IRQ, SMI_DISABLE_ACPI, SMI_ENABLE_ACPI } from '../platform.js';
import { TableWriter, table } from '../table.js';

const REVISION = 6;
const MINOR = 5;
/** WBINVD works, C1 on all CPUs, no sleep button, reset register, prefer platform timers. */
const FLAGS = (1 << 0) | (1 << 2) | (1 << 5) | (1 << 10) | (1 << 15);
const BOOT = { legacyDevices: 1, keyboardController: 2, noVga: 4 } as const;
/** CMOS cell that holds the century. */
const CENTURY_CELL = 0x32;
/** Latencies that say that C2 and C3 are not there. */
const NO_C2 = 0xfff;
const NO_C3 = 0xfff;
const RESET_VALUE = 0x06;

export function fadt(platform: AcpiPlatform, facsAddress: number, dsdtAddress: number): Uint8Array {
  return table('FACP', REVISION, (t) => {
    t.u32(facsAddress, dsdtAddress).u8(0, 0).u16(SCI_IRQ);
    t.u32(ACPI_PORT.smiCommand).u8(SMI_ENABLE_ACPI, SMI_DISABLE_ACPI, 0, 0);
    t.u32(ACPI_PORT.pm1Event, 0, ACPI_PORT.pm1Control, 0, 0, ACPI_PORT.timer, ACPI_PORT.gpe0, 0);
    t.u8(4, 2, 0, 4, 4, 0, 0, 0);
    t.u16(NO_C2, NO_C3, 0, 0).u8(0, 0, 0, 0, CENTURY_CELL);
    t.u16(BOOT.legacyDevices | BOOT.noVga | (platform.hasI8042 ? BOOT.keyboardController : 0)).u8(0);
    t.u32(FLAGS);
    port(t, ACPI_PORT.reset, 1).u8(RESET_VALUE).u16(0).u8(MINOR);
    // The 64-bit pointers: the FACS's stays 0 where the 32-bit one is used.
    t.u64(0, dsdtAddress);
    port(t, ACPI_PORT.pm1Event, 4);
    nowhere(t);
    port(t, ACPI_PORT.pm1Control, 2);
    nowhere(t);
    nowhere(t);
    port(t, ACPI_PORT.timer, 4);
    port(t, ACPI_PORT.gpe0, 4);
    nowhere(t);
    // Sleep control and status are those of hardware-reduced platforms; no hypervisor is named.
    nowhere(t);
    nowhere(t);
    t.u64(0);
  });
}

/** A generic address of `bytes` ports. */
function port(t: TableWriter, address: number, bytes: number): TableWriter {
  const SYSTEM_IO = 1;
  const ACCESS_BY_BYTES: Readonly<Record<number, number>> = { 1: 1, 2: 2, 4: 3 };
  return t.u8(SYSTEM_IO, bytes * 8, 0, ACCESS_BY_BYTES[bytes] ?? 0).u64(address);
}
function nowhere(t: TableWriter): TableWriter {
  return t.u32(0).u64(0);
}

export function facs(): Uint8Array {
  return new TableWriter().text('FACS').u32(64).u32(0, 0, 0, 0).u64(0).u8(2).padTo(64).bytes();
}
