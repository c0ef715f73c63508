import { hmpCommand, type Machine, qmpCommand } from '@nandu/core';
import { MemoryBackend } from '../memory-backend.js';

function describe({ id, sizeBytes, merge, dump, prealloc, share, reserve, policy, hostNodes }: MemoryBackend) {
  return { id, size: sizeBytes, merge, dump, prealloc, share, reserve, policy, 'host-nodes': hostNodes };
}

function backends(machine: Machine): MemoryBackend[] {
  return [...machine.objects.children.values()].filter((object) => object instanceof MemoryBackend);
}

/** query-memdev: the memory backends below /objects. */
export const queryMemdev = qmpCommand({ name: 'query-memdev', arguments: {}, run: (_, { machine }) => backends(machine).map(describe) });

export const infoMemdev = hmpCommand({
  name: 'info memdev',
  args: '',
  params: '',
  help: 'show memory backends',
  run(_, { machine }) {
    const shown = backends(machine)
      .map(describe)
      .map((memdev) => {
        const names = ['size', 'merge', 'dump', 'prealloc', 'share', 'reserve', 'policy'] as const;
        const lines = names.map((name) => `  ${name}: ${name === 'size' ? ' ' : ''}${memdev[name]}\n`);
        return `memory backend: ${memdev.id}\n${lines.join('')}  host nodes: ${memdev['host-nodes'].join(', ')}\n`;
      });
    return `${shown.join('')}\n`;
  },
});
