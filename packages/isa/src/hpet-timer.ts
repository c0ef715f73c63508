/** One comparator of the HPET (IA-PC HPET Specification 1.0a, 2.3.8 to 2.3.10). Counter values are 64-bit. */
import type { Alarm } from '@nandu/core';

export const TIMER = {
  level: 1 << 1,
  enable: 1 << 2,
  periodic: 1 << 3,
  periodicCapable: 1 << 4,
  wide: 1 << 5,
  setValue: 1 << 6,
  narrow: 1 << 8,
  route: 0x1f << 9,
} as const;
/** What software may change in the configuration register. */
const WRITABLE = TIMER.level | TIMER.enable | TIMER.periodic | TIMER.setValue | TIMER.narrow | TIMER.route;
export const NS_PER_TICK = 10;
const LOW_32 = 0xffff_ffffn;
const MAX_BACKLOG_TICKS = 100_000_000n;
const CATCH_UP_SPEED = 4;
const MIN_CATCH_UP_NS = 50_000;

export interface TimerState {
  config: number;
  comparator: bigint;
  period: bigint;
}

export class HpetTimer {
  config: number = TIMER.periodicCapable | TIMER.wide;
  comparator = 0xffff_ffff_ffff_ffffn;
  period = 0n;

  constructor(
    readonly index: number,
    readonly alarm: Alarm,
  ) {}

  get isPeriodic(): boolean {
    return (this.config & TIMER.periodic) !== 0;
  }
  get isLevel(): boolean {
    return (this.config & TIMER.level) !== 0;
  }
  get enabled(): boolean {
    return (this.config & TIMER.enable) !== 0;
  }
  get route(): number {
    return (this.config & TIMER.route) >>> 9;
  }
  private get width(): number {
    return this.config & TIMER.narrow ? 32 : 64;
  }

  save(): TimerState {
    return { config: this.config, comparator: this.comparator, period: this.period };
  }
  load(state: TimerState): void {
    Object.assign(this, state);
  }
  reset(): void {
    this.load({ config: TIMER.periodicCapable | TIMER.wide, comparator: 0xffff_ffff_ffff_ffffn, period: 0n });
    this.alarm.cancel();
  }

  writeConfig(value: number): void {
    this.config = (this.config & ~WRITABLE) | (value & WRITABLE);
    if (this.config & TIMER.narrow) {
      this.comparator &= LOW_32;
      this.period &= LOW_32;
    }
  }

  /** A half of the comparator. In periodic mode it is the period; with SETVAL also the comparator itself. */
  writeComparator(high: boolean, value: number): void {
    const replace = (old: bigint): bigint => {
      if (this.config & TIMER.narrow) return high ? old : BigInt(value >>> 0);
      return high ? (old & LOW_32) | (BigInt(value >>> 0) << 32n) : (old & ~LOW_32) | BigInt(value >>> 0);
    };
    if (!this.isPeriodic || this.config & TIMER.setValue) this.comparator = replace(this.comparator);
    if (this.isPeriodic) this.period = replace(this.period);
    // Both halves of a 64-bit value belong to one setting.
    if (high || this.width === 32 || value === 0) this.config &= ~TIMER.setValue;
  }

  /** Nanoseconds until the match; one just missed is due now, unless `again`: then it is a full turn away. */
  nsUntilMatch(counter: bigint, again: boolean): number {
    const ahead = BigInt.asUintN(this.width, this.comparator - counter);
    const missed = ahead === 0n || BigInt.asIntN(this.width, ahead) < 0n;
    if (missed && !again) return 0;
    return Number(ahead === 0n ? 1n << BigInt(this.width) : ahead) * NS_PER_TICK;
  }

  /** After a periodic match: on to the next one. What was missed is made up for, but no more than a second's worth. */
  advance(counter: bigint): void {
    if (this.period === 0n) return;
    const late = BigInt.asUintN(this.width, counter - this.comparator);
    const skipped = late > MAX_BACKLOG_TICKS ? (late - MAX_BACKLOG_TICKS) / this.period : 0n;
    this.comparator = BigInt.asUintN(this.width, this.comparator + (skipped + 1n) * this.period);
  }

  /** Between matches that are made up for: faster than they would come by themselves, slow enough to be served one by one. */
  get catchUpNs(): number {
    return Math.max(MIN_CATCH_UP_NS, (Number(this.period) * NS_PER_TICK) / CATCH_UP_SPEED);
  }
}
