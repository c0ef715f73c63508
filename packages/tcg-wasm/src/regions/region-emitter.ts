/** Writes a region's function: entry, blocks in structured control flow, and its one exit. */
import { Code, Env, type Exit, type Global, type Helper, type IrBlock } from '@nandu/tcg';
import { BLOCK_REGION_HEAT } from '../memory-map.js';
import { EXIT_HOT } from '../tier0/exits.js';
import type { CodeWriter, Label } from '../wasm/code-writer.js';
import * as I from '../wasm/instructions.js';
import { BlockEmitter, type BlockSurroundings } from './block-emitter.js';
import { emitRequest } from './bridge.js';
import { GlobalUse } from './global-use.js';
import { GuestAccess, type Restart } from './guest-access.js';
import type { RegionImports } from './imports.js';
import { PageCache } from './page-cache.js';
import { emitIsUnmapped } from './page-guard.js';
import { emitPcSwitch, emitTargetPlace } from './pc-switch.js';
import { pageOf } from './place.js';
import type { QuickCall } from './quick-call.js';
import { RegionExits } from './region-exits.js';
import { ENV, RegionGlobals } from './region-globals.js';
import { endsInLookup, type RegionBlock, type RegionGraph } from './region-graph.js';
import { type Flow, structure } from './structure.js';
import { Temporaries } from './temporaries.js';

export class RegionEmitter {
  private readonly globals: RegionGlobals;
  private readonly temporaries: Temporaries;
  private readonly pages: PageCache;
  private readonly exits: RegionExits;
  private readonly access: GuestAccess;
  /** i32: the node that dispatchers of irreducible loops go to. */
  private readonly selector: number;
  /** Common cases of helpers, by block and op. */
  private readonly quickCalls: ReadonlyMap<IrBlock, RegionBlock['quickCalls']>;
  private flow!: Flow;
  /** Whether the region is made for any address. */
  private readonly relocatable: boolean;

  constructor(
    private readonly w: CodeWriter,
    private readonly graph: RegionGraph,
    private readonly imports: RegionImports,
    globals: ReadonlyMap<number, Global>,
  ) {
    this.relocatable = graph.blocks[0]!.block.relocatable;
    this.selector = w.local('i32');
    this.quickCalls = new Map(graph.blocks.map(({ ir, quickCalls }) => [ir, quickCalls]));
    this.globals = new RegionGlobals(w, new GlobalUse(graph, (ir, op) => this.quickOf(ir, op)), globals);
    this.temporaries = new Temporaries(w);
    this.pages = new PageCache(graph.blocks, graph.inLoops);
    this.exits = new RegionExits(w, this.globals, imports, this.home);
    this.access = new GuestAccess(w, this.exits, this.pages, imports);
  }

  emit(): void {
    const { w, exits } = this;
    exits.begin();
    this.emitEntry(this.graph.blocks[0]!);
    const labelled = new Set([...this.graph.dispatches.values()].flat().map((to) => to));
    for (const [dispatcher, targets] of this.graph.dispatches) for (const to of targets) labelled.add(this.graph.firstStep(dispatcher, to));
    for (const block of this.graph.blocks) for (const to of this.labelledTargets(block)) labelled.add(this.graph.firstStep(block.node, to.node));
    structure(w, this.graph.flow, labelled, {
      node: (node, flow) => {
        this.flow = flow;
        const block = this.graph.blocks[node];
        if (block) this.emitBlock(block);
        else this.emitDispatcher(node);
      },
    });
    exits.finish();
  }

  private emitEntry(entry: RegionBlock): void {
    const { w, exits } = this;
    if (this.relocatable) {
      w.get(ENV);
      w.memory(I.I64_LOAD, Env.ENV_PC);
      w.i64(entry.pc);
      w.op(I.I64_SUB);
      w.set(this.globals.codePage);
    }
    w.get(ENV);
    w.i32(entry.block.address);
    w.memory(I.I32_STORE, Env.ENV_BLOCK);
    w.get(ENV);
    w.memory(I.I32_LOAD, Env.ENV_BUDGET);
    w.set(exits.budget);
    this.emitForgetPages();
    this.globals.emitLoadAll();
    w.get(ENV);
    w.memory(I.I32_LOAD, Env.ENV_EXIT_REQUEST);
    exits.stopIf(entry.pc, 0);
    this.emitCountdown(entry);
  }

  /** Once the region was entered often enough, its entry block is offered to be compiled again. */
  private emitCountdown({ block: { address }, pc }: RegionBlock): void {
    const { w } = this;
    const left = w.scratch('i32', 9);
    w.i32(address);
    w.i32(address);
    w.memory(I.I32_LOAD, BLOCK_REGION_HEAT);
    w.i32(1);
    w.op(I.I32_SUB);
    w.tee(left);
    w.memory(I.I32_STORE, BLOCK_REGION_HEAT);
    w.get(left);
    w.op(I.I32_EQZ);
    w.likely(false);
    w.if();
    this.exits.setPc(pc);
    this.exits.toMainLoop(EXIT_HOT);
    w.end();
  }

  private emitForgetPages(): void {
    for (const { page } of this.pages.all) {
      this.w.get(ENV);
      this.w.i64(Env.TLB_INVALID);
      this.w.memory(I.I64_STORE, page);
    }
  }

  private emitBlock(place: RegionBlock): void {
    const { w, exits } = this;
    const { block, ir, pc, lookupTargets } = place;
    const restart = (instruction: number): Restart => ({ pc: ir.pcs[instruction]!, count: block.instructionCount - instruction });
    this.globals.startBlock(place.node);
    if (block.linear2 !== 0) {
      emitIsUnmapped(w, place, true, this.home);
      exits.toInterpreterIf(pc);
    }
    exits.addToBudget(-block.instructionCount);
    w.get(exits.budget);
    w.i32(0);
    w.op(I.I32_LT_S);
    exits.stopIf(pc, block.instructionCount);
    const around: BlockSurroundings = {
      load: (of, op, address, result, instruction) => this.access.load(of, op, address, result, restart(instruction)),
      store: (of, op, address, value, instruction) => this.access.store(of, op, address, value, restart(instruction)),
      call: (helper, instruction, ...call) => this.emitCall(helper, restart(instruction), ...call),
      exitIf: (exit, instruction) => {
        w.if();
        exits.addToBudget(block.instructionCount - instruction - 1);
        this.follow(place, exit, true);
        w.end();
      },
      end: (exit) => {
        if (exit.kind === 'lookup' && endsInLookup(ir)) this.emitLookup(place, lookupTargets);
        this.follow(place, exit, false);
      },
      quick: (of, op) => this.quickOf(of, op),
      branch: (taken, otherwise) => {
        w.if();
        this.follow(place, taken, false);
        w.else();
        this.follow(place, otherwise, false);
        w.end();
      },
    };
    new BlockEmitter(w, ir, this.globals, this.temporaries, around).emit();
  }

  /** Goes on at one of the blocks if pc is theirs; else that is noted, for the next time that this code is compiled. */
  private emitLookup(from: RegionBlock, targets: readonly RegionBlock[]): void {
    const { w } = this;
    const pc = this.relativePc();
    emitPcSwitch(
      w,
      pc,
      targets.map((target) => target.pc),
      (target) => this.goOn(from, targets[target]!, true),
    );
    emitTargetPlace(w, pc, from.targetRow);
    w.get(pc);
    if (from.pc !== from.block.pc) {
      // Noted as the block's own addresses are.
      w.i64(from.block.pc - from.pc);
      w.op(I.I64_ADD);
    }
    w.memory(I.I64_STORE, 0);
  }

  /** The local with pc, from where the region's addresses begin. */
  private relativePc(): number {
    if (!this.relocatable) return this.globals.pc;
    const { w } = this;
    const relative = w.scratch('i64', 10);
    w.get(this.globals.pc);
    w.get(this.globals.codePage);
    w.op(I.I64_SUB);
    w.set(relative);
    return relative;
  }

  /** Targets that are reached by a branch within code, for which a label is needed. */
  private labelledTargets({ ir, lookupTargets }: RegionBlock): RegionBlock[] {
    const sideExits = ir.exits.map((exit) => this.graph.target(exit)).filter((target, i) => target !== undefined && isSideExit(ir, i));
    return [...(sideExits as RegionBlock[]), ...lookupTargets];
  }

  private follow(from: RegionBlock, exit: Exit, inside: boolean): void {
    const target = this.graph.target(exit);
    if (target) return this.goOn(from, target, inside);
    if (exit.kind === 'goto') this.exits.toDispatchAt(exit.pc);
    else if (exit.kind === 'leave') this.exits.toMainLoop(exit.reason);
    else this.exits.toDispatch();
  }

  private goOn(from: RegionBlock, target: RegionBlock, inside: boolean): void {
    const { w } = this;
    const { node } = from;
    if (pageOf(from) !== pageOf(target)) {
      emitIsUnmapped(w, target, false, this.home);
      this.exits.toInterpreterIf(target.pc);
    }
    const next = this.graph.firstStep(node, target.node);
    if (next !== target.node) {
      w.i32(target.node);
      w.set(this.selector);
    }
    if (inside) w.br(this.flow.label(node, next));
    else this.flow.edge(node, next);
  }

  private quickOf(ir: IrBlock, op: number): QuickCall | undefined {
    return this.quickCalls.get(ir)?.get(op);
  }

  /** The local with the page that the region's addresses begin at, unless they begin at 0. */
  private get home(): number | undefined {
    return this.relocatable ? this.globals.codePage : undefined;
  }

  private emitDispatcher(node: number): void {
    const { w } = this;
    const labels: Label[] = [];
    const targets = this.graph.dispatches.get(node)!;
    for (const target of targets) labels[target] = this.flow.label(node, this.graph.firstStep(node, target));
    const otherwise = labels[targets[0]!]!;
    w.get(this.selector);
    w.brTable(
      Array.from(labels, (label) => label ?? otherwise),
      otherwise,
    );
  }

  private emitCall(helper: Helper, restart: Restart, pushArguments: () => void, popResult: () => void): void {
    const { w, exits, globals } = this;
    globals.emitStoreFor(helper);
    const mayLook = helper.mayFault || helper.reads === 'all' || helper.where === 'js';
    if (mayLook) {
      w.get(ENV);
      exits.pushPc(restart.pc);
      w.memory(I.I64_STORE, Env.ENV_PC);
      exits.storeBudget();
    }
    w.get(ENV);
    pushArguments();
    w.call(this.imports.helper(helper));
    popResult();
    globals.emitLoadFor(helper);
    if (mayLook) {
      // It may have counted instructions of its own: the iterations of a repeated one.
      w.get(ENV);
      w.memory(I.I32_LOAD, Env.ENV_BUDGET);
      emitRequest(w);
      w.op(I.I32_ADD);
      w.set(exits.budget);
    }
    // It may have changed the mapping.
    if (helper.writes === 'all') this.emitForgetPages();
    if (helper.mayFault) {
      w.get(ENV);
      w.memory(I.I32_LOAD, Env.ENV_FAULT);
      exits.toInterpreterIf(restart.pc, restart.count);
    }
  }
}

function isSideExit(ir: IrBlock, exit: number): boolean {
  for (let i = 0; i < ir.count; i++) if (ir.op[i] === Code.OP_EXIT_IF && ir.b[i] === exit) return true;
  return false;
}
