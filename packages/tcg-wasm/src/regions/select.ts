/** Chooses what a region is made of: from a hot block along executed successors, calls and returns among them. */
import type { IrBlock } from '@nandu/tcg';
import type { CodeBlock, RegionHost } from '../region-compiler.js';
import { type Place, pageOf } from './place.js';
import { endsInLookup, returnAddress, usedExits } from './region-graph.js';
import type { PlanWriter, RegionPlan } from './region-plan.js';
import type { TargetProfile } from './target-profile.js';

export interface Limits {
  readonly blocks: number;
  readonly ops: number;
  /** A successor is followed if it was entered at least this often by the interpreter. */
  readonly entries: number;
}

export const LIMITS: Limits = { blocks: 24, ops: 1200, entries: 200 };
/** Of a region that is entered very often: what leaves it and comes back should be inside. */
export const LARGE: Limits = { blocks: 48, ops: 2000, entries: 400 };
/** Most return addresses that a return is compared with. */
const MOST_RETURNS = 4;
/** Most blocks that another lookup is compared with. */
const MOST_SEEN = 24;

/** What a region is to be made of. */
export interface Selection {
  /** The entry first; as in the plan. */
  readonly blocks: readonly CodeBlock[];
  /** Ways from block to block. */
  readonly edgeCount: number;
  readonly plan: RegionPlan;
}

interface Candidate extends Place<CodeBlock> {
  /** Position in the plan. */
  readonly position: number;
  /** Blocks that it goes to by itself. */
  readonly next: readonly Place<CodeBlock>[];
  /** Blocks that the lookup at its end was seen to go to. */
  readonly seen: readonly Place<CodeBlock>[];
  readonly endsInLookup: boolean;
  /** If it is a call: where that returns to. */
  readonly returnsTo: Place<CodeBlock> | undefined;
  /** Positions of blocks of the region that the lookup at its end may go to. */
  readonly lookupTargets: number[];
}

/** Chosen blocks by address. */
type Chosen = ReadonlyMap<number, Candidate>;

/**
 * `absorb`: whether blocks that have a region of their own are taken, too. By default they are gone to by a tail call: compiled
 * again in every region around it, code would grow without end.
 */
export function selectRegion(
  host: RegionHost,
  targets: TargetProfile,
  writer: PlanWriter,
  entry: CodeBlock,
  limits: Limits,
  absorb: boolean,
): Selection | undefined {
  const chosen = new Map<number, Candidate>();
  const queue: Place<CodeBlock>[] = [{ block: entry, pc: entry.pc }];
  const isTaken = ({ block }: Place<CodeBlock>): boolean => (absorb || block.region === undefined) && host.entries(block) >= limits.entries;
  let ops = 0;
  for (let i = 0; i < queue.length && chosen.size < limits.blocks && ops < limits.ops; i++) {
    const place = queue[i]!;
    if (chosen.has(place.pc)) continue;
    const ir = host.ir(place.block, place.pc);
    if (!ir) continue;
    ops += ir.count;
    const candidate = examine(host, targets, place, ir, chosen.size);
    chosen.set(place.pc, candidate);
    writer.add(place.block, place.pc, host.targetRow(place.block), ir);
    const ways = [...candidate.next, ...candidate.seen].filter(isTaken);
    // What a call returns to is reached through the function, if that is taken.
    if (candidate.returnsTo && ways.length > 0 && isTaken(candidate.returnsTo)) ways.push(candidate.returnsTo);
    // The way that was taken more often first, so that limits cut off what is rare.
    queue.push(...ways.sort((a, b) => host.entries(b.block) - host.entries(a.block)));
  }
  if (chosen.get(entry.pc)?.block !== entry) {
    writer.abandon();
    return undefined;
  }
  const candidates = [...chosen.values()];
  for (const candidate of candidates) connectSeen(candidate, chosen);
  for (const candidate of candidates) if (candidate.returnsTo) connectReturns(candidate, chosen);
  return {
    blocks: candidates.map(({ block }) => block),
    edgeCount: candidates.reduce((sum, candidate) => sum + edgesOf(candidate, chosen), 0),
    plan: writer.finish(candidates.map(({ lookupTargets }) => lookupTargets)),
  };
}

function edgesOf({ next, lookupTargets }: Candidate, chosen: Chosen): number {
  return next.filter(({ pc }) => chosen.has(pc)).length + lookupTargets.length;
}

function examine(host: RegionHost, targets: TargetProfile, place: Place<CodeBlock>, ir: IrBlock, position: number): Candidate {
  const { block } = place;
  /** From the block's own addresses to the region's. */
  const shift = place.pc - block.pc;
  const follow = (pc: number): Place<CodeBlock> | undefined => {
    const way = host.successor(block, pc - shift);
    return way?.valid && sameMapping(place, { block: way, pc }) ? { block: way, pc } : undefined;
  };
  const next: Place<CodeBlock>[] = [];
  for (const exit of usedExits(ir)) {
    if (exit.kind !== 'goto' || next.some(({ pc }) => pc === exit.pc)) continue;
    const way = follow(exit.pc);
    if (way) next.push(way);
  }
  const isLookup = endsInLookup(ir);
  const seen = isLookup
    ? targets
        .of(block)
        .map((way) => ({ block: way.block, pc: way.pc + shift }))
        .filter((way) => sameMapping(place, way))
        .slice(0, MOST_SEEN)
    : [];
  const behind = returnAddress(place, ir);
  const returnsTo = behind === undefined ? undefined : follow(behind);
  return { ...place, position, next, seen, endsInLookup: isLookup, returnsTo, lookupTargets: [] };
}

/**
 * Blocks of one page are to lie on one frame: going between them is not checked when the region runs. (The mapping may be
 * another one by now than when the first block was translated.)
 */
function sameMapping(from: Place<CodeBlock>, to: Place<CodeBlock>): boolean {
  return pageOf(from) !== pageOf(to) || from.block.linear - from.pc === to.block.linear - to.pc;
}

function connectSeen({ seen, lookupTargets }: Candidate, chosen: Chosen): void {
  for (const { pc } of seen) {
    const target = chosen.get(pc);
    if (target) lookupTargets.push(target.position);
  }
}

/** Adds the call's return address to the lookups in the function that it calls, as far as that is in the region. */
function connectReturns(call: Candidate, chosen: Chosen): void {
  const target = chosen.get(call.returnsTo!.pc);
  if (!target) return;
  const called = [...call.next, ...call.seen];
  const seen = new Set(called.map(({ pc }) => pc));
  const queue = [...called];
  for (let place = queue.pop(); place; place = queue.pop()) {
    const candidate = chosen.get(place.pc);
    if (!candidate) continue;
    const isCall = candidate.returnsTo !== undefined;
    const { lookupTargets } = candidate;
    if (!isCall && candidate.endsInLookup && lookupTargets.length < MOST_RETURNS && !lookupTargets.includes(target.position)) {
      lookupTargets.push(target.position);
    }
    // Calls inside the function are stepped over.
    for (const way of isCall ? [candidate.returnsTo!] : candidate.next) {
      if (seen.has(way.pc)) continue;
      seen.add(way.pc);
      queue.push(way);
    }
  }
}
