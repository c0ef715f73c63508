/** Memory: plugging and unplugging through bench/hotplug, and what many empty devices cost. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../bootstrap.mjs';
import { residentMiB } from './process.mjs';
import { row } from './row.mjs';

const DEVICES = 64;

export async function measureMemory({ emulators, rounds, bench, out, progress, guest, quick }) {
  const file = (label) => join(out, `hotplug-${label}.json`);
  const runs = emulators.map(() => []);
  const steps = quick ? ['--steps', '8G,0', '--touch', '0'] : ['--steps', '128M,1G,8G,1G,0'];
  for (let round = 0; round < rounds; round++) {
    for (const [i, { label, command }] of emulators.entries()) {
      progress(`plugging and unplugging: ${label}, ${round + 1} of ${rounds}`);
      await run(join(bench.folder, 'hotplug'), [...command, '--', guest.kernel, guest.initrd, ...steps, '-o', file(label)]);
      runs[i].push(JSON.parse(readFileSync(file(label), 'utf8')).runs[0]);
    }
  }
  const taken = (runs, step, key) => runs.map(({ rows }) => rows.find((one) => one.step === step)?.[key]).filter((value) => value !== undefined);
  const rows = runs[1][0].rows
    .filter(({ step }) => step !== 'boot')
    .map(({ step }) => row('memory', step, 's', { qemu: taken(runs[0], step, 'seconds'), nandu: taken(runs[1], step, 'seconds'), limit: 1 }));
  const last = runs[1][0].rows.at(-1).step;
  rows.push(row('memory', 'resident after all of it', 'MiB', { qemu: taken(runs[0], last, 'rss_mib'), nandu: taken(runs[1], last, 'rss_mib') }));
  return [...rows, await manyDevices({ emulators, progress })];
}

/** 64 virtio-mem devices of 256 MiB and 20 GiB of maxmem, in a machine that has not run yet: more than the same without. */
async function manyDevices({ emulators, progress }) {
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
  for (const { label, command } of emulators) {
    progress(`${DEVICES} memory devices: ${label}`);
    cost.push([(await resident(command, ['-m', '1G,maxmem=20G', ...devices])) - (await resident(command, ['-m', '1G']))]);
  }
  return row('memory', `20 GiB of maxmem and ${DEVICES} virtio-mem devices`, 'MiB', { qemu: cost[0], nandu: cost[1] });
}
