/** Commands about the monitors themselves: what they can do, and one within the other. */
import { type AnyCommand, hmpCommand, QmpError, qmpCommand } from '@nandu/core';
import { helpText } from '../hmp/commands.js';
import { executeLine } from '../hmp/execute.js';
import { schemaOf } from '../qmp/schema.js';

export const monitorCommands: readonly AnyCommand[] = [
  qmpCommand({
    name: 'query-commands',
    arguments: {},
    // qmp_capabilities is the session's own.
    run: (_, { machine }) => ['qmp_capabilities', ...machine.qmpCommands.keys()].sort().map((name) => ({ name })),
  }),
  qmpCommand({
    name: 'query-qmp-schema',
    arguments: {},
    run: (_, { machine }) => schemaOf([{ name: 'qmp_capabilities', arguments: { enable: { type: 'list', optional: true } } }, ...machine.qmpCommands.values()]),
  }),
  qmpCommand<{ 'command-line': string; 'cpu-index'?: number }>({
    name: 'human-monitor-command',
    arguments: { 'command-line': { type: 'str' }, 'cpu-index': { type: 'int', optional: true } },
    async run({ 'command-line': line, 'cpu-index': cpuIndex }, { machine }) {
      if (cpuIndex !== undefined && !machine.board?.cpus[cpuIndex]) throw new QmpError('GenericError', `Parameter 'cpu-index' expects a CPU number`);
      let printed = '';
      const monitor = {
        cpuIndex: cpuIndex ?? 0,
        print: (text: string) => {
          printed += text;
        },
      };
      const text = await executeLine(line, machine, monitor);
      return (printed + text).replaceAll('\n', '\r\n');
    },
  }),
  hmpCommand<{ name?: string }>({
    name: 'help|?',
    args: 'name:S?',
    params: '[cmd]',
    help: 'show the help',
    run: ({ name }, { machine }) => helpText(machine, name?.trim().split(/\s+/) ?? []),
  }),
  hmpCommand({
    name: 'info',
    args: 'item:s?',
    params: '[subcommand]',
    help: 'show various information about the system state',
    run: (_, { machine }) => helpText(machine, ['info']),
  }),
  hmpCommand({
    name: 'info history',
    args: '',
    params: '',
    help: 'show the command line history',
    run: (_, { monitor }) => (monitor?.history ?? []).map((line, index) => `${index}: '${line}'\n`).join(''),
  }),
];
