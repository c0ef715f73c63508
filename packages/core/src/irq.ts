import { Observable, Subject } from 'rxjs';

/**
 * An interrupt line: a level, and a stream of its changes. The device that owns it calls `next`; whoever it is wired to
 * subscribes, or, where order matters (an interrupt controller's input), is `connect`ed and called at once.
 */
export class IrqLine extends Observable<boolean> {
  private readonly changes: Subject<boolean>;
  private readonly sinks: ((level: boolean) => void)[] = [];
  private current = false;

  constructor() {
    const changes = new Subject<boolean>();
    super((subscriber) => changes.subscribe(subscriber));
    this.changes = changes;
  }

  get level(): boolean {
    return this.current;
  }

  /** Sets the level. Nothing happens where it is the same. */
  next(level: boolean): void {
    if (level === this.current) return;
    this.current = level;
    for (const sink of this.sinks) sink(level);
    if (this.changes.observed) this.changes.next(level);
  }

  /** Up and down again: an edge. */
  pulse(): void {
    this.next(true);
    this.next(false);
  }

  /** Wires the line to an input; it hears the present level if that is high. */
  connect(sink: (level: boolean) => void): void {
    this.sinks.push(sink);
    if (this.current) sink(true);
  }

  /** Puts `make(sinks)` in place of what is connected: how a test or qtest listens in. */
  intercept(make: (forward: (level: boolean) => void) => (level: boolean) => void): void {
    const before = this.sinks.splice(0);
    this.sinks.push(
      make((level) => {
        for (const sink of before) sink(level);
      }),
    );
  }
}
