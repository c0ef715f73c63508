import type { Saveable } from '../object/saved.js';

/** A timer of a clock: one callback, armed or not. Saved state is its deadline; reset disarms it. */
export interface Alarm extends Saveable {
  /** Absolute deadline in ns of the clock, or undefined when not armed. */
  readonly deadlineNs: number | undefined;
  /** Microseconds until the deadline, rounded up; 0 when not armed or already due. */
  readonly remainingUs: number;
  /** Arms it, `delayUs` from now. */
  start(delayUs: number): void;
  /** Arms it for an absolute time; one in the past is due at once (never inside this call). */
  startAtNs(deadlineNs: number): void;
  cancel(): void;
}

/** A clock with timers. `VirtualClock` is the injection token of the one that guests and devices live by. */
export abstract class Clock {
  /** Whole nanoseconds since the machine's start, or since 1970 for the host clock; never goes backwards but for the host's. */
  abstract nowNs(): number;
  abstract createAlarm(expired: () => void): Alarm;
}

/** Runs only while the machine runs; with -icount it counts instructions; under qtest the test moves it. */
export abstract class VirtualClock extends Clock {}
/** Runs always, from the start of the process. For what users see, not for guests. */
export abstract class RealtimeClock extends Clock {}
/** Wall time, ns since 1970 (exact to about a µs). */
export abstract class HostClock extends Clock {}
