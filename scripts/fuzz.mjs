/**
 * npm run fuzz: random instruction sequences on this computer's processor and in a guest; they must print the same lines.
 *
 *   npm run fuzz -- --groups int,str --count 20000 --modes compiled,mixed
 *
 * Exit status 1 when anything differs. fuzz/README.md says how to read what is printed.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bootstrap, main, needTools, progress, ROOT, run } from './bootstrap.mjs';
import { compareLines, firstDifferentUnits, parseLines } from './fuzz-lines.mjs';

const FUZZ = join(ROOT, 'fuzz/fuzz');
/** A multiple of the window, so that a batch that is run again has the same windows. */
const BATCH = 128;
const WINDOW = 64;
/** How many batches, and sequences of each, are looked at closely when they differ. */
const MOST_BATCHES = 5;
const MOST_SEQUENCES = 4;
/** A guest that says nothing for so much of its process's time is stuck: on a busy computer that may be long. */
const SILENCE_MS = 120_000;
const LOOK_EVERY_MS = 5_000;
/** 32 sequences take milliseconds. */
const HOST_ALARM_S = '10';
/** Kernel parameters have room for these. */
const MOST_SKIPPED = 64;

/** Where the sequences are: CODE_BASE of fuzz.c. The fuzzer's own code is run as any other, whatever the mode. */
const SEQUENCES = '61000000-61200000';
/** Tier 1 gets what ran twice of them; a window of sequences takes turns, so that there is time to compile between runs of the same one. */
const COMPILED = { accel: `tcg,eager=${SEQUENCES}`, fuzz: ['--window', String(WINDOW), '--iters', '5'] };
/** How Nandu runs the guest. In `mixed` the fuzzer overwrites code that has run, so that the tiers take turns in it. */
const MODES = {
  interpreter: { accel: `tcg,cold=${SEQUENCES}`, fuzz: [] },
  compiled: COMPILED,
  mixed: { ...COMPILED, fuzz: [...COMPILED.fuzz, '--rewrite', '25'] },
};

// An emulator must not outlive the script.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

const COMMAND = {
  name: 'npm run fuzz',
  about: "Random instruction sequences on this computer's processor and in a guest, which must print the same lines.",
  options: {
    groups: { value: 'LIST', help: 'groups of instructions, or default', default: 'default' },
    count: { value: 'N', help: 'how many sequences', default: 2000 },
    first: { value: 'N', help: 'index of the first', default: 0 },
    seed: { value: 'N', help: 'of the random numbers', default: 1 },
    flavour: { value: 'LETTER', help: 'one kind of sequence only, such as I' },
    modes: { value: 'LIST', help: 'how Nandu runs the guest', default: Object.keys(MODES).join(',') },
    chunk: { value: 'N', help: 'sequences that one boot of the guest runs', default: 20_000 },
    seconds: { value: 'N', help: 'starts no further boot after that long' },
    cpu: { value: 'MODEL', help: "the guest's processor", default: 'max' },
    accel: { value: 'PROPERTIES', help: "more properties of Nandu's accelerator" },
    emulator: { value: 'COMMAND', help: 'another one instead of Nandu, such as "qemu-system-x86_64 -accel tcg"' },
    args: { value: 'OPTIONS', help: 'more for the fuzzer itself' },
  },
};

main(COMMAND, async ({ values }) => {
  const emulators = values.emulator ? { [values.emulator.split(' ')[0]]: { accel: '', fuzz: [] } } : pick(MODES, values.modes.split(','));
  needTools(COMMAND.name, ['make', 'gcc']);
  await bootstrap();
  await run('make', ['-C', join(ROOT, 'fuzz'), 'fuzz'], { label: 'building the fuzzer' });
  const { kernel, initrd } = await guest();
  const command = values.emulator?.split(' ') ?? [process.execPath, join(ROOT, 'packages/cli/bin/nandu-system-x86_64.mjs')];
  const boot = (mode, args, label) =>
    lines(
      command[0],
      [
        ...command.slice(1),
        ...(mode.accel ? ['-accel', mode.accel + (values.accel ? `,${values.accel}` : '')] : []),
        ...['-cpu', values.cpu, '-m', '256', '-nodefaults', '-no-reboot', '-display', 'none', '-serial', 'stdio', '-monitor', 'none'],
        ...['-kernel', kernel, '-initrd', initrd, '-append', `console=ttyS0 quiet loglevel=1 panic=-1 -- ${args.join(' ')}`],
      ],
      label,
    );

  const common = [
    '--seed',
    String(values.seed),
    '--groups',
    values.groups,
    ...(values.flavour ? ['--flavour', values.flavour] : []),
    ...(values.args ?? '').split(' ').filter(Boolean),
  ];
  // What hangs in the guest is found by the silence: its clock would call a sequence slow that has to wait for the processor.
  const inGuest = () => ['--alarm', '0', ...leftOut()];
  const skipped = new Set();
  const leftOut = () => (skipped.size > 0 ? ['--skip', [...skipped].join()] : []);
  /** The sequences on this computer. A few jump into data, and never end: those are left out on both sides. */
  const onHost = async (args) => {
    for (;;) {
      const said = parseLines(await lines(FUZZ, [...common, '--alarm', HOST_ALARM_S, ...leftOut(), ...args]));
      if (said.done) return said;
      const index = /^(?:HANG|LOST) idx=(\d+)/.exec(said.complaints.at(-1) ?? '')?.[1];
      if (index === undefined || skipped.has(index) || skipped.size === MOST_SKIPPED) {
        throw new Error(`the fuzzer did not finish on this computer: ${said.complaints.join('\n')}`);
      }
      skipped.add(index);
      process.stdout.write(`seed ${values.seed}: ${index} is left out, it does not end on this computer\n`);
    }
  };
  const { first, count, chunk, seconds = Number.POSITIVE_INFINITY } = values;
  const started = Date.now();
  const totals = Object.fromEntries(Object.keys(emulators).map((name) => [name, { sequences: 0, different: 0 }]));
  let at = first;
  for (; at < first + count && Date.now() - started < seconds * 1000; at += chunk) {
    const here = Math.min(chunk, first + count - at);
    const range = (from, length) => ['--first', String(from), '--count', String(length)];
    for (const [name, mode] of Object.entries(emulators)) {
      const both = async (args, label = '') => {
        const native = await onHost([...mode.fuzz, ...args]);
        const there = parseLines(await boot(mode, [...common, ...inGuest(), ...mode.fuzz, ...args], label));
        return { native, there, different: compareLines(native, there) };
      };
      const { there, different } = await both([...range(at, here), '--batch', String(BATCH)], `${name}: ${here} sequences from ${at} on`);
      const total = totals[name];
      total.sequences += here;
      if (different.length === 0 && there.done) continue;
      process.stdout.write(there.done ? '' : `${name}: the guest did not finish: ${there.complaints.slice(-5).join('\n')}\n`);
      // A line stands for a batch: run those again, a line a sequence, then step by step.
      for (const start of different.slice(0, MOST_BATCHES)) {
        const batch = range(start, Math.min(BATCH, at + here - start));
        const { native, different: unlike } = await both(batch);
        // A few sequences overwrite the address that they return to and run in circles until a timer ends them, wherever they are then.
        const chance = compareLines(native, await onHost([...mode.fuzz, ...batch]));
        const bad = unlike.filter((index) => !chance.includes(index));
        if (chance.length > 0) process.stdout.write(`${name}: seed ${values.seed}: ${chance.join(', ')} not the same twice on this computer\n`);
        if (chance.length > 0 && bad.length === 0) continue;
        total.different += bad.length || 1;
        process.stdout.write(
          `${name}: seed ${values.seed}, sequences from ${start}: ${bad.join(', ') || 'none'} differ${bad.length ? '' : ' when run again'}\n`,
        );
        for (const index of bad.slice(0, MOST_SEQUENCES)) {
          const steps = await both(['--index', String(index), '--steps']);
          const units = firstDifferentUnits(steps.native, steps.there);
          process.stdout.write(`  ${units[0] ?? `sequence ${index}: no unit differs when run alone`}\n`);
        }
      }
      if (different.length > MOST_BATCHES) process.stdout.write(`${name}: and ${different.length - MOST_BATCHES} further batches of ${BATCH}\n`);
      total.different += Math.max(different.length - MOST_BATCHES, 0) + (there.done ? 0 : 1);
    }
  }
  progress('');
  for (const [name, { sequences, different }] of Object.entries(totals)) {
    process.stdout.write(`${name}: ${sequences} sequences of ${values.groups}, seed ${values.seed}, from ${first}: ${different || 'no'} differences\n`);
    if (different) process.exitCode = 1;
  }
});

function pick(table, names) {
  return Object.fromEntries(
    names.map((name) => {
      if (!table[name]) throw new Error(`no mode '${name}': there are ${Object.keys(table).join(', ')}`);
      return [name, table[name]];
    }),
  );
}

/** Debian's kernel, and an initramfs whose only program is the fuzzer. */
async function guest() {
  const { fetchGuest, cpioArchive } = await import('../packages/guest-linux/dist/src/index.js');
  const { kernel } = await fetchGuest('default', progress);
  const folder = join(ROOT, '.cache/fuzz');
  mkdirSync(folder, { recursive: true });
  const initrd = join(folder, 'initrd.gz');
  const folders = ['dev', 'proc'].map((name) => ({ name, mode: 0o040755 }));
  writeFileSync(initrd, gzipSync(cpioArchive([...folders, { name: 'init', mode: 0o100755, data: readFileSync(FUZZ) }])));
  return { kernel, initrd };
}

/** Runs a command; resolves with its output, also when it fails or had to be stopped. With a label it shows how far it is. */
function lines(command, args, label = '') {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let batches = 0;
    const started = Date.now();
    const tell = () => label && progress(`${label}: ${batches * BATCH} done (${Math.round((Date.now() - started) / 1000)} s)`);
    if (label) progress(label);
    let spokenMs = 0;
    const stuck = setInterval(() => {
      if (processorMs(child.pid) - spokenMs > SILENCE_MS) child.kill('SIGKILL');
    }, LOOK_EVERY_MS);
    const take = (data) => {
      output += data;
      spokenMs = processorMs(child.pid);
      const more = String(data).split('\nB ').length - 1;
      batches += more;
      if (more > 0) tell();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', reject);
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    child.on('close', () => {
      clearInterval(stuck);
      process.off('exit', kill);
      if (label) progress('');
      resolve(output);
    });
  });
}

/** Processor time of a process so far. */
function processorMs(pid) {
  try {
    // Fields 14 and 15 count from the one behind the name in parentheses, in hundredths of a second.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1).split(' ');
    return 10 * (Number(fields[11]) + Number(fields[12]));
  } catch {
    return 0;
  }
}
