/** What a module of regions imports, and the module that goes from one region to another. */
import { Env, type Helper, type ValueType } from '@nandu/tcg';
import { JUMP_CODE } from '../jump-cache.js';
import { emitJumpLookup } from '../jump-lookup.js';
import { BLOCK_REGION } from '../memory-map.js';
import type { RegionHost } from '../region-compiler.js';
import * as I from '../wasm/instructions.js';
import { ModuleBuilder } from '../wasm/module-builder.js';
import { ENV } from './region-globals.js';

export const REGION_PARAMS: readonly ValueType[] = ['i32'];
export const REGION_RESULTS: readonly ValueType[] = ['i32'];

const ENGINE_FUNCTIONS = {
  load_slow: [['i32', 'i64', 'i32'], ['i64']],
  load_slow16: [['i32', 'i64', 'i32'], []],
  store_slow: [['i32', 'i64', 'i64', 'i32'], ['i32']],
  store_slow16: [['i32', 'i64', 'i64', 'i64', 'i32'], ['i32']],
} as const satisfies Record<string, readonly [readonly ValueType[], readonly ValueType[]]>;
export type EngineFunction = keyof typeof ENGINE_FUNCTIONS;

/** Function indexes of imports in one module; helpers are imported as they turn up, before any function is written. */
export class RegionImports {
  /** What a region leaves by: see `dispatchModule`. */
  readonly dispatch: number;
  readonly engine: Readonly<Record<EngineFunction, number>>;
  private readonly helpers = new Map<string, number>();

  constructor(builder: ModuleBuilder, helpers: Iterable<Helper>, shared: boolean) {
    builder.importMemory('engine', 'memory', shared);
    const engine = {} as Record<EngineFunction, number>;
    for (const [name, [params, results]] of Object.entries(ENGINE_FUNCTIONS)) {
      engine[name as EngineFunction] = builder.importFunction('engine', name, params, results);
    }
    this.engine = engine;
    this.dispatch = builder.importFunction('engine', 'dispatch', REGION_PARAMS, REGION_RESULTS);
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
export function importValues(host: RegionHost, dispatch: CallableFunction, helpers: Iterable<Helper>): WebAssembly.Imports {
  const helper: Record<string, CallableFunction> = {};
  for (const each of helpers) helper[each.name] ??= host.helper(each);
  return {
    engine: { ...host.engine, memory: host.memory, dispatch } as unknown as WebAssembly.ModuleImports,
    helper: helper as unknown as WebAssembly.ModuleImports,
  };
}

/**
 * The function that a region leaves by: pc is stored; goes to the region there if there is one, else returns 0. It looks in the
 * jump cache itself, as the interpreter does, and asks `find_region` only if that knows nothing. A module of its own, for it
 * alone has the table: each instance that imports a table has a copy of it, which is made with the instance and kept up to date.
 */
export function dispatchFunction({ memory, table, engine }: RegionHost): CallableFunction {
  const builder = new ModuleBuilder();
  builder.importMemory('engine', 'memory', isShared(memory));
  builder.importTable('engine', 'table');
  const findRegion = builder.importFunction('engine', 'find_region', REGION_PARAMS, REGION_RESULTS);
  addDispatch(builder, findRegion);
  const { find_region } = engine;
  const imports = { engine: { memory, table, find_region } } as unknown as WebAssembly.Imports;
  return new WebAssembly.Instance(new WebAssembly.Module(builder.finish()), imports).exports.dispatch as CallableFunction;
}

function addDispatch(builder: ModuleBuilder, findRegion: number): void {
  const { body: w } = builder.function(REGION_PARAMS, REGION_RESULTS, 'dispatch');
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
  w.call(findRegion);
  w.set(word);
  w.end();
  w.get(word);
  w.if();
  w.get(ENV);
  w.get(word);
  w.returnCallIndirect(builder.type(REGION_PARAMS, REGION_RESULTS));
  w.end();
  w.i32(0);
}

export function isShared(memory: WebAssembly.Memory): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer;
}
