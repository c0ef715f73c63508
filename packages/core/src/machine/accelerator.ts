/** An error that an x86 processor's hardware found: where it is noted, and the registers of that bank (SDM volume 3, chapter 16). */
export interface MachineCheck {
  readonly bank: number;
  readonly status: bigint;
  readonly globalStatus: bigint;
  readonly address: bigint;
  readonly misc: bigint;
}

/** What came of a machine check; the machine is reset where software cannot be told of it. */
export interface MachineCheckOutcome {
  readonly action: 'inject' | 'ignore' | 'reset' | 'refused';
  /** One came while another was being handled. */
  readonly recursive: boolean;
  readonly message?: string;
}

/** A note of an ELF core file: what is said of a processor there. */
export interface CoreNote {
  /** Who says what the bytes mean: 'CORE' (System V), 'QEMU'. */
  readonly name: string;
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** What runs vCPUs. `tcg` (packages/tcg-wasm with a target) and `qtest` implement it. */
export interface VCpu {
  readonly index: number;
  /**
   * Runs at most `maxInstructions`; returns why it came back. 'halted': nothing to do until `wake` is called on it by a device. How long
   * instructions take is a guess, and code that has yet to be translated takes a hundred times as long: past `untilMs`
   * (`performance.now()`) it comes back before more of that.
   */
  run(maxInstructions: number, untilMs: number): 'running' | 'halted' | 'yield' | 'stopped';
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
  /** Also for monitors: the processor's hardware fails; whether all processors are told of that in this model. */
  machineCheck?(error: MachineCheck): MachineCheckOutcome;
  readonly broadcastsMachineChecks?: boolean;
  /** ELF's number for the architecture of the mode that it is in, and what a core file of an architecture has of it. */
  readonly elfMachine?: number;
  coreNotes?(elfMachine: number): readonly CoreNote[];
  /** The instruction that `bytes` begin with, at that address in the mode that the vCPU is in. */
  disassemble?(bytes: Uint8Array, address: number): { readonly text: string; readonly length: number };
}

export abstract class Accelerator {
  abstract readonly name: 'tcg' | 'qtest';
  /** Whether guest code runs at all. */
  abstract readonly runsCode: boolean;
}
