/** A WebAssembly module from the plans of its regions. */
import type { Helper } from '@nandu/tcg';
import { ModuleBuilder } from '../wasm/module-builder.js';
import { REGION_PARAMS, REGION_RESULTS } from './bridge.js';
import { RegionImports } from './imports.js';
import { RegionEmitter } from './region-emitter.js';
import { RegionGraph } from './region-graph.js';
import { type PlanContext, type RegionPlan, readPlan } from './region-plan.js';

export interface ModuleContext extends PlanContext {
  /** Whether linear memory is shared between threads. */
  readonly shared: boolean;
}

/** Writes a module with a function for each plan, exported by its position; a step each. Gives its bytes. */
export function* writeModule(plans: readonly RegionPlan[], context: ModuleContext): Generator<void, Uint8Array<ArrayBuffer>> {
  const graphs = plans.map((plan) => new RegionGraph(readPlan(plan, context)));
  const helpers = new Set<Helper>(graphs.flatMap(({ blocks }) => blocks.flatMap(({ ir }) => ir.helpers)));
  const builder = new ModuleBuilder();
  const imports = new RegionImports(builder, helpers, context.shared);
  for (const [i, graph] of graphs.entries()) {
    const { body } = builder.function(REGION_PARAMS, REGION_RESULTS, String(i));
    new RegionEmitter(body, graph, imports, context.globals).emit();
    yield;
  }
  return builder.finish();
}
