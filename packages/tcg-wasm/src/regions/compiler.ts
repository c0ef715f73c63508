/** Tier 1: compiles regions around hot blocks, several in a module. */
import type { Helper } from '@nandu/tcg';
import type { CodeBlock, Region, RegionCompiler, RegionHost } from '../region-compiler.js';
import { ModuleBuilder } from '../wasm/module-builder.js';
import { type Bridge, buildBridge, isShared, REGION_PARAMS, REGION_RESULTS } from './bridge.js';
import { importValues, RegionImports } from './imports.js';
import { PAGE_SIZE } from './place.js';
import { RegionEmitter } from './region-emitter.js';
import type { RegionGraph } from './region-graph.js';
import { LARGE, LIMITS, type Limits, selectRegion } from './select.js';
import { TargetProfile } from './target-profile.js';

export interface RegionOptions {
  /** So many hot blocks are compiled at once, without waiting for the end of the slice. */
  readonly batch: number;
  readonly limits: Limits;
  /** For regions that are compiled again. */
  readonly large: Limits;
  /** Whether code on pages that are written time and again has to wait longer each time. */
  readonly patient: boolean;
  /** A region that was entered so often is compiled again, with more around it; that one waits LONGER. */
  readonly entriesUntilLarge: number;
}
/** Declined offers double with each drop, up to this. */
const MOST_DOUBLINGS = 8;
/**
 * Entering a region costs some 20 ns, and compiling a large one a few ms here and ten times that in the engine's own threads: what
 * is entered less often than this is not worth it.
 */
const ENTRIES_UNTIL_LARGE = 800_000;
const LONGER = 8;
const DEFAULTS: RegionOptions = { batch: 512, limits: LIMITS, large: LARGE, patient: true, entriesUntilLarge: ENTRIES_UNTIL_LARGE };
/** Everything that runs is compiled, with every way that was taken: see `AcceleratorOptions.eager`. */
const EAGER: Omit<RegionOptions, 'batch'> = { limits: { ...LIMITS, entries: 1 }, large: { ...LARGE, entries: 1 }, patient: false, entriesUntilLarge: 50 };

/** Hot blocks in a module: no need to wait for more. */
const ENOUGH = 128;

/** A hot block, and, if that could not wait, what to compile for it. */
interface Offer {
  readonly block: CodeBlock;
  readonly graph: RegionGraph | undefined;
}

export class WasmRegionCompiler implements RegionCompiler {
  private queue: Offer[] = [];
  /** What is being compiled, in steps of about half a millisecond. */
  private job: Iterator<void> | undefined;
  /**
   * Pages of linear memory whose code is overwritten time and again: how often regions there were dropped, and how many offers to
   * decline before the next one. Compiling takes a thousand times longer than interpreting a block.
   */
  private readonly restless = new Map<number, { drops: number; patience: number }>();
  private readonly targets: TargetProfile;
  /** Ways from block to block in each region. */
  private readonly edgeCounts = new WeakMap<Region, number>();
  /** For logs and tests. */
  readonly statistics = { modules: 0, regions: 0, blocks: 0, bytes: 0, milliseconds: 0 };

  private readonly options: RegionOptions;
  private readonly bridge: Bridge;

  constructor(
    private readonly host: RegionHost,
    options: Partial<RegionOptions> = {},
    private readonly isEager?: (block: CodeBlock) => boolean,
  ) {
    this.options = { ...DEFAULTS, ...options };
    this.targets = new TargetProfile(host);
    this.bridge = buildBridge(host);
  }

  private optionsFor(block: CodeBlock): typeof EAGER {
    return this.isEager?.(block) ? EAGER : this.options;
  }

  offer(block: CodeBlock): void {
    if (this.isTooSoon(block)) return this.host.postpone(block);
    // A relocatable block's neighbours are found in the address space that it runs in now.
    this.queue.push({ block, graph: block.relocatable ? this.select(block) : undefined });
    if (this.queue.length >= this.options.batch) this.compile();
  }

  get isBusy(): boolean {
    return this.job !== undefined || this.queue.length >= ENOUGH;
  }

  compile(untilMs = Number.POSITIVE_INFINITY): void {
    const start = performance.now();
    while (this.job !== undefined || this.queue.length > 0) {
      this.job ??= this.steps();
      if (this.job.next().done) this.job = undefined;
      if (performance.now() >= untilMs) break;
    }
    this.statistics.milliseconds += performance.now() - start;
  }

  private *steps(): Generator<void> {
    const { queue } = this;
    this.queue = [];
    const graphs: RegionGraph[] = [];
    const covered = new Set<CodeBlock>();
    for (const offer of queue) {
      const graph = this.choose(offer, covered);
      if (graph === undefined) continue;
      graphs.push(graph);
      for (const { block } of graph.blocks) covered.add(block);
      yield;
    }
    if (graphs.length > 0) yield* this.compileModule(graphs);
  }

  private choose({ block, graph: chosen }: Offer, covered: ReadonlySet<CodeBlock>): RegionGraph | undefined {
    // The interpreter checks the second page of a block that spans two; regions are entered without.
    if (!block.valid || block.linear2 !== 0) return undefined;
    // The blocks of a loop become hot together. One region is enough, unless they go on to be entered from elsewhere.
    if (covered.has(block)) {
      this.host.postpone(block);
      return undefined;
    }
    const graph = block.relocatable ? chosen : this.select(block);
    return graph && isValid(graph) ? graph : undefined;
  }

  /** What to compile for a block that became hot, or for one whose region is entered very often; if that is any better. */
  private select(block: CodeBlock): RegionGraph | undefined {
    const { host, targets } = this;
    const options = this.optionsFor(block);
    const { region } = block;
    if (!region) return selectRegion(host, targets, block, options.limits, false);
    const graph = selectRegion(host, targets, block, options.large, true);
    region.entriesUntilOffered *= LONGER;
    host.postpone(block);
    return graph && graph.edgeCount > (this.edgeCounts.get(region) ?? 0) ? graph : undefined;
  }

  dropped({ entry }: Region): void {
    const page = pageNumber(entry);
    const drops = (this.restless.get(page)?.drops ?? 0) + 1;
    this.restless.set(page, { drops, patience: 2 ** Math.min(drops, MOST_DOUBLINGS) - 1 });
  }

  reset(): void {
    this.queue = [];
    this.job = undefined;
    this.restless.clear();
  }

  /** Whether the block is on a page whose regions were dropped before, and has not been hot often enough since. */
  private isTooSoon(block: CodeBlock): boolean {
    if (!this.optionsFor(block).patient) return false;
    const page = this.restless.get(pageNumber(block));
    return page !== undefined && page.patience-- > 0;
  }

  private *compileModule(graphs: readonly RegionGraph[]): Generator<void> {
    const { host, statistics } = this;
    const helpers = new Set<Helper>(graphs.flatMap((graph) => graph.blocks.flatMap(({ ir }) => ir.helpers)));
    const builder = new ModuleBuilder();
    const imports = new RegionImports(builder, helpers, isShared(host.memory));
    for (const [i, graph] of graphs.entries()) {
      const { body } = builder.function(REGION_PARAMS, REGION_RESULTS, String(i));
      new RegionEmitter(body, graph, imports, host).emit();
      yield;
    }
    const bytes = builder.finish();
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), importValues(host, this.bridge, helpers));
    for (const [i, graph] of graphs.entries()) this.install(graph, exports[i] as CallableFunction);
    statistics.modules++;
    statistics.bytes += bytes.length;
  }

  private install(graph: RegionGraph, compiled: CallableFunction): void {
    // The guest ran between the steps, and may have overwritten the code.
    if (!isValid(graph)) return;
    const { host, statistics } = this;
    const slot = host.allocateSlot();
    const blocks = graph.blocks.map(({ block }) => block);
    const entry = blocks[0]!;
    const region = { entry, blocks, slot, entriesUntilOffered: entry.region?.entriesUntilOffered ?? this.optionsFor(entry).entriesUntilLarge };
    this.edgeCounts.set(region, graph.edgeCount);
    host.table.set(slot, compiled as never);
    host.install(region);
    statistics.regions++;
    statistics.blocks += blocks.length;
  }
}

function isValid(graph: RegionGraph): boolean {
  return graph.blocks.every(({ block }) => block.valid);
}

function pageNumber(block: CodeBlock): number {
  return Math.floor(block.linear / PAGE_SIZE);
}
