/**
 * npm run bench: Nandu beside an installed qemu-system-x86_64 -accel tcg, in turns on the same machine. Prints a table of
 * medians, spread and ratios (below 1: Nandu is faster), writes JSON, the table, and a picture of the suite to .cache/bench.
 *
 *   npm run bench                       all parts; half an hour
 *   npm run bench -- --quick            short kernels, one round; under three minutes
 *   npm run bench -- --parts boot,latency --rounds 5 --node /path/to/another/node
 *   npm run bench -- --long             a load of 30 minutes, too (--minutes N)
 *
 * Parts: suite, boot, memory, latency, scale. Other options: --only crc32,fib (of the suite), --scale 0.3 (of its iterations),
 * --guest default (the kernel: 6.12 unless said otherwise), --out FOLDER. Needs python3, gcc, make, busybox-static, apt.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureBoot } from './bench/boot.mjs';
import { chart } from './bench/chart.mjs';
import { measureLatency } from './bench/latency.mjs';
import { measureMemory } from './bench/memory.mjs';
import { table } from './bench/report.mjs';
import { measureScale } from './bench/scale.mjs';
import { measureSuite } from './bench/suite.mjs';
import { bootstrap, main, progress, ROOT, run } from './bootstrap.mjs';

const PARTS = { boot: measureBoot, suite: measureSuite, memory: measureMemory, latency: measureLatency, scale: measureScale };

main(async () => {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      long: { type: 'boolean', default: false },
      minutes: { type: 'string' },
      parts: { type: 'string' },
      rounds: { type: 'string' },
      scale: { type: 'string' },
      only: { type: 'string' },
      guest: { type: 'string', default: '6.12' },
      node: { type: 'string', default: process.execPath },
      out: { type: 'string', default: join(ROOT, '.cache/bench') },
    },
  });
  const { quick, long, out } = values;
  const parts = values.parts?.split(',') ?? ['boot', 'suite', 'memory', 'latency', ...(long ? ['scale'] : [])];
  const unknown = parts.find((part) => !PARTS[part]);
  if (unknown) throw new Error(`no part '${unknown}': there are ${Object.keys(PARTS).join(', ')}`);
  await bootstrap();
  const { fetchGuest } = await import('../packages/guest-linux/dist/src/index.js');
  const guest = await fetchGuest(values.guest, progress);
  const context = {
    quick,
    out,
    guest,
    progress,
    only: values.only,
    rounds: Number(values.rounds ?? (quick ? 1 : 3)),
    scale: values.scale ?? (quick ? '0.05' : '1'),
    minutes: Number(values.minutes ?? (long ? 30 : 2)),
    bench: await benchGuests(),
    // In this order in every round; what knows no pairs takes the first for QEMU's and the second for ours.
    emulators: [
      { label: 'qemu', command: ['qemu-system-x86_64', '-accel', 'tcg'] },
      { label: 'nandu', command: [values.node, join(ROOT, 'packages/cli/bin/nandu-system-x86_64.mjs')], plugins: true },
    ],
  };
  mkdirSync(out, { recursive: true });
  const rows = [];
  const about = machine(values.node);
  for (const part of parts) {
    rows.push(...(await PARTS[part](context)));
    writeFileSync(join(out, 'results.json'), `${JSON.stringify({ about, quick, rounds: context.rounds, scale: context.scale, rows }, null, 1)}\n`);
  }
  progress('');
  const caption = `${about.cpu}, ${about.cores} cores; Node ${about.node}; ${about.qemu}; medians of ${context.rounds}${quick ? ', short kernels' : ''}; ${about.when.slice(0, 10)}`;
  const text = `${caption}\n\n${table(rows)}`;
  writeFileSync(join(out, 'results.txt'), text);
  const suite = rows.filter(({ part }) => part === 'suite');
  if (suite.length > 0) writeFileSync(join(out, 'suite.svg'), chart(suite, caption));
  process.stdout.write(`${text}\nfigures in ${out}\n`);
});

/** Guests of our own, made from bench/. */
async function benchGuests() {
  const folder = join(ROOT, 'bench');
  await run('make', ['-C', join(folder, 'guest'), 'out/initrd-x86_64.gz'], { label: 'building the guest benchmarks' });
  await run('make', ['-C', join(folder, 'latency')], { label: 'building the latency kernel' });
  return {
    folder,
    initrd: join(folder, 'guest/out/initrd-x86_64.gz'),
    latency: join(folder, 'latency/out/latency'),
    probe: join(folder, 'latency/irq-probe.mjs'),
  };
}

/** What the figures belong to. */
function machine(node) {
  const version = (command) => execFileSync(command, ['--version'], { encoding: 'utf8' }).split('\n')[0].trim();
  return {
    cpu: cpus()[0].model.trim(),
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: version(node).replace(/^v/, ''),
    qemu: version('qemu-system-x86_64').replace(/QEMU emulator version ([^ ]*).*/, 'QEMU $1'),
    when: new Date().toISOString(),
  };
}
