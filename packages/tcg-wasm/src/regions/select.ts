/** Chooses what a region is made of: from a hot block along executed successors, calls and returns among them. */
import { Code, Env, type IrBlock } from '@nandu/tcg';
import type { CodeBlock, RegionHost } from '../region-compiler.js';
import { pageOf } from './page-guard.js';
import { endsInLookup, type RegionBlock, RegionGraph, returnAddress, usedExits } from './region-graph.js';

export interface Limits {
  readonly blocks: number;
  readonly ops: number;
  /** A successor is followed if it was entered at least this often by the interpreter. */
  readonly entries: number;
}

export const LIMITS: Limits = { blocks: 24, ops: 1200, entries: 200 };
/** Most return addresses that a return is compared with. */
const MOST_LOOKUP_TARGETS = 4;

interface Candidate extends RegionBlock {
  /** Blocks that it goes to by itself. */
  readonly next: CodeBlock[];
  /** If it is a call: where that returns to. */
  readonly returnsTo: CodeBlock | undefined;
}

export function selectRegion(host: RegionHost, entry: CodeBlock, limits: Limits = LIMITS): RegionGraph | undefined {
  const chosen = new Map<number, Candidate>();
  const queue: CodeBlock[] = [entry];
  let ops = 0;
  while (queue.length > 0 && chosen.size < limits.blocks && ops < limits.ops) {
    const block = queue.shift()!;
    if (chosen.has(block.pc)) continue;
    const ir = host.ir(block);
    if (!ir) continue;
    ops += ir.count;
    const candidate = examine(host, block, ir);
    chosen.set(block.pc, candidate);
    const ways = candidate.returnsTo ? [...candidate.next, candidate.returnsTo] : candidate.next;
    // The way that was taken more often first, so that limits cut off what is rare.
    // What has a region of its own is gone to by a tail call: compiled again in every region around it, code would grow without end.
    queue.push(...ways.filter((way) => way.region === undefined && host.entries(way) >= limits.entries).sort((a, b) => host.entries(b) - host.entries(a)));
  }
  if (chosen.get(entry.pc)?.block !== entry) return undefined;
  for (const block of chosen.values()) if (block.returnsTo) connectReturns(block, chosen);
  return new RegionGraph([...chosen.values()]);
}

function examine(host: RegionHost, block: CodeBlock, ir: IrBlock): Candidate {
  const pcs = new Set<number>();
  for (const exit of usedExits(ir)) if (exit.kind === 'goto') pcs.add(exit.pc);
  const follow = (pc: number): CodeBlock | undefined => {
    const way = host.successor(block, pc);
    return way?.valid && sameMapping(block, way) ? way : undefined;
  };
  const next = [...pcs].map(follow).filter((way) => way !== undefined);
  const behind = returnAddress(block, ir);
  const returnsTo = behind === undefined ? undefined : follow(behind);
  return { block, ir, next, returnsTo, lookupTargets: [], node: -1 };
}

/**
 * Blocks of one page are to lie on one frame: going between them is not checked when the region runs. (The mapping may be
 * another one by now than when the first block was translated.)
 */
function sameMapping(from: CodeBlock, to: CodeBlock): boolean {
  return pageOf(from) !== pageOf(to) || from.linear - from.pc === to.linear - to.pc;
}

/** Whether block flags and code base are after the block what they were before: only then is a block found by its pc alone. */
function keepsMode({ count, op, a, helpers }: IrBlock): boolean {
  if (helpers.some(({ writes }) => writes === 'all')) return false;
  for (let i = 0; i < count; i++) {
    if (op[i] === Code.OP_SET && (a[i] === Env.ENV_BLOCK_FLAGS || a[i] === Env.ENV_CODE_BASE)) return false;
  }
  return true;
}

/** Adds the call's return address to the lookups in the function that it calls, as far as that is in the region. */
function connectReturns(call: Candidate, chosen: ReadonlyMap<number, Candidate>): void {
  const target = chosen.get(call.returnsTo!.pc);
  if (!target) return;
  const seen = new Set(call.next);
  const queue = [...call.next];
  for (let block = queue.pop(); block; block = queue.pop()) {
    const candidate = chosen.get(block.pc);
    if (!candidate) continue;
    const isCall = candidate.returnsTo !== undefined;
    if (
      !isCall &&
      endsInLookup(candidate.ir) &&
      keepsMode(candidate.ir) &&
      candidate.lookupTargets.length < MOST_LOOKUP_TARGETS &&
      !candidate.lookupTargets.includes(target)
    ) {
      candidate.lookupTargets.push(target);
    }
    // Calls inside the function are stepped over.
    for (const way of isCall ? [candidate.returnsTo!] : candidate.next) {
      if (seen.has(way)) continue;
      seen.add(way);
      queue.push(way);
    }
  }
}
