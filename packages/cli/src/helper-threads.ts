/** The threads beside the one that runs the guest. */
import { readdirSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

const TASKS = '/proc/self/task';
/** Nice values: how far below the guest's, and the last there is. */
const BELOW = 10;
const LOWEST = 19;

/**
 * V8 compiles in threads of its own, four of them whatever the number of processors: where they are more than the processors, they would
 * take turns with the guest. On Linux each thread has a priority (setpriority(2) takes its number), so theirs is lowered; elsewhere
 * nothing happens. Call it before anything is compiled.
 */
export function putGuestFirst(tasks = TASKS): void {
  try {
    const lowered = Math.min(getPriority() + BELOW, LOWEST);
    for (const task of readdirSync(tasks)) if (Number(task) !== process.pid) setPriority(Number(task), lowered);
  } catch {
    // No Linux, or a thread that has just ended: then all are equal.
  }
}
