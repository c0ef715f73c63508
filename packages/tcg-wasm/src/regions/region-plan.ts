/**
 * What a region is compiled from, as numbers: whoever chose its blocks need not be the thread that compiles them. Nothing in it refers to
 * the block table or to guest memory, which may change in the meantime.
 */
import { type Global, type Helper, NumberReader, NumberWriter, packIr, unpackIr, type Value } from '@nandu/tcg';
import type { CodeFacts } from './place.js';
import { type QuickCall, quickCall } from './quick-call.js';
import type { RegionBlock } from './region-graph.js';

/** What the numbers of a plan stand for: the same for all regions of a machine. */
export interface PlanContext {
  /** By offset. */
  readonly globals: ReadonlyMap<number, Global>;
  readonly helpers: readonly Helper[];
}

export interface RegionPlan {
  /** How many blocks. */
  readonly count: number;
  readonly numbers: Float64Array<ArrayBuffer>;
}

/** Of each block, in this order; then `relocatable`, as 0 or 1. */
const FACTS = ['address', 'pc', 'codeBase', 'linear', 'linear2', 'instructionCount', 'fetchMmu'] as const satisfies readonly (keyof CodeFacts)[];
const NONE = -1;

/** Writes plans, one after the other. */
export class PlanWriter {
  private readonly out = new NumberWriter();
  private readonly numbers: ReadonlyMap<string, number>;

  constructor({ helpers }: PlanContext) {
    this.numbers = new Map(helpers.map(({ name }, i) => [name, i]));
  }

  /** Adds a block, whose IR is not needed afterwards. `pc`: see `Place`. */
  add(block: CodeFacts, pc: number, targetRow: number, ir: RegionBlock['ir']): void {
    const { out } = this;
    out.fields(FACTS, block);
    out.push(block.relocatable ? 1 : 0);
    out.push(pc);
    out.push(targetRow);
    packIr(ir, this.numberOf, out);
    for (let op = 0; op < ir.count; op++) {
      const call = quickCall(ir, op);
      if (call) this.addQuick(op, call);
    }
    out.push(NONE);
  }

  /** `targets`: of each block, the positions of those that its lookup goes to. The next plan begins. */
  finish(targets: readonly (readonly number[])[]): RegionPlan {
    const { out } = this;
    for (const list of targets) {
      out.push(list.length);
      for (const position of list) out.push(position);
    }
    return { count: targets.length, numbers: out.take() };
  }

  /** What was added so far is not wanted. */
  abandon(): void {
    this.out.clear();
  }

  private addQuick(op: number, { ir, quick }: QuickCall): void {
    const { out } = this;
    const { holds, result = NONE, sets = [] } = quick;
    for (const number of [op, holds, result, sets.length]) out.push(number);
    for (const [{ offset }, value] of sets) {
      out.push(offset);
      out.push(value);
    }
    packIr(ir, this.numberOf, out);
  }

  private readonly numberOf = ({ name }: Helper): number => {
    const number = this.numbers.get(name);
    if (number === undefined) throw new Error(`helper '${name}' is called but not declared by the target`);
    return number;
  };
}

/** The blocks of a plan. */
export function readPlan({ count, numbers }: RegionPlan, context: PlanContext): RegionBlock[] {
  const from = new NumberReader(numbers);
  const blocks = Array.from({ length: count }, () => readBlock(from, context));
  for (const { lookupTargets } of blocks) lookupTargets.push(...from.list(from.next()).map((position) => blocks[position]!));
  return blocks;
}

function readBlock(from: NumberReader, context: PlanContext): RegionBlock {
  const block: CodeFacts = { ...from.fields(FACTS), relocatable: from.next() !== 0 };
  const pc = from.next();
  const targetRow = from.next();
  const ir = unpackIr(from, context.helpers);
  const quickCalls = new Map<number, QuickCall>();
  for (let op = from.next(); op !== NONE; op = from.next()) quickCalls.set(op, readQuick(from, context));
  return { block, pc, targetRow, ir, quickCalls, lookupTargets: [], node: NONE };
}

function readQuick(from: NumberReader, { globals, helpers }: PlanContext): QuickCall {
  const holds = from.next() as Value;
  const result = from.next();
  const sets = Array.from({ length: from.next() }, () => [globals.get(from.next())!, from.next() as Value] as const);
  return { quick: { holds, sets, ...(result === NONE ? {} : { result: result as Value }) }, ir: unpackIr(from, helpers) };
}
