import type { Alarm } from './clock.js';
import { HostClock, RealtimeClock, VirtualClock } from './clock.js';
import { TimerQueue } from './timer-queue.js';

/** Looked up once: the global is a getter, and guests read clocks very often. */
const hostPerformance = performance;

/** Host time since the process started, in ns. */
function monotonicNs(): number {
  return Math.round(hostPerformance.now() * 1e6);
}

/** What the run loop needs of the virtual clock, beside what devices see. */
export abstract class DrivenClock extends VirtualClock {
  readonly timers = new TimerQueue(() => this.nowNs());
  override createAlarm(expired: () => void): Alarm {
    return this.timers.create(expired);
  }
  /** The machine starts or stops. */
  resume(): void {}
  pause(): void {}
  /** Runs due timers; whether there were any. */
  runDue(): boolean {
    return this.timers.runDue(this.nowNs());
  }
  /** Host ms until the next deadline; Infinity if there is none. */
  abstract hostMsToDeadline(): number;
}

/** Follows host time while the machine runs. */
export class RunningClock extends DrivenClock {
  private offsetNs = 0;
  private startedNs: number | undefined;

  override nowNs(): number {
    return this.startedNs === undefined ? this.offsetNs : this.offsetNs + monotonicNs() - this.startedNs;
  }
  override resume(): void {
    this.startedNs ??= monotonicNs();
  }
  override pause(): void {
    this.offsetNs = this.nowNs();
    this.startedNs = undefined;
  }
  override hostMsToDeadline(): number {
    const deadline = this.timers.nextDeadlineNs;
    return deadline === undefined ? Number.POSITIVE_INFINITY : Math.max(0, (deadline - this.nowNs()) / 1e6);
  }
}

/**
 * -icount: every instruction takes 2^shift ns, and while all vCPUs wait, time jumps to the next deadline (at once without
 * `sleep`, else after as much host time). Nothing depends on the host's speed, so a run can be repeated.
 */
export class InstructionClock extends DrivenClock {
  private warpedNs = 0;
  /** Instructions of all vCPUs so far; given by the run loop. */
  retired: () => number = () => 0;

  constructor(
    readonly shift: number,
    readonly sleep: boolean,
  ) {
    super();
  }
  override nowNs(): number {
    return this.retired() * 2 ** this.shift + this.warpedNs;
  }
  /** Instructions until the next deadline, at least 1. */
  instructionsToDeadline(): number {
    const deadline = this.timers.nextDeadlineNs;
    if (deadline === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(1, Math.ceil((deadline - this.nowNs()) / 2 ** this.shift));
  }
  /** All vCPUs wait: on to the next deadline. */
  warp(): void {
    const deadline = this.timers.nextDeadlineNs;
    if (deadline !== undefined) this.warpedNs += Math.max(0, deadline - this.nowNs());
  }
  override hostMsToDeadline(): number {
    const deadline = this.timers.nextDeadlineNs;
    if (deadline === undefined) return Number.POSITIVE_INFINITY;
    return this.sleep ? Math.max(0, (deadline - this.nowNs()) / 1e6) : 0;
  }
}

/** Moved by hand: qtest and unit tests. */
export class ManualClock extends DrivenClock {
  private now = 0;
  override nowNs(): number {
    return this.now;
  }
  /** Moves on to `ns`, running the timers on the way, each at its own time. The past is ignored. */
  advanceTo(ns: number): void {
    for (let next = this.timers.nextDeadlineNs; next !== undefined && next <= ns; next = this.timers.nextDeadlineNs) {
      this.now = Math.max(this.now, next);
      this.timers.runDue(this.now);
    }
    this.now = Math.max(this.now, ns);
  }
  advanceUs(us: number): void {
    this.advanceTo(this.now + us * 1000);
  }
  override hostMsToDeadline(): number {
    return Number.POSITIVE_INFINITY;
  }
}

/** A clock that runs by itself, with timers by the host's `setTimeout`. */
function selfRunning(nowNs: () => number): TimerQueue {
  const queue = new TimerQueue(nowNs);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const arm = (): void => {
    clearTimeout(timer);
    const deadline = queue.nextDeadlineNs;
    if (deadline === undefined) return;
    timer = setTimeout(
      () => {
        queue.runDue(nowNs());
        arm();
      },
      Math.min(Math.max(0, (deadline - nowNs()) / 1e6), 0x7fff_ffff),
    );
    // A clock alone keeps no process alive.
    (timer as unknown as { unref?(): void }).unref?.();
  };
  queue.onSooner = arm;
  return queue;
}

/** Host time since the process started; runs while the machine is stopped, too. */
export class HostRealtimeClock extends RealtimeClock {
  private readonly queue = selfRunning(monotonicNs);
  override nowNs(): number {
    return monotonicNs();
  }
  override createAlarm(expired: () => void): Alarm {
    return this.queue.create(expired);
  }
}

/** The host's wall clock. */
export class HostWallClock extends HostClock {
  private readonly queue = selfRunning(() => this.nowNs());
  override nowNs(): number {
    return Math.round(Date.now() * 1e6);
  }
  override createAlarm(expired: () => void): Alarm {
    return this.queue.create(expired);
  }
}
