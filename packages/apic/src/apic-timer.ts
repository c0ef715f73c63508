/**
 * The local APIC's timer (SDM volume 3, 11.5.4). It counts a bus clock of 1 GHz, divided; in TSC-deadline mode it compares the
 * time-stamp counter instead.
 */
import type { Alarm, CpuTsc, VirtualClock } from '@nandu/core';

export const TIMER_MODE = { oneShot: 0, periodic: 1, tscDeadline: 2 } as const;

/** A periodic timer fires no more often than this: whoever asks for more could not handle it, and the emulator must go on. */
const MIN_PERIOD_NS = 2_000;

export interface ApicTimerState {
  initialCount: number;
  divideConfig: number;
  startNs: number;
  stopped: boolean;
  deadlineTsc: bigint;
}

export class ApicTimer {
  /** Mode from the LVT. */
  mode: number = TIMER_MODE.oneShot;
  tsc: CpuTsc | undefined;
  initialCount = 0;
  divideConfig = 0;
  /** When counting began; of the present period in periodic mode. */
  private startNs = 0;
  /** Counted to zero as a one-shot; in whatever mode, it stays there until there is a new initial count. */
  private stopped = true;
  private deadlineTsc = 0n;
  private readonly alarm: Alarm;

  constructor(
    private readonly clock: VirtualClock,
    private readonly expired: () => void,
  ) {
    this.alarm = clock.createAlarm(() => this.expire());
  }

  /** Bus clocks (and so ns) a count takes: bits 0, 1 and 3 give 2, 4, ..., 128, 1. */
  get divisor(): number {
    const code = (this.divideConfig & 3) | ((this.divideConfig & 8) >> 1);
    return code === 7 ? 1 : 2 << code;
  }
  private get periodNs(): number {
    return this.initialCount * this.divisor;
  }

  get currentCount(): number {
    if (this.initialCount === 0 || this.stopped || this.mode === TIMER_MODE.tscDeadline) return 0;
    const counts = Math.floor((this.clock.nowNs() - this.startNs) / this.divisor);
    if (this.mode === TIMER_MODE.periodic) return this.initialCount - (counts % this.initialCount);
    return Math.max(0, this.initialCount - counts);
  }

  setMode(mode: number): void {
    if (mode === this.mode) return;
    if (this.mode === TIMER_MODE.oneShot && this.currentCount === 0) this.stopped = true;
    const crossing = mode === TIMER_MODE.tscDeadline || this.mode === TIMER_MODE.tscDeadline;
    this.mode = mode;
    if (crossing) this.disarm();
    else this.arm();
  }

  setInitialCount(count: number): void {
    if (this.mode === TIMER_MODE.tscDeadline) return;
    this.initialCount = count;
    this.startNs = this.clock.nowNs();
    this.stopped = false;
    this.arm(true);
  }

  setDivideConfig(value: number): void {
    const left = this.currentCount;
    this.divideConfig = value & 0x0b;
    // What was counted so far stays counted.
    this.startNs = this.clock.nowNs() - (this.initialCount - left) * this.divisor;
    if (this.alarm.deadlineNs !== undefined) this.arm(true);
  }

  get deadline(): bigint {
    return this.mode === TIMER_MODE.tscDeadline ? this.deadlineTsc : 0n;
  }
  setDeadline(tsc: bigint): void {
    if (this.mode !== TIMER_MODE.tscDeadline) return;
    this.deadlineTsc = tsc;
    // What is over already interrupts now: software may rely on it after the next serializing instruction.
    if (tsc !== 0n && this.tsc && this.tsc.tscAt(this.clock.nowNs()) >= tsc) {
      this.alarm.cancel();
      this.expire();
    } else {
      this.arm();
    }
  }

  save(): ApicTimerState {
    const { initialCount, divideConfig, startNs, stopped, deadlineTsc } = this;
    return { initialCount, divideConfig, startNs, stopped, deadlineTsc };
  }
  load(state: ApicTimerState): void {
    Object.assign(this, state);
    this.arm();
  }
  reset(): void {
    this.mode = TIMER_MODE.oneShot;
    this.divideConfig = 0;
    this.disarm();
  }

  private disarm(): void {
    this.initialCount = 0;
    this.deadlineTsc = 0n;
    this.alarm.cancel();
  }

  /** `counting`: a one-shot is known to run; it fires even if its few ns have passed before we look at the clock. */
  private arm(counting = false): void {
    if (this.mode === TIMER_MODE.tscDeadline) {
      if (this.deadlineTsc === 0n || !this.tsc) this.alarm.cancel();
      else this.alarm.startAtNs(Math.min(this.tsc.nsWhenTscReaches(this.deadlineTsc), Number.MAX_SAFE_INTEGER));
      return;
    }
    const now = this.clock.nowNs();
    if (this.initialCount === 0 || this.stopped) this.alarm.cancel();
    else if (this.mode === TIMER_MODE.periodic) this.alarm.startAtNs(this.nextPeriodNs(now));
    else if (counting || this.startNs + this.periodNs > now) this.alarm.startAtNs(this.startNs + this.periodNs);
    else this.alarm.cancel();
  }

  private nextPeriodNs(now: number): number {
    const periods = Math.floor((now - this.startNs) / this.periodNs) + 1;
    return Math.max(this.startNs + periods * this.periodNs, now + Math.min(MIN_PERIOD_NS, this.periodNs * 1000));
  }

  private expire(): void {
    if (this.mode === TIMER_MODE.tscDeadline) this.deadlineTsc = 0n;
    else if (this.mode === TIMER_MODE.periodic) this.arm();
    this.expired();
  }
}
