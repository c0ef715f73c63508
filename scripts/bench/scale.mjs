/**
 * Scale: gcc in the guest compiles and runs a program that is new each time, for minutes: many processes, much code that was never
 * seen before. Neither the time of a round nor the emulator's memory may grow.
 */
import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ROOT } from '../bootstrap.mjs';
import { cpuSeconds, residentMiB, start } from './process.mjs';
import { row } from './row.mjs';
import { median } from './stats.mjs';

/** A shell command that writes the program as nobody has compiled it before: another function's name and other numbers for each $i. */
export const anotherProgram = (program) => `sed "s/next(/next_$i(/g; s/88172645463325252u/88172645463325$((i % 900 + 100))u/" ${program}`;

const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin 2>/dev/null
export PATH=/usr/bin:/bin HOME=/tmp LC_ALL=C
busybox mount -t proc proc /proc; busybox mount -t sysfs sysfs /sys; busybox mount -t devtmpfs dev /dev; busybox mount -t tmpfs tmp /tmp
cd /tmp
i=0
while :; do
	${anotherProgram('/checks/program.c')} > p.c
	gcc -O1 -o p p.c -lm && ./p > out || echo SCALE-FAILED
	for j in 1 2 3 4 5 6 7 8; do sh -c "expr $i '*' $j; cut -c1-9 out | sort | uniq -c" > counted; done
	read up idle < /proc/uptime
	i=$((i + 1))
	echo "ROUND $i $up"
done
`;

export async function measureScale({ emulators, out, attempts, progress, guest, minutes }) {
  const { cpioArchive, fetchSystem } = await import('../../packages/guest-linux/dist/src/index.js');
  const system = await fetchSystem('amd64', progress);
  const initrd = join(out, 'scale.cpio');
  const entries = [
    { name: 'init', mode: 0o100755, data: Buffer.from(INIT) },
    { name: 'dev/console', mode: 0o020600, major: 5, minor: 1 },
    { name: 'checks/program.c', mode: 0o100644, data: readFileSync(join(ROOT, 'systems/checks/program.c')) },
  ];
  await pipeline(createReadStream(system.archive), createWriteStream(initrd));
  await pipeline([cpioArchive(entries)], createWriteStream(initrd, { flags: 'a' }));
  const taken = [];
  for (const emulator of emulators) {
    const { label, command } = emulator;
    taken.push(await attempts.of(emulator, 'compiling', () => load({ label, command, guest, initrd, minutes, progress })));
  }
  const [qemu, nandu] = taken;
  const both = (name, unit, key) => row('scale', `${name}, ${minutes} min`, unit, { qemu: qemu?.[key] ?? [], nandu: nandu?.[key] ?? [] });
  return [
    both('a round of compiling and running, first quarter', 's', 'early'),
    both('a round of compiling and running, last quarter', 's', 'late'),
    both('resident after a quarter', 'MiB', 'residentEarly'),
    both('resident at the end', 'MiB', 'residentLate'),
  ];
}

/** Processor seconds of the emulator a round, since others may use the machine meanwhile. */
async function load({ label, command, guest, initrd, minutes, progress }) {
  const emulator = start([
    ...command,
    '-m',
    '2G',
    '-nographic',
    '-no-reboot',
    '-kernel',
    guest.kernel,
    '-initrd',
    initrd,
    '-append',
    'console=ttyS0 panic=-1 quiet',
  ]);
  try {
    await emulator.until(/ROUND 1 /);
    const rounds = [{ at: performance.now(), cpu: cpuSeconds(emulator.pid), resident: residentMiB(emulator.pid) }];
    const end = rounds[0].at + minutes * 60_000;
    while (performance.now() < end || rounds.length < 9) {
      await emulator.until(new RegExp(`ROUND ${rounds.length + 1} `));
      if (emulator.text().includes('SCALE-FAILED')) throw new Error(`${label}: a compilation failed\n${emulator.text().slice(-1000)}`);
      rounds.push({ at: performance.now(), cpu: cpuSeconds(emulator.pid), resident: residentMiB(emulator.pid) });
      progress(`compiling: ${label}, round ${rounds.length}, ${Math.round(rounds.at(-1).resident)} MiB`);
    }
    const quarter = Math.max(2, rounds.length >> 2);
    const spent = rounds.slice(1).map(({ cpu }, i) => cpu - rounds[i].cpu);
    return {
      early: spent.slice(0, quarter),
      late: spent.slice(-quarter),
      residentEarly: [median(rounds.slice(quarter, quarter * 2).map(({ resident }) => resident))],
      residentLate: [median(rounds.slice(-quarter).map(({ resident }) => resident))],
    };
  } finally {
    await emulator.stop();
  }
}
