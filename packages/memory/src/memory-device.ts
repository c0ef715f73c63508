import type { Machine, MemoryRegion } from '@nandu/core';
import { QObject } from '@nandu/core';

/** What query-memory-devices says of a device: QAPI's MemoryDeviceInfo. */
export interface MemoryDeviceInfo {
  readonly type: string;
  readonly data: Readonly<Record<string, number | string | boolean>> & { readonly id?: string };
}

/** A device that brings memory into the window for it: virtio-mem, DIMMs. Sizes and addresses in bytes. */
export interface MemoryDevice {
  readonly isMemoryDevice: true;
  readonly id: string | undefined;
  /** Guest-physical start; 0 before `DeviceMemory.plug` asks for any free place. */
  memoryAddress: number;
  /** What is mapped there. */
  memoryRegion(): MemoryRegion;
  /** Bytes of address space it takes; a multiple of the alignment. */
  readonly regionSizeBytes: number;
  /** What of it the guest may use now. */
  readonly pluggedSizeBytes: number;
  readonly alignmentBytes: number;
  /** NUMA node. */
  readonly node: number;
  describe(): MemoryDeviceInfo;
}

function isMemoryDevice(object: object): boolean {
  return (object as Partial<MemoryDevice>).isMemoryDevice === true && (object as { realized?: boolean }).realized === true;
}

/** The machine's memory devices by address. */
export function memoryDevices(machine: Machine): MemoryDevice[] {
  const found = machine.all(QObject).filter(isMemoryDevice) as unknown as MemoryDevice[];
  return found.sort((a, b) => a.memoryAddress - b.memoryAddress);
}

export function pluggedBytes(machine: Machine): number {
  return memoryDevices(machine).reduce((sum, { pluggedSizeBytes }) => sum + pluggedSizeBytes, 0);
}
