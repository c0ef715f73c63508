/**
 * -icount makes runs repeatable: a guest that boots twice, at the same time and so each at a speed of its own, prints the same
 * text and ends at the same instruction. It powers off as soon as it is up, which pauses the machine for us to look.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpioArchive, type GuestFiles } from '@nandu/guest-linux';
import { EmulatorSession } from '@nandu/testkit';
import { guestOrReason, PROGRAM } from './guest.js';

const MINUTES = 60_000;
const files = await guestOrReason('default');

interface Run {
  readonly output: string;
  /** Guest instructions that each CPU executed, and all of them. */
  readonly executed: string;
}

/** The guest's initramfs and, in an archive behind it, what its init runs first. Archives begin at multiples of 4. */
async function initrdThatPowersOff({ initrd }: GuestFiles, path: string): Promise<string> {
  const first = await readFile(initrd);
  const padding = Buffer.alloc(-first.length & 3);
  const script = cpioArchive([{ name: 'etc/rc', mode: 0o100755, data: Buffer.from('#!/bin/sh\ndmesg | tail -n 3\npoweroff -f\n') }]);
  await writeFile(path, Buffer.concat([first, padding, script]));
  return path;
}

async function run(cpus: number, { kernel, initrd }: GuestFiles, file: string): Promise<Run> {
  const session = await EmulatorSession.start({
    command: PROGRAM,
    args: [
      ...['-icount', 'shift=2,sleep=off', '-m', '256M', '-smp', String(cpus), '-device', 'virtio-balloon-pci', '-serial', `file:${file}`],
      ...['-kernel', kernel, '-initrd', initrd, '-append', 'console=ttyS0', '-no-shutdown'],
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
  if (typeof files === 'string') {
    it.skip(`repeats a boot: ${files}`, () => {});
    return;
  }
  let folder: string;
  let guest: GuestFiles;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nandu-icount-'));
    guest = { kernel: files.kernel, initrd: await initrdThatPowersOff(files, join(folder, 'initrd')) };
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each([1, 2])(
    'repeats a boot with %i CPUs to the letter and to the instruction',
    async (cpus) => {
      const [first, second] = await Promise.all(['first', 'second'].map((name) => run(cpus, guest, join(folder, `${name}-${cpus}.txt`))));
      expect(first?.output).toContain('GUEST-READY');
      expect(first?.executed).toMatch(/^instructions executed +\d{9,}\n {2}CPU #0 +\d{9,}\n/);
      expect(second).toEqual(first);
    },
    3 * MINUTES,
  );
});
