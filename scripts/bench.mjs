/**
 * npm run bench: Nandu beside an installed qemu-system-x86_64 -accel tcg, in turns on the same machine; prints ratios (over 1:
 * Nandu is slower) and writes JSON. `--quick` runs short kernels once. Needs python3, gcc, make and busybox-static.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bootstrap, main, progress, ROOT, run } from './bootstrap.mjs';

main(async () => {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string' },
      guest: { type: 'string', default: '6.12' },
      node: { type: 'string', default: process.execPath },
    },
  });
  await bootstrap();
  const { fetchGuest } = await import('../packages/guest-linux/dist/src/index.js');
  const { kernel } = await fetchGuest(values.guest, progress);
  progress('');
  const bench = join(ROOT, 'bench');
  await run('make', ['-C', join(bench, 'guest'), 'out/initrd-x86_64.gz'], { label: 'building the guest benchmarks' });
  const out = join(ROOT, '.cache/bench');
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });

  const emulators = [
    { label: 'qemu', command: 'qemu-system-x86_64 -accel tcg' },
    { label: 'nandu', command: `${values.node} ${join(ROOT, 'packages/cli/bin/nandu-system-x86_64.mjs')}` },
  ];
  const measure = (emulator, mode, extra) =>
    run(
      join(bench, 'run'),
      ['--emu', emulator.command, '--label', emulator.label, '--kernel', kernel, '--mode', mode, '-o', join(out, `${mode}-${emulator.label}.json`), ...extra],
      {
        inherit: true,
      },
    );
  await run(join(bench, 'run'), ['--native', '-q', '-o', join(out, 'native.json'), '--scale', values.quick ? '0.05' : '1'], { inherit: true });

  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
  for (let round = 0; round < rounds; round++) {
    const add = round > 0 ? ['--add'] : [];
    for (const emulator of emulators) await measure(emulator, 'boot', add);
    const suite = ['--scale', values.quick ? '0.05' : '1', '--ref', join(out, 'native.json'), ...(values.only ? ['--only', values.only] : []), ...add];
    for (const emulator of emulators) await measure(emulator, 'suite', suite);
  }
  process.stdout.write(await run(join(bench, 'compare'), [join(out, 'suite-nandu.json'), join(out, 'suite-qemu.json')]));
  process.stdout.write(`figures in ${out}\n`);
});
