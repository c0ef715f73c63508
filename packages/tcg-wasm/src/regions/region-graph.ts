/** A region before it is code: its blocks, and where control goes between them. */
import { Code, Env, type Exit, type IrBlock } from '@nandu/tcg';
import type { CodeBlock } from '../region-compiler.js';
import { type FlowGraph, makeReducible, nodesInLoops, reversePostorder } from './flow-graph.js';
import type { Place } from './place.js';
import type { QuickCall } from './quick-call.js';

export interface RegionBlock extends Place {
  readonly ir: IrBlock;
  /** Address of the places where is noted what its lookup goes to besides. */
  readonly targetRow: number;
  /** Common cases of the helpers that it calls, by op. */
  readonly quickCalls: ReadonlyMap<number, QuickCall>;
  /** Where its end may go if it ends in a lookup: blocks of the region at the addresses that are worth comparing with. */
  readonly lookupTargets: RegionBlock[];
  /** Its node. */
  node: number;
}

export class RegionGraph {
  readonly flow: FlowGraph;
  /** Targets of nodes beyond the blocks: dispatchers of loops with several entries. */
  readonly dispatches: ReadonlyMap<number, readonly number[]>;
  readonly inLoops: ReadonlySet<number>;
  private readonly byPc: ReadonlyMap<number, RegionBlock>;
  /** Dispatchers in front of a node, outermost first. */
  private readonly dispatchersOf = new Map<number, number[]>();

  /** The first block is the entry. Blocks that cannot be reached are left out. */
  constructor(readonly blocks: readonly RegionBlock[]) {
    const all = new Map(blocks.map((block) => [block.pc, block]));
    const numbers = new Map(blocks.map((block, i) => [block, i]));
    const successors = blocks.map((block) => [...new Set(targets(block, all))].map((target) => numbers.get(target)!));
    const reachable = reversePostorder({ successors });
    this.blocks = reachable.map((i) => blocks[i]!);
    this.blocks.forEach((block, i) => (block.node = i));
    this.byPc = new Map(this.blocks.map((block) => [block.pc, block]));
    this.flow = { successors: reachable.map((i) => successors[i]!.map((successor) => blocks[successor]!.node)) };
    this.inLoops = nodesInLoops(this.flow);
    this.dispatches = makeReducible(this.flow);
    for (const [dispatcher, nodes] of this.dispatches) {
      for (const node of nodes) this.dispatchersOf.set(node, [...(this.dispatchersOf.get(node) ?? []), dispatcher]);
    }
  }

  /** The block of the region that the exit goes to. */
  target(exit: Exit): RegionBlock | undefined {
    return exit.kind === 'goto' ? this.byPc.get(exit.pc) : undefined;
  }

  /** The node that an edge from one node to another goes to first: that one, or a dispatcher. */
  firstStep(from: number, to: number): number {
    const dispatchers = this.dispatchersOf.get(to) ?? [];
    return dispatchers[dispatchers.indexOf(from) + 1] ?? to;
  }
}

function* targets(block: RegionBlock, byPc: ReadonlyMap<number, RegionBlock>): Generator<RegionBlock> {
  for (const exit of usedExits(block.ir)) {
    const target = exit.kind === 'goto' ? byPc.get(exit.pc) : undefined;
    if (target) yield target;
  }
  if (endsInLookup(block.ir)) yield* block.lookupTargets;
}

/** Exits that some op of the block takes. */
export function* usedExits(ir: IrBlock): Generator<Exit> {
  for (let i = 0; i < ir.count; i++) {
    const op = ir.op[i]!;
    if (op === Code.OP_EXIT_IF || op === Code.OP_END || op === Code.OP_BRANCH) yield ir.exits[ir.b[i]!]!;
    if (op === Code.OP_BRANCH) yield ir.exits[ir.c[i]!]!;
  }
}

/**
 * The block's only way on at its end is a lookup, and nothing in it may have changed what blocks depend on besides their
 * address: comparing addresses is enough to know where it goes.
 */
export function endsInLookup(ir: IrBlock): boolean {
  let last = ir.count - 1;
  while (last >= 0 && ir.op[last] === Code.OP_NOP) last--;
  return last >= 0 && ir.op[last] === Code.OP_END && ir.exits[ir.b[last]!]!.kind === 'lookup' && keepsMode(ir);
}

/** Whether block flags and code base are after the block what they were before: only then is a block found by its pc alone. */
function keepsMode({ count, op, a, helpers }: IrBlock): boolean {
  for (const { writes } of helpers) {
    if (writes === 'all' || (writes !== 'none' && writes.some(({ offset }) => isMode(offset)))) return false;
  }
  for (let i = 0; i < count; i++) if (op[i] === Code.OP_SET && isMode(a[i]!)) return false;
  return true;
}

function isMode(offset: number): boolean {
  return offset === Env.ENV_BLOCK_FLAGS || offset === Env.ENV_CODE_BASE;
}

/** The address that a call returns to, if the block ends in a call: it has stored the address behind itself. */
export function returnAddress({ block, pc }: Place<CodeBlock>, ir: IrBlock): number | undefined {
  const behind = pc + block.byteLength;
  for (let i = ir.count - 1; i >= 0; i--) {
    const value = block.relocatable ? distance(ir, ir.b[i]!) : ir.b[i]!;
    if (ir.op[i] === Code.OP_STORE && ir.op[value] === Code.OP_I64 && ir.b[value]! * 2 ** 32 + (ir.a[value]! >>> 0) === behind) return behind;
    if (ir.op[i] === Code.OP_STORE && ir.op[value] === Code.OP_I32 && ir.a[value]! >>> 0 === behind) return behind;
  }
  return undefined;
}

const ADD = Code.opcodeOf('i64.add');

/** What is added to the region's page for a code address; another value itself. */
function distance({ op, a, b }: IrBlock, value: number): number {
  return op[value] === ADD && op[a[value]!] === Code.OP_GET && a[a[value]!] === Env.ENV_CODE_PAGE ? b[value]! : value;
}
