/** The guest benchmarks of bench/guest, through bench/run, which also checks their checksums. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../bootstrap.mjs';
import { row } from './row.mjs';
import { geometricMean } from './stats.mjs';

export async function measureSuite({ emulators, rounds, bench, out, progress, guest, scale, only }) {
  const file = (label) => join(out, `suite-${label}.json`);
  progress('the benchmarks on this processor');
  await run(join(bench.folder, 'run'), ['--native', '-q', '-o', file('native'), '--scale', scale]);
  for (let round = 0; round < rounds; round++) {
    for (const { label, command } of emulators) {
      progress(`benchmarks: ${label}, ${round + 1} of ${rounds}`);
      const options = [
        '--kernel',
        guest.kernel,
        '--scale',
        scale,
        '--ref',
        file('native'),
        '-q',
        '-o',
        file(label),
        ...(round > 0 ? ['--add'] : []),
        ...(only ? ['--only', only] : []),
      ];
      await run(join(bench.folder, 'run'), ['--emu', command.join(' '), '--label', label, ...options]);
    }
  }
  const [qemu, nandu] = emulators.map(({ label }) => JSON.parse(readFileSync(file(label), 'utf8')).runs);
  const seconds = (runs, name) => runs.map((one) => one.kernels[name].net_s);
  const rows = Object.keys(nandu[0].kernels).map((name) => row('suite', name, 's', { nandu: seconds(nandu, name), qemu: seconds(qemu, name), limit: 1 }));
  return [...rows, { part: 'suite', name: 'geometric mean', ratio: geometricMean(rows.map(({ ratio }) => ratio)), limit: 0.5 }];
}
