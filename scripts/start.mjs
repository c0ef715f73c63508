/** npm start: installs, builds, fetches a guest, boots the seed machine and attaches this terminal to it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { main, progress, ROOT } from './bootstrap.mjs';
import { GUEST_OPTIONS, guestOf, seedMachine } from './seed-machine.mjs';

const COMMAND = {
  name: 'npm start',
  about: 'Installs, builds, fetches a guest, boots it, and attaches this terminal: Ctrl-A H helps, Ctrl-A X leaves.',
  options: { ...GUEST_OPTIONS, append: { value: 'TEXT', help: "the kernel's command line instead of ours" } },
};

main(COMMAND, async ({ values }) => {
  const guest = await guestOf(values);
  progress('');
  const { surviveClosedTerminal } = await import('../packages/cli/dist/src/terminal.js');
  surviveClosedTerminal();
  const args = seedMachine({ ...guest, ...(values.append ? { append: values.append } : {}) });
  const child = spawn(process.execPath, [join(ROOT, 'packages/cli/bin/nandu-system-x86_64.mjs'), ...args], { stdio: 'inherit' });
  // The emulator decides what signals mean; this process only waits for it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  process.exitCode = await new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)));
});
