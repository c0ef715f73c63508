import type { Machine, MachineEvent } from '@nandu/core';
import { type Observable, Subject } from 'rxjs';

const PERIOD_MS = 1000;

interface Held {
  latest: MachineEvent | undefined;
}

/**
 * A machine's events as monitors get them: of those with a rate limit key the first goes out at once, then at most one a
 * second, always the latest.
 */
export class EventThrottle {
  private readonly out = new Subject<MachineEvent>();
  readonly events$: Observable<MachineEvent> = this.out.asObservable();
  private readonly held = new Map<string, Held>();

  constructor(machine: Machine) {
    machine.events$.subscribe((event) => this.take(event));
  }

  private take(event: MachineEvent): void {
    if (event.rateLimitKey === undefined) return this.out.next(event);
    const key = `${event.name} ${event.rateLimitKey}`;
    const held = this.held.get(key);
    if (held) {
      held.latest = event;
      return;
    }
    this.out.next(event);
    const fresh: Held = { latest: undefined };
    this.held.set(key, fresh);
    this.wait(key, fresh);
  }

  private wait(key: string, held: Held): void {
    const timer = setTimeout(() => {
      const { latest } = held;
      if (!latest) {
        this.held.delete(key);
        return;
      }
      held.latest = undefined;
      this.out.next(latest);
      this.wait(key, held);
    }, PERIOD_MS) as unknown as { unref?(): void };
    // An event that waits does not keep a process alive.
    timer.unref?.();
  }
}
