/** What a PC's firmware keeps in CMOS: sizes of memory, equipment, number of CPUs (Ralf Brown's list of CMOS memory). */
import { KiB, MiB } from '@nandu/core';
import type { RamLayout } from './memory-layout.js';

const CELL = {
  floppies: 0x10,
  equipment: 0x14,
  baseMemory: 0x15,
  extendedMemory: 0x17,
  bootOptions: 0x38,
  bootOrder: 0x3d,
  extendedCopy: 0x30,
  above16M: 0x34,
  above4G: 0x5b,
  lastCpu: 0x5f,
} as const;
/** A coprocessor and a mouse; no floppy, no display. */
const EQUIPMENT = 0x06;

export function fillCmos(cells: Uint8Array, { lowBytes, highBytes }: RamLayout, cpuCount: number): void {
  const put = (cell: number, value: number, bytes: number): void => {
    for (let index = 0; index < bytes; index++) cells[cell + index] = Math.floor(value / 256 ** index) & 0xff;
  };
  const extendedKib = Math.min(0xffff, Math.max(0, lowBytes - MiB) / KiB);
  put(CELL.floppies, 0, 1);
  put(CELL.equipment, EQUIPMENT, 1);
  put(CELL.baseMemory, Math.min(640, lowBytes / KiB), 2);
  put(CELL.extendedMemory, extendedKib, 2);
  put(CELL.extendedCopy, extendedKib, 2);
  put(CELL.above16M, Math.min(0xffff, Math.max(0, lowBytes - 16 * MiB) / (64 * KiB)), 2);
  put(CELL.above4G, highBytes / (64 * KiB), 3);
  put(CELL.lastCpu, cpuCount - 1, 1);
}

/** Numbers of boot devices: floppies, disk, CD, network. */
const BOOT_DEVICES: Readonly<Record<string, number>> = { a: 1, b: 1, c: 2, d: 3, n: 4 };
export const MAX_BOOT_DEVICES = 3;

/** Up to three devices, the first in the low half of the one cell, the third in the high half of the other. */
export function setCmosBootOrder(cells: Uint8Array, devices: string): void {
  const [first = 0, second = 0, third = 0] = [...devices].map((letter) => BOOT_DEVICES[letter] ?? 0);
  cells[CELL.bootOrder] = (second << 4) | first;
  // The lowest bit: do not look for a signature on floppies. As QEMU leaves it, off.
  cells[CELL.bootOptions] = third << 4;
}

export const isBootDevice = (letter: string): boolean => letter in BOOT_DEVICES;
