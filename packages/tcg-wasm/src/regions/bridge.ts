/**
 * The module that all modules of regions share: the function that goes from one region to another, and the slow paths of accesses.
 *
 * A region keeps ENV_BUDGET in a local. The slow paths take it, so that a device that looks finds the count as it is, and give it back, lowered
 * by one of two amounts if there is something to do: so what a region asks after each slow access is no more than it asks of
 * its budget anyway. The true budget is what is left of either in the lower 29 bits.
 */
import { Env, type ValueType } from '@nandu/tcg';
import { JUMP_CODE } from '../jump-cache.js';
import { emitJumpLookup } from '../jump-lookup.js';
import { BLOCK_REGION } from '../memory-map.js';
import { type RegionHost, SLOW_RESULT } from '../region-compiler.js';
import type { CodeWriter } from '../wasm/code-writer.js';
import * as I from '../wasm/instructions.js';
import { ModuleBuilder } from '../wasm/module-builder.js';
import { ENV } from './region-globals.js';

/** Of a region, and of `dispatch`. */
export const REGION_PARAMS: readonly ValueType[] = ['i32'];
export const REGION_RESULTS: readonly ValueType[] = ['i32'];

const BUDGET_BITS = 29;
/** The largest budget: it has a sign. */
export const MOST_INSTRUCTIONS = 2 ** (BUDGET_BITS - 1) - 1;
/** Added to a budget when an exit is requested: the next block's check of it leaves. */
const REQUESTED = -2 * 2 ** BUDGET_BITS;
/** Added when the instruction is to be abandoned. */
const FAULTED = -3 * 2 ** BUDGET_BITS;
/** Budgets below this come of FAULTED. */
export const FAULTED_BELOW = (REQUESTED + FAULTED) / 2;

type Signature = readonly [params: readonly ValueType[], results: readonly ValueType[]];

/** Of accesses that missed the fast path: (env, virtual, [value,] access code, budget) to the raw bits (zero-extended) and the budget. */
const BRIDGE = {
  dispatch: [REGION_PARAMS, REGION_RESULTS],
  load: [
    ['i32', 'i64', 'i32', 'i32'],
    ['i64', 'i32'],
  ],
  /** Leaves the value in SLOW_RESULT. */
  load16: [['i32', 'i64', 'i32', 'i32'], ['i32']],
  store: [['i32', 'i64', 'i64', 'i32', 'i32'], ['i32']],
  /** Takes the value from SLOW_RESULT. */
  store16: [['i32', 'i64', 'i32', 'i32'], ['i32']],
} as const satisfies Record<string, Signature>;

export type BridgeFunction = keyof typeof BRIDGE;
export type Bridge = Readonly<Record<BridgeFunction, CallableFunction>>;
export const BRIDGE_FUNCTIONS: ReadonlyMap<BridgeFunction, Signature> = new Map(Object.entries(BRIDGE) as [BridgeFunction, Signature][]);

const ENGINE: Readonly<Record<string, Signature>> = {
  find_region: [REGION_PARAMS, REGION_RESULTS],
  load_slow: [['i32', 'i64', 'i32'], ['i64']],
  load_slow16: [['i32', 'i64', 'i32'], []],
  store_slow: [['i32', 'i64', 'i64', 'i32'], ['i32']],
  store_slow16: [['i32', 'i64', 'i64', 'i64', 'i32'], ['i32']],
};

/**
 * It alone has the table of regions: each instance that imports a table has a copy of it, which is made with the instance and kept up
 * to date.
 */
export function buildBridge({ memory, table, engine }: RegionHost): Bridge {
  const builder = new ModuleBuilder();
  builder.importMemory('engine', 'memory', isShared(memory));
  builder.importTable('engine', 'table');
  const imported: Record<string, number> = {};
  for (const [name, [params, results]] of Object.entries(ENGINE)) imported[name] = builder.importFunction('engine', name, params, results);
  for (const [name, [params, results]] of BRIDGE_FUNCTIONS) {
    WRITERS[name](builder.function(params, results, name).body, imported, builder);
  }
  const imports = { engine: { ...engine, memory, table } } as unknown as WebAssembly.Imports;
  return new WebAssembly.Instance(new WebAssembly.Module(builder.finish()), imports).exports as unknown as Bridge;
}

type Writer = (w: CodeWriter, imported: Readonly<Record<string, number>>, builder: ModuleBuilder) => void;

const WRITERS: Readonly<Record<BridgeFunction, Writer>> = {
  /**
   * pc is stored; goes to the region there if there is one, else returns 0. It looks in the jump cache itself, as the interpreter does,
   * and asks `find_region` only if that knows nothing.
   */
  dispatch(w, imported, builder) {
    const [pc, address, entry, word] = [w.local('i64'), w.local('i64'), w.local('i32'), w.local('i32')];
    const found = w.block();
    const miss = w.block();
    emitJumpLookup(w, { pc, address, entry, word }, miss);
    w.get(entry);
    w.memory(I.I32_LOAD, Env.ENV_JUMP_CACHE + JUMP_CODE);
    w.memory(I.I32_LOAD, BLOCK_REGION);
    w.set(word);
    w.br(found);
    w.end();
    w.get(ENV);
    w.call(imported.find_region!);
    w.set(word);
    w.end();
    w.get(word);
    w.if();
    w.get(ENV);
    w.get(word);
    w.returnCallIndirect(builder.type(REGION_PARAMS, REGION_RESULTS));
    w.end();
    w.i32(0);
  },
  load: (w, imported) => writeLoad(w, imported.load_slow!),
  load16: (w, imported) => writeLoad(w, imported.load_slow16!),
  store(w, imported) {
    const [address, value, code, budget] = [1, 2, 3, 4];
    emitStoreTrue(w, budget);
    emitGiveBack(w, budget, () => {
      w.get(ENV);
      w.get(address);
      w.get(value);
      w.get(code);
      w.call(imported.store_slow!);
    });
  },
  store16(w, imported) {
    const [address, code, budget] = [1, 2, 3];
    emitStoreTrue(w, budget);
    emitGiveBack(w, budget, () => {
      w.get(ENV);
      w.get(address);
      for (const half of [0, 8]) {
        w.get(ENV);
        w.memory(I.I64_LOAD, SLOW_RESULT + half);
      }
      w.get(code);
      w.call(imported.store_slow16!);
    });
  },
};

/** A load by `slow`, whose result, if it has one, is left below the budget. */
function writeLoad(w: CodeWriter, slow: number): void {
  const [address, code, budget] = [1, 2, 3];
  emitStoreTrue(w, budget);
  w.get(ENV);
  w.get(address);
  w.get(code);
  w.call(slow);
  emitGiveBack(w, budget, () => {
    w.get(ENV);
    w.memory(I.I32_LOAD, Env.ENV_FAULT);
  });
}

/** The budget in the local, as it is without REQUESTED and FAULTED. */
export function emitTrueBudget(w: CodeWriter, budget: number): void {
  w.get(budget);
  w.i32(32 - BUDGET_BITS);
  w.op(I.I32_SHL);
  w.i32(32 - BUDGET_BITS);
  w.op(I.I32_SHR_S);
}

/** Leaves what to add to a budget if an exit is requested, else 0. */
export function emitRequest(w: CodeWriter): void {
  w.i32(REQUESTED);
  w.i32(0);
  w.get(ENV);
  w.memory(I.I32_LOAD, Env.ENV_EXIT_REQUEST);
  w.op(I.SELECT);
}

function emitStoreTrue(w: CodeWriter, budget: number): void {
  w.get(ENV);
  emitTrueBudget(w, budget);
  w.tee(budget);
  w.memory(I.I32_STORE, Env.ENV_BUDGET);
}

/** Leaves the budget and what says why to leave; `fails`: whether the instruction is to be abandoned. */
function emitGiveBack(w: CodeWriter, budget: number, fails: () => void): void {
  fails();
  w.if('i32');
  w.i32(FAULTED);
  w.else();
  emitRequest(w);
  w.end();
  w.get(budget);
  w.op(I.I32_ADD);
}

export function isShared(memory: WebAssembly.Memory): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer;
}
