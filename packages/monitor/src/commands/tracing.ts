/** Trace events and statistics by name: our parts have none, so that no name is known. And profiles of locks, of which there are none. */
import { type AnyCommand, ConfigError, hmpCommand, type Machine, QmpError, qmpCommand } from '@nandu/core';
import type { Json } from '../json/parser.js';
import { checkArguments, isObject } from '../qmp/arguments.js';

const VCPU = { type: 'int', optional: true } as const;

/** A pattern may match nothing; a name without wildcards must be known. */
function checkEvent(machine: Machine, name: string, vcpu: number | undefined): void {
  if (vcpu !== undefined && !machine.board?.cpus[vcpu]) throw new ConfigError(`invalid vCPU index ${vcpu}`);
  if (!/[*?]/.test(name)) throw new ConfigError(`unknown event "${name}"`);
}

/** The same for people: without "Error:" in front. */
function complain(machine: Machine, name: string, vcpu: number | undefined): string | undefined {
  try {
    checkEvent(machine, name, vcpu);
    return undefined;
  } catch (error) {
    return `${(error as ConfigError).message}\n`;
  }
}

const traceEvents: readonly AnyCommand[] = [
  qmpCommand<{ name: string; vcpu?: number }>({
    name: 'trace-event-get-state',
    arguments: { name: { type: 'str' }, vcpu: VCPU },
    run({ name, vcpu }, { machine }) {
      checkEvent(machine, name, vcpu);
      return [];
    },
  }),
  qmpCommand<{ name: string; vcpu?: number }>({
    name: 'trace-event-set-state',
    arguments: { name: { type: 'str' }, enable: { type: 'bool' }, 'ignore-unavailable': { type: 'bool', optional: true }, vcpu: VCPU },
    run: ({ name, vcpu }, { machine }) => checkEvent(machine, name, vcpu),
  }),
  hmpCommand<{ name: string; vcpu?: number }>({
    name: 'trace-event',
    args: 'name:s,option:b,vcpu:i?',
    params: 'name on|off [vcpu]',
    help: 'changes status of a specific trace event (vcpu: vCPU to set, default is all)',
    run: ({ name, vcpu }, { machine }) => complain(machine, name, vcpu),
  }),
  hmpCommand<{ name?: string; vcpu?: number }>({
    name: 'info trace-events',
    args: 'name:s?,vcpu:i?',
    params: '[name] [vcpu]',
    help: 'show available trace-events & their state (name: event name pattern; vcpu: vCPU to query, default is any)',
    run: ({ name = '*', vcpu }, { machine }) => complain(machine, name, vcpu),
  }),
];

const TARGETS = ['vm', 'vcpu'];
const PROVIDERS = ['kvm'];

/** Filters are checked; what they are for is not there. */
function checkStatistics(target: string, { vcpus, providers }: { readonly vcpus?: Json[]; readonly providers?: Json[] }): void {
  if (vcpus !== undefined && target !== 'vcpu') throw new QmpError('GenericError', "Parameter 'vcpus' is unexpected");
  for (const [index, provider] of (providers ?? []).entries()) {
    const where = `providers[${index}]`;
    if (!isObject(provider)) throw new QmpError('GenericError', `Invalid parameter type for '${where}', expected: object`);
    checkArguments({ arguments: { provider: { type: PROVIDERS }, names: { type: 'list', optional: true } } }, provider, `${where}.`);
  }
}

const statistics: readonly AnyCommand[] = [
  qmpCommand<{ target: string; vcpus?: Json[]; providers?: Json[] }>({
    name: 'query-stats',
    arguments: { target: { type: TARGETS }, vcpus: { type: 'list', optional: true }, providers: { type: 'list', optional: true } },
    run({ target, ...filters }) {
      checkStatistics(target, filters);
      return [];
    },
  }),
  qmpCommand({ name: 'query-stats-schemas', arguments: { provider: { type: PROVIDERS, optional: true } }, run: () => [] }),
  hmpCommand<{ target: string; provider?: string }>({
    name: 'info stats',
    args: 'target:s,names:s?,provider:s?',
    params: 'target [names] [provider]',
    help: 'show statistics for the given target (vm or vcpu); optionally filter byname (comma-separated list, or * for all) and provider',
    run({ target, provider }) {
      if (!TARGETS.includes(target)) return `invalid stats target ${target}\n`;
      return provider === undefined || PROVIDERS.includes(provider) ? undefined : `invalid stats provider ${provider}\n`;
    },
  }),
];

/** Waiting for locks is measured where there are threads. Ours is one; the switch is kept. */
const PROFILING = new WeakSet<Machine>();
const LINE = `${'-'.repeat(79)}\n`;

const syncProfile: readonly AnyCommand[] = [
  hmpCommand<{ op?: string }>({
    name: 'sync-profile',
    args: 'op:s?',
    params: '[on|off|reset]',
    help: 'enable, disable or reset synchronization profiling. With no arguments, prints whether profiling is on or off.',
    run({ op }, { machine }) {
      if (op === undefined) return `sync-profile is ${PROFILING.has(machine) ? 'on' : 'off'}\n`;
      if (!['on', 'off', 'reset'].includes(op)) throw new ConfigError(`Invalid parameter '${op}'`);
      if (op === 'on') PROFILING.add(machine);
      if (op === 'off') PROFILING.delete(machine);
      return undefined;
    },
  }),
  hmpCommand({
    name: 'info sync-profile',
    args: 'mean:-m,no_coalesce:-n,max:i?',
    params: '[-m] [-n] [max]',
    help: 'show synchronization profiling info, up to max entries (default: 10), sorted by total wait time. (-m: sort by mean wait time; -n: do not coalesce objects with the same call site)',
    run: () => `Type               Object  Call site  Wait Time (s)         Count  Average (us)\n${LINE}${LINE}`,
  }),
];

export const tracingCommands: readonly AnyCommand[] = [...traceEvents, ...statistics, ...syncProfile];
