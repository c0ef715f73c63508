import { ConfigError, Log, MACHINE_CONFIG, type MachineConfig, MiB, type NumaNodeConfig } from '@nandu/core';
import { inject, injectable } from 'tsyringe';

export interface NumaNode {
  readonly id: number;
  /** Indexes of its CPUs, ascending. */
  readonly cpus: readonly number[];
  /** Base RAM of the node. */
  readonly memBytes: number;
  readonly memdev: string | undefined;
  /** Distance to each node by id; 10 to itself, 20 to others unless given. */
  readonly distances: readonly number[];
}

/** RAM is split between nodes in multiples of this, as pc machines of QEMU up to 5.1 did. */
const SPLIT_GRANULARITY = 8 * MiB;

/** Even parts of `sizeBytes`, multiples of 8 MiB but for the last; what rounding takes from one goes to the next. */
export function splitEvenly(sizeBytes: number, nodeCount: number): number[] {
  const share = Math.floor(sizeBytes / nodeCount);
  const parts: number[] = [];
  let carry = 0;
  for (let i = 0; i < nodeCount - 1; i++) {
    const part = Math.floor((share + carry) / SPLIT_GRANULARITY) * SPLIT_GRANULARITY;
    carry += share - part;
    parts.push(part);
  }
  return [...parts, sizeBytes - parts.reduce((sum, part) => sum + part, 0)];
}

/** Memory of each node. `sizeOf` gives a backend's size. Nodes that all name none share RAM evenly. */
export function nodeSizes(nodes: readonly NumaNodeConfig[], ramBytes: number, sizeOf: (memdev: string) => number): number[] {
  if (nodes.every(({ memdev, memBytes }) => memdev === undefined && memBytes === undefined)) return splitEvenly(ramBytes, nodes.length);
  const sizes = nodes.map(({ memdev, memBytes }) => (memdev === undefined ? (memBytes ?? 0) : sizeOf(memdev)));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total !== ramBytes) throw new ConfigError(`total memory for NUMA nodes (0x${total.toString(16)}) should equal RAM size (0x${ramBytes.toString(16)})`);
  return sizes;
}

/**
 * The machine's NUMA nodes. Without `-numa` there are none, and everything counts as node 0; but where memory may be plugged there is
 * one, so that guests hear from the SRAT how far memory can reach.
 */
@injectable()
export class NumaTopology {
  nodes: readonly NumaNode[] = [];

  constructor(
    @inject(MACHINE_CONFIG) private readonly config: MachineConfig,
    @inject(Log) private readonly log: Log,
  ) {}

  get count(): number {
    return this.nodes.length;
  }

  /** Checks the user's nodes and works out what they left open; MachineMemory calls it once backends are known. */
  complete(sizeOf: (memdev: string) => number): void {
    const given = [...this.config.numa].sort((a, b) => a.id - b.id);
    given.forEach(({ id }, index) => {
      if (id !== index) throw new ConfigError(`numa: Node ID missing: ${index}`);
    });
    if (given.length === 0) {
      this.completeAlone();
      return;
    }
    if (given.every(({ memdev, memBytes }) => memdev === undefined && memBytes === undefined)) {
      this.log.warning("Default splitting of RAM between nodes is deprecated, Use '-numa node,memdev' to explicitly define RAM allocation per node");
    }
    const sizes = nodeSizes(given, this.config.memory.sizeBytes, sizeOf);
    const cpus = this.assignCpus(given);
    this.nodes = given.map(({ id, memdev, distances }, index) => ({
      id,
      memdev,
      cpus: cpus[index] as number[],
      memBytes: sizes[index] as number,
      distances: given.map((other) => distances?.[other.id] ?? other.distances?.[id] ?? (other.id === id ? 10 : 20)),
    }));
  }

  private completeAlone(): void {
    const { memory, smp } = this.config;
    if (memory.slots === 0 && memory.maxBytes <= memory.sizeBytes) return;
    const cpus = Array.from({ length: smp.maxCpus }, (_, index) => index);
    this.nodes = [{ id: 0, memdev: undefined, cpus, memBytes: memory.sizeBytes, distances: [10] }];
  }

  /** Whether the user gave any distance: then there is a SLIT. */
  get hasDistances(): boolean {
    return this.config.numa.some(({ distances }) => distances && Object.keys(distances).length > 0);
  }

  nodeOfCpu(index: number): number {
    return this.nodes.find(({ cpus }) => cpus.includes(index))?.id ?? 0;
  }

  private assignCpus(given: readonly NumaNodeConfig[]): number[][] {
    const { maxCpus, cores, threads, dies, clusters } = this.config.smp;
    const perSocket = Math.max(1, dies) * Math.max(1, clusters) * cores * threads;
    const assigned = given.map(({ cpus }) => [...cpus].sort((a, b) => a - b));
    const all = Array.from({ length: maxCpus }, (_, index) => index);
    // Where nobody is assigned, sockets go round the nodes; else whoever is left over goes to node 0.
    if (assigned.every((cpus) => cpus.length === 0)) {
      for (const index of all) assigned[Math.floor(index / perSocket) % given.length]?.push(index);
      return assigned;
    }
    const left = all.filter((index) => !assigned.some((cpus) => cpus.includes(index)));
    if (left.length > 0) {
      const names = left.map(
        (index) => `CPU ${index} [socket-id: ${Math.floor(index / perSocket)}, core-id: ${Math.floor(index / threads) % cores}, thread-id: ${index % threads}]`,
      );
      this.log.warning(`CPU(s) not present in any NUMA nodes: ${names.join(', ')}`);
      this.log.warning(
        'All CPU(s) up to maxcpus should be described in NUMA config, ability to start up with partial NUMA mappings is obsoleted and will be removed in future',
      );
      assigned[0]?.push(...left);
      assigned[0]?.sort((a, b) => a - b);
    }
    return assigned;
  }
}
