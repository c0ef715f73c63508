/** npm start: installs, builds, fetches a guest, boots the seed machine and attaches this terminal to it. */
import { main, progress } from './bootstrap.mjs';
import { GUEST_OPTIONS, guestOf, seedMachine } from './seed-machine.mjs';

const COMMAND = {
  name: 'npm start',
  about: 'Installs, builds, fetches a guest, boots it, and attaches this terminal: Ctrl-A H helps, Ctrl-A X leaves.',
  options: { ...GUEST_OPTIONS, append: { value: 'TEXT', help: "the kernel's command line instead of ours" } },
};

main(COMMAND, async ({ values }) => {
  const guest = await guestOf(values);
  progress('');
  // In this process, not in a child of its own: a second Node would cost a tenth of a second before the guest's first line.
  process.argv.splice(2, Infinity, ...seedMachine({ ...guest, ...(values.append ? { append: values.append } : {}) }));
  await import('../packages/cli/bin/nandu-system-x86_64.mjs');
});
