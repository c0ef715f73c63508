/**
 * -numa node|dist|cpu. Checked in the order of the command line, as QEMU does. What only shows when all nodes and backends are
 * there (memory of each, CPUs that no node names) is the business of `@nandu/memory`.
 */
import { ConfigError, type NumaNodeConfig, optionRecord, parseInteger, parseOptions, type SmpConfig } from '@nandu/core';
import { CommandLineError, report } from '../problem.js';
import type { Given, Settings } from '../settings.js';
import type { Option } from './option.js';

const MAX_NODES = 128;
const MIN_DISTANCE = 10;
const MAX_DISTANCE = 254;

export const numaOption: Option = {
  names: ['numa'],
  argument: 'node[,memdev=id][,cpus=firstcpu[-lastcpu]][,nodeid=node] | dist,src=…,dst=…,val=… | cpu,node-id=…[,socket-id=…]…',
  help: 'NUMA nodes: which CPUs and which memory they have, how far apart they are',
  apply(settings, given) {
    settings.numa.push(given);
  },
};

interface Node {
  readonly id: number;
  readonly cpus: number[];
  readonly memdev: string | undefined;
  readonly distances: Record<number, number>;
}

/** Position of a CPU in the topology, as `-numa cpu` names it. */
type Place = Readonly<Record<'socket-id' | 'die-id' | 'core-id' | 'thread-id', number>>;

export function placeOf(index: number, { dies, cores, threads }: SmpConfig): Place {
  return {
    'thread-id': index % threads,
    'core-id': Math.floor(index / threads) % cores,
    'die-id': Math.floor(index / (threads * cores)) % dies,
    'socket-id': Math.floor(index / (threads * cores * dies)),
  };
}

/** `backends`: ids of memory backends. */
export function numaConfig(settings: Settings, smp: SmpConfig, backends: ReadonlySet<string>): NumaNodeConfig[] {
  const nodes: Node[] = [];
  const owner = new Map<number, number>();
  for (const given of settings.numa) {
    try {
      const { type = '', ...pairs } = optionRecord(parseOptions(given.value, 'type'));
      const apply = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
      if (!apply) throw new ConfigError(`Parameter 'type' does not accept value '${type}'`);
      apply({ nodes, owner, smp, backends, pairs, given });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      throw new CommandLineError(report(error.message, given.location) + (error.hint ? `${error.hint}\n` : ''));
    }
  }
  if (settings.machine['memory-backend'] !== undefined && nodes.some((node) => node.memdev !== undefined)) {
    throw new ConfigError(`'-machine memory-backend' and '-numa memdev' properties are mutually exclusive`);
  }
  return nodes.map(({ id, cpus, memdev, distances }) => ({ id, cpus, distances, ...(memdev === undefined ? {} : { memdev }) }));
}

interface Context {
  readonly nodes: Node[];
  /** Which node a CPU is assigned to. */
  readonly owner: Map<number, number>;
  readonly smp: SmpConfig;
  readonly backends: ReadonlySet<string>;
  readonly pairs: Readonly<Record<string, string>>;
  readonly given: Given;
}

const KINDS: Readonly<Record<string, (context: Context) => void>> = { node: addNode, dist: setDistance, cpu: assignCpu };

function addNode({ nodes, owner, smp, backends, pairs, given }: Context): void {
  const known = ['nodeid', 'cpus', 'mem', 'memdev', 'initiator'];
  const stranger = Object.keys(pairs).find((name) => !known.includes(name));
  if (stranger !== undefined) throw new ConfigError(`Invalid parameter '${stranger}'`);
  const id = pairs['nodeid'] === undefined ? nodes.length : unsigned(pairs['nodeid'], 'nodeid');
  const ranges = parseOptions(given.value, 'type')
    .filter((p) => p.name === 'cpus')
    .map((p) => cpuRange(p.value));
  if (id >= MAX_NODES) throw new ConfigError(`Max number of NUMA nodes reached: ${id}`);
  if (nodes.some((node) => node.id === id)) throw new ConfigError(`Duplicate NUMA nodeid: ${id}`);
  if (pairs['initiator'] !== undefined) {
    throw new ConfigError(
      'ACPI Heterogeneous Memory Attribute Table (HMAT) is disabled, enable it with -machine hmat=on before using any of hmat specific options',
    );
  }
  const cpus = ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i));
  for (const cpu of cpus) {
    if (cpu >= smp.maxCpus) throw new ConfigError(`CPU index (${cpu}) should be smaller than maxcpus (${smp.maxCpus})`);
    const other = owner.get(cpu);
    if (other !== undefined && other !== id) throw new ConfigError(`CPU is already assigned to node-id: ${other}`);
    owner.set(cpu, id);
  }
  if (pairs['mem'] !== undefined) throw new ConfigError('Parameter -numa node,mem is not supported by this machine type', 'Use -numa node,memdev instead');
  const { memdev } = pairs;
  if (memdev !== undefined && !backends.has(memdev.replace(/^\/objects\//, ''))) throw new ConfigError(`memdev=${memdev} is ambiguous`);
  nodes.push({ id, cpus, memdev, distances: {} });
}

function setDistance({ nodes, pairs }: Context): void {
  const [src, dst, val] = (['src', 'dst', 'val'] as const).map((name) => {
    const text = pairs[name];
    if (text === undefined) throw new ConfigError(`Parameter '${name}' is missing`);
    const value = unsigned(text, name);
    if (value > (name === 'val' ? 0xff : 0xffff)) throw new ConfigError(`Parameter '${name}' expects uint${name === 'val' ? 8 : 16}_t`);
    return value;
  }) as [number, number, number];
  const from = nodes.find((node) => node.id === src);
  if (src >= MAX_NODES || dst >= MAX_NODES)
    throw new ConfigError(`Parameter '${src >= MAX_NODES ? 'src' : 'dst'}' expects an integer between 0 and ${MAX_NODES - 1}`);
  if (!from || !nodes.some((node) => node.id === dst)) {
    throw new ConfigError(`Source/Destination NUMA node is missing. Please use '-numa node' option to declare it first.`);
  }
  if (val < MIN_DISTANCE) throw new ConfigError(`NUMA distance (${val}) is invalid, it shouldn't be less than ${MIN_DISTANCE}.`);
  if (src === dst && val !== MIN_DISTANCE) throw new ConfigError(`Local distance of node ${src} should be ${MIN_DISTANCE}.`);
  from.distances[dst] = Math.min(val, MAX_DISTANCE + 1);
}

function assignCpu({ nodes, owner, smp, pairs }: Context): void {
  const { 'node-id': nodeText, ...place } = pairs;
  if (nodeText === undefined) throw new ConfigError('Missing mandatory node-id property');
  const id = unsigned(nodeText, 'node-id');
  const node = nodes.find((n) => n.id === id);
  if (!node) throw new ConfigError(`Invalid node-id=${id}, NUMA node must be defined with -numa node,nodeid=ID before it's used with -numa cpu,node-id=ID`);
  const wanted = Object.entries(place).map(([name, text]) => [name, unsigned(text, name)] as const);
  const matches = Array.from({ length: smp.maxCpus }, (_, index) => index).filter((index) => {
    const at = placeOf(index, smp);
    return wanted.every(([name, value]) => at[name as keyof Place] === value);
  });
  if (matches.length === 0) throw new ConfigError('no match found');
  for (const cpu of matches) {
    const other = owner.get(cpu);
    if (other !== undefined && other !== id) throw new ConfigError(`CPU is already assigned to node-id: ${other}`);
    owner.set(cpu, id);
    if (!node.cpus.includes(cpu)) node.cpus.push(cpu);
  }
}

function unsigned(text: string, name: string): number {
  const value = parseInteger(text);
  if (value === undefined || value < 0n || value >= 2n ** 64n) throw new ConfigError(`Parameter '${name}' expects a uint64 value`);
  return Number(value);
}

function cpuRange(text: string): [number, number] {
  const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  const range: [number, number] = [Number(first), Number(last ?? first)];
  if (first === undefined || range[1] < range[0]) throw new ConfigError(`Parameter 'cpus' expects a uint64 value or range`);
  return range;
}
