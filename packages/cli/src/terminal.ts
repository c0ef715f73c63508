import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

/**
 * Node puts the settings of its terminal back when it ends, and crashes where the terminal has been closed meanwhile. A descriptor that
 * was a terminal and is none any more is therefore exchanged before (libraries complain of one that is closed); and what is still said
 * goes nowhere instead of failing.
 */
export function surviveClosedTerminal(): void {
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  if (terminals.length === 0) return;
  process.stderr.on('error', () => {});
  process.stdout.on('error', () => {});
  process.on('exit', () => {
    for (const descriptor of terminals) {
      if (isatty(descriptor)) continue;
      closeSync(descriptor);
      // A file that is opened gets the lowest number that is free: this one.
      openSync('/dev/null', 'r+');
    }
  });
}
