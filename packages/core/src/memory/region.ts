/**
 * Memory regions, as QEMU's `docs/devel/memory.rst` describes them: a tree of containers, aliases, RAM, ROM and MMIO that is
 * flattened into what a bus master sees. All offsets and sizes are in bytes.
 */
import type { RamBlock } from './ram-block.js';

/** What a device gives to be mapped. It is told offsets within the region, never addresses. */
export interface MmioHandler {
  /** `size` is 1, 2 or 4 (8 only if `read64` is missing and the region allows 8: then two calls of 4). Result unsigned. */
  read(offset: number, size: number): number;
  write(offset: number, value: number, size: number): void;
  read64?(offset: number): bigint;
  write64?(offset: number, value: bigint): void;
}

export interface MmioOptions {
  /** Accesses that the device takes (`valid`): others read as all ones (reads) or are dropped. Default 1 to 8, aligned. */
  readonly valid?: { readonly min?: number; readonly max?: number; readonly unaligned?: boolean };
  /** Accesses that the handler implements (`impl`): others are split or widened by the region. Default 1 to 4. */
  readonly impl?: { readonly min?: number; readonly max?: number };
}

export type RegionKind = 'container' | 'ram' | 'rom' | 'io' | 'alias';

/** One region. Built by the static functions; becomes visible when added below an address space's root. */
export class MemoryRegion {
  readonly subregions: MemoryRegion[] = [];
  container: MemoryRegion | undefined;
  /** Offset in the container. */
  address = 0;
  priority = 0;
  enabled = true;
  /** An alias's, for as long as it follows its target. */
  private forgetTarget: (() => void) | undefined;
  /** Called after anything in this tree changed; set by address spaces on their root. */
  private readonly watchers: (() => void)[] = [];

  private constructor(
    readonly kind: RegionKind,
    readonly name: string,
    private sizeBytes: number,
    readonly parts: {
      readonly ram?: RamBlock;
      readonly handler?: MmioHandler;
      readonly options?: MmioOptions;
      readonly target?: MemoryRegion;
      readonly targetOffset?: number;
    } = {},
  ) {}

  static container(name: string, size: number): MemoryRegion {
    return new MemoryRegion('container', name, size);
  }
  static ram(name: string, block: RamBlock): MemoryRegion {
    return new MemoryRegion('ram', name, block.sizeBytes, { ram: block });
  }
  /** RAM that guests cannot write: writes are dropped. */
  static rom(name: string, block: RamBlock): MemoryRegion {
    return new MemoryRegion('rom', name, block.sizeBytes, { ram: block });
  }
  static io(name: string, size: number, handler: MmioHandler, options: MmioOptions = {}): MemoryRegion {
    return new MemoryRegion('io', name, size, { handler, options });
  }
  /** A window onto `size` bytes of `target`, from `targetOffset` on. */
  static alias(name: string, target: MemoryRegion, targetOffset: number, size: number): MemoryRegion {
    const alias = new MemoryRegion('alias', name, size, { target, targetOffset });
    alias.forgetTarget = target.watch(() => alias.changed());
    return alias;
  }

  get size(): number {
    return this.sizeBytes;
  }

  add(address: number, region: MemoryRegion, priority = 0): void {
    region.container = this;
    region.address = address;
    region.priority = priority;
    this.subregions.push(region);
    this.changed();
  }
  remove(region: MemoryRegion): void {
    const index = this.subregions.indexOf(region);
    if (index < 0) return;
    this.subregions.splice(index, 1);
    region.container = undefined;
    this.changed();
  }
  setEnabled(enabled: boolean): void {
    if (this.enabled === enabled) return;
    this.enabled = enabled;
    this.changed();
  }
  setAddress(address: number): void {
    if (this.address === address) return;
    this.address = address;
    this.changed();
  }
  setSize(size: number): void {
    if (this.sizeBytes === size) return;
    this.sizeBytes = size;
    this.changed();
  }

  /** Calls `changed` after any change of this tree (also through aliases' targets), until the result is called. */
  watch(changed: () => void): () => void {
    this.watchers.push(changed);
    return () => {
      const index = this.watchers.indexOf(changed);
      if (index >= 0) this.watchers.splice(index, 1);
    };
  }

  /** An alias that nobody needs any more stops following its target. */
  release(): void {
    this.forgetTarget?.();
    this.forgetTarget = undefined;
  }

  private changed(): void {
    for (let region: MemoryRegion | undefined = this; region; region = region.container) {
      for (const watcher of region.watchers) watcher();
    }
  }
}
