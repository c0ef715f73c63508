/** What became of the latest dump of a machine's memory; who writes one (`node/dump-guest-memory.ts`) says so here. */
import { type AnyCommand, ConfigError, hmpCommand, type Machine, qmpCommand } from '@nandu/core';

/** As in query-dump: bytes of memory. */
export interface DumpProgress {
  status: 'none' | 'active' | 'completed' | 'failed';
  total: number;
  completed: number;
}

const LATEST = new WeakMap<Machine, DumpProgress>();

export function latestDump(machine: Machine): DumpProgress {
  const found = LATEST.get(machine) ?? { status: 'none', total: 0, completed: 0 };
  LATEST.set(machine, found);
  return found;
}

export function checkNoDump(machine: Machine): void {
  if (latestDump(machine).status === 'active') throw new ConfigError('There is a dump in process, please wait.');
}

export const dumpCommands: readonly AnyCommand[] = [
  qmpCommand({ name: 'query-dump', arguments: {}, run: (_, { machine }) => ({ ...latestDump(machine) }) }),
  hmpCommand({
    name: 'info dump',
    args: '',
    params: '',
    help: 'Display the latest dump status',
    run(_, { machine }) {
      const { status, total, completed } = latestDump(machine);
      const finished = status === 'active' ? `Finished: ${((100 * completed) / total).toFixed(2)} %\n` : '';
      return `Status: ${status}\n${finished}`;
    },
  }),
];
