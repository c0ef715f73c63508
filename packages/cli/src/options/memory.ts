/** -m [size=]megs[,slots=n][,maxmem=size]. */
import { ConfigError, type MemoryConfig, MiB, parseSize, SIZE_HINT } from '@nandu/core';
import type { Settings } from '../settings.js';
import { knownPairs, type Option } from './option.js';

const DEFAULT_BYTES = 128 * MiB;
const MAX_SLOTS = 256;

const PARAMETERS = { maxmem: 'size', slots: 'number', size: 'size' } as const;

export const memoryOption: Option = {
  names: ['m'],
  group: 'memory',
  parameters: PARAMETERS,
  argument: '[size=]megs[,slots=n,maxmem=size]',
  help: 'memory at start, in MiB unless it has a suffix; up to maxmem it can grow by memory devices',
  apply(settings, given) {
    const pairs = knownPairs(given, 'size', PARAMETERS);
    for (const [name, value] of Object.entries(pairs)) {
      if (name === 'slots') {
        if (!/^(0[xX][0-9a-fA-F]+|[0-9]+)$/.test(value)) throw new ConfigError(`Parameter 'slots' expects a number`);
      } else {
        bytes(name, value);
      }
    }
    settings.memoryGiven ||= pairs['size'] !== undefined;
    Object.assign(settings.memory, pairs);
  },
};

/** A number alone is bytes to QEMU's parser; the size itself counts in MiB then. */
function bytes(name: string, text: string): number {
  const value = parseSize(name === 'size' && /\d$/.test(text) ? `${text}M` : text);
  if (value === undefined) throw new ConfigError(`Parameter '${name}' expects a non-negative number below 2^64`, SIZE_HINT);
  if (value >= 2 ** 64) throw new ConfigError(`Value '${text}' is out of range for parameter '${name}'`);
  return value;
}

const hex = (value: number): string => `0x${value.toString(16)}`;

/** `backendBytes`: size of the backend that is all RAM, if there is one. */
export function memoryConfig(settings: Settings, backendBytes: number | undefined): MemoryConfig {
  const { size, maxmem, slots: slotsText } = settings.memory;
  const given = size === undefined ? 0 : bytes('size', size);
  const sizeBytes = Math.ceil((given === 0 ? (backendBytes ?? DEFAULT_BYTES) : given) / 8192) * 8192;
  const slots = Number(slotsText ?? 0);
  const backend = settings.machine['memory-backend'];
  const base = { sizeBytes, slots, ...(backend === undefined ? {} : { backend }) };
  if (maxmem === undefined) {
    if (slots > 0) throw new ConfigError('slots specified but no max-size');
    return { ...base, maxBytes: sizeBytes };
  }
  const maxBytes = bytes('maxmem', maxmem);
  if (maxBytes < sizeBytes)
    throw new ConfigError(`invalid value of maxmem: maximum memory size (${hex(maxBytes)}) must be at least the initial memory size (${hex(sizeBytes)})`);
  if (slots > 0 && maxBytes === sizeBytes) {
    throw new ConfigError(
      `invalid value of maxmem: memory slots were specified but maximum memory size (${hex(maxBytes)}) is equal to the initial memory size (${hex(sizeBytes)})`,
    );
  }
  if (slots > MAX_SLOTS) throw new ConfigError(`unsupported amount of memory slots: ${slots}`);
  return { ...base, maxBytes };
}
