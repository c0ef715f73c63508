/** info ramblock: RAM blocks, the largest first, with their places in a numbering of all RAM as QEMU has one. */
import { Device, hmpCommand, type Machine, QObject, textQuery } from '@nandu/core';
import { MemoryBackend } from '../memory-backend.js';

/** Blocks begin at multiples of this in the numbering. */
const ALIGNMENT = 0x4_0000;

interface Row {
  readonly name: string;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** A device's block is called after its place; what nobody uses has no name yet. */
function nameOf(backend: MemoryBackend): string {
  const { user, id } = backend;
  if (!user) return '';
  if (!(user instanceof Device)) return id;
  for (let at: QObject | undefined = user; at; at = at.parent) {
    if (at instanceof Device && at.busPath !== undefined) return `${at.busPath}/${id}`;
  }
  return id;
}

function rows(machine: Machine): Row[] {
  let offset = 0;
  return [...machine.objects.children.values()]
    .filter((object) => object instanceof MemoryBackend)
    .map((backend) => {
      const row = { name: nameOf(backend), offset, sizeBytes: backend.sizeBytes };
      offset += Math.ceil(backend.sizeBytes / ALIGNMENT) * ALIGNMENT;
      return row;
    })
    .sort((a, b) => b.sizeBytes - a.sizeBytes);
}

const hex = (value: number): string => `0x${value.toString(16).padStart(16, '0')}`;
const line = (name: string, pageSize: string, ...rest: readonly string[]): string =>
  `${name.padStart(24)} ${pageSize.padStart(8)}  ${rest.map((text) => text.padStart(18)).join(' ')}\n`;

export const infoRamblock = hmpCommand({
  name: 'info ramblock',
  args: '',
  params: '',
  help: 'Display system ramblock information',
  run: (_, { machine }) =>
    line('Block Name', 'PSize', 'Offset', 'Used', 'Total') +
    rows(machine)
      .map(({ name, offset, sizeBytes }) => line(name, '4 KiB', hex(offset), hex(sizeBytes), hex(sizeBytes)))
      .join(''),
});

export const queryRamblock = textQuery('x-query-ramblock', infoRamblock);
