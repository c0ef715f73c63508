/**
 * All options. QEMU's syntax is its own (long names after one dash, doubled commas, first keys left out, JSON values), so the
 * reader is a small table and loop of our own: no library takes it.
 */
import { characterOptions } from './characters.js';
import { generalOptions } from './general.js';
import { machineOptions } from './machine.js';
import { memoryOption } from './memory.js';
import { numaOption } from './numa.js';
import type { Option } from './option.js';
import { smpOption } from './smp.js';

export const OPTIONS: readonly Option[] = [...machineOptions, memoryOption, smpOption, numaOption, ...generalOptions, ...characterOptions];

export const OPTION_BY_NAME: ReadonlyMap<string, Option> = new Map(OPTIONS.flatMap((option) => option.names.map((name) => [name, option] as const)));
