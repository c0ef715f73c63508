/**
 * Runs the tests of a built tree of kvm-unit-tests by its own list, x86/unittests.cfg, and judges them as its scripts do: by the
 * status that the guest leaves with. What needs KVM is run all the same, since it may only be meant.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** isa-debug-exit makes (value << 1) | 1 of what a test exits with; status 0 is a machine that ended by itself. */
const VERDICTS = { 0: 'ENDED', 1: 'PASS', 3: 'FAIL', 77: 'SKIP', 127: 'ABORT' };
const ENVIRONMENT = ['QEMU_ACCEL=tcg', 'ERRATA_FORCE=y'];

/** Sections of NAME = VALUE lines. */
export function parseConfig(text) {
  const tests = [];
  for (const line of text.split('\n').map((each) => each.trim())) {
    const section = /^\[(.*)\]$/.exec(line);
    if (section) tests.push({ name: section[1], smp: '1' });
    const field = /^(\w+)\s*=\s*(.*)$/.exec(line);
    if (field && tests.length > 0) tests.at(-1)[field[1]] = field[2];
  }
  return tests;
}

/** The emulator's own words for a test: what only KVM has becomes what comes closest. */
function optionsOf(test) {
  const text = test.qemu_params ?? test.extra_params ?? '';
  return words(
    text
      .replace(/-cpu host(,hv_passthrough)?/, '-cpu max')
      .replace('-enable-kvm', '')
      .replace(',migratable=no', ''),
  );
}

function words(text) {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, plain]) => double ?? single ?? plain);
}

export async function runKvmUnitTests(folder, { emulator, isWanted, limitMs, logs, progress }, print) {
  const architecture = /ARCH=(\S+)/.exec(readFileSync(join(folder, 'config.mak'), 'utf8'))[1];
  const tests = parseConfig(readFileSync(join(folder, 'x86/unittests.cfg'), 'utf8')).filter(
    ({ name, arch, file }) => isWanted(name) && (!arch || arch === architecture) && existsSync(join(folder, 'x86', file)),
  );
  const scratch = mkdtempSync(join(tmpdir(), 'nandu-conformance-'));
  const totals = {};
  const lines = { PASS: 0, FAIL: 0, SKIP: 0 };
  try {
    const environment = join(scratch, 'environment');
    writeFileSync(environment, `${ENVIRONMENT.join('\n')}\n`);
    for (const test of tests) {
      progress(test.name);
      const kernel = join(folder, 'x86', test.file);
      const append = test.test_args ? ['-append', words(test.test_args.replace(/`date \+%s`/, String(Math.floor(Date.now() / 1000)))).join(' ')] : [];
      const args = [
        ...['--no-reboot', '-nodefaults', '-device', 'pc-testdev', '-device', 'isa-debug-exit,iobase=0xf4,iosize=0x4', '-display', 'none'],
        ...['-serial', 'stdio', '-device', 'pci-testdev', '-kernel', kernel, '-smp', test.smp, ...append, ...optionsOf(test), '-initrd', environment],
      ];
      const { output, errors, status, seconds } = await runOne([...emulator, ...args], limitMs);
      const count = (word) => [...output.matchAll(new RegExp(`^${word}: `, 'gm'))].length;
      const counts = { PASS: count('PASS'), FAIL: count('FAIL'), SKIP: count('SKIP') };
      for (const word of Object.keys(lines)) lines[word] += counts[word];
      const verdict = output === '' && errors !== '' ? 'NOT STARTED' : status === undefined ? 'TIMEOUT' : (VERDICTS[status] ?? `STATUS ${status}`);
      totals[verdict] = (totals[verdict] ?? 0) + 1;
      if (logs) {
        mkdirSync(logs, { recursive: true });
        writeFileSync(join(logs, `${test.name}.log`), `${args.join(' ')}\n${output}${errors}`);
      }
      progress('');
      print(`${verdict.padEnd(12)} ${test.name.padEnd(44)} ${`${counts.PASS}/${counts.FAIL}/${counts.SKIP}`.padStart(12)} ${seconds.toFixed(1).padStart(6)} s`);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const sum = Object.entries(totals).map(([verdict, number]) => `${number} ${verdict}`);
  print(`${architecture}: ${tests.length} tests: ${sum.join(', ')}; lines: ${lines.PASS} PASS, ${lines.FAIL} FAIL, ${lines.SKIP} SKIP`);
  return tests.length > 0 && Object.keys(totals).every((verdict) => verdict === 'PASS' || verdict === 'SKIP');
}

/** Status undefined: it took too long. */
function runOne([command, ...args], limitMs) {
  return new Promise((resolve, reject) => {
    const started = Date.now();
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      kill();
    }, limitMs);
    let [output, errors] = ['', ''];
    child.stdout.setEncoding('latin1').on('data', (data) => {
      output += data.replaceAll('\r', '');
    });
    child.stderr.setEncoding('utf8').on('data', (data) => {
      errors += data;
    });
    child.on('error', reject);
    child.on('close', (status) => {
      clearTimeout(timer);
      process.off('exit', kill);
      resolve({ output, errors, status: isLate ? undefined : status, seconds: (Date.now() - started) / 1000 });
    });
  });
}
