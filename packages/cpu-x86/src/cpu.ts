/**
 * An x86 processor: what of it is not translated code and not AssemblyScript. It takes interrupts, answers for ports, MSRs,
 * CPUID and the time-stamp counter, and shows its registers.
 */
import type { CpuInterrupts, CpuSignals, CpuTsc, MachineCheck, MachineCheckOutcome, VirtualClock } from '@nandu/core';
import { Env, type TargetCpu } from '@nandu/tcg';
import * as L from '../assembly/layout.js';
import { CpuState, type SegmentState } from './cpu-state.js';
import { apicIdOf, Cpuid, type CpuTopology } from './cpuid.js';
import { dumpRegisters } from './dump.js';
import type { SystemExports } from './helper-module.js';
import { type MachineCheckCpu, machineCheck } from './machine-check.js';
import type { CpuModel } from './models.js';
import { MsrFile } from './msr.js';
import { type EventTaker, PendingEvents } from './pending-events.js';
import { NARROW_REGISTERS, REGISTER_OFFSETS, SEGMENT_NUMBERS } from './registers.js';
import { init, powerOn, type StateChange, setTable } from './reset.js';

/** I/O ports; `AddressSpaceIo` is one. Sizes are 1, 2 or 4 bytes. */
export interface PortSpace {
  read(port: number, size: number): number;
  write(port: number, value: number, size: number): void;
}

/** What the accelerator gives to a processor: its block in linear memory and the target module's instance. */
export interface CpuSeat {
  readonly index: number;
  readonly env: number;
  readonly memory: WebAssembly.Memory;
  readonly exports: WebAssembly.Exports;
}

/** What the machine gives to it. */
export interface CpuServices {
  readonly model: CpuModel;
  readonly topology: CpuTopology;
  readonly clock: Pick<VirtualClock, 'nowNs'>;
  readonly ports: PortSpace;
  /** The local APIC. Without one, no interrupt ever comes and CR8 is 0. */
  readonly interrupts?: CpuInterrupts;
  /** 64 random bits for RDRAND and RDSEED; the host's unless something else is given. */
  random?(): bigint;
  /** A triple fault: the machine decides (reset, or shutdown). */
  tripleFault?(cpu: X86Cpu): void;
  /** The CPU, halted before, has something to do: the machine's loop should look at it. */
  wake?(cpu: X86Cpu): void;
}

const GP = 13;
const CR4_MCE = 1n << 6n;

/** The time-stamp counter's rate: a tick is a nanosecond of the virtual clock, exactly. */
export const TSC_HZ = 1_000_000_000;

function hostRandom(): bigint {
  return globalThis.crypto.getRandomValues(new BigUint64Array(1))[0]!;
}

export class X86Cpu implements TargetCpu, CpuSignals, MachineCheckCpu {
  readonly env: number;
  readonly index: number;
  readonly apicId: number;
  readonly state: CpuState;
  readonly model: CpuModel;
  readonly cpuid: Cpuid;
  readonly msrs: MsrFile;

  private readonly exports: SystemExports;
  private readonly interrupts: CpuInterrupts | undefined;
  private tscAdjust = 0n;
  private readonly events: PendingEvents;

  constructor(
    seat: CpuSeat,
    private readonly services: CpuServices,
  ) {
    this.index = seat.index;
    this.env = seat.env;
    this.exports = seat.exports as unknown as SystemExports;
    this.model = services.model;
    this.interrupts = services.interrupts;
    this.state = new CpuState(seat.memory, seat.env);
    this.apicId = apicIdOf(seat.index, services.topology);
    this.cpuid = new Cpuid(services.model, services.topology, this.apicId, {
      osxsave: () => (this.state.u64(L.CR4) & (1n << 18n)) !== 0n,
      ospke: () => (this.state.u64(L.CR4) & (1n << 22n)) !== 0n,
      xcr0: () => Number(this.state.u64(L.XCR0)),
      apicEnabled: () => !this.interrupts || (this.interrupts.readApicBase() & 0x800n) !== 0n,
    });
    this.msrs = new MsrFile(this.msrServices());
    this.events = new PendingEvents(this.eventTaker());
    this.reset();
  }

  // Life.

  /** Power-on or system reset: the first processor starts at the reset vector, others wait for SIPI. */
  reset(): void {
    powerOn(this.state, this.model, this.cpuid.signature);
    this.msrs.reset();
    // From the machine's start, not from the reset: so the counters of all processors stay equal.
    this.tscOffset = 0n;
    this.tscAdjust = 0n;
    this.events.reset();
    this.stateChanged(0);
    this.exports.flush_tlb(this.env, 0);
  }

  /** False: halted, shut down or waiting for SIPI, and nothing is there that would end it. */
  get runnable(): boolean {
    return this.events.runnable;
  }

  get halted(): boolean {
    return this.state.i32(L.HALTED) !== 0;
  }

  prepareToRun(): boolean {
    return this.events.take();
  }

  private eventTaker(): EventTaker {
    const { state, index, interrupts } = this;
    return {
      index,
      state,
      interrupts,
      deliver: (vector, kind) => this.deliver(vector, kind),
      takeInit: () => {
        init(state, this.cpuid.signature);
        this.stateChanged(0);
        this.exports.flush_tlb(this.env, 0);
      },
      takeStartup: (vector) => {
        state.setSegment(L.CS, { selector: vector << 8, base: BigInt(vector << 12), limit: 0xffff, flags: 0x9b00 });
        state.setU64(Env.ENV_PC, 0n);
        this.stateChanged(0);
      },
      attend: () => {
        state.setI32(Env.ENV_EXIT_REQUEST, 1);
        this.services.wake?.(this);
      },
    };
  }

  private deliver(vector: number, kind: number): void {
    const { state } = this;
    state.setI32(Env.ENV_EXIT_REASON, 0);
    this.exports.interrupt(this.env, vector, kind);
    const reason = state.i32(Env.ENV_EXIT_REASON);
    if (reason >= Env.EXIT_TARGET) this.handleExit(reason);
  }

  handleExit(reason: number): void {
    if (reason === L.EXIT_NOT_CANONICAL) {
      this.state.setI32(Env.ENV_EXIT_REASON, 0);
      this.exports.raise(this.env, GP, 0);
      this.exports.fault(this.env);
    }
    if (this.state.i32(Env.ENV_EXIT_REASON) !== L.EXIT_TRIPLE_FAULT) return;
    this.events.tripleFault();
    this.services.tripleFault?.(this);
  }

  // Signals.

  setInterruptPending(level: boolean): void {
    this.events.setInterruptPending(level);
  }
  nmi(): void {
    this.events.nmi();
  }
  init(): void {
    this.events.init();
  }
  startup(vector: number): void {
    this.events.startup(vector);
  }
  /** What a monitor says of the hardware. */
  machineCheck(error: MachineCheck): MachineCheckOutcome {
    return machineCheck(this, error);
  }
  get takesMachineChecks(): boolean {
    return (this.state.u64(L.CR4) & CR4_MCE) !== 0n;
  }
  raiseMachineCheck(): void {
    this.events.machineCheck();
  }
  /** Processors since Intel's Core tell all of them (family 6 model 14; QEMU takes later families of any maker for those). */
  get broadcastsMachineChecks(): boolean {
    const { signature } = this.cpuid;
    const family = (signature >> 8) & 15;
    const model = ((signature >> 12) & 0xf0) | ((signature >> 4) & 15);
    return family > 6 || (family === 6 && model >= 14);
  }

  // Time.

  readonly tsc: CpuTsc = {
    frequencyHz: TSC_HZ,
    tscAt: (virtualNs) => BigInt.asUintN(64, BigInt(virtualNs) + this.tscOffset),
    nsWhenTscReaches: (tsc) => Number(BigInt.asIntN(64, tsc - this.tscOffset)),
  };

  private get tscOffset(): bigint {
    return this.state.u64(L.TSC_OFFSET);
  }
  private set tscOffset(ticks: bigint) {
    this.state.setU64(L.TSC_OFFSET, BigInt.asUintN(64, ticks));
  }

  private readTsc(): bigint {
    return this.tsc.tscAt(this.services.clock.nowNs());
  }

  // Helpers that translated code calls.

  readonly jsHelpers = {
    port_in: (_env: number, port: number, size: number): number => {
      if (!this.exports.check_io(this.env, port & 0xffff, size)) return 0;
      return this.services.ports.read(port & 0xffff, size) | 0;
    },
    port_out: (_env: number, port: number, size: number, value: number): void => {
      if (!this.exports.check_io(this.env, port & 0xffff, size)) return;
      this.services.ports.write(port & 0xffff, size === 4 ? value >>> 0 : value & (size === 2 ? 0xffff : 0xff), size);
    },
    halt: (_env: number, nextPc: bigint): void => {
      if (!this.privileged()) return;
      this.state.setI32(L.HALTED, 1);
      this.leaveAt(nextPc, Env.EXIT_HALTED);
    },
    pause: (_env: number, nextPc: bigint): void => this.leaveAt(nextPc, Env.EXIT_YIELD),
    monitor: (): void => {
      if (this.privileged() && this.state.register32(1) !== 0) this.generalProtection();
    },
    /** Waiting may always end early (SDM volume 2, MWAIT): here it ends at once, after the others' turn. */
    mwait: (_env: number, nextPc: bigint): void => {
      if (this.privileged()) this.leaveAt(nextPc, Env.EXIT_YIELD);
    },
    cpuid: (): void => {
      const { state } = this;
      const { eax, ebx, ecx, edx } = this.cpuid.read(state.register32(0), state.register32(1));
      state.setRegister32(0, eax);
      state.setRegister32(3, ebx);
      state.setRegister32(1, ecx);
      state.setRegister32(2, edx);
    },
    rdmsr: (): void => {
      if (!this.privileged()) return;
      const value = this.readMsr(this.state.register32(1));
      if (value === undefined) {
        this.generalProtection();
        return;
      }
      this.state.setRegister32(0, Number(value & 0xffff_ffffn));
      this.state.setRegister32(2, Number(value >> 32n));
    },
    wrmsr: (): void => {
      if (!this.privileged()) return;
      const { state } = this;
      const value = (BigInt(state.register32(2)) << 32n) | BigInt(state.register32(0));
      if (!this.writeMsr(state.register32(1), value)) this.generalProtection();
    },
    clock_ns: (): number => this.services.clock.nowNs(),
    random: (): bigint => (this.services.random ?? hostRandom)(),
    /** No performance counters: whatever is asked for does not exist. */
    rdpmc: (): void => this.generalProtection(),
    read_cr8: (): bigint => (this.privileged() ? BigInt(this.interrupts?.readTpr() ?? 0) : 0n),
    write_cr8: (_env: number, value: bigint): void => {
      if (!this.privileged()) return;
      if (value > 15n) this.generalProtection();
      else this.interrupts?.writeTpr(Number(value));
    },
  };

  private get cpl(): number {
    return this.state.i32(Env.ENV_BLOCK_FLAGS) & L.HF_CPL;
  }
  private privileged(): boolean {
    if (this.cpl === 0) return true;
    this.generalProtection();
    return false;
  }
  private generalProtection(): void {
    this.exports.raise(this.env, GP, 0);
  }

  private leaveAt(nextPc: bigint, reason: number): void {
    const { state } = this;
    state.setU64(Env.ENV_PC, nextPc);
    state.setI32(Env.ENV_EXIT_REASON, reason);
    state.setI32(Env.ENV_EXIT_REQUEST, 1);
    // Whoever waits has ended the instruction that STI shielded.
    if (state.i32(L.INHIBIT)) {
      state.setI32(L.INHIBIT, 0);
      state.setI32(Env.ENV_BLOCK_FLAGS, state.i32(Env.ENV_BLOCK_FLAGS) & ~L.HF_INHIBIT);
    }
  }

  // Model-specific registers.

  private readMsr(number: number): bigint | undefined {
    if (number >= 0x800 && number <= 0x8ff) return this.interrupts?.readX2apic(number);
    return this.msrs.read(number);
  }
  private writeMsr(number: number, value: bigint): boolean {
    if (number >= 0x800 && number <= 0x8ff) return this.interrupts?.writeX2apic(number, value) ?? false;
    return this.msrs.write(number, value);
  }

  private msrServices() {
    return {
      state: this.state,
      model: this.model,
      readTsc: () => this.readTsc(),
      writeTsc: (value: bigint) => {
        const delta = value - this.readTsc();
        this.tscOffset += delta;
        this.tscAdjust = BigInt.asUintN(64, this.tscAdjust + delta);
      },
      readTscAdjust: () => this.tscAdjust,
      writeTscAdjust: (value: bigint) => {
        this.tscOffset += BigInt.asIntN(64, value - this.tscAdjust);
        this.tscAdjust = value;
      },
      readApicBase: () => this.interrupts?.readApicBase() ?? 0n,
      writeApicBase: (value: bigint) => this.interrupts?.writeApicBase(value) ?? false,
      readTscDeadline: () => this.interrupts?.readTscDeadline() ?? 0n,
      writeTscDeadline: (value: bigint) => this.interrupts?.writeTscDeadline(value),
      flushTlb: () => this.exports.flush_tlb(this.env, 0),
      stateChanged: () => this.stateChanged(this.cpl),
    };
  }

  private stateChanged(level: number): void {
    this.exports.update_block_flags(this.env, level);
  }

  // Registers by name.

  readRegister(name: string): bigint | undefined {
    if (name === 'rflags') return this.exports.read_eflags(this.env);
    if (name === 'cr8') return BigInt(this.interrupts?.readTpr() ?? 0);
    if (name in NARROW_REGISTERS) return BigInt.asUintN(32, this.readRegister(NARROW_REGISTERS[name]!)!);
    if (name in SEGMENT_NUMBERS) return BigInt(this.readSegment(name as keyof typeof SEGMENT_NUMBERS).selector);
    const offset = REGISTER_OFFSETS[name];
    return offset === undefined ? undefined : this.state.u64(offset);
  }

  /** `info registers`. */
  dumpRegisters(): string {
    return dumpRegisters(this.state, Number(this.exports.read_eflags(this.env)));
  }

  /** GDTR or IDTR. */
  readTable(name: 'gdt' | 'idt'): { base: bigint; limit: number } {
    const [base, limit] = name === 'gdt' ? [L.GDT_BASE, L.GDT_LIMIT] : [L.IDT_BASE, L.IDT_LIMIT];
    return { base: this.state.u64(base), limit: this.state.i32(limit) };
  }

  readSegment(name: keyof typeof SEGMENT_NUMBERS): SegmentState {
    return this.state.segment(SEGMENT_NUMBERS[name]);
  }

  /** Sets whatever `change` names, as a loader or a test would; the rest stays. A waiting processor starts. */
  setState({ registers = {}, segments = {}, gdt, idt, cpl }: StateChange): void {
    const { state } = this;
    for (const [name, value] of Object.entries(registers)) {
      if (name === 'rflags') {
        this.exports.write_eflags(this.env, BigInt(value), 0x3f_7fd5n);
        continue;
      }
      const offset = REGISTER_OFFSETS[name];
      if (offset === undefined) throw new Error(`no register ${name}`);
      state.setU64(offset, BigInt.asUintN(64, BigInt(value)));
    }
    for (const [name, segment] of Object.entries(segments)) state.setSegment(SEGMENT_NUMBERS[name as keyof typeof SEGMENT_NUMBERS], segment);
    if (gdt) setTable(state, L.GDT_BASE, gdt);
    if (idt) setTable(state, L.IDT_BASE, idt);
    this.events.start();
    state.setI32(L.HALTED, 0);
    this.stateChanged(cpl ?? (state.segment(L.CS).flags >> 13) & 3);
    this.exports.flush_tlb(this.env, 0);
  }

  /** The guest-physical address of a virtual one, for monitors and debuggers; undefined if it is not mapped. */
  translate(virtual: bigint): number | undefined {
    const physical = this.exports.translate_debug(this.env, virtual);
    return physical === -1n ? undefined : Number(physical);
  }
}
