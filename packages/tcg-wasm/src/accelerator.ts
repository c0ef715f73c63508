/** The accelerator: owns linear memory below POOL_START, the code cache and the loop that runs vCPUs. */
import { POOL_START } from '@nandu/core';
import { CODE_CHANGED, CODE_PAGE, DATA_START, Env, type Target, type TargetCpu } from '@nandu/tcg';
import type { Subscription } from 'rxjs';
import type { Block } from './block.js';
import { BlockTable, COLD } from './block-table.js';
import { CodeWatch } from './code-watch.js';
import * as M from './memory-map.js';
import { type EnvHead, instantiate, type Modules } from './modules.js';
import { OpCounts } from './op-counts.js';
import { type AcceleratorOptions, type AcceleratorSetup, type Counters, newCounters } from './options.js';
import { PhysicalBridge } from './physical-bridge.js';
import type { Region, RegionCompiler, RegionHost } from './region-compiler.js';
import { RegionSlots } from './region-slots.js';
import { MOST_INSTRUCTIONS } from './regions/bridge.js';
import { WasmRegionCompiler } from './regions/compiler.js';
import { Rewrites } from './rewrites.js';
import { successorOf } from './successor.js';
import { ENV_LINK_SITE, EXIT_ALONE, EXIT_HOT, EXIT_LINK } from './tier0/exits.js';
import { linearOf, offsetInPage, Translator } from './translator.js';
import { jsHelper, Vcpu } from './vcpu.js';

const PAGE_SIZE = 4096;
const DEFAULT_THRESHOLD = 2000;
const DEFAULT_MAX_INSTRUCTIONS = 128;
/**
 * Hot blocks wait this long for others: a module has its price (0.1 to 0.5 ms) whatever is in it, and code of one module lies together, which
 * the processor's caches of instructions and translations notice where much kernel code runs. They are compiled for so long at a time:
 * timers that are due meanwhile wait.
 */
const PACE = { everyMs: 100, stepMs: 1 };
const EAGER_THRESHOLD = 2;
const EAGER_PACE = { everyMs: 40, stepMs: Number.POSITIVE_INFINITY };

export class TcgAccelerator {
  readonly counters: Counters = newCounters();
  /** With the option `opcount`. */
  readonly opCounts: OpCounts | undefined;
  readonly memory: WebAssembly.Memory;
  readonly target: Target;
  readonly #modules: Modules;
  readonly #slots: RegionSlots;
  readonly #table: BlockTable;
  readonly #translator: Translator;
  readonly #rewrites = new Rewrites();
  readonly #watch: CodeWatch;
  readonly #regions: RegionCompiler | undefined;
  readonly #vcpus: Vcpu[] = [];
  readonly #envs: number[] = [];
  readonly #subscription: Subscription;
  readonly #maxInstructions: number;
  readonly #wholeBlocks: boolean;
  readonly #pace: typeof PACE;
  #compiledMs = 0;

  constructor({ memory, physical, target, options = {} }: AcceleratorSetup) {
    if (DATA_START + target.dataBytes > M.DATA_END) throw new Error(`${target.name}: ${target.dataBytes} bytes of static data are too many`);
    if (memory.buffer.byteLength < POOL_START) throw new Error(`linear memory of ${memory.buffer.byteLength} bytes is too small`);
    this.memory = memory;
    this.target = target;
    this.#maxInstructions = options.maxInstructions ?? DEFAULT_MAX_INSTRUCTIONS;
    this.#wholeBlocks = options.wholeBlocks ?? false;
    this.#pace = options.eager ? EAGER_PACE : PACE;
    const bridge = new PhysicalBridge(physical);
    const host = { ...bridge.imports, code_written: (linear: number, size: number, env: number) => this.#watch.codeWritten(linear >>> 0, size, env) };
    this.#modules = instantiate(memory, target, host, (helper) => jsHelper(target, helper, (env) => this.#vcpuOf(env)));
    this.#table = new BlockTable(
      memory,
      this.#envs,
      (page) => this.#envs.forEach((env) => this.#modules.mmu.tlb_protect(env, page)),
      (region) => this.#regionDropped(region),
    );
    this.opCounts = options.opcount ? new OpCounts() : undefined;
    const tiered = options.tier !== 'interpreter';
    const { threshold = DEFAULT_THRESHOLD, eager, cold } = options;
    this.#table.heatOf = (block) => (!tiered || cold?.(block) ? COLD : eager?.(block) ? EAGER_THRESHOLD : threshold);
    this.#translator = new Translator({
      memory,
      target,
      physical,
      bridge,
      modules: this.#modules,
      table: this.#table,
      rewrites: this.#rewrites,
      arenaEnd: options.arenaEnd ?? M.ARENA_END,
      opCounts: this.opCounts,
    });
    this.#watch = new CodeWatch({
      memory,
      table: this.#table,
      rewrites: this.#rewrites,
      bridge,
      mmu: this.#modules.mmu,
      counters: this.counters,
      vcpus: this.#vcpus,
    });
    this.#slots = new RegionSlots(this.#modules.table);
    this.#regions = tiered ? this.#regionCompiler(options) : undefined;
    this.#subscription = physical.changes$.subscribe(() => this.#watch.mapChanged());
    this.#subscription.add(physical.written$.subscribe(({ address, length }) => this.#watch.physicalWritten(address, length)));
  }

  /** The target's own WebAssembly exports, for the target's CPU class (to call its helpers from TypeScript). */
  get targetExports(): Readonly<Record<string, unknown>> {
    return this.#modules.target;
  }

  dispose(): void {
    this.#regions?.dispose?.();
    this.#subscription.unsubscribe();
  }

  /** Makes a vCPU block, all zeros; returns its address. */
  createCpu(index: number): number {
    if (index >= M.MAX_VCPUS) throw new Error(`at most ${M.MAX_VCPUS} vCPUs`);
    const env = M.VCPU_START + index * Env.ENV_SIZE;
    new Uint8Array(this.memory.buffer, env, Env.ENV_SIZE).fill(0);
    this.#modules.mmu.tlb_reset(env);
    const vcpu = new Vcpu(this.memory, env);
    vcpu.head.set(Env.ENV_CPU_INDEX, index);
    this.#vcpus[index] = vcpu;
    if (!this.#envs.includes(env)) this.#envs.push(env);
    this.#table.clearJumpCache(env);
    return env;
  }

  /** Gives a vCPU block its CPU: from now on it can run. */
  attach(cpu: TargetCpu): void {
    this.#vcpuOf(cpu.env).attach(cpu);
  }

  /** Asks `run` of this vCPU to return soon (at once if it is not running). */
  requestExit(cpu: TargetCpu): void {
    const vcpu = this.#vcpuOf(cpu.env);
    vcpu.exitRequested = true;
    vcpu.head.set(Env.ENV_EXIT_REQUEST, 1);
  }

  /** Guest instructions that a vCPU has executed so far; exact between blocks, and per block within them. */
  instructionsExecuted(cpu: TargetCpu): number {
    const { head } = this.#vcpuOf(cpu.env);
    return head.getLong(Env.ENV_RETIRED) - head.get(Env.ENV_BUDGET);
  }

  /** Drops all TLB entries of a vCPU. */
  flushTlb(cpu: TargetCpu): void {
    this.#modules.mmu.tlb_flush(cpu.env, 0);
  }

  /** Whether translated code was made from some byte of a range of linear memory. Address and length are multiples of a page. */
  holdsCode(linear: number, length: number): boolean {
    return this.#table.pages.holdsCode(linear, length);
  }

  /** Drops all translated code. */
  flushCode(): void {
    this.counters.flushes++;
    this.#table.clear();
    this.#rewrites.clear();
    this.#regions?.reset();
    this.#translator.reset();
  }

  /**
   * Runs a vCPU for exactly `maxInstructions`, at most MOST_INSTRUCTIONS (with `wholeBlocks`: up to a block less), or until it halts, yields, is asked to
   * stop, or its target has something to do; past `untilMs` (`performance.now()`), only until something is to be translated or linked,
   * though never before it has executed anything. Returns one of EXIT_*.
   */
  run(cpu: TargetCpu, maxInstructions: number, untilMs = Number.POSITIVE_INFINITY): number {
    const most = Math.min(maxInstructions, MOST_INSTRUCTIONS);
    const vcpu = this.#vcpuOf(cpu.env);
    const { head } = vcpu;
    this.counters.slices++;
    head.setLong(Env.ENV_RETIRED, head.getLong(Env.ENV_RETIRED) - head.get(Env.ENV_BUDGET) + most);
    head.set(Env.ENV_BUDGET, most);
    this.#watch.running = vcpu;
    try {
      return this.#loop(vcpu, cpu, most, untilMs);
    } finally {
      this.#watch.running = undefined;
      this.#compile();
    }
  }

  #loop(vcpu: Vcpu, cpu: TargetCpu, maxInstructions: number, untilMs: number): number {
    const { env, head } = vcpu;
    const { run } = this.#modules;
    if (vcpu.exitRequested) return this.#takeExitRequest(vcpu);
    head.set(Env.ENV_EXIT_REQUEST, 0);
    head.set(Env.ENV_CODE_CHANGED, 0);
    if (!cpu.prepareToRun()) return Env.EXIT_HALTED;
    const isOver = (): boolean => head.get(Env.ENV_BUDGET) < maxInstructions && performance.now() >= untilMs;
    for (let next = 0; ; ) {
      head.set(Env.ENV_EXIT_REASON, 0);
      run(env, next);
      this.#table.unguard();
      next = 0;
      const reason = head.get(Env.ENV_EXIT_REASON);
      switch (reason) {
        case Env.EXIT_MISS:
          if (isOver()) return Env.EXIT_REQUESTED;
          this.counters.misses++;
          next = this.#enter(vcpu)?.address ?? 0;
          break;
        case EXIT_LINK: {
          if (isOver()) return Env.EXIT_REQUESTED;
          this.counters.links++;
          const site = head.get(ENV_LINK_SITE);
          const flushes = this.counters.flushes;
          const block = this.#enter(vcpu);
          // The block that jumps may have gone meanwhile, with the whole arena.
          if (block !== undefined && block.index >= 0 && flushes === this.counters.flushes && this.#table.isUnlinked(site)) this.#table.link(site, block);
          next = block?.address ?? 0;
          break;
        }
        case EXIT_HOT:
          this.#offer(vcpu);
          break;
        case EXIT_ALONE:
          head.set(M.ENV_ALONE, 0);
          next = this.#enterAlone(vcpu, 1)?.address ?? 0;
          break;
        case Env.EXIT_BUDGET: {
          const left = head.get(Env.ENV_BUDGET);
          if (left <= 0 || (this.#wholeBlocks && left < maxInstructions)) return reason;
          next = this.#enterLast(vcpu, left)?.address ?? 0;
          break;
        }
        case Env.EXIT_REQUESTED:
          head.set(Env.ENV_CODE_CHANGED, 0);
          if (vcpu.exitRequested) return this.#takeExitRequest(vcpu);
          head.set(Env.ENV_EXIT_REQUEST, 0);
          if (!cpu.prepareToRun()) return Env.EXIT_HALTED;
          break;
        default:
          if (reason >= Env.EXIT_TARGET) {
            head.set(Env.ENV_EXIT_REQUEST, 0);
            cpu.handleExit(reason);
          }
          return reason;
      }
      // The interpreter delivers faults of its own lookups; these were raised by a translation.
      if (next === 0 && head.get(Env.ENV_FAULT) !== 0) {
        head.set(Env.ENV_EXIT_REASON, 0);
        this.#modules.target.fault(env);
        const fatal = head.get(Env.ENV_EXIT_REASON);
        if (fatal >= Env.EXIT_TARGET) {
          head.set(Env.ENV_EXIT_REQUEST, 0);
          cpu.handleExit(fatal);
          return fatal;
        }
      }
    }
  }

  #takeExitRequest(vcpu: Vcpu): number {
    vcpu.exitRequested = false;
    vcpu.head.set(Env.ENV_EXIT_REQUEST, 0);
    return Env.EXIT_REQUESTED;
  }

  /** The block at pc, translated if need be; undefined if it cannot be fetched (the fault is raised). */
  #enter({ head }: Vcpu): Block | undefined {
    const flags = head.get(Env.ENV_BLOCK_FLAGS);
    const codeBase = head.get(Env.ENV_CODE_BASE);
    const pc = head.pc;
    const virtual = linearOf(pc, codeBase);
    const mmu = this.#translator.fetchMmu(flags);
    const page = this.#translator.codePage(head, virtual, mmu);
    if (page === undefined) return undefined;
    if (page.linear !== 0) {
      const linear = page.linear + offsetInPage(virtual);
      const known = this.#table.find(linear, pc, flags, codeBase);
      if (known !== undefined) {
        if (known.linear2 === 0) return arriveAt(known, head);
        const second = this.#translator.codePage(head, virtual - offsetInPage(virtual) + PAGE_SIZE, mmu);
        if (second === undefined) return undefined;
        if (second.linear === known.linear2) return arriveAt(known, head);
        this.#watch.invalidate(known);
      } else if (this.#translator.isRelocatable(flags, codeBase)) {
        this.#table.meet(linear, flags, (block) => this.#watch.invalidate(block));
      }
    }
    if (!this.#translator.hasRoom()) this.flushCode();
    const block = this.#translator.translate(head, page, mmu, this.#maxInstructions, false);
    if (block !== undefined) {
      this.counters.blocksTranslated++;
      this.counters.instructionsTranslated += block.instructionCount;
    }
    return block && arriveAt(block, head);
  }

  /** A block of at most `instructions` from pc that nobody else enters. */
  #enterAlone({ head }: Vcpu, instructions: number): Block | undefined {
    const mmu = this.#translator.fetchMmu(head.get(Env.ENV_BLOCK_FLAGS));
    const page = this.#translator.codePage(head, linearOf(head.pc, head.get(Env.ENV_CODE_BASE)), mmu);
    if (page === undefined) return undefined;
    if (!this.#translator.hasRoom()) this.flushCode();
    this.counters.alone++;
    const block = this.#translator.translate(head, page, mmu, Math.min(instructions, this.#maxInstructions), true);
    return block && arriveAt(block, head);
  }

  /** The last instructions of a slice. They may overwrite each other. */
  #enterLast(vcpu: Vcpu, instructions: number): Block | undefined {
    const block = this.#enterAlone(vcpu, instructions);
    if (block !== undefined && block.instructionCount > 1 && block.linear !== 0) this.#table.guard(block);
    return block;
  }

  // ---- vCPUs ----

  #vcpuOf(env: number): Vcpu {
    const vcpu = this.#vcpus[(env - M.VCPU_START) / Env.ENV_SIZE];
    if (vcpu === undefined) throw new Error(`no vCPU at ${env}`);
    return vcpu;
  }

  // ---- tier 1 ----

  #offer(vcpu: Vcpu): void {
    const block = this.#enter(vcpu);
    if (block === undefined || this.#regions === undefined) return;
    block.timesHot++;
    this.#regions.offer(block);
  }

  #compile(): void {
    if (this.#regions === undefined) return;
    this.#regions.collect?.();
    const now = performance.now();
    if (!this.#regions.isBusy && now - this.#compiledMs < this.#pace.everyMs) return;
    this.#compiledMs = now;
    this.#regions.compile(now + this.#pace.stepMs);
  }

  #regionDropped(region: Region): void {
    this.counters.regionsDropped++;
    this.#slots.release(region.slot);
    this.#regions?.dropped(region);
  }

  #regionCompiler({ regions, eager, moduleMaker }: AcceleratorOptions): RegionCompiler {
    const host = this.#regionHost();
    return regions?.(host) ?? new WasmRegionCompiler(host, {}, eager, eager ? undefined : moduleMaker);
  }

  #regionHost(): RegionHost {
    const { mmu } = this.#modules;
    return {
      memory: this.memory,
      table: this.#modules.table,
      helpers: this.target.helpers,
      globals: new Map([...this.target.globals, CODE_CHANGED, CODE_PAGE].map((g) => [g.offset, g])),
      engine: mmu,
      helper: (helper) => this.#modules.helpers[helper.name]!,
      ir: (block, pc) => (block.valid ? this.#translator.retranslate(block as Block, pc) : undefined),
      successor: (from, pc) => successorOf(this.#table, this.#translator, this.#envs, from, pc),
      entries: (block) => this.#table.entries(block),
      lookupTargets: (block) => this.#table.lookupTargets(block),
      targetRow: (block) => this.#table.targetRow(block),
      postpone: (block) => this.#table.reheat(block),
      allocateSlot: () => this.#slots.allocate(),
      install: (region) => {
        this.counters.regionsInstalled++;
        const before = region.entry.region;
        this.#table.installRegion(region);
        if (before !== undefined) this.#slots.release(before.slot);
      },
    };
  }
}

/** The block that runs next, for `pc`. */
function arriveAt(block: Block, head: EnvHead): Block {
  block.home = head.pc - block.pc;
  head.setLong(Env.ENV_CODE_PAGE, block.home);
  return block;
}
