import type { Chardev, Machine } from '@nandu/core';
import { HmpSession } from './hmp/session.js';
import { EventThrottle } from './qmp/event-throttle.js';
import { QmpSession } from './qmp/session.js';

/** The monitors of one machine. */
export class Monitors {
  private readonly events: EventThrottle;
  private readonly human: HmpSession[] = [];

  constructor(private readonly machine: Machine) {
    this.events = new EventThrottle(machine);
  }

  addQmp(chardev: Chardev, pretty = false): QmpSession {
    return new QmpSession(this.machine, chardev, this.events, pretty);
  }
  addHmp(chardev: Chardev): HmpSession {
    const session = new HmpSession(this.machine, chardev);
    this.human.push(session);
    return session;
  }
  /** The process is about to end: no more prompts. */
  end(): void {
    for (const session of this.human) session.end();
  }
}
