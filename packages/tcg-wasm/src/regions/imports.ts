/** What a module of regions imports, and the module that goes from one region to another. */
import { Env, type Helper, type ValueType } from '@nandu/tcg';
import { JUMP_ENTRIES, JUMP_FLAGS, JUMP_LINEAR, JUMP_PC, JUMP_REGION, JUMP_SIZE, JUMP_TLB_ENTRY, type RegionHost } from '../region-compiler.js';
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
  const [pc, address, entry, tlb] = [w.local('i64'), w.local('i64'), w.local('i32'), w.local('i32')];
  const ofEnv = (instruction: number, offset: number): void => {
    w.get(ENV);
    w.memory(instruction, offset);
  };
  const ofEntry = (instruction: number, field: number): void => {
    w.get(entry);
    w.memory(instruction, Env.ENV_JUMP_CACHE + field);
  };
  const found = w.block();
  const miss = w.block();
  ofEnv(I.I64_LOAD, Env.ENV_PC);
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
  w.get(ENV);
  w.op(I.I32_ADD);
  w.set(entry);
  ofEntry(I.I64_LOAD, JUMP_PC);
  w.get(pc);
  w.op(I.I64_NE);
  w.brIf(miss);
  // Flags and code base stand side by side in both places, so that one comparison does.
  ofEntry(I.I64_LOAD, JUMP_FLAGS);
  ofEnv(I.I64_LOAD, Env.ENV_BLOCK_FLAGS);
  w.op(I.I64_NE);
  w.brIf(miss);
  // The address of the code is 64 bits wide only without a code base.
  w.get(tlb);
  ofEnv(I.I32_LOAD, Env.ENV_CODE_BASE);
  w.op(I.I32_ADD);
  w.op(I.I64_EXTEND_I32_U);
  w.get(pc);
  ofEnv(I.I32_LOAD, Env.ENV_CODE_BASE);
  w.op(I.SELECT);
  w.set(address);
  w.get(ENV);
  ofEntry(I.I32_LOAD, JUMP_TLB_ENTRY);
  w.op(I.I32_ADD);
  w.tee(tlb);
  w.memory(I.I64_LOAD, Env.TLB_EXECUTE);
  w.get(address);
  w.i64(-4096);
  w.op(I.I64_AND);
  w.op(I.I64_NE);
  w.brIf(miss);
  w.get(tlb);
  w.memory(I.I32_LOAD, Env.TLB_ADDEND);
  w.get(address);
  w.op(I.I32_WRAP_I64);
  w.op(I.I32_ADD);
  ofEntry(I.I32_LOAD, JUMP_LINEAR);
  w.op(I.I32_NE);
  w.brIf(miss);
  ofEntry(I.I32_LOAD, JUMP_REGION);
  w.set(tlb);
  w.br(found);
  w.end();
  w.get(ENV);
  w.call(findRegion);
  w.set(tlb);
  w.end();
  w.get(tlb);
  w.if();
  w.get(ENV);
  w.get(tlb);
  w.returnCallIndirect(builder.type(REGION_PARAMS, REGION_RESULTS));
  w.end();
  w.i32(0);
}

export function isShared(memory: WebAssembly.Memory): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer;
}
