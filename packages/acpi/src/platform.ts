/** A PC as its ACPI tables describe it. Addresses and sizes are in bytes. */
export interface AcpiPlatform {
  readonly cpus: readonly { readonly apicId: number; readonly node: number }[];
  /** False: the machine has no NUMA nodes, and no SRAT. */
  readonly hasNuma: boolean;
  readonly memory: readonly AcpiMemory[];
  /** Rows of the SLIT, where the user gave distances. */
  readonly distances?: readonly (readonly number[])[];
  readonly pci: {
    readonly hole: AddressWindow;
    /** Above 4 GiB. */
    readonly hole64?: AddressWindow;
    /** Slots that devices can be plugged into while the machine runs. */
    readonly hotplugSlots: readonly number[];
    /** Enhanced configuration space, where the bus has one. */
    readonly configAddress?: number;
  };
  readonly hasHpet: boolean;
  readonly hasI8042: boolean;
  readonly serialPorts: readonly { readonly iobase: number; readonly irq: number }[];
}

export interface AddressWindow {
  readonly first: number;
  readonly last: number;
}

export interface AcpiMemory {
  readonly node: number;
  readonly address: number;
  readonly sizeBytes: number;
  readonly hotpluggable: boolean;
}

/** Fixed places of the PIIX4's power management and of what belongs to it. */
export const ACPI_PORT = {
  pm: 0x600,
  pm1Event: 0x600,
  pm1Control: 0x604,
  timer: 0x608,
  gpe0: 0xafe0,
  smiCommand: 0xb2,
  reset: 0xcf9,
  pciHotplug: 0xae00,
} as const;
export const PCI_HOTPLUG_PORTS = 0x18;
export const SMI_ENABLE_ACPI = 0xf1;
export const SMI_DISABLE_ACPI = 0xf0;
export const SCI_IRQ = 9;
export const HPET_ADDRESS = 0xfed0_0000;
export const IOAPIC_ADDRESS = 0xfec0_0000;
export const LOCAL_APIC_ADDRESS = 0xfee0_0000;
