export { type AcpiImage, buildAcpi } from './build.js';
export {
  ACPI_PORT,
  type AcpiMemory,
  type AcpiPlatform,
  type AddressWindow,
  HPET_ADDRESS,
  IOAPIC_ADDRESS,
  LOCAL_APIC_ADDRESS,
  SCI_IRQ,
  SMI_DISABLE_ACPI,
  SMI_ENABLE_ACPI,
} from './platform.js';
export { PowerManagement } from './power-management.js';
export { checksum } from './table.js';
