/**
 * virtio-mem (virtio 1.2, section 5.15): a region of which the guest plugs and unplugs blocks, to follow the size that is
 * requested of it. What a guest and a user see is in apps/docs/devices/virtio-mem.md.
 */
import {
  AddressSpaceMemory,
  boolType,
  ConfigError,
  Device,
  device,
  Log,
  linkType,
  Machine,
  MemoryRegion,
  MiB,
  onOffAutoType,
  type PropertyType,
  printSize,
  property,
  QmpError,
  saved,
  sizeType,
  uint32Type,
  uint64Type,
} from '@nandu/core';
import { MemoryBackend, NumaTopology, OutOfHostMemory } from '@nandu/memory';
import { type Element, feature, type OnOffAuto, VirtioDevice, type Virtqueue } from '@nandu/virtio';
import { inject } from 'tsyringe';
import { BlockMap } from './block-map.js';
import { type Decision, decide } from './decide.js';
import { PluggedMemory } from './plugged-memory.js';
import {
  DEVICE_NUMBER,
  encodeConfiguration,
  encodeResponse,
  FEATURE_ACPI_PXM,
  FEATURE_UNPLUGGED_INACCESSIBLE,
  parseRequest,
  REQUEST_SIZE,
  RESPONSE_SIZE,
} from './protocol.js';

const MIN_BLOCK_SIZE = 1 * MiB;
/** A transparent huge page of the host, which QEMU takes on x86. */
export const DEFAULT_BLOCK_SIZE = 2 * MiB;
/** Beyond the requested size, so that the guest may choose its blocks: two memory blocks of x86 Linux. */
const USABLE_EXTENT = 2 * 128 * MiB;
const QUEUE_SIZE = 128;

const hex = (value: number): string => `0x${value.toString(16)}`;
const memdevType: PropertyType<string> = linkType('memory-backend');

@device({ type: 'virtio-mem', bus: 'virtio-bus' })
export class VirtioMem extends VirtioDevice {
  override readonly deviceNumber = DEVICE_NUMBER;

  // Configuration.
  @property({ type: uint64Type, default: 0 })
  memaddr = 0;
  @property({ type: uint32Type, default: 0 })
  node = 0;
  @property({ type: boolType, default: false })
  prealloc = false;
  /** On: an unplugged block is not there at all; off: it reads as zeros, and its writes are lost when it is plugged. */
  @property({ type: onOffAutoType, default: 'on', help: 'on/off/auto' })
  unpluggedInaccessible: OnOffAuto = 'on';
  @property({
    type: memdevType,
    set(this: VirtioMem, value: string) {
      this.setMemdev(value);
    },
    get(this: VirtioMem) {
      return this.backend?.path ?? '';
    },
  })
  memdev = '';
  @property({
    type: sizeType,
    runtime: true,
    set(this: VirtioMem, value: number) {
      this.setBlockSize(value);
    },
    get(this: VirtioMem) {
      return this.blockSize;
    },
  })
  blockSizeBytes = 0;
  @property({
    type: sizeType,
    readOnly: true,
    get(this: VirtioMem) {
      return this.pluggedSizeBytes;
    },
  })
  readonly sizeBytes = 0;

  // State.
  /** The user's wish, at any time; outlives every reset. */
  @property({
    type: sizeType,
    runtime: true,
    set(this: VirtioMem, value: number) {
      this.setRequestedSize(value);
    },
  })
  @saved()
  requestedSizeBytes = 0;
  @saved() private usableSizeBytes = 0;
  @saved() private blocks = new BlockMap(0);

  // Derived.
  backend: MemoryBackend | undefined;
  private plugged: PluggedMemory | undefined;

  constructor(
    @inject(Machine) machine: Machine,
    @inject(AddressSpaceMemory) memory: AddressSpaceMemory,
    @inject(Log) log: Log,
    @inject(NumaTopology) private readonly numa: NumaTopology,
  ) {
    super(machine, memory, log);
  }

  get blockSize(): number {
    return this.blockSizeBytes || DEFAULT_BLOCK_SIZE;
  }
  get regionSizeBytes(): number {
    return this.backend?.sizeBytes ?? 0;
  }
  get pluggedSizeBytes(): number {
    return this.blocks.count * this.blockSize;
  }
  /** What is mapped at `memaddr`. */
  get region(): MemoryRegion {
    return this.plugged?.region ?? (this.backend as MemoryBackend).region;
  }

  override realize(): void {
    super.realize();
    const backend = this.checkedBackend();
    this.checkNode();
    if (this.unpluggedInaccessible === 'auto') this.unpluggedInaccessible = 'on';
    this.blockSizeBytes = this.blockSize;
    if (this.blockSizeBytes < DEFAULT_BLOCK_SIZE) {
      this.log.warning(`'block-size' property is smaller than the default block size (${printSize(DEFAULT_BLOCK_SIZE)})`);
    }
    if (this.requestedSizeBytes % this.blockSizeBytes !== 0)
      throw new ConfigError(`'requested-size' property has to be multiples of 'block-size' (${hex(this.blockSizeBytes)})`);
    if (this.memaddr % this.blockSizeBytes !== 0) throw new ConfigError(`'memaddr' property has to be multiples of 'block-size' (${hex(this.blockSizeBytes)})`);
    if (backend.sizeBytes % this.blockSizeBytes !== 0)
      throw new ConfigError(`'memdev' property has to be multiples of 'block-size' (${hex(this.blockSizeBytes)})`);
    this.blocks = new BlockMap(backend.sizeBytes / this.blockSizeBytes);
    if (this.unpluggedInaccessible === 'on') this.plugged = new PluggedMemory(backend.region, backend.id);
    this.fitUsableSize(true);
    backend.user = this;
    this.addQueue(QUEUE_SIZE, (queue) => this.serve(queue));
  }

  override unrealize(): void {
    if (this.backend?.user === this) this.backend.user = undefined;
  }

  /** A system reset unplugs everything; the request stays. */
  override reset(): void {
    const { requestedSizeBytes } = this;
    super.reset();
    this.requestedSizeBytes = requestedSizeBytes;
    this.unplugAll();
  }

  protected override derive(): void {
    super.derive();
    this.memory.transaction(() => this.plugged?.follow(this.blocks, this.blockSizeBytes));
  }

  protected override ownFeatures(): bigint {
    return feature(FEATURE_ACPI_PXM) | (this.unpluggedInaccessible === 'on' ? feature(FEATURE_UNPLUGGED_INACCESSIBLE) : 0n);
  }

  /** A driver that would touch unplugged blocks is refused where they are not there. */
  protected override acceptsFeatures(features: bigint): boolean {
    return this.unpluggedInaccessible !== 'on' || (features & feature(FEATURE_UNPLUGGED_INACCESSIBLE)) !== 0n;
  }

  override configBytes(): Uint8Array {
    return encodeConfiguration({
      blockSize: this.blockSizeBytes,
      node: this.node,
      address: this.memaddr,
      regionSize: this.regionSizeBytes,
      usableRegionSize: this.usableSizeBytes,
      pluggedSize: this.pluggedSizeBytes,
      requestedSize: this.requestedSizeBytes,
    });
  }

  private serve(queue: Virtqueue): void {
    for (let element = queue.pop(); element; element = queue.pop()) {
      if (!this.answer(queue, element)) return;
    }
  }

  /** False where the driver broke the protocol. */
  private answer(queue: Virtqueue, element: Element): boolean {
    const wire = new Uint8Array(REQUEST_SIZE);
    if (element.read(0, wire) < REQUEST_SIZE) return this.violation(`invalid request size: ${REQUEST_SIZE}`);
    if (element.writableLength < RESPONSE_SIZE) return this.violation(`not enough space for response: ${element.writableLength}`);
    const request = parseRequest(wire);
    if (request.kind === 'unknown') return this.violation(`unknown request type: ${request.code}`);
    const { address, blocks } = { address: this.memaddr, blocks: this.blocks };
    const decision = decide(request, {
      address,
      blocks,
      blockSize: this.blockSizeBytes,
      usableSize: this.usableSizeBytes,
      requestedSize: this.requestedSizeBytes,
    });
    // The driver compares the configuration with what it did as soon as it sees the reply.
    const done = this.carryOut(decision.change);
    element.write(0, encodeResponse(done ? decision.response : { answer: 'busy' }));
    queue.push(element, RESPONSE_SIZE);
    this.interruptFor(queue);
    return true;
  }

  private violation(what: string): false {
    this.fail(`virtio-mem protocol violation: ${what}`);
    return false;
  }

  /** False where there is no memory for it now. */
  private carryOut(change: Decision['change']): boolean {
    if (!change) return true;
    if (change.kind === 'unplugAll') {
      this.unplugAll();
      return true;
    }
    const { first, count } = change.range;
    const [start, end] = [first * this.blockSizeBytes, (first + count) * this.blockSizeBytes];
    if (change.kind === 'plug') {
      if (this.prealloc && !this.preallocate(start, end)) return false;
      this.memory.transaction(() => this.plugged?.show(start, end));
    } else {
      this.memory.transaction(() => this.plugged?.hide(start, end));
      this.backend?.ram.discard(start, end - start);
    }
    this.blocks.set(change.range, change.kind === 'plug');
    this.announceSize();
    return true;
  }

  private preallocate(start: number, end: number): boolean {
    try {
      this.backend?.ram.preallocate(start, end - start);
      return true;
    } catch (error) {
      if (!(error instanceof OutOfHostMemory)) throw error;
      this.log.warning(error.message);
      this.backend?.ram.discard(start, end - start);
      return false;
    }
  }

  private unplugAll(): void {
    if (this.blocks.count > 0) {
      this.memory.transaction(() => this.plugged?.hide(0, this.regionSizeBytes));
      this.backend?.ram.discard(0, this.regionSizeBytes);
      this.blocks.clear();
      this.announceSize();
    }
    this.fitUsableSize(true);
  }

  /** The usable region follows the request; it shrinks only where nothing is plugged. */
  private fitUsableSize(mayShrink: boolean): void {
    const { requestedSizeBytes: requested, blockSizeBytes: block } = this;
    const wanted = requested === 0 ? 0 : Math.min(this.regionSizeBytes, Math.ceil((requested + USABLE_EXTENT) / block) * block);
    if (wanted > this.usableSizeBytes || mayShrink) this.usableSizeBytes = wanted;
  }

  private announceSize(): void {
    const owner = this.parent;
    if (!(owner instanceof Device)) return;
    const { id, path } = owner;
    this.machine.emit('MEMORY_DEVICE_SIZE_CHANGE', { ...(id === undefined ? {} : { id }), size: this.pluggedSizeBytes, 'qom-path': path }, path);
  }

  private checkedBackend(): MemoryBackend {
    const { backend } = this;
    if (!backend) throw new ConfigError("'memdev' property is not set");
    if (backend.isMapped) throw new ConfigError(`'memdev' property specifies a busy memdev: ${backend.id}`);
    return backend;
  }

  private checkNode(): void {
    const nodes = Math.max(1, this.numa.count);
    if (this.node >= nodes) throw new ConfigError(`'node' property has value '${this.node}', which exceedsthe number of numa nodes: ${nodes}`);
  }

  private setMemdev(value: string): void {
    if (value === '') {
      this.backend = undefined;
      return;
    }
    const found = this.machine.root.resolve(value);
    if (!found) throw new QmpError('DeviceNotFound', `Device '${value}' not found`);
    if (!(found instanceof MemoryBackend)) throw new ConfigError("Invalid parameter type for 'memdev', expected: memory-backend");
    this.backend = found;
  }

  private setBlockSize(value: number): void {
    if (this.realized) throw new ConfigError("'block-size' cannot be changed");
    if (value < MIN_BLOCK_SIZE) throw new ConfigError(`'block-size' property has to be at least ${hex(MIN_BLOCK_SIZE)}`);
    if (!Number.isInteger(Math.log2(value))) throw new ConfigError("'block-size' property has to be a power of two");
    this.blockSizeBytes = value;
  }

  private setRequestedSize(value: number): void {
    if (this.realized) {
      // Numbers from 2^64 on are those that rounding to a double moved there: odd ones.
      if (value % this.blockSizeBytes !== 0 || value >= 2 ** 64)
        throw new ConfigError(`'requested-size' has to be multiples of 'block-size' (${hex(this.blockSizeBytes)})`);
      if (value > this.regionSizeBytes) throw new ConfigError(`'requested-size' cannot exceed the memory backend size(${hex(this.regionSizeBytes)})`);
    }
    this.requestedSizeBytes = value;
    if (!this.realized) return;
    this.fitUsableSize(false);
    // Also where nothing changed, so that a user can make a driver look again.
    this.configChanged();
  }
}
