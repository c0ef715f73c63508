export { TcgAccelerator } from './accelerator.js';
export type { AcceleratorOptions, AcceleratorSetup, Counters } from './options.js';
export type { CodeBlock, Region, RegionCompiler, RegionCompilerFactory, RegionHost } from './region-compiler.js';
export { WasmRegionCompiler } from './regions/compiler.js';
export type { ModuleMaker, ModuleMakerFactory, ModuleReceiver } from './regions/module-maker.js';
export type { RegionPlan } from './regions/region-plan.js';
export type { ModuleContext } from './regions/write-module.js';
