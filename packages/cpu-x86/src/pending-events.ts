/**
 * What comes to a processor from outside and waits until it is taken, at the boundary of an instruction: INIT, SIPI, machine checks, NMIs
 * and interrupts, in this order of priority (SDM volume 3, 6.9 and 9.4).
 */
import type { CpuInterrupts } from '@nandu/core';
import * as L from '../assembly/layout.js';
import type { CpuState } from './cpu-state.js';

const NMI_VECTOR = 2;
const MACHINE_CHECK_VECTOR = 18;

/** The processor that takes them. */
export interface EventTaker {
  readonly index: number;
  readonly state: CpuState;
  /** The local APIC, if it has one. */
  readonly interrupts: CpuInterrupts | undefined;
  /** Goes through the IDT. */
  deliver(vector: number, kind: number): void;
  /** Registers as INIT leaves them. */
  takeInit(): void;
  /** Real mode at page `vector`. */
  takeStartup(vector: number): void;
  /** Leave translated code at its next check; if the machine sleeps, it is told. */
  attend(): void;
}

export class PendingEvents {
  private initPending = false;
  /** NMIs that wait. A processor that does not run has no chance to take the first before the second comes, so there may be two. */
  private nmis = 0;
  private machineCheckPending = false;
  private startupVector = -1;
  private waitsForStartup = false;
  /** After a triple fault nothing but INIT and reset helps. */
  private shutdown = false;

  constructor(private readonly cpu: EventTaker) {}

  /** Power-on or system reset: the first processor starts, others wait for SIPI. */
  reset(): void {
    this.initPending = false;
    this.nmis = 0;
    this.machineCheckPending = false;
    this.startupVector = -1;
    this.waitsForStartup = this.cpu.index !== 0;
    this.shutdown = false;
    this.noteInterrupt();
  }

  /** Somebody has set the processor's state: it runs, whatever it waited for. */
  start(): void {
    this.waitsForStartup = false;
    this.shutdown = false;
  }

  tripleFault(): void {
    this.shutdown = true;
  }

  /** Whether the processor has something to execute, or something waits that would end its halt, shutdown or wait for SIPI. */
  get runnable(): boolean {
    if (this.initPending) return true;
    if (this.shutdown) return false;
    if (this.waitsForStartup) return this.startupVector >= 0;
    return !this.halted || this.machineCheckPending || this.canTakeNmi() || this.canTakeInterrupt();
  }

  /** Takes what is due; returns whether the processor runs then. */
  take(): boolean {
    const { cpu } = this;
    cpu.interrupts?.select();
    if (this.initPending) this.takeInit();
    if (this.shutdown) return false;
    if (this.waitsForStartup) {
      if (this.startupVector < 0) return false;
      this.takeStartup();
    }
    if (this.machineCheckPending) {
      this.machineCheckPending = false;
      cpu.deliver(MACHINE_CHECK_VECTOR, L.KIND_EXTERNAL);
    } else if (this.canTakeNmi()) {
      this.nmis--;
      cpu.deliver(NMI_VECTOR, L.KIND_NMI);
      this.noteInterrupt();
    } else if (this.canTakeInterrupt()) {
      this.takeInterrupt();
    }
    return !this.halted && !this.shutdown;
  }

  // What comes.

  setInterruptPending(level: boolean): void {
    this.setPending(level);
    if (level) this.cpu.attend();
  }
  nmi(): void {
    const { state } = this.cpu;
    const isBlocked = state.i32(L.NMI_BLOCKED) !== 0;
    this.nmis = Math.min(this.nmis + 1, isBlocked ? 1 : 2);
    this.setPending((state.i32(L.INTERRUPT_PENDING) & L.PENDING_INTERRUPT) !== 0);
    this.cpu.attend();
  }
  machineCheck(): void {
    this.machineCheckPending = true;
    this.cpu.attend();
  }
  init(): void {
    this.initPending = true;
    this.startupVector = -1;
    this.cpu.attend();
  }
  startup(vector: number): void {
    if (!this.waitsForStartup && !this.initPending) return;
    this.startupVector = vector & 0xff;
    this.cpu.attend();
  }

  // What is taken.

  private get halted(): boolean {
    return this.cpu.state.i32(L.HALTED) !== 0;
  }

  private canTakeNmi(): boolean {
    const { state } = this.cpu;
    return this.nmis > 0 && !state.i32(L.NMI_BLOCKED) && !state.i32(L.INHIBIT);
  }
  private canTakeInterrupt(): boolean {
    const { state } = this.cpu;
    return (state.i32(L.INTERRUPT_PENDING) & L.PENDING_INTERRUPT) !== 0 && (state.i32(L.EFLAGS) & L.FLAG_IF) !== 0 && !state.i32(L.INHIBIT);
  }

  private takeInterrupt(): void {
    const { interrupts } = this.cpu;
    if (interrupts?.hasInterrupt()) this.cpu.deliver(interrupts.acknowledge(), L.KIND_EXTERNAL);
    this.noteInterrupt();
  }

  private takeInit(): void {
    this.initPending = false;
    this.shutdown = false;
    this.cpu.takeInit();
    this.waitsForStartup = this.cpu.index !== 0;
  }

  private takeStartup(): void {
    const vector = this.startupVector;
    this.startupVector = -1;
    this.waitsForStartup = false;
    this.cpu.takeStartup(vector);
  }

  /** What translated code looks at, as the local APIC says. */
  private noteInterrupt(): void {
    this.setPending(this.cpu.interrupts?.hasInterrupt() ?? false);
  }

  private setPending(interrupt: boolean): void {
    this.cpu.state.setI32(L.INTERRUPT_PENDING, (interrupt ? L.PENDING_INTERRUPT : 0) | (this.nmis > 0 ? L.PENDING_NMI : 0));
  }
}
