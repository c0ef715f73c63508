import { Machine, type MachineRequest, type RunLoop, type ShutdownCause } from '@nandu/core';

/** Causes by which the guest itself did it. */
const BY_GUEST: ReadonlySet<ShutdownCause> = new Set(['guest-shutdown', 'guest-reset', 'guest-panic', 'subsystem-reset']);

/** What `action panic=` is called in GUEST_PANICKED. */
const PANIC_ACTION = { pause: 'pause', shutdown: 'poweroff', 'exit-failure': 'poweroff', none: 'run' } as const;

/**
 * Carries out what a machine asks for: runs and stops its loop as the run state says, resets and shuts down between slices,
 * announces it all. `end` is called once, with the exit status.
 */
export class Lifecycle {
  private readonly pending: MachineRequest[] = [];
  private scheduled = false;
  private ended = false;

  constructor(
    private readonly machine: Machine,
    private readonly loop: RunLoop,
    private readonly end: (status: number) => void,
    /** An error of ours, or of the host, in the middle of a run. */
    private readonly failed: (error: unknown) => void,
  ) {
    machine.runState.changes$.subscribe(() => this.follow());
    machine.requests$.subscribe((request) => this.take(request));
  }

  /** The loop runs while the machine does. */
  private follow(): void {
    if (this.machine.runState.running && !this.ended) this.loop.start(this.failed);
    else this.loop.stop();
  }

  /** A request may come from within a slice: it is carried out when the stack is empty again. */
  private take(request: MachineRequest): void {
    this.pending.push(request);
    if (request.kind !== 'powerdown') this.loop.stop();
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      try {
        for (let next = this.pending.shift(); next && !this.ended; next = this.pending.shift()) this.carryOut(next);
        this.follow();
      } catch (error) {
        this.failed(error);
      }
    });
  }

  private carryOut(request: MachineRequest): void {
    const { machine } = this;
    if (request.kind === 'powerdown') {
      machine.emit('POWERDOWN');
      machine.board?.powerdown();
    } else if (request.kind === 'reset') {
      this.reset(request.cause);
    } else {
      this.shutdown(request.cause, request.exitCode);
    }
  }

  private reset(cause: ShutdownCause): void {
    const { machine } = this;
    if (machine.actions.reboot === 'shutdown' && cause !== 'subsystem-reset') return this.shutdown(cause, 0);
    machine.performReset();
    if (cause !== 'subsystem-reset') machine.emit('RESET', { guest: BY_GUEST.has(cause), reason: cause });
    if (!machine.runState.running) machine.runState.set('prelaunch');
  }

  private shutdown(cause: ShutdownCause, exitCode: number): void {
    const { machine } = this;
    // isa-debug-exit and its like end the process, not the machine.
    if (exitCode !== 0) return this.finish(exitCode);
    if (cause === 'guest-panic' && !this.panicked()) return;
    machine.emit('SHUTDOWN', { guest: BY_GUEST.has(cause), reason: cause });
    if (machine.actions.shutdown === 'pause' && cause !== 'host-qmp-quit' && cause !== 'host-signal') {
      const wasRunning = machine.runState.running;
      machine.runState.set('shutdown');
      if (wasRunning) machine.emit('STOP');
      return;
    }
    this.finish(cause === 'guest-panic' && machine.actions.panic === 'exit-failure' ? 1 : 0);
  }

  /** The guest gave up; whether a shutdown follows. */
  private panicked(): boolean {
    const { machine } = this;
    const { panic } = machine.actions;
    machine.emit('GUEST_PANICKED', { action: PANIC_ACTION[panic] });
    if (panic === 'none') return false;
    machine.runState.set('guest-panicked');
    machine.emit('STOP');
    return panic !== 'pause';
  }

  private finish(status: number): void {
    this.ended = true;
    this.loop.stop();
    this.end(status);
  }
}
