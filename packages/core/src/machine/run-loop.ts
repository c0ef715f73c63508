import { assert } from '../errors.js';
import { DrivenClock, InstructionClock } from '../time/clocks.js';
import type { VCpu } from './accelerator.js';
import type { Machine } from './machine.js';

/** How long a turn of guest work may take before the host gets its own, in ms. */
const TURN_MS = 2;
/** The same where something happened outside a turn that a vCPU should hear of at once. */
const PROMPT_MS = 0.2;
const MIN_SLICE = 1_000;
const MAX_SLICE = 4_000_000;
/** Deadlines nearer than this are waited for by looking again and again, since the host's timers are coarse. */
const SPIN_MS = 0.3;
/** A slice before a deadline takes this share of the time that is left, since speed is a guess, and the next slice the rest. */
const DEADLINE_SHARE = 0.8;
const CLOSE_MS = 0.1;

/**
 * The loop of one machine: due timers, a slice of every vCPU that can run, then the host's turn; asleep until the next deadline
 * or `wake` while all vCPUs wait. `retired` instructions per host ms are measured to keep slices at TURN_MS.
 */
export class RunLoop {
  private readonly clock: DrivenClock;
  private perMs = 20_000;
  /** The slice that runs: its vCPU, and where that will be at its end. */
  private running: { readonly cpu: VCpu; readonly until: number } | undefined;
  private prompted = false;
  private scheduled = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private active = false;
  private turning = false;
  private failure: ((error: unknown) => void) | undefined;

  constructor(private readonly machine: Machine) {
    this.clock = machine.container.resolve(DrivenClock as never);
    if (this.clock instanceof InstructionClock) this.clock.retired = () => this.cpus.reduce((sum, cpu) => sum + cpu.retired, 0);
    this.clock.timers.onSooner = () => this.deadlineMoved();
    machine.onWake(() => this.wake());
  }

  private get cpus(): readonly VCpu[] {
    return this.machine.board?.cpus ?? [];
  }

  /** Runs the machine until `stop`. Errors of our own that reach the loop stop it and go to `failed`. */
  start(failed: (error: unknown) => void): void {
    this.failure = failed;
    if (this.active) return;
    this.active = true;
    this.clock.resume();
    this.schedule();
  }

  /** From inside a turn, too: vCPUs come back at their next check. */
  stop(): void {
    if (!this.active) return;
    this.active = false;
    this.clock.pause();
    clearTimeout(this.timer);
    for (const cpu of this.cpus) cpu.kick();
  }

  /**
   * Something happened that a waiting machine, or a vCPU that has much to do, should look at. It does so as soon as whatever
   * called this is done, before the host's next event; but once a turn, so that many events do not wait for the guest.
   */
  wake(): void {
    if (!this.active || this.turning) return;
    clearTimeout(this.timer);
    this.schedule();
    if (this.prompted) return;
    this.prompted = true;
    void NOW.then(this.prompt);
  }

  private readonly prompt = (): void => {
    if (this.active && !this.turning) this.work(PROMPT_MS);
  };

  /** A device set a timer that expires before the others: the slice must not outlast it. */
  private deadlineMoved(): void {
    const { running } = this;
    if (running && this.instructionsToDeadline() < running.until - running.cpu.retired) running.cpu.kick();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    soon(() => {
      this.scheduled = false;
      this.turn();
    });
  }

  private turn(): void {
    this.prompted = false;
    if (!this.active) return;
    const ran = this.work(TURN_MS);
    if (!this.active) return;
    if (ran || this.cpus.some((cpu) => cpu.runnable)) this.schedule();
    else this.wait();
  }

  /** Timers and vCPUs, for some `ms`; whether a vCPU ran. */
  private work(ms: number): boolean {
    let ran = false;
    this.turning = true;
    try {
      this.clock.runDue();
      // vCPUs that yield to each other get through many rounds in one turn of the host.
      const end = performance.now() + ms;
      while (this.active && this.runCpus(ms)) {
        ran = true;
        if (performance.now() >= end) break;
      }
    } catch (error) {
      this.active = false;
      assert(this.failure);
      this.failure(error);
    } finally {
      this.turning = false;
      this.running = undefined;
    }
    return ran;
  }

  /** A slice of each vCPU that can run; whether any could. */
  private runCpus(turnMs: number): boolean {
    let ran = false;
    for (const cpu of this.cpus) {
      if (!cpu.runnable || !this.active) continue;
      ran = true;
      const before = cpu.retired;
      const slice = this.slice(turnMs);
      const startMs = performance.now();
      this.running = { cpu, until: before + slice.instructions };
      cpu.run(slice.instructions, startMs + slice.ms);
      this.running = undefined;
      const ms = performance.now() - startMs;
      // A slice cut short says nothing about speed.
      if (ms > 0.2) this.measured((cpu.retired - before) / ms);
      this.clock.runDue();
    }
    return ran;
  }

  /** Interrupts are late where a slice takes longer than it was meant to, so it is adapted to slower code at once, and to faster code slowly. */
  private measured(perMs: number): void {
    this.perMs = perMs < this.perMs ? perMs : 0.7 * this.perMs + 0.3 * perMs;
  }

  /** So many instructions, or so long. */
  private slice(turnMs: number): { readonly instructions: number; readonly ms: number } {
    if (this.clock instanceof InstructionClock) {
      return { instructions: Math.min(ICOUNT_SLICE, this.clock.instructionsToDeadline()), ms: Number.POSITIVE_INFINITY };
    }
    const runnable = this.cpus.reduce((n, cpu) => n + (cpu.runnable ? 1 : 0), 0);
    const left = this.clock.hostMsToDeadline();
    const ms = Math.min(turnMs / Math.max(1, runnable), left > CLOSE_MS ? left * DEADLINE_SHARE : left);
    return { instructions: Math.round(Math.min(MAX_SLICE, Math.max(MIN_SLICE, this.perMs * ms))), ms };
  }

  private instructionsToDeadline(): number {
    return this.clock instanceof InstructionClock ? this.clock.instructionsToDeadline() : this.perMs * this.clock.hostMsToDeadline();
  }

  private wait(): void {
    const ms = this.clock.hostMsToDeadline();
    if (this.clock instanceof InstructionClock && Number.isFinite(ms)) {
      const { clock } = this;
      const on = (): void => {
        clock.warp();
        this.schedule();
      };
      if (ms < 1) on();
      else this.timer = setTimeout(on, ms);
    } else if (ms <= SPIN_MS) this.schedule();
    else if (Number.isFinite(ms)) this.timer = setTimeout(() => this.schedule(), Math.min(Math.max(1, Math.floor(ms)), 0x7fff_ffff));
  }
}

/** With -icount slices must not depend on the host. */
const ICOUNT_SLICE = 200_000;

/** What waits for it runs after what runs now: `queueMicrotask`, which Node makes far more of. */
const NOW = Promise.resolve();

/** Runs `callback` after pending I/O got its turn. */
const soon: (callback: () => void) => void = (() => {
  const immediate = (globalThis as { setImmediate?: (callback: () => void) => void }).setImmediate;
  if (immediate) return immediate;
  const channel = new MessageChannel();
  const waiting: (() => void)[] = [];
  channel.port1.onmessage = () => waiting.shift()?.();
  return (callback) => {
    waiting.push(callback);
    channel.port2.postMessage(0);
  };
})();
