/** What the board asks of whoever makes processors. The process around the machine binds `CpuFactory` to an accelerator and a target. */
import type { CpuInterrupts, CpuSignals, CpuTsc, VCpu } from '@nandu/core';

export interface SegmentValue {
  readonly selector: number;
  readonly base: bigint;
  /** In bytes. */
  readonly limit: number;
  /** Bits 8 to 23 of the descriptor's upper word, in place. */
  readonly flags: number;
}

/** The state in which a loader starts a processor; what is not named stays as after reset. */
export interface ProcessorState {
  /** By name: 'rip', 'rsi', 'cr0', 'cr3', 'cr4', 'efer', 'rflags'. */
  readonly registers?: Readonly<Record<string, bigint | number>>;
  readonly segments?: Partial<Record<'es' | 'cs' | 'ss' | 'ds' | 'fs' | 'gs', SegmentValue>>;
  readonly gdt?: { readonly base: bigint; readonly limit: number };
}

export type SegmentName = 'es' | 'cs' | 'ss' | 'ds' | 'fs' | 'gs' | 'ldtr' | 'tr';

/** A processor as a PC needs it. */
export interface Processor extends VCpu, CpuSignals {
  readonly tsc: CpuTsc;
  setState(state: ProcessorState): void;
  /** Does what firmware does in each processor: memory types, write-back but for `uncachedStart` to 4 GiB, a power of two in size. */
  setUpAsFirmware?(uncachedStart: number): void;
}

export interface ProcessorRequest {
  readonly index: number;
  /** Its local APIC. */
  readonly interrupts: CpuInterrupts;
  /** A triple fault: the processor can do nothing more. */
  tripleFault(): void;
}

export abstract class CpuFactory {
  /** Width of a physical address. */
  abstract readonly physicalBits: number;
  abstract create(request: ProcessorRequest): Processor;
}
