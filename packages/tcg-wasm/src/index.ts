export { TcgAccelerator } from './accelerator.js';
export type { AcceleratorOptions, AcceleratorSetup, Counters } from './options.js';
export type { CodeBlock, Region, RegionCompiler, RegionCompilerFactory, RegionHost } from './region-compiler.js';
export { WasmRegionCompiler } from './regions/compiler.js';
