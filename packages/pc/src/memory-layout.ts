/**
 * Where things are in a PC's physical address space, as a function of how much RAM there is. RAM has a gap below 4 GiB for PCI;
 * what does not fit below it goes above 4 GiB.
 */
import type { AcpiMemory } from '@nandu/acpi';
import { GiB, KiB, MiB } from '@nandu/core';

/** RAM below 4 GiB may reach up to here... */
const LOW_RAM_LIMIT = 3.5 * GiB;
/** ...but where there is more, it is cut at a GiB, so that huge pages fit. */
const LOW_RAM_CUT = 3 * GiB;
const FOUR_GIB = 4 * GiB;
export const VGA_HOLE = { start: 640 * KiB, end: 768 * KiB } as const;
const LEGACY_END = MiB;
/** PCI ends where the interrupt controllers and the firmware are. */
const PCI_HOLE_END = 0xfec0_0000;
const PCI_HOLE_64_BYTES = 2 * GiB;
/** At the top of low RAM: ACPI tables, reserved for the guest. */
export const ACPI_RESERVED_BYTES = 128 * KiB;
/** Base memory ends where the extended BIOS data area would be. */
const EBDA_START = 0x9_fc00;

export interface RamLayout {
  readonly lowBytes: number;
  readonly highBytes: number;
}

export function splitRam(ramBytes: number, maxLowBytes = LOW_RAM_LIMIT): RamLayout {
  const cut = maxLowBytes < LOW_RAM_LIMIT ? maxLowBytes : LOW_RAM_CUT;
  const lowBytes = ramBytes >= Math.min(maxLowBytes, LOW_RAM_LIMIT) ? Math.min(cut, ramBytes) : ramBytes;
  return { lowBytes, highBytes: ramBytes - lowBytes };
}

/** First address above all RAM that is above 4 GiB anyway. */
export function endOfRam({ highBytes }: RamLayout): number {
  return FOUR_GIB + highBytes;
}

export function pciHole({ lowBytes }: RamLayout): { first: number; last: number } {
  return { first: lowBytes, last: PCI_HOLE_END - 1 };
}

/** The window for 64-bit BARs, above everything else. */
export function pciHole64(endOfMemory: number): { first: number; last: number } {
  const first = Math.ceil(endOfMemory / GiB) * GiB;
  return { first, last: first + PCI_HOLE_64_BYTES - 1 };
}

/** From here to 4 GiB firmware makes memory uncacheable: the smallest power of two that covers the devices, and no RAM. */
export function uncachedStart({ lowBytes }: RamLayout): number {
  return lowBytes <= LOW_RAM_CUT ? LOW_RAM_CUT : LOW_RAM_LIMIT;
}

/** Address of the ACPI tables. */
export function acpiAddress({ lowBytes }: RamLayout): number {
  return lowBytes - ACPI_RESERVED_BYTES;
}

export const E820 = { ram: 1, reserved: 2 } as const;

export interface E820Entry {
  readonly address: number;
  readonly sizeBytes: number;
  readonly type: number;
}

/** The map that firmware gives to an operating system. */
export function e820Map(layout: RamLayout): E820Entry[] {
  const range = (start: number, end: number, type: number): E820Entry => ({ address: start, sizeBytes: end - start, type });
  return [
    range(0, EBDA_START, E820.ram),
    range(EBDA_START, VGA_HOLE.start, E820.reserved),
    range(0xf_0000, LEGACY_END, E820.reserved),
    range(LEGACY_END, acpiAddress(layout), E820.ram),
    range(acpiAddress(layout), layout.lowBytes, E820.reserved),
    range(0xfffc_0000, FOUR_GIB, E820.reserved),
    ...(layout.highBytes > 0 ? [range(FOUR_GIB, FOUR_GIB + layout.highBytes, E820.ram)] : []),
  ];
}

/** Which addresses each node's RAM has. `nodes` follow each other in RAM. */
export function nodeMemory(layout: RamLayout, nodes: readonly { readonly id: number; readonly memBytes: number }[]): AcpiMemory[] {
  // Stretches of RAM by offset, and what is added to get the address. 640 KiB to 1 MiB is nobody's.
  const stretches = [
    { start: 0, end: VGA_HOLE.start, shift: 0 },
    { start: LEGACY_END, end: layout.lowBytes, shift: 0 },
    { start: layout.lowBytes, end: layout.lowBytes + layout.highBytes, shift: FOUR_GIB - layout.lowBytes },
  ];
  let offset = 0;
  return nodes.flatMap(({ id, memBytes }) => {
    const [first, last] = [offset, offset + memBytes];
    offset = last;
    return stretches.flatMap(({ start, end, shift }) => {
      const [from, to] = [Math.max(first, start), Math.min(last, end)];
      return from < to ? [{ node: id, address: from + shift, sizeBytes: to - from, hotpluggable: false }] : [];
    });
  });
}
