/** Memory backends: what `-object memory-backend-*` makes and memory devices, NUMA nodes and machines take their RAM from. */
import {
  boolType,
  ConfigError,
  enumType,
  MemoryRegion,
  ownRegion,
  type PropertyType,
  property,
  QObject,
  sizeType,
  type,
  type UserCreatable,
  uint32Type,
} from '@nandu/core';
import { inject } from 'tsyringe';
import type { ChunkedRam } from './chunked-ram.js';
import { HostMemory } from './host-memory.js';

/** QOM calls a backend's size 'int'; it is read as any size. */
const backendSize: PropertyType<number> = { ...sizeType, name: 'int' };
const count: PropertyType<number> = { ...uint32Type, name: 'int' };
const HOST_POLICY = enumType('HostMemPolicy', ['default', 'preferred', 'bind', 'interleave']);

/** Host NUMA nodes as QEMU writes them: '0-3,5'. */
const hostNodeList: PropertyType<number[]> = {
  name: 'int',
  parse(text, name) {
    return text.split(',').flatMap((part) => {
      const match = /^(\d+)(?:-(\d+))?$/.exec(part);
      if (!match) throw new ConfigError(`Parameter '${name}' expects a uint16 value or range`);
      const [from, to] = [Number(match[1]), Number(match[2] ?? match[1])];
      return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
    });
  },
  fromJson(value, name) {
    if (!Array.isArray(value)) throw new ConfigError(`Invalid parameter type for '${name}', expected: array`);
    return value.map(Number);
  },
  toJson: (value) => value,
  print: (value) => value.join(','),
};

const MAX_HOST_NODES = 128;

@type({ name: 'memory-backend', abstract: true, interfaces: ['user-creatable'] })
export abstract class MemoryBackend extends QObject implements UserCreatable {
  @property({
    type: backendSize,
    required: true,
    help: 'Size of the memory region (ex: 500M)',
    set(this: MemoryBackend, value: number) {
      this.setSize(value);
    },
  })
  sizeBytes = 0;
  @property({ type: boolType, help: 'Mark memory as mergeable' })
  merge = true;
  @property({ type: boolType, help: "Set to 'off' to exclude from core dump" })
  dump = true;
  /** Takes host memory at start rather than on first touch. */
  @property({ type: boolType, help: 'Preallocate memory' })
  prealloc = false;
  @property({
    type: count,
    help: 'Number of CPU threads to use for prealloc',
    set(this: MemoryBackend, value: number) {
      this.setPreallocThreads(value);
    },
  })
  preallocThreads = 1;
  @property({ type: boolType, help: 'Mark the memory as private to QEMU or shared' })
  share = false;
  @property({ type: boolType, help: 'Reserve swap space (or huge pages) if applicable' })
  reserve = true;
  /** Placement on host nodes is kept and shown; a WebAssembly memory has no say in it. */
  @property({ type: HOST_POLICY, help: 'Set the NUMA policy' })
  policy: 'default' | 'preferred' | 'bind' | 'interleave' = 'default';
  @property({ type: hostNodeList, help: 'Binds memory to the list of NUMA host nodes' })
  hostNodes: number[] = [];
  @property({ type: boolType, name: 'x-use-canonical-path-for-ramblock-id' })
  useCanonicalPath = true;

  /** The whole of it, to be mapped where its user wants; made by `complete`. */
  region!: MemoryRegion;
  ram!: ChunkedRam;
  /** Who has its RAM now, if anyone: a backend serves one user at a time. */
  user: object | undefined;

  constructor(@inject(HostMemory) protected readonly host: HostMemory) {
    super();
  }

  get id(): string {
    return this.childName;
  }
  get isMapped(): boolean {
    return this.user !== undefined;
  }

  complete(): void {
    if (this.sizeBytes === 0) throw new ConfigError(`can't create backend with size 0`);
    if (this.policy !== 'default' && this.hostNodes.length === 0) throw new ConfigError(`host-nodes must be set for policy ${this.policy}`);
    if (this.policy === 'default' && this.hostNodes.length > 0)
      throw new ConfigError('host-nodes must be empty for policy default, or you should explicitly specify a policy other than default');
    const tooHigh = this.hostNodes.find((node) => node >= MAX_HOST_NODES);
    if (tooHigh !== undefined) throw new ConfigError(`Invalid host-nodes value: ${tooHigh}`);
    this.ram = this.host.createRam(this.useCanonicalPath ? this.path : this.id, this.sizeBytes);
    this.region = ownRegion(this, MemoryRegion.ram(this.id, this.ram));
    if (this.prealloc) this.ram.preallocate(0, this.sizeBytes);
  }
  canBeDeleted(): boolean {
    return !this.isMapped;
  }
  destroy(): void {
    this.ram.destroy();
  }

  private setSize(value: number): void {
    if (value === 0) throw new ConfigError(`property 'size' of ${this.typeInfo.name} doesn't take value '0'`);
    this.sizeBytes = value;
  }
  private setPreallocThreads(value: number): void {
    if (value === 0) throw new ConfigError(`property 'prealloc-threads' of ${this.typeInfo.name} doesn't take value '0'`);
    this.preallocThreads = value;
  }
}

@type({ name: 'memory-backend-ram', interfaces: ['user-creatable'] })
export class RamBackend extends MemoryBackend {
  constructor(@inject(HostMemory) host: HostMemory) {
    super(host);
  }
}
