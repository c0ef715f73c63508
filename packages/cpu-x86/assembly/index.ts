/** Everything that the x86 target's WebAssembly module exports. */
export * from './system';
export * from './fpu';
export * from './fpu-plain';
export * from './sse';

/** Where the module's static data ends. */
export function data_end(): usize {
  return __heap_base;
}
