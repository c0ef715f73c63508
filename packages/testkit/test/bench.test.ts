/** `npm run bench` with emulators that fail: shell scripts stand for them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SCRIPTS = join(dirname(fileURLToPath(import.meta.url)), '../../../../scripts/bench');
const { Attempts } = await import(join(SCRIPTS, 'attempts.mjs'));
const { measureBoot } = await import(join(SCRIPTS, 'boot.mjs'));
const { anotherProgram } = await import(join(SCRIPTS, 'scale.mjs'));
const { table } = await import(join(SCRIPTS, 'report.mjs'));

const BOOTS = 'echo GUEST-READY; exec sleep 60';
const PANICS = 'echo "Kernel panic - not syncing: stack-protector"; exit 1';
const panicsOnce = (flag: string): string => `if [ -e ${flag} ]; then ${BOOTS}; fi; : > ${flag}; ${PANICS}`;

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'bench-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** The report of the part `boot`, its figures left out. */
async function boot(scripts: { qemu: string; nandu: string }) {
  const attempts = new Attempts(() => {});
  const emulators = [
    { label: 'qemu', command: ['sh', '-c', scripts.qemu], retries: 1 },
    { label: 'nandu', command: ['sh', '-c', scripts.nandu] },
  ];
  const rows: Record<string, unknown>[] = await measureBoot({
    emulators,
    attempts,
    rounds: 1,
    bench: { initrd: 'initrd' },
    guest: { kernel: 'kernel', initrd: 'initrd' },
  });
  const cells = rows.map(({ name, qemu, nandu, ratio, missing }) => ({ name, missing, figures: [qemu, nandu, ratio].map((value) => value !== undefined) }));
  return { machine: cells[0], text: table(rows), failures: attempts.failures, failed: attempts.failedBeside('qemu') };
}

it('repeats a run in which QEMU panics, and notes it', async () => {
  const { machine, failures, failed } = await boot({ qemu: panicsOnce(join(folder, 'flag')), nandu: BOOTS });
  expect(machine).toEqual({ name: '1 GiB, 1 CPU: wall time', missing: undefined, figures: [true, true, true] });
  const why = 'sh ended before /GUEST-READY/: … Kernel panic - not syncing: stack-protector';
  expect(failures).toEqual([{ label: 'qemu', what: 'boot of 1 GiB, 1 CPU, 1 of 1', why }]);
  expect(failed).toBe(false);
});

it('leaves the figures of a QEMU that panics again out, and goes on', async () => {
  const { machine, text, failures, failed } = await boot({ qemu: PANICS, nandu: BOOTS });
  expect(machine).toEqual({ name: '1 GiB, 1 CPU: wall time', missing: ['qemu'], figures: [false, true, false] });
  expect(text).toMatch(/1 GiB, 1 CPU: wall time +[\d.]+ +missing +s/);
  expect(failures).toHaveLength(4);
  expect(failed).toBe(false);
});

it('marks what Nandu fails at, goes on, and has failed', async () => {
  const { machine, text, failures, failed } = await boot({ qemu: BOOTS, nandu: panicsOnce(join(folder, 'flag')) });
  expect(machine).toEqual({ name: '1 GiB, 1 CPU: wall time', missing: ['nandu'], figures: [true, false, false] });
  expect(text).toMatch(/1 GiB, 1 CPU: wall time +failed +[\d.]+ +s/);
  expect(text).toMatch(/4 GiB, 4 CPUs, 2 virtio-mem: wall time +[\d.]+ +[\d.]+ +s +[\d.]+/);
  expect(failures).toHaveLength(1);
  expect(failed).toBe(true);
});

it('compiles a program that is new in each round, and whole', () => {
  const program = join(SCRIPTS, '../../systems/checks/program.c');
  const another = execFileSync('sh', ['-c', `i=7; ${anotherProgram(program)}`], { encoding: 'utf8' });
  const names = (text: string, name: RegExp) => [...text.matchAll(name)].length;
  expect(names(another, /\bnext_7\(/g)).toBe(names(readFileSync(program, 'utf8'), /\bnext\(/g));
  expect(another).not.toMatch(/\bnext\(/);
  expect(another).toContain('88172645463325107u');
});
