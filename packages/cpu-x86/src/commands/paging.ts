/** info mem and info tlb: what the current vCPU's page tables map, in QEMU's words. */
import { AddressSpaceMemory, type CommandContext, hmpCommand } from '@nandu/core';
import { eachMapping, isPaging, type Mapping, type PagingRegisters, PTE, type ReadPhysical } from '../page-tables.js';

const SIGN = 1n << 47n;

/** A virtual address, sign-extended as the processor wants it. */
function hex(value: bigint): string {
  const canonical = value & SIGN ? value | (-1n << 48n) : value;
  return BigInt.asUintN(64, canonical).toString(16).padStart(16, '0');
}

const FLAGS: readonly (readonly [bit: bigint, letter: string])[] = [
  [1n << 63n, 'X'],
  [1n << 8n, 'G'],
  [PTE.large, 'P'],
  [1n << 6n, 'D'],
  [1n << 5n, 'A'],
  [1n << 4n, 'C'],
  [1n << 3n, 'T'],
  [PTE.user, 'U'],
  [PTE.write, 'W'],
];

function pageLine({ virtual, entry, frame }: Mapping): string {
  const flags = FLAGS.map(([bit, letter]) => (entry & bit ? letter : '-')).join('');
  return `${hex(virtual)}: ${(entry & frame).toString(16).padStart(16, '0')} ${flags}\n`;
}

interface Range {
  readonly start: bigint;
  end: bigint;
  readonly rights: bigint;
}

function rangeLine({ start, end, rights }: Range): string {
  return `${hex(start)}-${hex(end)} ${hex(end - start)} ${rights & PTE.user ? 'u' : '-'}r${rights & PTE.write ? 'w' : '-'}\n`;
}

export function tlbText(registers: PagingRegisters, read: ReadPhysical): string {
  const lines: string[] = [];
  const complete = eachMapping(registers, read, (mapping) => lines.push(pageLine(mapping)));
  return lines.join('') + rest(complete);
}

export function memText(registers: PagingRegisters, read: ReadPhysical): string {
  const ranges: Range[] = [];
  const complete = eachMapping(registers, read, ({ virtual, bytes, rights }) => {
    const last = ranges.at(-1);
    if (last && last.end === virtual && last.rights === rights) last.end += bytes;
    else ranges.push({ start: virtual, end: virtual + bytes, rights });
  });
  return ranges.map(rangeLine).join('') + rest(complete);
}

const rest = (complete: boolean): string => (complete ? '' : 'there are too many page tables to show the rest\n');

function run(text: (registers: PagingRegisters, read: ReadPhysical) => string, { machine, monitor }: CommandContext): string {
  const cpu = machine.board?.cpus[monitor?.cpuIndex ?? 0];
  if (!cpu?.readRegister) return 'No CPU available\n';
  const register = (name: string): bigint => cpu.readRegister?.(name) ?? 0n;
  const registers = { cr0: register('cr0'), cr3: register('cr3'), cr4: register('cr4'), efer: register('efer') };
  if (!isPaging(registers)) return 'PG disabled\n';
  const memory = machine.container.resolve(AddressSpaceMemory as never) as AddressSpaceMemory;
  return text(registers, (address, into) => memory.readBytes(address, into));
}

export const pagingCommands = [
  hmpCommand({ name: 'info mem', args: '', params: '', help: 'show the active virtual memory mappings', run: (_, context) => run(memText, context) }),
  hmpCommand({ name: 'info tlb', args: '', params: '', help: 'show virtual to physical memory mappings', run: (_, context) => run(tlbText, context) }),
];
