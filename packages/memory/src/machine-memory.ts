import { ConfigError, MACHINE_CONFIG, Machine, type MachineConfig, MemoryRegion } from '@nandu/core';
import { inject, injectable } from 'tsyringe';
import { HostMemory } from './host-memory.js';
import { MemoryBackend, RamBackend } from './memory-backend.js';
import { NumaTopology } from './numa.js';

/** The machine's base RAM: one backend, or the backends of its NUMA nodes one after the other. */
@injectable()
export class MachineMemory {
  /** All of base RAM, from offset 0; boards alias parts of it into the address space. Made by `create`. */
  ram!: MemoryRegion;

  constructor(
    @inject(Machine) private readonly machine: Machine,
    @inject(MACHINE_CONFIG) private readonly config: MachineConfig,
    @inject(NumaTopology) readonly numa: NumaTopology,
    @inject(HostMemory) private readonly host: HostMemory,
  ) {}

  /** Makes base RAM under that name ('pc.ram') and completes the NUMA topology. For boards. */
  create(name: string): MemoryRegion {
    this.host.expectToBack(name, this.config.memory.sizeBytes);
    this.numa.complete((memdev) => this.nodeBackend(memdev).sizeBytes);
    const memdevs = this.numa.nodes.flatMap(({ memdev }) => (memdev === undefined ? [] : [memdev]));
    if (memdevs.length > 0) {
      if (this.config.memory.backend !== undefined) throw new ConfigError("'-machine memory-backend' and '-numa memdev' properties are mutually exclusive");
      this.ram = this.joined(name, memdevs);
    } else {
      this.ram = this.take(this.config.memory.backend === undefined ? this.makeBackend(name) : this.namedBackend(this.config.memory.backend));
    }
    return this.ram;
  }

  private joined(name: string, memdevs: readonly string[]): MemoryRegion {
    const container = MemoryRegion.container(name, this.config.memory.sizeBytes);
    let offset = 0;
    for (const memdev of memdevs) {
      const backend = this.nodeBackend(memdev);
      if (backend.isMapped) throw new ConfigError(`memory backend ${memdev} can't be used multiple times.`);
      container.add(offset, this.take(backend));
      offset += backend.sizeBytes;
    }
    return container;
  }

  private take(backend: MemoryBackend): MemoryRegion {
    backend.user = this;
    return backend.region;
  }

  private makeBackend(name: string): MemoryBackend {
    const backend = this.machine.make(RamBackend, { size: this.config.memory.sizeBytes });
    backend.useCanonicalPath = false;
    this.machine.objects.addChild(name, backend);
    backend.complete();
    return backend;
  }

  private namedBackend(id: string): MemoryBackend {
    const backend = this.machine.root.resolve(id);
    if (!(backend instanceof MemoryBackend)) throw new ConfigError(`Memory backend '${id}' not found`);
    if (backend.sizeBytes !== this.config.memory.sizeBytes) throw new ConfigError('Machine memory size does not match the size of the memory backend');
    return backend;
  }

  private nodeBackend(id: string): MemoryBackend {
    const backend = this.machine.objects.resolve(id);
    if (!(backend instanceof MemoryBackend)) throw new ConfigError(`memdev=${id} is ambiguous`);
    return backend;
  }
}
