/**
 * What a processor and its local interrupt controller say to each other. The two live in different packages, so the
 * contract is here: the controller implements `CpuInterrupts`, the processor `CpuSignals`.
 */

/** The local interrupt controller (on a PC the local APIC), as its processor sees it. */
export interface CpuInterrupts {
  /** The processor begins to run: until another one does, accesses to the APIC page are its own. */
  select(): void;
  /** Whether an interrupt waits that the controller would deliver now (priority and TPR considered, IF not). */
  hasInterrupt(): boolean;
  /**
   * Takes the interrupt: its vector, 0-255, now in service. Called only after `hasInterrupt()`; where nothing is left by
   * then, the spurious vector. Interrupts of the 8259 in virtual-wire mode come this way too.
   */
  acknowledge(): number;
  /** CR8: bits 4-7 of the task priority, 0-15. */
  readTpr(): number;
  writeTpr(priority: number): void;
  /** The MSR IA32_APIC_BASE (0x1b). Writing answers false where the value is not allowed (#GP). */
  readApicBase(): bigint;
  writeApicBase(value: bigint): boolean;
  /** MSRs 0x800-0x8ff in x2APIC mode; undefined and false where there is no such register or x2APIC is off (#GP). */
  readX2apic(msr: number): bigint | undefined;
  writeX2apic(msr: number, value: bigint): boolean;
  /** The MSR IA32_TSC_DEADLINE (0x6e0), in ticks of the time-stamp counter; 0 is not armed. */
  readTscDeadline(): bigint;
  writeTscDeadline(value: bigint): void;
}

/** A processor, as its local interrupt controller sees it. Calls may come at any time, also while the CPU runs code. */
export interface CpuSignals {
  /** Follows `CpuInterrupts.hasInterrupt()`: called on every change, wakes a halted CPU. */
  setInterruptPending(level: boolean): void;
  nmi(): void;
  /** INIT: reset to wait-for-SIPI (or, for the bootstrap processor, to the reset vector). */
  init(): void;
  /** SIPI: starts at vector << 12 in real mode, if the CPU waits for it. */
  startup(vector: number): void;
  /** Not implemented by processors without system management mode. */
  smi?(): void;
}

/** The time-stamp counter that a TSC-deadline timer counts by. */
export interface CpuTsc {
  readonly frequencyHz: number;
  /** The counter at `virtualNs` of the virtual clock; and when it reaches a value. Both are exact to a tick or a ns. */
  tscAt(virtualNs: number): bigint;
  nsWhenTscReaches(tsc: bigint): number;
}

/**
 * Takes message-signalled interrupts: the write of 4 bytes that a device makes to 0xfee0_0000 and up (SDM volume 3, 11.11).
 * Devices on a bus inject it, so that the message does not pass through the memory map.
 */
export abstract class MsiTarget {
  abstract send(address: number, data: number): void;
}
