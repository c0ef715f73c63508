/** What a module of regions imports. */
import type { Helper } from '@nandu/tcg';
import type { RegionHost } from '../region-compiler.js';
import type { ModuleBuilder } from '../wasm/module-builder.js';
import { BRIDGE_FUNCTIONS, type Bridge, type BridgeFunction } from './bridge.js';

/** Function indexes of imports in one module; all of them are there before any function is written. */
export class RegionImports {
  readonly bridge: Readonly<Record<BridgeFunction, number>>;
  private readonly helpers = new Map<string, number>();

  constructor(builder: ModuleBuilder, helpers: Iterable<Helper>, shared: boolean) {
    builder.importMemory('engine', 'memory', shared);
    const bridge = {} as Record<BridgeFunction, number>;
    for (const [name, [params, results]] of BRIDGE_FUNCTIONS) bridge[name] = builder.importFunction('engine', name, params, results);
    this.bridge = bridge;
    for (const helper of helpers) {
      if (this.helpers.has(helper.name)) continue;
      this.helpers.set(helper.name, builder.importFunction('helper', helper.name, ['i32', ...helper.params], helper.result ? [helper.result] : []));
    }
  }

  helper(helper: Helper): number {
    return this.helpers.get(helper.name)!;
  }
}

/** The values to instantiate modules with: all that any may ask for. */
export function importValues({ memory, helpers, helper }: RegionHost, bridge: Bridge): WebAssembly.Imports {
  return {
    engine: { ...bridge, memory } as unknown as WebAssembly.ModuleImports,
    helper: Object.fromEntries(helpers.map((each) => [each.name, helper(each)])) as unknown as WebAssembly.ModuleImports,
  };
}
