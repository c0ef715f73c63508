/**
 * hpet: high precision event timers (IA-PC HPET Specification 1.0a): a counter of 10 ns and three comparators, each to one
 * interrupt of the I/O APIC, or the first two in place of the 8254 and the RTC (legacy replacement).
 */
import { Device, device, IrqLine, type MmioHandler, property, saved, VirtualClock } from '@nandu/core';
import { HpetTimer, NS_PER_TICK, type TimerState } from './hpet-timer.js';

const SIZE_BYTES = 0x400;
const PERIOD_FEMTOSECONDS = NS_PER_TICK * 1_000_000;
/** Vendor 8086, legacy replacement, 64-bit counter, revision 1; the number of timers is put in bits 8-12. */
const CAPABILITIES = 0x8086_a001;
const ENABLE = 1;
const LEGACY = 2;
const OUTPUTS = 32;

@device({ type: 'hpet', userCreatable: false })
export class Hpet extends Device implements MmioHandler {
  @property({ readOnly: true }) timers: number = 3;
  /** Interrupts of the I/O APIC that every timer can use, one bit each. */
  @property({ name: 'hpet-intcap' }) interruptMask: number = 4;

  @saved() private config = 0;
  @saved() private status = 0;
  /** The counter while it stands; while it runs, the counter less the clock's ticks. */
  @saved() private base = 0n;
  @saved() protected readonly comparators: { save(): TimerState[]; load(states: TimerState[]): void; reset(): void };
  private readonly units: HpetTimer[];

  /** By GSI; 0 and 8 are used in legacy replacement. */
  readonly outputs = Array.from({ length: OUTPUTS }, () => new IrqLine());
  /** Whether the 8254 keeps IRQ 0. */
  readonly pitEnabled$ = new IrqLine();

  constructor(private readonly clock: VirtualClock) {
    super();
    this.units = [0, 1, 2].map(
      (index) =>
        new HpetTimer(
          index,
          clock.createAlarm(() => this.match(index)),
        ),
    );
    this.comparators = {
      save: () => this.units.map((unit) => unit.save()),
      load: (states) => this.units.forEach((unit, index) => unit.load(states[index] as TimerState)),
      reset: () => this.units.forEach((unit) => unit.reset()),
    };
    this.pitEnabled$.next(true);
  }

  override realize(): void {
    this.addInputs('unnamed-gpio-in', 2, (pin, level) => this.legacyInput(pin, level));
    this.addOutputs('unnamed-gpio-out', [this.pitEnabled$]);
    this.addOutputs('sysbus-irq', this.outputs);
    this.mapMmio(this, SIZE_BYTES, { valid: { min: 4, max: 8 }, impl: { min: 4, max: 4 } });
  }

  protected override derive(): void {
    this.pitEnabled$.next(!this.legacy);
    for (const unit of this.units) this.updateLine(unit);
    this.arm();
  }

  private get enabled(): boolean {
    return (this.config & ENABLE) !== 0;
  }
  private get legacy(): boolean {
    return (this.config & LEGACY) !== 0;
  }
  private ticks(): bigint {
    return BigInt(Math.floor(this.clock.nowNs() / NS_PER_TICK));
  }
  private counter(): bigint {
    return this.enabled ? BigInt.asUintN(64, this.base + this.ticks()) : this.base;
  }

  read(offset: number): number {
    const high = (offset & 4) !== 0;
    if (offset >= 0x100) return this.readTimer(offset, high);
    switch (offset & ~7) {
      case 0x00:
        return high ? PERIOD_FEMTOSECONDS : (CAPABILITIES | ((this.units.length - 1) << 8)) >>> 0;
      case 0x10:
        return high ? 0 : this.config;
      case 0x20:
        return high ? 0 : this.status;
      case 0xf0:
        return half(this.counter(), high);
      default:
        return 0;
    }
  }

  private readTimer(offset: number, high: boolean): number {
    const unit = this.units[(offset - 0x100) >> 5];
    if (!unit) return 0;
    switch (offset & 0x18) {
      case 0x00:
        return high ? this.interruptMask : unit.config;
      case 0x08:
        return half(unit.comparator, high);
      default:
        return 0; // no FSB delivery
    }
  }

  write(offset: number, value: number): void {
    const high = (offset & 4) !== 0;
    if (offset >= 0x100) return this.writeTimer(offset, value, high);
    switch (offset & ~7) {
      case 0x10:
        if (!high) this.configure(value & (ENABLE | LEGACY));
        break;
      case 0x20:
        if (!high) this.status &= ~value;
        break;
      case 0xf0: // only while the counter stands (2.3.7)
        if (!this.enabled) this.base = high ? (this.base & 0xffff_ffffn) | (BigInt(value) << 32n) : (this.base & ~0xffff_ffffn) | BigInt(value);
        break;
      default:
        break;
    }
    this.derive();
  }

  private configure(value: number): void {
    const counter = this.counter();
    if (value & ~this.config & LEGACY) for (const irq of [0, 8]) this.outputs[irq]?.next(false);
    this.config = value;
    this.base = this.enabled ? BigInt.asUintN(64, counter - this.ticks()) : counter;
  }

  private writeTimer(offset: number, value: number, high: boolean): void {
    const unit = this.units[(offset - 0x100) >> 5];
    if (!unit) return;
    const register = offset & 0x18;
    if (register === 0x00 && !high) unit.writeConfig(value);
    else if (register === 0x08) unit.writeComparator(high, value);
    else return;
    this.updateLine(unit);
    this.schedule(unit, false);
  }

  private arm(): void {
    for (const unit of this.units) this.schedule(unit, true);
  }

  private schedule(unit: HpetTimer, again: boolean): void {
    if (!this.enabled || !unit.enabled) return unit.alarm.cancel();
    const now = this.clock.nowNs();
    // A match that is due but was not served yet stays so.
    if (again && unit.alarm.deadlineNs !== undefined && unit.alarm.deadlineNs <= now) return;
    // Guests count these interrupts as time: a host that stood still for a while must not make them lose any.
    const delay = unit.nsUntilMatch(this.counter(), again && !unit.isPeriodic) || (again ? unit.catchUpNs : 0);
    unit.alarm.startAtNs(Math.min(now + delay, Number.MAX_SAFE_INTEGER));
  }

  private match(index: number): void {
    const unit = this.units[index] as HpetTimer;
    if (unit.isPeriodic) unit.advance(this.counter());
    this.fire(unit);
    this.schedule(unit, true);
  }

  private fire(unit: HpetTimer): void {
    if (unit.isLevel) {
      this.status |= 1 << unit.index;
      this.updateLine(unit);
    } else if (unit.enabled) {
      this.line(unit)?.pulse();
    }
  }

  private updateLine(unit: HpetTimer): void {
    if (unit.isLevel) this.line(unit)?.next(unit.enabled && (this.status & (1 << unit.index)) !== 0);
  }

  private line(unit: HpetTimer): IrqLine | undefined {
    if (this.legacy && unit.index < 2) return this.outputs[unit.index === 0 ? 0 : 8];
    return this.outputs[unit.route];
  }

  /** The lines of the 8254 and the RTC pass through unless replaced. */
  private legacyInput(pin: number, level: boolean): void {
    if (!this.legacy) this.outputs[pin === 0 ? 0 : 8]?.next(level);
  }
}

function half(value: bigint, high: boolean): number {
  return Number(high ? value >> 32n : value & 0xffff_ffffn);
}
