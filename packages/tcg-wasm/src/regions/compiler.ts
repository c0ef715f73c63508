/** Tier 1: compiles regions around hot blocks, several in a module. */
import type { CodeBlock, Region, RegionCompiler, RegionHost } from '../region-compiler.js';
import { buildBridge, isShared } from './bridge.js';
import { importValues } from './imports.js';
import { LocalModuleMaker, type ModuleMaker, type ModuleMakerFactory } from './module-maker.js';
import { PAGE_SIZE } from './place.js';
import { PlanWriter } from './region-plan.js';
import { LARGE, LIMITS, type Limits, type Selection, selectRegion } from './select.js';
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
  readonly selection: Selection | undefined;
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
  private readonly imports: WebAssembly.Imports;
  private readonly writer: PlanWriter;
  private readonly maker: ModuleMaker;

  constructor(
    private readonly host: RegionHost,
    options: Partial<RegionOptions> = {},
    private readonly isEager?: (block: CodeBlock) => boolean,
    maker: ModuleMakerFactory = (context) => new LocalModuleMaker(context),
  ) {
    this.options = { ...DEFAULTS, ...options };
    this.targets = new TargetProfile(host);
    this.imports = importValues(host, buildBridge(host));
    this.writer = new PlanWriter(host);
    this.maker = maker({ globals: host.globals, helpers: host.helpers, shared: isShared(host.memory) });
  }

  private optionsFor(block: CodeBlock): typeof EAGER {
    return this.isEager?.(block) ? EAGER : this.options;
  }

  offer(block: CodeBlock): void {
    if (this.isTooSoon(block)) return this.host.postpone(block);
    // A relocatable block's neighbours are found in the address space that it runs in now.
    this.queue.push({ block, selection: block.relocatable ? this.select(block) : undefined });
    if (this.queue.length >= this.options.batch) this.compile();
  }

  get isBusy(): boolean {
    return this.job !== undefined || (this.queue.length >= ENOUGH && this.maker.pending === 0);
  }

  collect(): void {
    if (this.maker.pending > 0) this.maker.poll();
  }

  compile(untilMs = Number.POSITIVE_INFINITY): void {
    const start = performance.now();
    // What queues up while another thread is at work goes into one module.
    while (this.job !== undefined || (this.queue.length > 0 && this.maker.pending === 0)) {
      this.job ??= this.steps();
      if (this.job.next().done) this.job = undefined;
      if (performance.now() >= untilMs) break;
    }
    this.statistics.milliseconds += performance.now() - start;
  }

  private *steps(): Generator<void> {
    const { queue } = this;
    this.queue = [];
    const selections: Selection[] = [];
    const covered = new Set<CodeBlock>();
    for (const offer of queue) {
      const selection = this.choose(offer, covered);
      if (selection === undefined) continue;
      selections.push(selection);
      for (const block of selection.blocks) covered.add(block);
      yield;
    }
    if (selections.length === 0) return;
    const plans = selections.map(({ plan }) => plan);
    yield* this.maker.make(plans, (module, bytes) => this.receive(selections, module, bytes));
  }

  private choose({ block, selection: chosen }: Offer, covered: ReadonlySet<CodeBlock>): Selection | undefined {
    // The interpreter checks the second page of a block that spans two; regions are entered without.
    if (!block.valid || block.linear2 !== 0) return undefined;
    // The blocks of a loop become hot together. One region is enough, unless they go on to be entered from elsewhere.
    if (covered.has(block)) {
      this.host.postpone(block);
      return undefined;
    }
    const selection = block.relocatable ? chosen : this.select(block);
    return selection && isValid(selection) ? selection : undefined;
  }

  /** What to compile for a block that became hot, or for one whose region is entered very often; if that is any better. */
  private select(block: CodeBlock): Selection | undefined {
    const { host, targets, writer } = this;
    const options = this.optionsFor(block);
    const { region } = block;
    if (!region) return selectRegion(host, targets, writer, block, options.limits, false);
    const selection = selectRegion(host, targets, writer, block, options.large, true);
    region.entriesUntilOffered *= LONGER;
    host.postpone(block);
    return selection && selection.edgeCount > (this.edgeCounts.get(region) ?? 0) ? selection : undefined;
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

  dispose(): void {
    this.maker.dispose();
  }

  /** Whether the block is on a page whose regions were dropped before, and has not been hot often enough since. */
  private isTooSoon(block: CodeBlock): boolean {
    if (!this.optionsFor(block).patient) return false;
    const page = this.restless.get(pageNumber(block));
    return page !== undefined && page.patience-- > 0;
  }

  private receive(selections: readonly Selection[], module: WebAssembly.Module, bytes: number): void {
    const { statistics } = this;
    const { exports } = new WebAssembly.Instance(module, this.imports);
    for (const [i, selection] of selections.entries()) this.install(selection, exports[i] as CallableFunction);
    statistics.modules++;
    statistics.bytes += bytes;
  }

  private install(selection: Selection, compiled: CallableFunction): void {
    // The guest ran meanwhile, and may have overwritten the code.
    if (!isValid(selection)) return;
    const { host, statistics } = this;
    const { blocks } = selection;
    const slot = host.allocateSlot();
    const entry = blocks[0]!;
    const region = { entry, blocks, slot, entriesUntilOffered: entry.region?.entriesUntilOffered ?? this.optionsFor(entry).entriesUntilLarge };
    this.edgeCounts.set(region, selection.edgeCount);
    host.table.set(slot, compiled as never);
    host.install(region);
    statistics.regions++;
    statistics.blocks += blocks.length;
  }
}

function isValid({ blocks }: Selection): boolean {
  return blocks.every(({ valid }) => valid);
}

function pageNumber(block: CodeBlock): number {
  return Math.floor(block.linear / PAGE_SIZE);
}
