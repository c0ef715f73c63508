/** vCPUs: which there are, where they sit, what is in their registers. */
import { type AnyCommand, type CommandContext, ConfigError, hmpCommand, isSubtype, type Machine, type QObject, qmpCommand, type SmpConfig } from '@nandu/core';

/** Position in the topology, by QEMU's names; `node-id` where there are NUMA nodes. */
type Place = Readonly<Record<string, number>>;

const PLACE = ['node-id', 'socket-id', 'die-id', 'core-id', 'thread-id'] as const;

/** The CPU objects in order of their index. */
function cpuObjects(machine: Machine): QObject[] {
  const found: QObject[] = [];
  const visit = (object: QObject): void => {
    if (isSubtype(object.typeInfo, 'cpu')) found.push(object);
    for (const child of object.children.values()) visit(child);
  };
  visit(machine.root);
  return found;
}

/** What a CPU object says of itself. Dies are named only where a socket has several; -1 is 'not set'. */
function placeOfObject(cpu: QObject, { dies }: SmpConfig): Place {
  const known = PLACE.filter((name) => cpu.findProperty(name) && (name !== 'die-id' || dies > 1));
  return Object.fromEntries(known.map((name) => [name, Number(cpu.getProperty(name))] as const).filter(([, value]) => value >= 0));
}

/** Where CPU `index` would be plugged. */
function placeOfIndex(index: number, { dies, cores, threads }: SmpConfig): Place {
  return {
    'socket-id': Math.floor(index / (threads * cores * dies)),
    ...(dies > 1 ? { 'die-id': Math.floor(index / (threads * cores)) % dies } : {}),
    'core-id': Math.floor(index / threads) % cores,
    'thread-id': index % threads,
  };
}

/** All vCPUs share the process's one thread. */
function threadId(): number {
  return (globalThis as { process?: { pid?: number } }).process?.pid ?? 0;
}

interface Slot {
  readonly type: string;
  readonly props: Place;
  readonly path: string | undefined;
}

/** Every place for a CPU, the last first, as QEMU lists them. */
function slots(machine: Machine): Slot[] {
  const { smp, cpuModel } = machine.config;
  const present = cpuObjects(machine);
  if (present.length === 0) throw new ConfigError('machine does not support hot-plugging CPUs');
  const type = present[0]?.typeInfo.name ?? `${cpuModel}-x86_64-cpu`;
  return Array.from({ length: smp.maxCpus }, (_, index) => {
    const cpu = present[index];
    return { type, props: cpu ? placeOfObject(cpu, smp) : placeOfIndex(index, smp), path: cpu?.path };
  }).reverse();
}

function cpuText(context: CommandContext): string {
  const current = context.monitor?.cpuIndex ?? 0;
  return cpuObjects(context.machine)
    .map((_, index) => `${index === current ? '*' : ' '} CPU #${index}: thread_id=${threadId()}\n`)
    .join('');
}

function dump({ machine }: CommandContext, indexes: readonly number[]): string {
  return indexes
    .map((index) => {
      const text = machine.board?.cpus[index]?.dumpRegisters?.();
      if (text === undefined) throw new ConfigError('this accelerator does not show registers');
      return `\nCPU#${index}\n${text}`;
    })
    .join('');
}

export const cpuCommands: readonly AnyCommand[] = [
  qmpCommand({
    name: 'query-cpus-fast',
    arguments: {},
    run: (_, { machine }) =>
      cpuObjects(machine).map((cpu, index) => ({
        'thread-id': threadId(),
        props: placeOfObject(cpu, machine.config.smp),
        'qom-path': cpu.path,
        'cpu-index': index,
        target: 'x86_64',
      })),
  }),
  qmpCommand({
    name: 'query-hotpluggable-cpus',
    arguments: {},
    run: (_, { machine }) =>
      slots(machine).map(({ type, props, path }) => ({ props, 'vcpus-count': 1, ...(path === undefined ? {} : { 'qom-path': path }), type })),
  }),
  hmpCommand({ name: 'info cpus', args: '', params: '', help: 'show infos for each CPU', run: (_, context) => cpuText(context) }),
  hmpCommand({
    name: 'info hotpluggable-cpus',
    args: '',
    params: '',
    help: 'Show information about hotpluggable CPUs',
    run(_, { machine }) {
      const rows = slots(machine).map(({ type, props, path }) => {
        const at = path === undefined ? '' : `  qom_path: "${path}"\n`;
        const where = PLACE.filter((name) => props[name] !== undefined).map((name) => `    ${name}: "${props[name]}"\n`);
        return `  type: "${type}"\n  vcpus_count: "1"\n${at}  CPUInstance Properties:\n${where.join('')}`;
      });
      return `Hotpluggable CPUs:\n${rows.join('')}`;
    },
  }),
  hmpCommand<{ index: number }>({
    name: 'cpu',
    args: 'index:i',
    params: 'index',
    help: 'set the default CPU',
    run({ index }, { machine, monitor }) {
      if (!cpuObjects(machine)[index] || !monitor) return 'invalid CPU index\n';
      monitor.cpuIndex = index;
      return undefined;
    },
  }),
  hmpCommand<{ all?: boolean; vcpu?: number }>({
    name: 'info registers',
    args: 'cpustate_all:-a,vcpu:i?',
    params: '[-a|vcpu]',
    help: "show the cpu registers (-a: show register info for all cpus; vcpu: specific vCPU to query; show the current CPU's registers if no argument is specified)",
    run(args, context) {
      const count = context.machine.board?.cpus.length ?? 0;
      if ('cpustate_all' in args)
        return dump(
          context,
          Array.from({ length: count }, (_, index) => index),
        );
      const index = args.vcpu ?? context.monitor?.cpuIndex ?? 0;
      if (index >= count) return args.vcpu === undefined ? 'No CPU available\n' : `CPU#${index} not available\n`;
      return dump(context, [index]);
    },
  }),
  hmpCommand({ name: 'nmi', args: '', params: '', help: 'inject an NMI', run: (_, { machine }) => injectNmi(machine) }),
  qmpCommand({ name: 'inject-nmi', arguments: {}, run: (_, { machine }) => injectNmi(machine) }),
];

function injectNmi(machine: Machine): undefined {
  const cpus = machine.board?.cpus ?? [];
  const targets = cpus.filter((cpu): cpu is typeof cpu & { nmi(): void } => typeof (cpu as { nmi?: unknown }).nmi === 'function');
  if (targets.length === 0) throw new ConfigError('machine does not provide NMIs');
  for (const cpu of targets) cpu.nmi();
  return undefined;
}
