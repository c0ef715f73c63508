/** The guest benchmarks of bench/guest, through bench/run, which also checks their checksums. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../bootstrap.mjs';
import { row } from './row.mjs';
import { geometricMean } from './stats.mjs';

export async function measureSuite({ emulators, rounds, bench, out, attempts, progress, guest, scale, only }) {
  const file = (label) => join(out, `suite-${label}.json`);
  progress('the benchmarks on this processor');
  await run(join(bench.folder, 'run'), ['--native', '-q', '-o', file('native'), '--scale', scale]);
  for (const { label } of emulators) rmSync(file(label), { force: true });
  for (let round = 0; round < rounds; round++) {
    for (const emulator of emulators) {
      const { label, command } = emulator;
      const options = [
        '--kernel',
        guest.kernel,
        '--scale',
        scale,
        // A guest that hangs: ten times what the whole suite takes.
        '--timeout',
        String(120 + 1680 * Number(scale)),
        '--ref',
        file('native'),
        '-q',
        '-o',
        file(label),
        '--add',
        ...(only ? ['--only', only] : []),
      ];
      const arguments_ = ['--emu', command.join(' '), '--label', label, ...options];
      await attempts.of(emulator, `benchmarks, ${round + 1} of ${rounds}`, () => run(join(bench.folder, 'run'), arguments_));
    }
  }
  const [qemu, nandu] = emulators.map(({ label }) => (existsSync(file(label)) ? readRuns(file(label)) : []));
  // A run that failed has what it did before, and may have wrong results.
  const seconds = (runs, name) => runs.flatMap(({ kernels }) => (kernels[name]?.ok ? [kernels[name].net_s] : []));
  const names = Object.keys(readRuns(file('native'))[0].kernels).filter((name) => !only || only.split(',').includes(name));
  const rows = names.map((name) => row('suite', name, 's', { nandu: seconds(nandu, name), qemu: seconds(qemu, name), limit: 1 }));
  const ratios = rows.flatMap(({ ratio }) => ratio ?? []);
  if (ratios.length === 0) return rows;
  const mean = ratios.length === rows.length ? 'geometric mean' : `geometric mean of ${ratios.length}`;
  return [...rows, { part: 'suite', name: mean, ratio: geometricMean(ratios), limit: 0.5 }];
}

const readRuns = (file) => JSON.parse(readFileSync(file, 'utf8')).runs;
