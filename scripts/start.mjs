/** npm start: installs, builds, fetches a guest, boots the seed machine and attaches this terminal to it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bootstrap, main, progress, ROOT } from './bootstrap.mjs';
import { seedMachine } from './seed-machine.mjs';

main(async () => {
  const { values } = parseArgs({ options: { kernel: { type: 'string' }, initrd: { type: 'string' }, append: { type: 'string' } } });
  if (Boolean(values.kernel) !== Boolean(values.initrd)) throw new Error('--kernel and --initrd go together');
  await bootstrap();
  const { fetchGuest } = await import('../packages/guest-linux/dist/src/index.js');
  const guest = values.kernel ? values : await fetchGuest('default', progress);
  progress('');
  const args = seedMachine({ ...guest, ...(values.append ? { append: values.append } : {}) });
  const child = spawn(process.execPath, [join(ROOT, 'packages/cli/bin/nandu-system-x86_64.mjs'), ...args], { stdio: 'inherit' });
  // The emulator decides what signals mean; this process only waits for it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  process.exitCode = await new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)));
});
