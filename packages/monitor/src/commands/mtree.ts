/** info mtree: address spaces as trees of regions, or (-f) as what is left after flattening. */
import {
  type AddressSpace,
  AddressSpaceIo,
  AddressSpaceMemory,
  type AnyCommand,
  ConfigError,
  Device,
  flatten,
  hmpCommand,
  type Machine,
  type MemoryRegion,
} from '@nandu/core';

const hex = (value: bigint): string => BigInt.asUintN(64, value).toString(16).padStart(16, '0');

interface Space {
  readonly name: string;
  readonly root: MemoryRegion;
}

/** What CPUs reach, memory and ports; then bus masters. */
function spaces(machine: Machine): Space[] {
  const [ports, memory] = [AddressSpaceIo, AddressSpaceMemory].map((token) => machine.container.resolve(token as never) as AddressSpace);
  const own = machine.all(Device).flatMap((device) => device.addressSpaces);
  const isMemory = ({ root }: Space): boolean => root === memory?.root;
  return [...own.filter(isMemory), memory as Space, ports as Space, ...own.filter((space) => !isMemory(space))];
}

/** Those that come to the same, by what that is. */
function grouped(all: readonly Space[], keyOf: (space: Space) => MemoryRegion | undefined): [MemoryRegion | undefined, Space[]][] {
  const groups = new Map<MemoryRegion | undefined, Space[]>();
  for (const space of all) groups.set(keyOf(space), [...(groups.get(keyOf(space)) ?? []), space]);
  return [...groups];
}

/** A container that shows nothing but the whole of another is that other; an empty one is nothing. */
function resolved(root: MemoryRegion): MemoryRegion | undefined {
  if (root.kind !== 'container') return root;
  const shown = root.subregions.filter(({ enabled }) => enabled);
  const [only] = shown;
  if (!only) return undefined;
  const { target, targetOffset = 0 } = only.parts;
  return shown.length === 1 && target && targetOffset === 0 && only.address === 0 && only.size === root.size ? resolved(target) : root;
}

/** What is at the end of aliases is what counts. */
function kindOf(region: MemoryRegion): string {
  if (region.parts.target) return kindOf(region.parts.target);
  return region.kind === 'ram' || region.kind === 'rom' ? region.kind : 'i/o';
}

function range(start: bigint, sizeBytes: number): string {
  return `${hex(start)}-${hex(start + BigInt(sizeBytes) - (sizeBytes > 0 ? 1n : 0n))}`;
}

/** By address, then by falling priority. */
function ordered(regions: readonly MemoryRegion[]): MemoryRegion[] {
  return [...regions].sort((a, b) => a.address - b.address || b.priority - a.priority);
}

class Tree {
  /** Targets of aliases, to be shown below. */
  readonly aliased = new Set<MemoryRegion>();

  constructor(private readonly withDisabled: boolean) {}

  print(region: MemoryRegion, level: number, base: bigint): string {
    const start = base + BigInt(region.address);
    const { target, targetOffset = 0 } = region.parts;
    let text = '';
    if (target) this.aliased.add(target);
    if (region.enabled || this.withDisabled) {
      const what = target ? `alias ${region.name} @${target.name} ${range(BigInt(targetOffset), region.size)}` : region.name;
      text = `${'  '.repeat(level)}${range(start, region.size)} (prio ${region.priority}, ${kindOf(region)}): ${what}${region.enabled ? '' : ' [disabled]'}\n`;
    }
    return (
      text +
      ordered(region.subregions)
        .map((child) => this.print(child, level + 1, start))
        .join('')
    );
  }
}

/** Address of what contains a region, counted from its outermost container. */
function containerStart(region: MemoryRegion): bigint {
  let start = 0n;
  for (let at = region.container; at; at = at.container) start += BigInt(at.address);
  return start;
}

function treeText(machine: Machine, withDisabled: boolean): string {
  const tree = new Tree(withDisabled);
  let text = grouped(spaces(machine), ({ root }) => root)
    .map(([root, sharing]) => `${sharing.map(({ name }) => `address-space: ${name}\n`).join('')}${tree.print(root as MemoryRegion, 1, 0n)}\n`)
    .join('');
  // Printing a target can find more of them.
  for (const region of tree.aliased) text += `memory-region: ${region.name}\n${tree.print(region, 1, containerStart(region))}\n`;
  return text;
}

function flatText(machine: Machine): string {
  return grouped(spaces(machine), ({ root }) => resolved(root))
    .map(([root, sharing], index) => {
      const rows = (root ? flatten(root) : []).map(({ start, end, region, offset }) => {
        const at = offset === 0 ? '' : ` @${hex(BigInt(offset))}`;
        return `  ${range(BigInt(start), end - start)} (prio ${region.priority}, ${kindOf(region)}): ${region.name}${at}\n`;
      });
      const names = sharing.map(({ name, root: own }) => ` AS "${name}", root: ${own.name}\n`).join('');
      return `FlatView #${index}\n${names} Root memory region: ${root?.name ?? '(none)'}\n${rows.join('') || '  No rendered FlatView\n'}\n`;
    })
    .join('');
}

export const mtreeCommand: AnyCommand = hmpCommand<{ flatview?: boolean; dispatch_tree?: boolean; owner?: boolean; disabled?: boolean }>({
  name: 'info mtree',
  args: 'flatview:-f,dispatch_tree:-d,owner:-o,disabled:-D',
  params: '[-f][-d][-o][-D]',
  help: 'show memory tree (-f: dump flat view for address spaces;-d: dump dispatch tree, valid with -f only);-o: dump region owners/parents;-D: dump disabled regions',
  run({ flatview, dispatch_tree: dispatch, owner, disabled }, { machine }) {
    if (dispatch || owner) throw new ConfigError(`'${dispatch ? '-d' : '-o'}' is not implemented`);
    return flatview ? flatText(machine) : treeText(machine, disabled ?? false);
  },
});
