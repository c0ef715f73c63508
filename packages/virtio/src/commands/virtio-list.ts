/** x-query-virtio, info virtio: which virtio devices there are, newest first. */
import { type AnyCommand, hmpCommand, type Machine, QmpError, qmpCommand } from '@nandu/core';
import { VirtioDevice } from '../virtio-device.js';

export const PATH_ARGUMENT = { path: { type: 'str' } } as const;

/** The device at a path as this list has it. */
export function atPath(machine: Machine, path: string, complaint = (of: string): string => `Path ${of} is not a VirtIODevice`): VirtioDevice {
  const found = path.startsWith('/') ? machine.root.resolve(path) : undefined;
  if (!(found instanceof VirtioDevice && found.realized)) throw new QmpError('GenericError', complaint(path));
  return found;
}

function list(machine: Machine): { path: string; name: string }[] {
  return machine
    .all(VirtioDevice)
    .filter(({ realized }) => realized)
    .map(({ path, deviceName }) => ({ path, name: deviceName }))
    .reverse();
}

export const virtioListCommands: readonly AnyCommand[] = [
  qmpCommand({ name: 'x-query-virtio', arguments: {}, run: (_, { machine }) => list(machine) }),
  hmpCommand({
    name: 'info virtio',
    args: '',
    params: '',
    help: 'List all available virtio devices',
    run: (_, { machine }) =>
      list(machine)
        .map(({ path, name }) => `${path} [${name}]\n`)
        .join('') || 'No VirtIO devices\n',
  }),
];
