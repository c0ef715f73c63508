import { hmpCommand, type Machine, MiB, QmpError, qmpCommand } from '@nandu/core';
import { VirtioBalloon } from '../virtio-balloon.js';

function activeBalloon(machine: Machine): VirtioBalloon {
  const balloon = machine.all(VirtioBalloon).find(({ realized }) => realized);
  if (!balloon) throw new QmpError('DeviceNotActive', 'No balloon device has been activated');
  return balloon;
}

function ask(machine: Machine, targetBytes: number): void {
  const balloon = activeBalloon(machine);
  if (targetBytes <= 0) throw new QmpError('GenericError', "Parameter 'target' expects a size");
  balloon.setTargetBytes(targetBytes);
}

/**
 * balloon: ask the guest to keep to `value` bytes of memory. Returns once the request is posted; the guest may take its time, or
 * never follow.
 *
 *   -> { "execute": "balloon", "arguments": { "value": 268435456 } }
 *   <- { "return": {} }
 */
export const balloon = qmpCommand<{ value: number }>({
  name: 'balloon',
  arguments: { value: { type: 'int', help: 'memory that the guest should keep, in bytes' } },
  run({ value: targetBytes }, { machine }) {
    ask(machine, targetBytes);
  },
});

/** The HMP command's argument is in MiB; its type 'M' makes bytes of it. */
export const hmpBalloon = hmpCommand<{ value: number }>({
  name: 'balloon',
  args: 'value:M',
  params: 'target',
  help: 'request VM to change its memory allocation (in MB)',
  run({ value: targetBytes }, { machine }) {
    ask(machine, targetBytes);
    return undefined;
  },
});

/**
 * query-balloon: bytes of base RAM that are not in the balloon.
 *
 *   <- { "return": { "actual": 1073741824 } }
 */
export const queryBalloon = qmpCommand({ name: 'query-balloon', arguments: {}, run: (_, { machine }) => ({ actual: activeBalloon(machine).actualBytes }) });

export const infoBalloon = hmpCommand({
  name: 'info balloon',
  args: '',
  params: '',
  help: 'show balloon information',
  run: (_, { machine }) => `balloon: actual=${Math.floor(activeBalloon(machine).actualBytes / MiB)}\n`,
});
