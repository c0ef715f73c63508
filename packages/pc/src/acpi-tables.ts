/** The board as its ACPI tables describe it. */
import { type AcpiImage, type AcpiMemory, buildAcpi } from '@nandu/acpi';
import type { IsaSerial } from '@nandu/isa';
import type { DeviceMemory, NumaTopology } from '@nandu/memory';
import type { X86CpuDevice } from './cpu-device.js';
import { acpiAddress, nodeMemory, pciHole, pciHole64, type RamLayout } from './memory-layout.js';

/** Slots 0 and 1 are the board's own. */
const HOTPLUG_SLOTS = Array.from({ length: 30 }, (_, index) => index + 2);

export interface AcpiSources {
  readonly layout: RamLayout;
  readonly endOfMemory: number;
  readonly cpus: readonly X86CpuDevice[];
  readonly numa: NumaTopology;
  readonly deviceMemory: DeviceMemory;
  readonly serialPorts: readonly IsaSerial[];
  readonly hasHpet: boolean;
  readonly hasI8042: boolean;
}

export function acpiTables({ layout, endOfMemory, cpus, numa, deviceMemory, serialPorts, hasHpet, hasI8042 }: AcpiSources): AcpiImage {
  // Memory devices need nodes: without any, everything is node 0.
  const nodes = numa.count > 0 ? numa.nodes : [{ id: 0, memBytes: layout.lowBytes + layout.highBytes }];
  const window: AcpiMemory[] = deviceMemory.region
    ? [{ node: nodes.length - 1, address: deviceMemory.baseAddress, sizeBytes: deviceMemory.sizeBytes, hotpluggable: true }]
    : [];
  return buildAcpi(
    {
      cpus: cpus.map(({ apicId, node }) => ({ apicId, node: Math.max(0, node) })),
      hasNuma: numa.count > 0 || deviceMemory.region !== undefined,
      memory: [...nodeMemory(layout, nodes), ...window],
      ...(numa.hasDistances ? { distances: numa.nodes.map(({ distances }) => distances) } : {}),
      pci: { hole: pciHole(layout), hole64: pciHole64(endOfMemory), hotplugSlots: HOTPLUG_SLOTS },
      hasHpet,
      hasI8042,
      serialPorts: serialPorts.map(({ iobase, irq }) => ({ iobase, irq })),
    },
    acpiAddress(layout),
  );
}
