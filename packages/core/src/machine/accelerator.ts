/** What runs vCPUs. `tcg` (packages/tcg-wasm with a target) and `qtest` implement it. */
export interface VCpu {
  readonly index: number;
  /** Runs at most `maxInstructions`; returns why it came back. 'halted': nothing to do until `wake` is called on it by a device. */
  run(maxInstructions: number): 'running' | 'halted' | 'yield' | 'stopped';
  /** Whether `run` would do something. */
  readonly runnable: boolean;
  /** Makes a running `run` return soon; from devices (an interrupt came, a shutdown was asked for). */
  kick(): void;
  /** Instructions executed since power-on. */
  readonly retired: number;
  reset(): void;
  /** For monitors: a register by name ('rip', 'eax', 'cr3'), all of them as `info registers` shows them, a virtual address's physical one. */
  readRegister?(name: string): bigint | undefined;
  dumpRegisters?(): string;
  translate?(linear: number): number | undefined;
  /** The instruction that `bytes` begin with, at that address in the mode that the vCPU is in. */
  disassemble?(bytes: Uint8Array, address: number): { readonly text: string; readonly length: number };
}

export abstract class Accelerator {
  abstract readonly name: 'tcg' | 'qtest';
  /** Whether guest code runs at all. */
  abstract readonly runsCode: boolean;
}
