/** The AssemblyScript helpers as a compiled module: once a process, on first use. */
import { X86_DATA_BYTES, X86_MODULE_BASE64 } from './generated/x86-module.js';

let compiled: WebAssembly.Module | undefined;

export function helperModule(): WebAssembly.Module {
  if (!compiled) {
    const text = atob(X86_MODULE_BASE64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    compiled = new WebAssembly.Module(bytes);
  }
  return compiled;
}

export { X86_DATA_BYTES };

/** The exports that `X86Cpu` calls itself. */
export interface SystemExports {
  raise(env: number, vector: number, error: number): void;
  interrupt(env: number, vector: number, kind: number): void;
  fault(env: number): void;
  check_io(env: number, port: number, bytes: number): number;
  update_block_flags(env: number, level: number): void;
  flush_tlb(env: number, keepGlobal: number): void;
  read_eflags(env: number): bigint;
  write_eflags(env: number, value: bigint, mask: bigint): void;
  translate_debug(env: number, virtual: bigint): bigint;
}
