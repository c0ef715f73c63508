import type { Alarm } from './clock.js';

/** The armed alarms of a clock, soonest first. */
export class TimerQueue {
  private readonly heap: QueuedAlarm[] = [];
  /** Called when the soonest deadline moves nearer. */
  onSooner: (() => void) | undefined;

  constructor(private readonly nowNs: () => number) {}

  create(expired: () => void): Alarm {
    return new QueuedAlarm(this, this.nowNs, expired);
  }

  /** Undefined where nothing is armed. */
  get nextDeadlineNs(): number | undefined {
    return this.heap[0]?.deadlineNs;
  }

  /** Runs every alarm that is due at `now`, in order of their deadlines. An alarm that arms itself again in the past runs again. */
  runDue(now: number): boolean {
    let any = false;
    for (let first = this.heap[0]; first !== undefined && (first.deadlineNs as number) <= now; first = this.heap[0]) {
      first.cancel();
      first.expired();
      any = true;
    }
    return any;
  }

  insert(alarm: QueuedAlarm): void {
    alarm.index = this.heap.push(alarm) - 1;
    this.up(alarm);
    if (alarm.index === 0) this.onSooner?.();
  }

  remove(alarm: QueuedAlarm): void {
    const last = this.heap.pop() as QueuedAlarm;
    if (last !== alarm) {
      last.index = alarm.index;
      this.heap[last.index] = last;
      this.up(last);
      this.down(last);
    }
    alarm.index = -1;
  }

  private up(alarm: QueuedAlarm): void {
    for (let parent = (alarm.index - 1) >> 1; alarm.index > 0 && alarm.before(this.heap[parent] as QueuedAlarm); parent = (alarm.index - 1) >> 1) {
      this.swap(alarm.index, parent);
    }
  }

  private down(alarm: QueuedAlarm): void {
    for (;;) {
      let child = 2 * alarm.index + 1;
      if (child >= this.heap.length) return;
      const right = this.heap[child + 1];
      if (right?.before(this.heap[child] as QueuedAlarm)) child++;
      if (!(this.heap[child] as QueuedAlarm).before(alarm)) return;
      this.swap(alarm.index, child);
    }
  }

  private swap(a: number, b: number): void {
    const x = this.heap[a] as QueuedAlarm;
    const y = this.heap[b] as QueuedAlarm;
    this.heap[a] = y;
    this.heap[b] = x;
    y.index = a;
    x.index = b;
  }
}

let sequence = 0;

class QueuedAlarm implements Alarm {
  deadlineNs: number | undefined;
  index = -1;
  /** Equal deadlines run in the order in which they were set. */
  private order = 0;

  constructor(
    private readonly queue: TimerQueue,
    private readonly nowNs: () => number,
    readonly expired: () => void,
  ) {}

  get remainingUs(): number {
    return this.deadlineNs === undefined ? 0 : Math.max(0, Math.ceil((this.deadlineNs - this.nowNs()) / 1000));
  }
  start(delayUs: number): void {
    this.startAtNs(this.nowNs() + delayUs * 1000);
  }
  startAtNs(deadlineNs: number): void {
    this.cancel();
    this.deadlineNs = deadlineNs;
    this.order = sequence++;
    this.queue.insert(this);
  }
  cancel(): void {
    if (this.deadlineNs === undefined) return;
    this.queue.remove(this);
    this.deadlineNs = undefined;
  }
  before(other: QueuedAlarm): boolean {
    const [a, b] = [this.deadlineNs as number, other.deadlineNs as number];
    return a < b || (a === b && this.order < other.order);
  }

  save(): number | null {
    return this.deadlineNs ?? null;
  }
  load(deadlineNs: number | null): void {
    if (deadlineNs === null) this.cancel();
    else this.startAtNs(deadlineNs);
  }
  reset(): void {
    this.cancel();
  }
}
