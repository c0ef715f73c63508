/** x-query-virtio-queue-status, info virtio-queue-status: where device and driver are in a queue's rings. */
import { type AnyCommand, hmpCommand, type Machine, QmpError, qmpCommand } from '@nandu/core';
import type { VirtioDevice } from '../virtio-device.js';
import type { Virtqueue } from '../virtqueue.js';
import { atPath, PATH_ARGUMENT } from './virtio-list.js';

export interface AskedQueue {
  readonly path: string;
  readonly queue: number;
}

const ARGUMENTS = { ...PATH_ARGUMENT, queue: { type: 'int' } } as const;

/** QMP's numbers have 16 bits. */
export function checkQueueNumber(name: string, number: number | bigint): void {
  if (number < 0 || number > 0xffff) throw new QmpError('GenericError', `Parameter '${name}' expects uint16_t`);
}

/** HMP keeps 16 bits of the number. */
export function queueOf(
  machine: Machine,
  { path, queue: asked }: AskedQueue,
  complaint?: (path: string) => string,
): { device: VirtioDevice; queue: Virtqueue } {
  const index = asked & 0xffff;
  const device = atPath(machine, path, complaint);
  const queue = device.queues[index];
  if (!queue) throw new QmpError('GenericError', `Invalid virtqueue number ${index}`);
  return { device, queue };
}

function describe({ device, queue }: { device: VirtioDevice; queue: Virtqueue }) {
  const { next, usedIndex, signalled, size, descriptors, available, used } = queue.save();
  return {
    name: device.deviceName,
    'queue-index': queue.index,
    inuse: (next - usedIndex) & 0xffff,
    'used-idx': usedIndex,
    'signalled-used': signalled ?? 0,
    'signalled-used-valid': signalled !== null,
    'last-avail-idx': next,
    'shadow-avail-idx': queue.availableIndex,
    'vring-num': size,
    'vring-num-default': queue.maxSize,
    'vring-align': 4096,
    'vring-desc': descriptors,
    'vring-avail': available,
    'vring-used': used,
  };
}

const NO_VHOST = 'Error: vhost device has not started yet';

export const virtioQueueCommands: readonly AnyCommand[] = [
  qmpCommand<AskedQueue>({
    name: 'x-query-virtio-queue-status',
    arguments: ARGUMENTS,
    run(asked, { machine }) {
      checkQueueNumber('queue', asked.queue);
      return describe(queueOf(machine, asked));
    },
  }),
  hmpCommand<AskedQueue>({
    name: 'info virtio-queue-status',
    args: 'path:s,queue:i',
    params: 'path queue',
    help: 'Display status of a given virtio queue',
    run(asked, { machine }) {
      const s = describe(queueOf(machine, asked));
      const address = (value: number): string => `0x${value.toString(16).padStart(16, '0')}`;
      const outer: readonly (readonly [string, unknown])[] = [
        ['device_name', s.name],
        ['queue_index', s['queue-index']],
        ['inuse', s.inuse],
        ['used_idx', s['used-idx']],
        ['signalled_used', s['signalled-used']],
        ['signalled_used_valid', s['signalled-used-valid']],
        ['last_avail_idx', s['last-avail-idx']],
        ['shadow_avail_idx', s['shadow-avail-idx']],
      ];
      const rings: readonly (readonly [string, unknown])[] = [
        ['num', s['vring-num']],
        ['num_default', s['vring-num-default']],
        ['align', s['vring-align']],
        ['desc', address(s['vring-desc'])],
        ['avail', address(s['vring-avail'])],
        ['used', address(s['vring-used'])],
      ];
      return [
        `${asked.path}:\n`,
        ...outer.map(([name, value]) => `  ${`${name}:`.padEnd(21)} ${value}\n`),
        '  VRing:\n',
        ...rings.map(([name, value]) => `    ${`${name}:`.padEnd(13)} ${value}\n`),
      ].join('');
    },
  }),
  qmpCommand<AskedQueue>({
    name: 'x-query-virtio-vhost-queue-status',
    arguments: ARGUMENTS,
    run({ path }, { machine }) {
      atPath(machine, path);
      throw new QmpError('GenericError', NO_VHOST);
    },
  }),
  hmpCommand<AskedQueue>({
    name: 'info virtio-vhost-queue-status',
    args: 'path:s,queue:i',
    params: 'path queue',
    help: 'Display status of a given vhost queue',
    run({ path }, { machine }) {
      atPath(machine, path);
      throw new QmpError('GenericError', NO_VHOST);
    },
  }),
];
