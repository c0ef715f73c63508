/** How the machine was configured, as properties of /machine that everybody may read, in QEMU's words. */
import type { Machine, QObject } from '@nandu/core';

/** QEMU's default for a PC; a kernel given by -kernel is what boots. */
const BOOT_ORDER = 'cad';

/** What only the board knows. */
export interface BoardFacts {
  readonly deviceMemoryBytes: () => number;
  /** The guest's time, seconds since 1970. */
  readonly rtcSeconds: () => number;
  readonly rtc: () => QObject;
  readonly powerManagement: () => QObject;
}

/** C's struct tm, but for the days of week and year. */
function brokenDown(seconds: number): object {
  const date = new Date(seconds * 1000);
  return {
    tm_year: date.getUTCFullYear() - 1900,
    tm_sec: date.getUTCSeconds(),
    tm_hour: date.getUTCHours(),
    tm_min: date.getUTCMinutes(),
    tm_mon: date.getUTCMonth(),
    tm_mday: date.getUTCDate(),
  };
}

export function showConfiguration(board: QObject, machine: Machine, facts: BoardFacts): void {
  const { boot, memory, smp } = machine.config;
  const { maxCpus: maxcpus, ...topology } = smp;
  const rows: readonly (readonly [name: string, type: string, get: () => unknown])[] = [
    ['kernel', 'string', () => (boot.kernel ? (boot.kernelName ?? '') : '')],
    ['initrd', 'string', () => (boot.initrd ? (boot.initrdName ?? '') : '')],
    ['append', 'string', () => boot.append ?? ''],
    ['firmware', 'string', () => ''],
    ['boot', 'BootConfiguration', () => ({ order: BOOT_ORDER })],
    [
      'memory',
      'MemorySizeConfiguration',
      () => ({ size: memory.sizeBytes, ...(memory.slots > 0 ? { 'max-size': memory.maxBytes, slots: memory.slots } : {}) }),
    ],
    ['smp', 'SMPConfiguration', () => ({ ...topology, maxcpus })],
    ['memory-backend', 'link<memory-backend>', () => machine.objects.children.get(memory.backend ?? 'pc.ram')?.path ?? ''],
    ['graphics', 'bool', () => false],
    ['usb', 'bool', () => false],
    ['device-memory-region-size', 'int', facts.deviceMemoryBytes],
    ['rtc-time', 'struct tm', () => brokenDown(facts.rtcSeconds())],
    ['rtc_state', 'link<isa-device>', () => facts.rtc().path],
    ['acpi-device', 'link<hotplug-handler>', () => facts.powerManagement().path],
  ];
  for (const [name, type, get] of rows) board.dynamicProperties.set(name, { name, type, get });
}
