/** Writes a region's function: entry, blocks in structured control flow, and its one exit. */
import { Code, Env, type Exit, type Helper, type IrBlock, VALUE_TYPES } from '@nandu/tcg';
import { BLOCK_REGION_HEAT } from '../memory-map.js';
import { type RegionHost, SLOW_RESULT } from '../region-compiler.js';
import { EXIT_HOT } from '../tier0/exits.js';
import type { CodeWriter, Label } from '../wasm/code-writer.js';
import * as I from '../wasm/instructions.js';
import { emitLoad, emitStore } from '../wasm/memory-emitters.js';
import { BlockEmitter, type BlockSurroundings } from './block-emitter.js';
import type { RegionImports } from './imports.js';
import { emitAccess } from './memory-access.js';
import { PageCache } from './page-cache.js';
import { emitIsUnmapped } from './page-guard.js';
import { emitPcSwitch, emitTargetPlace } from './pc-switch.js';
import { pageOf } from './place.js';
import { type QuickCall, quickCall } from './quick-call.js';
import { ENV, RegionGlobals } from './region-globals.js';
import { endsInLookup, type RegionBlock, type RegionGraph } from './region-graph.js';
import { type Flow, structure } from './structure.js';
import { Temporaries } from './temporaries.js';

/** How a region is left, in its local `way`. */
const TO_DISPATCH = 0;
const TO_INTERPRETER = 1;
const TO_MAIN_LOOP = 2;
/**
 * Taken from the local count of instructions left when an exit is requested in the middle of a block, so that the next block's
 * check of it leaves; put back at the exit.
 */
const EXIT_BIAS = 0x4000_0000;

export class RegionEmitter {
  private readonly globals: RegionGlobals;
  private readonly temporaries: Temporaries;
  private readonly pages: PageCache;
  /** i32: ENV_BUDGET - `bias` while the region runs. */
  private readonly budget: number;
  private readonly bias: number;
  private readonly way: number;
  /** i32: the node that dispatchers of irreducible loops go to. */
  private readonly selector: number;
  /** Common cases of helpers, by block and op. */
  private readonly quickCalls = new Map<IrBlock, Map<number, QuickCall>>();
  private exit: Label = 0;
  private stop: Label = 0;
  private flow!: Flow;
  /** Whether the region is made for any address. */
  private readonly relocatable: boolean;

  constructor(
    private readonly w: CodeWriter,
    private readonly graph: RegionGraph,
    private readonly imports: RegionImports,
    private readonly host: RegionHost,
  ) {
    this.relocatable = graph.blocks[0]!.block.relocatable;
    this.budget = w.local('i32');
    this.bias = w.local('i32');
    this.way = w.local('i32');
    this.selector = w.local('i32');
    for (const { ir } of graph.blocks) {
      for (let i = 0; i < ir.count; i++) {
        const quick = ir.op[i] === Code.OP_CALL ? quickCall(ir, i) : undefined;
        if (!quick) continue;
        if (!this.quickCalls.has(ir)) this.quickCalls.set(ir, new Map());
        this.quickCalls.get(ir)!.set(i, quick);
      }
    }
    const quickCalls = [...this.quickCalls.values()].flatMap((calls) => [...calls.values()]);
    this.globals = new RegionGlobals(
      w,
      graph.blocks.map(({ ir }) => ir),
      quickCalls,
      host.globals,
    );
    this.temporaries = new Temporaries(w);
    this.pages = new PageCache(graph.blocks, graph.inLoops);
  }

  emit(): void {
    const { w } = this;
    const entry = this.graph.blocks[0]!;
    this.exit = w.block();
    this.stop = w.block();
    this.emitEntry(entry);
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
    w.end();
    this.emitStop();
    w.end();
    this.emitExit();
  }

  private emitEntry(entry: RegionBlock): void {
    const { w } = this;
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
    w.set(this.budget);
    this.emitForgetPages();
    this.globals.emitLoadAll();
    w.get(ENV);
    w.memory(I.I32_LOAD, Env.ENV_EXIT_REQUEST);
    w.likely(false);
    w.if();
    this.setPc(entry.pc);
    w.br(this.stop);
    w.end();
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
    this.setPc(pc);
    this.leaveToMainLoop(EXIT_HOT);
    w.end();
  }

  private leaveToMainLoop(reason: number): void {
    const { w } = this;
    w.get(ENV);
    w.i32(reason);
    w.memory(I.I32_STORE, Env.ENV_EXIT_REASON);
    this.leave(TO_MAIN_LOOP);
  }

  private emitForgetPages(): void {
    for (const { page } of this.pages.all) {
      this.w.get(ENV);
      this.w.i64(Env.TLB_INVALID);
      this.w.memory(I.I64_STORE, page);
    }
  }

  /** The slice is over, or an exit was asked for: pc is the block that was not entered. */
  private emitStop(): void {
    const { w } = this;
    w.get(ENV);
    w.i32(Env.EXIT_REQUESTED);
    w.i32(Env.EXIT_BUDGET);
    w.get(ENV);
    w.memory(I.I32_LOAD, Env.ENV_EXIT_REQUEST);
    w.op(0x1b);
    w.memory(I.I32_STORE, Env.ENV_EXIT_REASON);
    w.i32(TO_MAIN_LOOP);
    w.set(this.way);
  }

  private emitExit(): void {
    const { w } = this;
    this.globals.emitStoreAll();
    this.emitStoreBudget();
    w.get(this.way);
    w.op(I.I32_EQZ);
    w.if();
    w.get(ENV);
    w.returnCall(this.imports.dispatch);
    w.end();
    w.get(this.way);
    w.i32(TO_INTERPRETER);
    w.op(I.I32_SUB);
  }

  private emitStoreBudget(): void {
    const { w } = this;
    w.get(ENV);
    w.get(this.budget);
    w.get(this.bias);
    w.op(I.I32_ADD);
    w.memory(I.I32_STORE, Env.ENV_BUDGET);
  }

  private emitLoadBudget(): void {
    const { w } = this;
    w.get(ENV);
    w.memory(I.I32_LOAD, Env.ENV_BUDGET);
    w.get(this.bias);
    w.op(I.I32_SUB);
    w.set(this.budget);
  }

  private emitBlock(place: RegionBlock): void {
    const { w } = this;
    const { block, ir, pc, lookupTargets } = place;
    this.globals.startBlock();
    if (block.linear2 !== 0) {
      emitIsUnmapped(w, place, true, this.home);
      w.likely(false);
      w.if();
      this.leaveFor(pc, TO_INTERPRETER);
      w.end();
    }
    this.addToBudget(-block.instructionCount);
    w.get(this.budget);
    w.i32(0);
    w.op(I.I32_LT_S);
    w.likely(false);
    w.if();
    this.addToBudget(block.instructionCount);
    this.setPc(pc);
    w.br(this.stop);
    w.end();
    const around: BlockSurroundings = {
      load: (...load) => this.emitGuestLoad(place, ...load),
      store: (...store) => this.emitGuestStore(place, ...store),
      call: (...call) => this.emitCall(place, ir, ...call),
      exitIf: (exit, instruction) => {
        w.if();
        this.addToBudget(block.instructionCount - instruction - 1);
        this.follow(place, exit, true);
        w.end();
      },
      end: (exit) => {
        if (exit.kind === 'lookup' && endsInLookup(ir)) this.emitLookup(place, lookupTargets);
        this.follow(place, exit, false);
      },
      quick: (of, op) => this.quickCalls.get(of)?.get(op),
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
    emitTargetPlace(w, pc, this.host.targetRow(from.block));
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
    if (exit.kind === 'goto') return this.leaveFor(exit.pc, TO_DISPATCH);
    if (exit.kind === 'leave') this.leaveToMainLoop(exit.reason);
    else this.leave(TO_DISPATCH);
  }

  private goOn(from: RegionBlock, target: RegionBlock, inside: boolean): void {
    const { w } = this;
    const { node } = from;
    if (pageOf(from) !== pageOf(target)) {
      emitIsUnmapped(w, target, false, this.home);
      w.likely(false);
      w.if();
      this.leaveFor(target.pc, TO_INTERPRETER);
      w.end();
    }
    const next = this.graph.firstStep(node, target.node);
    if (next !== target.node) {
      w.i32(target.node);
      w.set(this.selector);
    }
    if (inside) w.br(this.flow.label(node, next));
    else this.flow.edge(node, next);
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

  private leaveFor(pc: number, way: number): void {
    this.setPc(pc);
    this.leave(way);
  }

  private leave(way: number): void {
    this.w.i32(way);
    this.w.set(this.way);
    this.w.br(this.exit);
  }

  private setPc(pc: number): void {
    this.pushPc(pc);
    this.w.set(this.globals.pc);
  }

  private pushPc(pc: number): void {
    const { w, home } = this;
    if (home !== undefined) w.get(home);
    w.i64(pc);
    if (home !== undefined) w.op(I.I64_ADD);
  }

  private get home(): number | undefined {
    return this.relocatable ? this.globals.codePage : undefined;
  }

  private addToBudget(count: number): void {
    if (count === 0) return;
    const { w } = this;
    w.get(this.budget);
    w.i32(count);
    w.op(I.I32_ADD);
    w.set(this.budget);
  }

  /** Leaves in the middle of a block: this instruction and those behind it were not executed. */
  private abandon({ block }: RegionBlock, ir: IrBlock, instruction: number): void {
    this.addToBudget(block.instructionCount - instruction);
    this.leaveFor(ir.pcs[instruction]!, TO_INTERPRETER);
  }

  /** After code that may have asked for an exit: the next block's check takes it. Asked for twice, it counts once. */
  private emitNoticeRequest(): void {
    const { w } = this;
    w.get(ENV);
    w.memory(I.I32_LOAD, Env.ENV_EXIT_REQUEST);
    w.get(this.bias);
    w.op(I.I32_EQZ);
    w.op(I.I32_AND);
    w.likely(false);
    w.if();
    this.addToBudget(-EXIT_BIAS);
    w.i32(EXIT_BIAS);
    w.set(this.bias);
    w.end();
  }

  private emitGuestLoad(place: RegionBlock, ir: IrBlock, op: number, address: number, result: number | undefined, instruction: number): void {
    const { w } = this;
    const code = ir.c[op]!;
    const size = 1 << Code.accessSizeLog2(code);
    const type = VALUE_TYPES[Code.accessType(code)]!;
    const access = { size: size as 1, type, signed: (code & Code.ACCESS_SIGNED) !== 0 };
    const keep = (): void => (result === undefined ? w.drop() : w.set(result));
    emitAccess(w, {
      code,
      address,
      pair: this.pages.pairOf(ir, op),
      isWrite: (code & Code.ACCESS_FOR_WRITE) !== 0,
      access: (host) => {
        host();
        emitLoad(w, access);
        keep();
      },
      slow: () => {
        this.emitStoreBudget();
        w.get(ENV);
        w.get(address);
        w.i32(code);
        if (size === 16) {
          w.call(this.imports.engine.load_slow16);
          w.get(ENV);
          w.memory(I.V128_LOAD, SLOW_RESULT);
        } else {
          w.call(this.imports.engine.load_slow);
          emitFromBits(w, access);
        }
        keep();
        w.get(ENV);
        w.memory(I.I64_LOAD, Env.ENV_EXIT_REQUEST);
        w.op(I.I64_EQZ);
        w.op(I.I32_EQZ);
        w.if();
        w.get(ENV);
        w.memory(I.I32_LOAD, Env.ENV_FAULT);
        w.if();
        this.abandon(place, ir, instruction);
        w.end();
        this.emitNoticeRequest();
        w.end();
      },
    });
  }

  private emitGuestStore(place: RegionBlock, ir: IrBlock, op: number, address: number, value: number, instruction: number): void {
    const { w } = this;
    const code = ir.c[op]!;
    const size = 1 << Code.accessSizeLog2(code);
    const type = VALUE_TYPES[Code.accessType(code)]!;
    emitAccess(w, {
      code,
      address,
      pair: this.pages.pairOf(ir, op),
      isWrite: true,
      access: (host) => {
        host();
        w.get(value);
        emitStore(w, { size: size as 1, type });
      },
      slow: () => {
        this.emitStoreBudget();
        w.get(ENV);
        w.get(address);
        if (size === 16) {
          for (const lane of [0, 1]) {
            w.get(value);
            w.op(0xfd1d);
            w.u8(lane);
          }
        } else {
          w.get(value);
          emitToBits(w, type);
        }
        w.i32(code);
        w.call(size === 16 ? this.imports.engine.store_slow16 : this.imports.engine.store_slow);
        w.if();
        this.abandon(place, ir, instruction);
        w.end();
        this.emitNoticeRequest();
      },
    });
  }

  private emitCall(place: RegionBlock, ir: IrBlock, helper: Helper, instruction: number, pushArguments: () => void, popResult: () => void): void {
    const { w } = this;
    this.globals.emitStoreFor(helper);
    const mayLook = helper.mayFault || helper.reads === 'all' || helper.where === 'js';
    if (mayLook) {
      w.get(ENV);
      this.pushPc(ir.pcs[instruction]!);
      w.memory(I.I64_STORE, Env.ENV_PC);
      this.emitStoreBudget();
    }
    w.get(ENV);
    pushArguments();
    w.call(this.imports.helper(helper));
    popResult();
    this.globals.emitLoadFor(helper);
    // It may have counted instructions of its own: the iterations of a repeated one.
    if (mayLook) this.emitLoadBudget();
    // It may have changed the mapping.
    if (helper.writes === 'all') this.emitForgetPages();
    if (helper.mayFault) {
      w.get(ENV);
      w.memory(I.I32_LOAD, Env.ENV_FAULT);
      w.likely(false);
      w.if();
      this.abandon(place, ir, instruction);
      w.end();
    }
    if (mayLook) this.emitNoticeRequest();
  }
}

/** From the bits that the slow path gives to a value of the access's type. */
function emitFromBits(w: CodeWriter, { size, type, signed }: { size: number; type: string; signed: boolean }): void {
  const extend: Readonly<Record<string, number>> = { i321: 0xc0, i322: 0xc1, i641: 0xc2, i642: 0xc3, i644: 0xc4 };
  if (type === 'v128') {
    const bits = w.scratch('i64', 8);
    w.set(bits);
    w.v128(new Uint8Array(16));
    w.get(bits);
    w.op(0xfd1e);
    w.u8(0);
    return;
  }
  if (type === 'i32' || type === 'f32') w.op(I.I32_WRAP_I64);
  if (type === 'f32') w.op(0xbe);
  if (type === 'f64') w.op(0xbf);
  const extension = signed ? extend[type + size] : undefined;
  if (extension !== undefined) w.op(extension);
}

function emitToBits(w: CodeWriter, type: string): void {
  if (type === 'f32') w.op(0xbc);
  if (type === 'i32' || type === 'f32') w.op(I.I64_EXTEND_I32_U);
  if (type === 'f64') w.op(0xbd);
  if (type === 'v128') {
    w.op(0xfd1d);
    w.u8(0);
  }
}

function isSideExit(ir: IrBlock, exit: number): boolean {
  for (let i = 0; i < ir.count; i++) if (ir.op[i] === Code.OP_EXIT_IF && ir.b[i] === exit) return true;
  return false;
}
