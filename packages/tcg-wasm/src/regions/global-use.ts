/** How a region uses the guest's globals: which to hold in locals all along, and where a local is known to be up to date. */
import { Code, Env, type IrBlock, type Touches } from '@nandu/tcg';
import type { QuickCall } from './quick-call.js';
import type { RegionGraph } from './region-graph.js';

/** A global that is set at more places is stored at the exit instead of at each of them. */
const MOST_STORES = 4;
/** Globals that are moved at other times than the rest: their uses say nothing. */
export const OWN_RULES: ReadonlySet<number> = new Set([Env.ENV_PC, Env.ENV_CODE_PAGE]);
/** Sets of globals are bits of a number. */
const MOST_BITS = 31;
const ALL = -1;

export class GlobalUse {
  /** Offsets of all that are read or set; those of OWN_RULES are nowhere among these. */
  readonly all = new Set<number>();
  /** Those whose newest value is in the local alone. */
  readonly held = new Set<number>();
  /** Those that are loaded at the region's entry, all that are held among them, and after helpers that write them. */
  readonly atEntry = new Set<number>();
  /** Bits of the others. */
  private readonly bits = new Map<number, number>();
  private readonly known: number[];

  constructor(
    private readonly graph: RegionGraph,
    private readonly quick: (ir: IrBlock, op: number) => QuickCall | undefined,
  ) {
    this.classify();
    this.known = this.analyse();
  }

  /** Globals whose locals are up to date wherever control comes to the node from, beside those loaded at the entry. */
  *knownAt(node: number): Iterable<number> {
    for (const [offset, bit] of this.bits) if (this.known[node]! & bit) yield offset;
  }

  private classify(): void {
    const sets = new Map<number, number>();
    for (const { ir, node } of this.graph.blocks) {
      const inLoop = this.graph.inLoops.has(node);
      const get = (offset: number): void => {
        if (OWN_RULES.has(offset)) return;
        this.all.add(offset);
        if (inLoop) this.atEntry.add(offset);
      };
      const set = (offset: number): void => {
        if (OWN_RULES.has(offset)) return;
        this.all.add(offset);
        sets.set(offset, (sets.get(offset) ?? 0) + (inLoop ? MOST_STORES + 1 : 1));
      };
      for (let i = 0; i < ir.count; i++) {
        if (ir.op[i] === Code.OP_GET) get(ir.a[i]!);
        else if (ir.op[i] === Code.OP_SET) set(ir.a[i]!);
        else if (ir.op[i] === Code.OP_CALL) {
          const quick = this.quick(ir, i);
          if (!quick) continue;
          for (const offset of gets(quick.ir)) get(offset);
          for (const [{ offset }] of quick.quick.sets ?? []) set(offset);
        }
      }
    }
    for (const [offset, count] of sets) if (count > MOST_STORES) this.held.add(offset);
    for (const offset of this.held) this.atEntry.add(offset);
    for (const offset of this.all) {
      if (this.atEntry.has(offset)) continue;
      if (this.bits.size < MOST_BITS) this.bits.set(offset, 1 << this.bits.size);
      else this.atEntry.add(offset);
    }
  }

  /** By node: what is known at its beginning, a forward analysis over all paths. */
  private analyse(): number[] {
    const { successors } = this.graph.flow;
    const known = successors.map(() => ALL);
    known[0] = 0;
    const work = [0];
    const visited = new Set<number>();
    for (let node = work.pop(); node !== undefined; node = work.pop()) {
      visited.add(node);
      const block = this.graph.blocks[node];
      const after = block ? this.behind(block.ir, known[node]!) : known[node]!;
      for (const successor of successors[node]!) {
        const met = known[successor]! & after;
        if (met === known[successor] && visited.has(successor)) continue;
        known[successor] = met;
        work.push(successor);
      }
    }
    return known;
  }

  /** What is known wherever the block is left, if `known` is at its beginning. */
  private behind(ir: IrBlock, known: number): number {
    let atExits = ALL;
    for (let i = 0; i < ir.count; i++) {
      const a = ir.a[i]!;
      switch (ir.op[i]) {
        case Code.OP_GET:
        case Code.OP_SET:
          known |= this.bits.get(a) ?? 0;
          break;
        case Code.OP_CALL:
          for (const offset of gets(this.quick(ir, i)?.ir)) known |= this.bits.get(offset) ?? 0;
          known &= ~this.bitsOf(ir.helpers[a]!.writes);
          break;
        case Code.OP_EXIT_IF:
        case Code.OP_END:
        case Code.OP_BRANCH:
          atExits &= known;
      }
    }
    return atExits;
  }

  private bitsOf(touches: Touches): number {
    if (touches === 'all') return ALL;
    let bits = 0;
    if (touches !== 'none') for (const { offset } of touches) bits |= this.bits.get(offset) ?? 0;
    return bits;
  }
}

/** Globals that the IR of a common case reads; arguments have negative offsets. */
function* gets(ir: IrBlock | undefined): Iterable<number> {
  if (!ir) return;
  for (let i = 0; i < ir.count; i++) if (ir.op[i] === Code.OP_GET && ir.a[i]! >= 0) yield ir.a[i]!;
}
