/**
 * How a region is left. All ways lead to one place, which stores what the region holds in locals; engines take time and code for each value
 * at each branch there, so there is one branch for everything that is rare, with all that differs in one number.
 */
import { Env } from '@nandu/tcg';
import type { CodeWriter, Label } from '../wasm/code-writer.js';
import * as I from '../wasm/instructions.js';
import { emitTrueBudget } from './bridge.js';
import type { RegionImports } from './imports.js';
import { ENV, type RegionGlobals } from './region-globals.js';

/** In the local `way`. */
const TO_DISPATCH = 0;
const TO_INTERPRETER = 1;
const TO_MAIN_LOOP = 2;

/** The number that says where: pc, whether the slice is over, and how many instructions that were counted will not be executed. */
const COUNT_BITS = 8;
const STOP = 1 << COUNT_BITS;
const PC_SHIFT = COUNT_BITS + 1;

export class RegionExits {
  /** i32: ENV_BUDGET while the region runs, or lowered: see bridge.ts. */
  readonly budget: number;
  private readonly way: number;
  private readonly where: number;
  private end: Label = 0;
  private aside: Label = 0;

  constructor(
    private readonly w: CodeWriter,
    private readonly globals: RegionGlobals,
    private readonly imports: RegionImports,
    /** The region's addresses begin at the page in this local (i64). */
    private readonly home: number | undefined,
  ) {
    this.budget = w.local('i32');
    this.way = w.local('i32');
    this.where = w.local('i64');
  }

  /** Everything between this and `finish` may leave. */
  begin(): void {
    this.end = this.w.block();
    this.aside = this.w.block();
  }

  /** Leaves for pc (in its local), to another region if there is one. */
  toDispatch(): void {
    this.leave(TO_DISPATCH);
  }

  /** Leaves for the address. */
  toDispatchAt(pc: number): void {
    this.setPc(pc);
    this.leave(TO_DISPATCH);
  }

  toMainLoop(reason: number): void {
    const { w } = this;
    w.get(ENV);
    w.i32(reason);
    w.memory(I.I32_STORE, Env.ENV_EXIT_REASON);
    this.leave(TO_MAIN_LOOP);
  }

  /** To the interpreter at `pc`, if the condition on the stack holds, which is rare; `count` instructions that were counted were not executed. */
  toInterpreterIf(pc: number, count = 0): void {
    this.leaveIf(pc, count, 0);
  }

  /** Ends the slice before the block at `pc`, if the condition on the stack holds. */
  stopIf(pc: number, count: number): void {
    this.leaveIf(pc, count, STOP);
  }

  setPc(pc: number): void {
    this.pushPc(pc);
    this.w.set(this.globals.pc);
  }

  pushPc(pc: number): void {
    const { w, home } = this;
    if (home !== undefined) w.get(home);
    w.i64(pc);
    if (home !== undefined) w.op(I.I64_ADD);
  }

  storeBudget(): void {
    const { w } = this;
    w.get(ENV);
    emitTrueBudget(w, this.budget);
    w.memory(I.I32_STORE, Env.ENV_BUDGET);
  }

  addToBudget(count: number): void {
    if (count === 0) return;
    const { w } = this;
    w.get(this.budget);
    w.i32(count);
    w.op(I.I32_ADD);
    w.set(this.budget);
  }

  finish(): void {
    const { w } = this;
    w.end();
    this.emitAside();
    w.end();
    this.globals.emitStoreAll();
    this.storeBudget();
    w.get(this.way);
    w.op(I.I32_EQZ);
    w.if();
    w.get(ENV);
    w.returnCall(this.imports.bridge.dispatch);
    w.end();
    w.get(this.way);
    w.i32(TO_INTERPRETER);
    w.op(I.I32_SUB);
  }

  private leave(way: number): void {
    this.w.i32(way);
    this.w.set(this.way);
    this.w.br(this.end);
  }

  private leaveIf(pc: number, count: number, stop: number): void {
    const { w } = this;
    w.i64((BigInt(pc) << BigInt(PC_SHIFT)) | BigInt(stop | count));
    w.set(this.where);
    w.likely(false);
    w.brIf(this.aside);
  }

  private emitAside(): void {
    const { w, where, home } = this;
    w.get(where);
    w.i64(PC_SHIFT);
    w.op(I.I64_SHR_S);
    if (home !== undefined) {
      w.get(home);
      w.op(I.I64_ADD);
    }
    w.set(this.globals.pc);
    emitTrueBudget(w, this.budget);
    w.get(where);
    w.op(I.I32_WRAP_I64);
    w.i32(STOP - 1);
    w.op(I.I32_AND);
    w.op(I.I32_ADD);
    w.set(this.budget);
    w.i32(TO_INTERPRETER);
    w.set(this.way);
    w.get(where);
    w.i64(STOP);
    w.op(I.I64_AND);
    w.op(I.I64_EQZ);
    w.op(I.I32_EQZ);
    w.if();
    w.i32(TO_MAIN_LOOP);
    w.set(this.way);
    w.get(ENV);
    w.i32(Env.EXIT_REQUESTED);
    w.i32(Env.EXIT_BUDGET);
    w.get(ENV);
    w.memory(I.I32_LOAD, Env.ENV_EXIT_REQUEST);
    w.op(I.SELECT);
    w.memory(I.I32_STORE, Env.ENV_EXIT_REASON);
    w.end();
  }
}
