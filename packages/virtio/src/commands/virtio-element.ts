/** x-query-virtio-queue-element, info virtio-queue-element: a chain of descriptors that the driver made available, unchecked. */
import { AddressSpaceMemory, type AnyCommand, hmpCommand, type Machine, QmpError, qmpCommand } from '@nandu/core';
import type { Virtqueue } from '../virtqueue.js';
import { PATH_ARGUMENT } from './virtio-list.js';
import { type AskedQueue, checkQueueNumber, queueOf } from './virtio-queue.js';

interface Asked extends AskedQueue {
  /** Place in the available ring; that which the device takes next where it is not given. */
  readonly index?: number;
}

interface Descriptor {
  readonly addr: number;
  readonly len: number;
  readonly flags: readonly string[];
}

const DESCRIPTOR_BYTES = 16;
const NEXT = 1;
const INDIRECT = 4;
/** In QEMU's order, which is backwards: of chains as well. */
const FLAGS: readonly (readonly [bit: number, name: string])[] = [
  [1 << 15, 'used'],
  [1 << 7, 'avail'],
  [INDIRECT, 'indirect'],
  [2, 'write'],
  [NEXT, 'next'],
];

/** Follows a chain as far as it goes; one that bites its tail is as long as its table. */
function chain(memory: AddressSpaceMemory, queue: Virtqueue, head: number): Descriptor[] {
  const read = (table: number, index: number) => {
    const at = table + DESCRIPTOR_BYTES * index;
    return {
      addr: memory.read(at + 4, 4) * 2 ** 32 + memory.read(at, 4),
      len: memory.read(at + 8, 4),
      bits: memory.read(at + 12, 2),
      next: memory.read(at + 14, 2),
    };
  };
  let [table, count] = [queue.descriptors, queue.size];
  let now = read(table, head);
  if (now.bits & INDIRECT) {
    [table, count] = [now.addr, Math.floor(now.len / DESCRIPTOR_BYTES)];
    now = read(table, 0);
  }
  const found: Descriptor[] = [];
  while (found.length < Math.min(count, queue.maxSize)) {
    const { addr, len, bits } = now;
    found.unshift({ addr, len, flags: FLAGS.flatMap(([bit, name]) => (bits & bit ? [name] : [])) });
    if (!(bits & NEXT) || now.next >= count) break;
    now = read(table, now.next);
  }
  return found;
}

function describe(machine: Machine, asked: Asked) {
  const { device, queue } = queueOf(machine, asked, (path) => `Path ${path} is not a VirtIO device`);
  if (!queue.isReady) throw new QmpError('GenericError', 'Region caches not initialized');
  const memory = machine.container.resolve(AddressSpaceMemory as never) as AddressSpaceMemory;
  const word = (address: number): number => memory.read(address, 2);
  const { next } = queue.save();
  const head = word(queue.available + 4 + 2 * ((asked.index ?? next) % queue.size));
  return {
    name: device.deviceName,
    index: head,
    descs: chain(memory, queue, head),
    avail: { flags: word(queue.available), idx: word(queue.available + 2), ring: head },
    used: { flags: word(queue.used), idx: word(queue.used + 2) },
  };
}

function line({ addr, len, flags }: Descriptor): string {
  return `        addr 0x${addr.toString(16)} len ${len}${flags.length > 0 ? ` (${flags.join(', ')})` : ''}`;
}

export const virtioElementCommands: readonly AnyCommand[] = [
  qmpCommand<Asked>({
    name: 'x-query-virtio-queue-element',
    arguments: { ...PATH_ARGUMENT, queue: { type: 'int' }, index: { type: 'int', optional: true } },
    run(asked, { machine }) {
      checkQueueNumber('queue', asked.queue);
      checkQueueNumber('index', asked.index ?? 0);
      return describe(machine, asked);
    },
  }),
  hmpCommand<Asked>({
    name: 'info virtio-queue-element',
    args: 'path:s,queue:i,index:i?',
    params: 'path queue [index]',
    help: 'Display element of a given virtio queue',
    run(asked, { machine }) {
      const { name, index, descs, avail, used } = describe(machine, { ...asked, ...(asked.index === undefined ? {} : { index: asked.index & 0xffff }) });
      return [
        `${asked.path}:\n  device_name: ${name}\n  index:   ${index}\n  desc:\n    descs:\n${descs.map(line).join(',\n')}\n`,
        `  avail:\n    flags: ${avail.flags}\n    idx:   ${avail.idx}\n    ring:  ${avail.ring}\n`,
        `  used:\n    flags: ${used.flags}\n    idx:   ${used.idx}\n`,
      ].join('');
    },
  }),
];
