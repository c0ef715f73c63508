/**
 * apic: a processor's local interrupt controller (SDM volume 3, chapter 11), xAPIC and x2APIC. This file decides which interrupt
 * is next; its registers are in registers.ts.
 */
import { type CpuInterrupts, type CpuSignals, type CpuTsc, Device, device, saved, VirtualClock } from '@nandu/core';
import { ApicBus } from './apic-bus.js';
import { ApicTimer } from './apic-timer.js';
import { Bits256 } from './bits256.js';
import { DELIVERY } from './message.js';
import { REGISTER, readRegister, writeRegister } from './registers.js';

export const LVT = { timer: 0, thermal: 1, performance: 2, lint0: 3, lint1: 4, error: 5 } as const;
export const MASKED = 0x1_0000;
/** Error status bits. */
export const ESR = { sendIllegalVector: 0x20, receiveIllegalVector: 0x40, illegalRegister: 0x80 } as const;
const SVR_ENABLED = 0x100;
const SVR_NO_EOI_BROADCAST = 0x1000;

const BASE = { bootstrap: 0x100, x2apic: 0x400, enabled: 0x800, address: 0xfee0_0000 } as const;
/** Bits of IA32_APIC_BASE that are reserved, below the address. */
const BASE_RESERVED = 0x2ffn;
const PAGE_BYTES = 0x1000;

/** Stands in until a processor is connected, and for good under qtest. */
const NO_PROCESSOR: CpuSignals = { setInterruptPending: () => undefined, nmi: () => undefined, init: () => undefined, startup: () => undefined };

/** Who answers INTA cycles: the 8259s. */
export interface ExternalInterrupts {
  acknowledge(): number;
}

@device({ type: 'apic', userCreatable: false })
export class LocalApic extends Device implements CpuInterrupts {
  /** The APIC id that the processor starts with; its x2APIC id for good. Set before realize. */
  apicId = 0;
  isBootstrap = false;

  @saved() apicBase: number = BASE.address | BASE.enabled;
  /** The id in xAPIC mode, which software may change. */
  @saved() xapicId = 0;
  @saved() tpr = 0;
  @saved() logicalId = 0;
  @saved() destinationFormat = 0xffff_ffff;
  @saved() spurious = 0xff;
  @saved() errors = 0;
  @saved() pendingErrors = 0;
  @saved() icrLow = 0;
  @saved() icrHigh = 0;
  @saved() lvt = new Uint32Array(6).fill(MASKED);
  @saved() readonly irr = new Bits256();
  @saved() readonly isr = new Bits256();
  @saved() readonly tmr = new Bits256();
  @saved() readonly timer: ApicTimer;
  /** Levels of the pins LINT0 and LINT1. */
  @saved() private pins = [false, false];

  private signals: CpuSignals = NO_PROCESSOR;
  private external: ExternalInterrupts | undefined;
  private announced = false;

  constructor(
    clock: VirtualClock,
    readonly apics: ApicBus,
  ) {
    super();
    this.timer = new ApicTimer(clock, () => this.local(LVT.timer));
  }

  override realize(): void {
    this.xapicId = this.apicId & 0xff;
    this.apics.add(this);
  }

  override reset(): void {
    super.reset();
    this.xapicId = this.apicId & 0xff;
    this.setBase(BASE.address + BASE.enabled + (this.isBootstrap ? BASE.bootstrap : 0));
    this.update();
  }

  private setBase(value: number): void {
    const { address } = this;
    this.apicBase = value;
    if (this.address !== address) this.apics.moved();
  }

  protected override derive(): void {
    this.apics.moved();
    this.timer.mode = ((this.lvt[LVT.timer] as number) >>> 17) & 3;
    this.update();
  }

  connect(signals: CpuSignals, tsc: CpuTsc): void {
    this.signals = signals;
    this.timer.tsc = tsc;
    signals.setInterruptPending(this.announced);
  }
  connectExternal(external: ExternalInterrupts): void {
    this.external = external;
  }

  /** What firmware leaves behind: on, LINT0 for the 8259s (at the bootstrap processor), LINT1 for NMI. */
  setUpAsFirmware(): void {
    this.spurious = 0x1ff;
    if (this.isBootstrap) this.lvt[LVT.lint0] = 0x8700;
    this.lvt[LVT.lint1] = 0x8400;
    this.update();
  }

  get hardwareEnabled(): boolean {
    return (this.apicBase & BASE.enabled) !== 0;
  }
  /** Where its registers are. */
  get address(): number {
    return this.apicBase - (this.apicBase % PAGE_BYTES);
  }
  /** The id that physical destinations name. */
  get busId(): number {
    return this.isX2apic ? this.apicId : this.xapicId;
  }
  get softwareEnabled(): boolean {
    return this.hardwareEnabled && (this.spurious & SVR_ENABLED) !== 0;
  }
  get isX2apic(): boolean {
    return (this.apicBase & BASE.x2apic) !== 0;
  }
  /** PPR: the task's priority or that of the interrupt in service, whichever is higher. */
  get processorPriority(): number {
    const inService = this.isr.highest();
    return inService >> 4 > this.tpr >> 4 ? inService & 0xf0 : this.tpr;
  }

  // What the processor asks.

  select(): void {
    this.apics.current = this;
  }

  hasInterrupt(): boolean {
    return this.nextVector() >= 0 || this.externalWaits();
  }

  acknowledge(): number {
    const vector = this.nextVector();
    if (vector < 0 && this.externalWaits()) {
      const external = this.external?.acknowledge() ?? 0xff;
      this.update();
      return external;
    }
    if (vector < 0) return this.spurious & 0xff;
    this.irr.delete(vector);
    this.isr.add(vector);
    this.update();
    return vector;
  }

  readTpr(): number {
    return this.tpr >> 4;
  }
  writeTpr(priority: number): void {
    this.tpr = (priority & 15) << 4;
    this.update();
  }

  readApicBase(): bigint {
    return BigInt(this.apicBase);
  }
  writeApicBase(value: bigint): boolean {
    const bits = Number(value & 0xfffn);
    const wantsX2apic = (bits & BASE.x2apic) !== 0;
    const wantsEnabled = (bits & BASE.enabled) !== 0;
    if ((value & BASE_RESERVED) !== 0n) return false;
    // Only off, xAPIC and x2APIC exist; x2APIC is entered from xAPIC and left to off (11.12.5).
    if (wantsX2apic && (!wantsEnabled || !this.hardwareEnabled)) return false;
    if (this.isX2apic && wantsEnabled && !wantsX2apic) return false;
    const wasX2apic = this.isX2apic;
    if (!wantsEnabled && this.hardwareEnabled) this.initialize();
    if (!wantsEnabled) this.xapicId = this.apicId & 0xff;
    this.setBase(Number(value & ~0xfffn) + (bits & (BASE.enabled | BASE.x2apic)) + (this.isBootstrap ? BASE.bootstrap : 0));
    if (wantsX2apic && !wasX2apic) this.logicalId = (((this.apicId >>> 4) << 16) | (1 << (this.apicId & 15))) >>> 0;
    this.update();
    return true;
  }

  readX2apic(msr: number): bigint | undefined {
    const index = msr - 0x800;
    if (!this.isX2apic || index === REGISTER.icrHigh || index === REGISTER.destinationFormat) return undefined;
    if (index === REGISTER.icrLow) return (BigInt(this.icrHigh >>> 0) << 32n) | BigInt(this.icrLow >>> 0);
    const value = readRegister(this, index);
    return value === undefined ? undefined : BigInt(value >>> 0);
  }
  writeX2apic(msr: number, value: bigint): boolean {
    const index = msr - 0x800;
    if (!this.isX2apic || index === REGISTER.icrHigh || index === REGISTER.destinationFormat || index === REGISTER.logicalId || index === REGISTER.id)
      return false;
    if (index === REGISTER.icrLow) this.icrHigh = Number(value >> 32n);
    else if (value >> 32n !== 0n) return false;
    return writeRegister(this, index, Number(value & 0xffff_ffffn));
  }

  readTscDeadline(): bigint {
    return this.timer.deadline;
  }
  writeTscDeadline(value: bigint): void {
    this.timer.setDeadline(value);
  }

  // What comes from outside.

  /** A message arrived. */
  receive(mode: number, vector: number, level: boolean): void {
    switch (mode) {
      case DELIVERY.fixed:
      case DELIVERY.lowestPriority:
        this.request(vector, level);
        break;
      case DELIVERY.smi:
        this.signals.smi?.();
        break;
      case DELIVERY.nmi:
        this.signals.nmi();
        break;
      case DELIVERY.init:
        this.initialize();
        this.signals.init();
        break;
      case DELIVERY.startup:
        this.signals.startup(vector);
        break;
      default: // ExtINT arrives by LINT0 only
        break;
    }
  }

  matchesLogical(destination: number, wide: boolean): boolean {
    if (this.isX2apic) {
      if (wide && destination === 0xffff_ffff) return true;
      return destination >>> 16 === this.logicalId >>> 16 && (destination & this.logicalId & 0xffff) !== 0;
    }
    const own = this.logicalId >>> 24;
    if (this.destinationFormat >>> 28 === 0xf) return (own & destination & 0xff) !== 0;
    const cluster = destination >> 4;
    return (cluster === 0xf || cluster === own >> 4) && (own & destination & 0xf) !== 0;
  }

  /** A level at LINT0 or LINT1. */
  setPin(pin: 0 | 1, level: boolean): void {
    const rises = level && !this.pins[pin];
    this.pins[pin] = level;
    const entry = this.lvt[LVT.lint0 + pin] as number;
    const mode = (entry >>> 8) & 7;
    if (rises && mode !== DELIVERY.extInt) this.local(LVT.lint0 + pin);
    this.update();
  }

  // What follows from it.

  /** An interrupt of the APIC itself, through its entry of the local vector table. */
  local(index: number): void {
    const entry = this.lvt[index] as number;
    if (entry & MASKED || !this.softwareEnabled) return;
    const mode = index === LVT.timer || index === LVT.error ? DELIVERY.fixed : (entry >>> 8) & 7;
    this.receive(mode, entry & 0xff, false);
  }

  endOfInterrupt(): void {
    const vector = this.isr.highest();
    if (vector < 0) return;
    this.isr.delete(vector);
    if (this.tmr.has(vector) && !(this.spurious & SVR_NO_EOI_BROADCAST)) this.apics.broadcastEoi(vector);
    this.update();
  }

  error(bit: number): void {
    const isNew = (this.pendingErrors & bit) === 0;
    this.pendingErrors |= bit;
    if (isNew) this.local(LVT.error);
  }

  /** Tells the processor whether something waits. */
  update(): void {
    const pending = this.hasInterrupt();
    if (pending === this.announced) return;
    this.announced = pending;
    this.signals.setInterruptPending(pending);
  }

  private request(vector: number, level: boolean): void {
    if (!this.softwareEnabled) return;
    if (vector < 16) return this.error(ESR.receiveIllegalVector);
    this.irr.add(vector);
    if (level) this.tmr.add(vector);
    else this.tmr.delete(vector);
    this.update();
  }

  private nextVector(): number {
    if (!this.softwareEnabled) return -1;
    const vector = this.irr.highest();
    return vector >> 4 > this.processorPriority >> 4 ? vector : -1;
  }

  /** The 8259s' request: straight to the processor while the APIC is off, else through LINT0 in ExtINT mode. */
  private externalWaits(): boolean {
    if (!this.pins[0]) return false;
    if (!this.hardwareEnabled) return this.isBootstrap;
    const entry = this.lvt[LVT.lint0] as number;
    return (entry & MASKED) === 0 && ((entry >>> 8) & 7) === DELIVERY.extInt;
  }

  /** INIT: everything but the id and the base goes back to what it is after a reset (11.4.7.3). */
  private initialize(): void {
    this.tpr = 0;
    this.destinationFormat = 0xffff_ffff;
    if (!this.isX2apic) this.logicalId = 0;
    this.spurious = 0xff;
    this.errors = 0;
    this.pendingErrors = 0;
    this.icrLow = 0;
    this.icrHigh = 0;
    this.lvt.fill(MASKED);
    for (const bits of [this.irr, this.isr, this.tmr]) bits.clear();
    this.timer.reset();
    this.update();
  }
}
