import type { Observable } from 'rxjs';
import { Subject } from 'rxjs';

export interface LogRecord {
  readonly kind: 'guest-error' | 'unimplemented' | 'warning' | 'info';
  readonly message: string;
}

/** What a machine has to say. Nobody writes to a console: the CLI subscribes and decides. */
export class Log {
  private readonly records = new Subject<LogRecord>();
  readonly records$: Observable<LogRecord> = this.records.asObservable();

  /** The guest did something that its specification forbids. */
  guestError(message: string): void {
    this.records.next({ kind: 'guest-error', message });
  }
  /** The guest asked for something that we do not have yet. */
  unimplemented(message: string): void {
    this.records.next({ kind: 'unimplemented', message });
  }
  /** For the user, on stderr, as QEMU's `warning: ...`. */
  warning(message: string): void {
    this.records.next({ kind: 'warning', message });
  }
  /** For the user, on stderr, one line as it is. */
  info(message: string): void {
    this.records.next({ kind: 'info', message });
  }
}
