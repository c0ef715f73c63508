import { BehaviorSubject, type Observable } from 'rxjs';
import type { RunStateName } from './events.js';

/** Whether the machine runs, and why not. */
export class RunState {
  private readonly state = new BehaviorSubject<RunStateName>('prelaunch');
  readonly changes$: Observable<RunStateName> = this.state.asObservable();

  get current(): RunStateName {
    return this.state.value;
  }
  get running(): boolean {
    return this.state.value === 'running';
  }
  set(next: RunStateName): void {
    if (next !== this.state.value) this.state.next(next);
  }
}
