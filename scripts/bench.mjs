/**
 * npm run bench: Nandu beside an installed qemu-system-x86_64 -accel tcg, in turns on the same machine. Prints a table of
 * medians, spread and ratios (below 1: Nandu is faster), writes JSON, the table, and a picture of the suite to .cache/bench.
 *
 *   npm run bench                       all parts; half an hour
 *   npm run bench -- --quick            short kernels, one round; under three minutes
 *   npm run bench -- --parts boot,latency --rounds 5 --node /path/to/another/node
 *   npm run bench -- --long             a load of 30 minutes, too (--minutes N)
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { Attempts } from './bench/attempts.mjs';
import { measureBoot } from './bench/boot.mjs';
import { chart } from './bench/chart.mjs';
import { measureLatency } from './bench/latency.mjs';
import { measureMemory } from './bench/memory.mjs';
import { table } from './bench/report.mjs';
import { row } from './bench/row.mjs';
import { measureScale } from './bench/scale.mjs';
import { measureSuite } from './bench/suite.mjs';
import { bootstrap, main, needTools, progress, ROOT, run } from './bootstrap.mjs';

const PARTS = { boot: measureBoot, suite: measureSuite, memory: measureMemory, latency: measureLatency, scale: measureScale };

const COMMAND = {
  name: 'npm run bench',
  about: 'Measures Nandu beside an installed QEMU, in turns; prints a table (ratios below 1: Nandu is faster), writes JSON and a picture.',
  options: {
    quick: { help: 'short kernels, one round: under three minutes' },
    long: { help: 'the part `scale`, too: a load of 30 minutes' },
    minutes: { value: 'N', help: 'how long that load lasts' },
    parts: { value: 'LIST', help: `some of ${Object.keys(PARTS).join(', ')}` },
    rounds: { value: 'N', help: 'how often everything is measured (3; quick: 1)' },
    scale: { value: 'N', help: "share of the suite's iterations (1; quick: 0.05)" },
    only: { value: 'LIST', help: 'kernels of the suite, such as crc32,fib' },
    guest: { value: 'NAME', help: "which of Debian's kernels: default, 6.12", default: '6.12' },
    node: { value: 'FILE', help: 'another Node to run Nandu on', default: process.execPath },
    out: { value: 'FOLDER', help: 'where the figures go', default: join(ROOT, '.cache/bench') },
  },
};
const TOOLS = ['qemu-system-x86_64', 'python3', 'make', 'gcc', 'ld', 'cpio', 'gzip', 'file'];

main(COMMAND, async ({ values }) => {
  const { quick, long, out } = values;
  const parts = values.parts?.split(',') ?? ['boot', 'suite', 'memory', 'latency', ...(long ? ['scale'] : [])];
  const unknown = parts.find((part) => !PARTS[part]);
  if (unknown) throw new Error(`no part '${unknown}': there are ${Object.keys(PARTS).join(', ')}`);
  needTools(COMMAND.name, TOOLS);
  await bootstrap();
  const { fetchBusybox, fetchGuest } = await import('../packages/guest-linux/dist/src/index.js');
  const guest = await fetchGuest(values.guest, progress);
  const attempts = new Attempts(progress);
  const context = {
    attempts,
    quick,
    out,
    guest,
    progress,
    only: values.only,
    rounds: values.rounds ?? (quick ? 1 : 3),
    scale: String(values.scale ?? (quick ? 0.05 : 1)),
    minutes: values.minutes ?? (long ? 30 : 2),
    bench: await benchGuests(await fetchBusybox(progress)),
    // In this order in every round; what knows no pairs takes the first for QEMU's and the second for ours.
    emulators: [
      { label: 'qemu', command: ['qemu-system-x86_64', '-accel', 'tcg'], retries: 1 },
      { label: 'nandu', command: [values.node, join(ROOT, 'packages/cli/bin/nandu-system-x86_64.mjs')], plugins: true },
    ],
  };
  mkdirSync(out, { recursive: true });
  const rows = [];
  const about = machine(values.node);
  for (const part of parts) {
    try {
      rows.push(...(await PARTS[part](context)));
    } catch (error) {
      attempts.note('npm run bench', part, error);
      rows.push(row(part, 'all of it', undefined, { nandu: [], qemu: [] }));
    }
    const { failures } = attempts;
    writeFileSync(join(out, 'results.json'), `${JSON.stringify({ about, quick, rounds: context.rounds, scale: context.scale, rows, failures }, null, 1)}\n`);
  }
  progress('');
  const caption = `${about.cpu}, ${about.cores} cores; Node ${about.node}; ${about.qemu}; medians of ${context.rounds}${quick ? ', short kernels' : ''}; ${about.when.slice(0, 10)}`;
  const text = `${caption}\n\n${table(rows)}${attempts.lines()}`;
  writeFileSync(join(out, 'results.txt'), text);
  const suite = rows.filter(({ part, ratio }) => part === 'suite' && ratio);
  if (suite.length > 0) writeFileSync(join(out, 'suite.svg'), chart(suite, caption));
  process.stdout.write(`${text}\nfigures in ${out}\n`);
  // QEMU may fail, and its figures then are missing.
  if (attempts.failedBeside('qemu')) process.exitCode = 1;
});

/** Guests of our own, made from bench/. */
async function benchGuests(busybox) {
  const folder = join(ROOT, 'bench');
  const env = { BUSYBOX_X86_64: busybox };
  await run('make', ['-C', join(folder, 'guest'), 'out/initrd-x86_64.gz'], { label: 'building the guest benchmarks', env });
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
