/** Memory: plugging and unplugging through bench/hotplug, and what many empty devices cost. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../bootstrap.mjs';
import { residentMiB } from './process.mjs';
import { row } from './row.mjs';

const DEVICES = 64;

export async function measureMemory({ emulators, rounds, bench, out, attempts, guest, quick }) {
  const file = (label) => join(out, `hotplug-${label}.json`);
  const runs = emulators.map(() => []);
  const steps = quick ? ['--steps', '8G,0', '--touch', '0'] : ['--steps', '128M,1G,8G,1G,0'];
  for (let round = 0; round < rounds; round++) {
    for (const [i, emulator] of emulators.entries()) {
      const { label, command } = emulator;
      const one = await attempts.of(emulator, `plugging and unplugging, ${round + 1} of ${rounds}`, async () => {
        await run(join(bench.folder, 'hotplug'), [...command, '--', guest.kernel, guest.initrd, ...steps, '--boot-timeout', '300', '-o', file(label)]);
        return JSON.parse(readFileSync(file(label), 'utf8')).runs[0];
      });
      if (one) runs[i].push(one);
    }
  }
  const taken = (runs, step, key) => runs.map(({ rows }) => rows.find((one) => one.step === step)?.[key]).filter((value) => value !== undefined);
  const both = (step, key) => ({ qemu: taken(runs[0], step, key), nandu: taken(runs[1], step, key) });
  const done = (runs[1][0] ?? runs[0][0])?.rows.map(({ step }) => step) ?? ['plugging and unplugging'];
  return [
    ...done.filter((step) => step !== 'boot').map((step) => row('memory', step, 's', { ...both(step, 'seconds'), limit: 1 })),
    row('memory', 'resident after all of it', 'MiB', both(done.at(-1), 'rss_mib')),
    await manyDevices({ emulators, attempts }),
  ];
}

/** 64 virtio-mem devices of 256 MiB and 20 GiB of maxmem, in a machine that has not run yet: more than the same without. */
async function manyDevices({ emulators, attempts }) {
  const { EmulatorSession } = await import('../../packages/testkit/dist/src/index.js');
  const devices = Array.from({ length: DEVICES }, (_, i) => [
    ...['-object', `memory-backend-ram,id=mem${i},size=256M`],
    ...['-device', `virtio-mem-pci,id=vm${i},memdev=mem${i},addr=${(4 + (i >> 3)).toString(16)}.${i & 7}${i & 7 ? '' : ',multifunction=on'}`],
  ]).flat();
  const resident = async (command, args) => {
    const session = await EmulatorSession.start({ command, args: ['-S', '-nodefaults', ...args] });
    try {
      await session.qmp('query-memory-devices');
      return residentMiB(session.process.pid);
    } finally {
      await session.stop();
    }
  };
  const cost = [];
  for (const emulator of emulators) {
    const { command } = emulator;
    const more = await attempts.of(
      emulator,
      `${DEVICES} memory devices`,
      async () => (await resident(command, ['-m', '1G,maxmem=20G', ...devices])) - (await resident(command, ['-m', '1G'])),
    );
    cost.push(more === undefined ? [] : [more]);
  }
  return row('memory', `20 GiB of maxmem and ${DEVICES} virtio-mem devices`, 'MiB', { qemu: cost[0], nandu: cost[1] });
}
