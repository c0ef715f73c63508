/** npm run demo: the session of the README without a terminal, the guest's view beside the monitor's; ends with power-off. */
import { join } from 'node:path';
import { main, progress, ROOT } from './bootstrap.mjs';
import { GUEST_OPTIONS, guestOf, seedMachine } from './seed-machine.mjs';

const MiB = 1024 * 1024;

const COMMAND = {
  name: 'npm run demo',
  about: "Performs the README's session by itself: the monitor plugs and unplugs memory, the guest tells what it sees and powers off.",
  options: GUEST_OPTIONS,
};

main(COMMAND, async ({ values }) => {
  const guest = await guestOf(values);
  const { EmulatorSession } = await import('../packages/testkit/dist/src/index.js');
  progress('');
  const args = seedMachine(guest).filter((arg) => arg !== '-nographic');
  const say = (text) => process.stdout.write(`${text.replace(/\n$/, '')}\n`);
  say(`$ nandu-system-x86_64 ${args.map((arg) => (/[ ,]/.test(arg) && arg.includes(' ') ? `"${arg}"` : arg)).join(' ')}`);

  progress('booting');
  const session = await EmulatorSession.start({
    command: [process.execPath, join(ROOT, 'packages/cli/bin/nandu-system-x86_64.mjs')],
    args,
    timeoutMs: 300_000,
  });
  try {
    const boot = await session.boot();
    progress('');
    say(session.stderr);
    say(
      boot
        .replaceAll('\r', '')
        .split('\n')
        .filter((line) => /Linux version|smp: Brought|SRAT:|virtio_mem|GUEST-READY/.test(line))
        .join('\n'),
    );
    const monitor = async (command) => say(`(qemu) ${command}\n${await session.hmp(command)}`);
    const inGuest = async (command) => say(`guest# ${command}\n${await session.guest(command)}`);
    const settle = (sizes) =>
      session.eventually(
        () => session.qmp('query-memory-devices'),
        (devices) => devices.every(({ data }, i) => data.size === sizes[i] * MiB),
      );

    await settle([0, 1024]);
    await monitor('info memory-devices');
    await inGuest('free -m');
    await inGuest("grep -E '^Node|present' /proc/zoneinfo");
    await monitor('qom-set vm0 requested-size 500M');
    await monitor('qom-set vm1 requested-size 200M');
    await settle([500, 200]);
    await monitor('info memory-devices');
    await inGuest('free -m');
    await inGuest("grep -E '^Node|present' /proc/zoneinfo");
    await inGuest('dmesg | grep virtio_mem | tail -n 12');
    await monitor('info numa');

    session.console.send('poweroff -f\n');
    const status = await session.exited;
    if (status !== 0) throw new Error(`the emulator exited with status ${status}`);
    say('the guest powered off');
  } finally {
    await session.stop();
  }
});
