/** Memory regions and interrupt inputs as nodes of the object tree, where QEMU has them: children of whoever made them. */
import type { MemoryRegion } from '../memory/region.js';
import { QObject } from './object.js';
import { int32Type, linkType, type PropertyType, uint64Type } from './property-types.js';
import { property, type } from './type.js';

/** QEMU calls it unsigned, and shows the sign. */
const priorityType: PropertyType<number> = { ...int32Type, name: 'uint32' };
/** All of 64 bits is a byte less in 64 bits. */
const sizeOfRegion: PropertyType<number> = { ...uint64Type, toJson: (bytes) => (bytes === 2 ** 64 ? 2n ** 64n - 1n : bytes) };

const OBJECTS = new WeakMap<MemoryRegion, RegionObject>();

@type({ name: 'memory-region' })
export class RegionObject extends QObject {
  constructor(private readonly region: MemoryRegion) {
    super();
    OBJECTS.set(region, this);
  }

  @property({ readOnly: true, type: linkType('memory-region') })
  get container(): string {
    const { container } = this.region;
    return (container && OBJECTS.get(container)?.path) ?? '';
  }
  @property({ name: 'addr', readOnly: true, type: uint64Type })
  get address(): number {
    return this.region.address;
  }
  @property({ name: 'size', readOnly: true, type: sizeOfRegion })
  get sizeBytes(): number {
    return this.region.size;
  }
  @property({ readOnly: true, type: priorityType })
  get priority(): number {
    return this.region.priority;
  }
}

/** An input that an interrupt line is wired to. */
@type({ name: 'irq' })
export class IrqObject extends QObject {}

/** Characters that mean something in a path or an index. */
const escaped = (name: string): string => name.replace(/[/[\]\\]/g, (c) => `\\x${c.charCodeAt(0).toString(16)}`);

/** Shows a region below whoever made it; the region itself, for chaining. */
export function ownRegion(owner: QObject, region: MemoryRegion): MemoryRegion {
  owner.addChild(`${escaped(region.name)}[*]`, new RegionObject(region));
  return region;
}
