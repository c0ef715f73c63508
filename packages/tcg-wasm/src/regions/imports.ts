/** What a module of regions imports, and the function in it that goes from one region to another. */
import { Env, type Helper, type ValueType } from '@nandu/tcg';
import {
  JUMP_CODE_BASE, JUMP_ENTRIES, JUMP_FLAGS, JUMP_LINEAR, JUMP_PC, JUMP_REGION, JUMP_SIZE, JUMP_TLB_ENTRY, type RegionHost,
} from '../region-compiler.js';
import * as I from '../wasm/instructions.js';
import type { FunctionHandle, ModuleBuilder } from '../wasm/module-builder.js';
import { ENV } from './region-globals.js';

export const REGION_PARAMS: readonly ValueType[] = ['i32'];
export const REGION_RESULTS: readonly ValueType[] = ['i32'];

const ENGINE_FUNCTIONS = {
  load_slow: [['i32', 'i64', 'i32'], ['i64']],
  load_slow16: [['i32', 'i64', 'i32'], []],
  store_slow: [['i32', 'i64', 'i64', 'i32'], ['i32']],
  store_slow16: [['i32', 'i64', 'i64', 'i64', 'i32'], ['i32']],
  find_region: [['i32'], ['i32']],
} as const satisfies Record<string, readonly [readonly ValueType[], readonly ValueType[]]>;
export type EngineFunction = keyof typeof ENGINE_FUNCTIONS;

/** Function indexes of imports in one module; helpers are imported as they turn up, before any function is written. */
export class RegionImports {
  readonly engine: Readonly<Record<EngineFunction, number>>;
  private readonly helpers = new Map<string, number>();

  constructor(builder: ModuleBuilder, helpers: Iterable<Helper>, shared: boolean) {
    builder.importMemory('engine', 'memory', shared);
    builder.importTable('engine', 'table');
    const engine = {} as Record<EngineFunction, number>;
    for (const [name, [params, results]] of Object.entries(ENGINE_FUNCTIONS)) {
      engine[name as EngineFunction] = builder.importFunction('engine', name, params, results);
    }
    this.engine = engine;
    for (const helper of helpers) {
      if (this.helpers.has(helper.name)) continue;
      this.helpers.set(helper.name, builder.importFunction('helper', helper.name, ['i32', ...helper.params], helper.result ? [helper.result] : []));
    }
  }

  helper(helper: Helper): number {
    return this.helpers.get(helper.name)!;
  }
}

/** The values to instantiate with. */
export function importValues(host: RegionHost, helpers: Iterable<Helper>): WebAssembly.Imports {
  const helper: Record<string, CallableFunction> = {};
  for (const each of helpers) helper[each.name] ??= host.helper(each);
  return {
    engine: { ...host.engine, memory: host.memory, table: host.table } as unknown as WebAssembly.ModuleImports,
    helper: helper as unknown as WebAssembly.ModuleImports,
  };
}

/**
 * Adds the function that a region leaves by: pc is stored; goes to the region there if the jump cache has one, else returns
 * 0. Code segments with a base are left to the interpreter.
 */
export function addDispatch(builder: ModuleBuilder, regionType: number): FunctionHandle {
  const dispatch = builder.function(REGION_PARAMS, REGION_RESULTS);
  const w = dispatch.body;
  const [pc, entry, tlb] = [w.local('i64'), w.local('i32'), w.local('i32')];
  const equal = (left: () => void, right: () => void, compare: number): void => {
    left();
    right();
    w.op(compare);
    w.brIf(miss);
  };
  const ofEntry = (field: number) => (): void => {
    w.get(entry);
    w.memory(I.I32_LOAD, Env.ENV_JUMP_CACHE + field);
  };
  const ofEnv = (offset: number) => (): void => {
    w.get(ENV);
    w.memory(I.I32_LOAD, offset);
  };
  const miss = w.block();
  w.get(ENV);
  w.get(ENV);
  w.memory(I.I64_LOAD, Env.ENV_PC);
  w.tee(pc);
  w.op(I.I32_WRAP_I64);
  w.tee(tlb);
  w.get(tlb);
  w.i32(12);
  w.op(I.I32_SHR_U);
  w.op(I.I32_XOR);
  w.i32(JUMP_ENTRIES - 1);
  w.op(I.I32_AND);
  w.i32(Math.log2(JUMP_SIZE));
  w.op(I.I32_SHL);
  w.op(I.I32_ADD);
  w.set(entry);
  equal(() => {
    w.get(entry);
    w.memory(I.I64_LOAD, Env.ENV_JUMP_CACHE + JUMP_PC);
  }, () => w.get(pc), I.I64_NE);
  equal(ofEntry(JUMP_FLAGS), ofEnv(Env.ENV_BLOCK_FLAGS), I.I32_NE);
  ofEnv(Env.ENV_CODE_BASE)();
  w.brIf(miss);
  ofEntry(JUMP_CODE_BASE)();
  w.brIf(miss);
  ofEntry(JUMP_TLB_ENTRY)();
  w.get(ENV);
  w.op(I.I32_ADD);
  w.set(tlb);
  equal(() => {
    w.get(tlb);
    w.memory(I.I64_LOAD, Env.TLB_EXECUTE);
  }, () => {
    w.get(pc);
    w.i64(-4096);
    w.op(I.I64_AND);
  }, I.I64_NE);
  equal(ofEntry(JUMP_LINEAR), () => {
    w.get(tlb);
    w.memory(I.I32_LOAD, Env.TLB_ADDEND);
    w.get(pc);
    w.op(I.I32_WRAP_I64);
    w.op(I.I32_ADD);
  }, I.I32_NE);
  ofEntry(JUMP_REGION)();
  w.tee(tlb);
  w.op(I.I32_EQZ);
  w.brIf(miss);
  w.get(ENV);
  w.get(tlb);
  w.returnCallIndirect(regionType);
  w.end();
  w.i32(0);
  return dispatch;
}
