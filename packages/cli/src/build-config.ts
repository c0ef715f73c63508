/** From what the command line said to a machine's description: defaults, and checks of options against each other. */
import { readFileSync } from 'node:fs';
import { type BootConfig, ConfigError, type MachineConfig, optionRecord, parseOptions, parseSize, reasonOf, type TypeRegistry } from '@nandu/core';
import { type JsonObject, parseJson } from '@nandu/monitor';
import { serialPorts } from './options/characters.js';
import { memoryConfig } from './options/memory.js';
import { numaConfig } from './options/numa.js';
import { located } from './options/parse.js';
import { smpConfig } from './options/smp.js';
import { CommandLineError, report } from './problem.js';
import type { Given, Settings } from './settings.js';

/** What config takes out of -machine; the rest are properties of the board. */
const NOT_PROPERTIES = new Set(['type', 'accel', 'memory-backend']);
const DEFAULT_MACHINE = 'pc';
/** Where a board does not say: the APIC ids of a PC without x2APIC. */
const MAX_CPUS = 255;
/** As many vCPU blocks as the accelerator's part of linear memory holds. */
const MAX_TCG_CPUS = 64;
const HOST_RTC: MachineConfig['rtc'] = { base: 'utc', clock: 'host' };
/** With -icount and without -rtc: the guest's date must not tell one run from another. */
const REPEATABLE_RTC: MachineConfig['rtc'] = { base: Date.UTC(2024, 0, 1) / 1000, clock: 'vm' };

export function buildConfig(settings: Settings, types: TypeRegistry): MachineConfig {
  const machineName = settings.machine['type'] ?? DEFAULT_MACHINE;
  const board = types.find(`${machineName}-machine`);
  if (!board || board.abstract) throw new CommandLineError(report('unsupported machine type\nUse -machine help to list supported machines'));
  const { name: accelerator, properties: acceleratorProperties } = chooseAccelerator(settings);
  const backendSizes = backends(settings.objects);
  const smp = smpConfig(settings, board.name.replace(/-machine$/, ''), MAX_CPUS);
  if (accelerator === 'tcg' && smp.maxCpus > MAX_TCG_CPUS)
    throw new ConfigError(`Number of CPUs requested (${smp.maxCpus}) exceeds what accelerator tcg runs (${MAX_TCG_CPUS})`);
  const memory = memoryConfig(settings, backendSizes.get(settings.machine['memory-backend'] ?? ''));
  checkBackend(settings, memory.sizeBytes, backendSizes);
  return {
    board: board.name,
    boardProperties: Object.fromEntries(Object.entries(settings.machine).filter(([name]) => !NOT_PROPERTIES.has(name))),
    ...(settings.name === undefined ? {} : { name: settings.name }),
    ...(settings.uuid === undefined ? {} : { uuid: settings.uuid }),
    cpuModel: settings.cpu,
    smp,
    memory,
    numa: numaConfig(settings, smp, new Set(backendSizes.keys())),
    boot: readBoot(settings),
    accelerator,
    acceleratorProperties,
    ...(settings.icount ? { icount: settings.icount } : {}),
    serial: serialPorts(settings),
    rtc: settings.rtc ?? (settings.icount ? REPEATABLE_RTC : HOST_RTC),
    actions: settings.actions,
    noDefaults: settings.noDefaults,
    globals: settings.globals,
  };
}

const ACCELERATORS = ['tcg', 'qtest'] as const;
type AcceleratorName = (typeof ACCELERATORS)[number];

/** The first that there is of the -accel options, or of the ':'-separated list in -machine accel=. */
function chooseAccelerator({ accelerators, machine }: Settings): { name: AcceleratorName; properties: Record<string, string> } {
  if (machine['accel'] !== undefined) {
    if (accelerators.length > 0) throw new ConfigError('The -accel and "-machine accel=" options are incompatible');
    const names = machine['accel'].split(':');
    const name = names.find(isAccelerator);
    if (!name) throw new ConfigError(`invalid accelerator ${names.at(-1)}`);
    return { name, properties: {} };
  }
  let refused: unknown;
  for (const { value, location } of accelerators) {
    const { accel = '', ...properties } = optionRecord(parseOptions(value, 'accel'));
    if (isAccelerator(accel)) return { name: accel, properties };
    refused ??= located(new ConfigError(`invalid accelerator ${accel}`), location);
  }
  if (refused !== undefined) throw refused;
  return { name: 'tcg', properties: {} };
}

function isAccelerator(name: string): name is AcceleratorName {
  return ACCELERATORS.includes(name as AcceleratorName);
}

/** Sizes of the memory backends among the objects, by id, as far as the text tells; their own checks come later. */
function backends(objects: readonly Given[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { value } of objects) {
    const options = value.startsWith('{') ? tryJson(value) : optionRecord(parseOptions(value, 'qom-type'));
    if (!String(options['qom-type']).startsWith('memory-backend-') || options['id'] === undefined) continue;
    sizes.set(String(options['id']), typeof options['size'] === 'number' ? options['size'] : (parseSize(String(options['size'] ?? '0')) ?? 0));
  }
  return sizes;
}

function tryJson(text: string): JsonObject {
  try {
    return parseJson(text) as JsonObject;
  } catch {
    return {};
  }
}

function checkBackend({ machine, memoryGiven }: Settings, ramBytes: number, sizes: ReadonlyMap<string, number>): void {
  const id = machine['memory-backend'];
  if (id === undefined) return;
  const bytes = sizes.get(id);
  if (bytes === undefined) throw new ConfigError(`Memory backend '${id}' not found`);
  if (memoryGiven && bytes !== ramBytes) throw new ConfigError('Machine memory size does not match the size of the memory backend');
}

function readBoot({ kernel, initrd, append }: Settings): BootConfig {
  if (kernel === undefined) {
    if (append !== undefined) throw new ConfigError('-append only allowed with -kernel option');
    if (initrd !== undefined) throw new ConfigError('-initrd only allowed with -kernel option');
    return {};
  }
  // QEMU says these two under this name.
  const image = read(kernel, (reason) => `qemu: could not open kernel file '${kernel}': ${reason}\n`);
  const disk =
    initrd === undefined
      ? undefined
      : read(initrd, (reason) => `qemu: error reading initrd ${initrd}: Failed to open file “${initrd}”: open() failed: ${reason}\n`);
  return {
    kernel: image,
    kernelName: kernel,
    ...(disk ? { initrd: disk, initrdName: initrd as string } : {}),
    ...(append === undefined ? {} : { append }),
  };
}

function read(path: string, refusal: (reason: string) => string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new CommandLineError(refusal(reasonOf(error)));
  }
}
