/**
 * -icount makes runs repeatable: a kernel that boots twice, at the same time and so at speeds of their own, prints the same text
 * and ends at the same instruction. It has no init to run, panics, and asks for a reset, which pauses the machine for us to look.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmulatorSession } from '@nandu/testkit';
import { guestOrReason, PROGRAM } from './guest.js';

const MINUTES = 60_000;
const kernel = await guestOrReason('default');

interface Run {
  readonly output: string;
  /** Guest instructions that each CPU executed, and all of them. */
  readonly executed: string;
}

async function run(cpus: number, file: string): Promise<Run> {
  if (typeof kernel === 'string') throw new Error(kernel);
  const session = await EmulatorSession.start({
    command: PROGRAM,
    args: [
      ...['-icount', 'shift=2,sleep=off', '-m', '256M', '-smp', String(cpus), '-serial', `file:${file}`],
      ...['-kernel', kernel.kernel, '-append', 'console=ttyS0 panic=-1', '-no-reboot', '-no-shutdown'],
    ],
    timeoutMs: 2 * MINUTES,
  });
  try {
    await session.eventually(
      () => session.qmp('query-status') as Promise<{ status: string }>,
      ({ status }) => status === 'shutdown',
      500,
    );
    const executed = /instructions executed[\s\S]*/.exec(await session.hmp('info jit'))?.[0] ?? '';
    return { output: await readFile(file, 'latin1'), executed };
  } finally {
    await session.stop();
  }
}

describe('-icount', () => {
  if (typeof kernel === 'string') {
    it.skip(`repeats a boot: ${kernel}`, () => {});
    return;
  }
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nandu-icount-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each([1, 2])(
    'repeats a boot with %i CPUs to the letter and to the instruction',
    async (cpus) => {
      const [first, second] = await Promise.all(['first', 'second'].map((name) => run(cpus, join(folder, `${name}-${cpus}.txt`))));
      expect(first?.output).toContain('Kernel panic - not syncing');
      expect(first?.executed).toMatch(/^instructions executed +\d{9,}\n {2}CPU #0 +\d{9,}\n/);
      expect(second).toEqual(first);
    },
    3 * MINUTES,
  );
});
