import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const MODULE = fileURLToPath(new URL('./helper-threads.js', import.meta.url));

/** Priorities of a process's own thread and of its others, after the call; a process of its own, since there is no way back. */
function priorities(tasks: string): { own: number; others: number[] } {
  const script = `
    import { readdirSync, existsSync } from 'node:fs';
    import { getPriority } from 'node:os';
    import { putGuestFirst } from ${JSON.stringify(MODULE)};
    putGuestFirst(${JSON.stringify(tasks)});
    const all = existsSync('/proc/self/task') ? readdirSync('/proc/self/task').map(Number) : [];
    console.log(JSON.stringify({ own: getPriority(), others: all.filter((task) => task !== process.pid).map((task) => getPriority(task)) }));`;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }));
}

it("lowers the priority of all threads but the guest's", () => {
  if (!existsSync('/proc/self/task')) return console.warn('skipped: threads have no priorities of their own on this host');
  const before = priorities('/nowhere');
  const after = priorities('/proc/self/task');
  expect(after.own).toBe(before.own);
  expect(after.others.length).toBeGreaterThan(0);
  expect(after.others).toEqual(after.others.map(() => Math.min(before.own + 10, 19)));
});
