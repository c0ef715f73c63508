/** Boot: from the start of the process to the guest's shell. */
import { seedMachine } from '../seed-machine.mjs';
import { cpuSeconds, residentMiB, start } from './process.mjs';
import { row } from './row.mjs';

const READY = /GUEST-READY/;

export async function measureBoot({ emulators, rounds, bench, attempts, guest }) {
  const hold = 'console=ttyS0 panic=-1 bench.mode=hold';
  const machines = {
    '1 GiB, 1 CPU': ['-m', '1G', '-nographic', '-no-reboot', '-kernel', guest.kernel, '-initrd', bench.initrd, '-append', hold],
    '4 GiB, 4 CPUs, 2 virtio-mem': [...withNodeMemory(seedMachine({ ...guest, append: 'console=ttyS0 panic=-1' })), '-no-reboot'],
  };
  const rows = [];
  for (const [name, args] of Object.entries(machines)) {
    const taken = emulators.map(() => ({ wall: [], cpu: [], resident: [] }));
    for (let round = 0; round < rounds; round++) {
      for (const [i, emulator] of emulators.entries()) {
        const figures = await attempts.of(emulator, `boot of ${name}, ${round + 1} of ${rounds}`, () => boot([...emulator.command, ...args]));
        for (const [key, value] of Object.entries(figures ?? {})) taken[i][key].push(value);
      }
    }
    const both = (key) => ({ qemu: taken[0][key], nandu: taken[1][key] });
    rows.push(row('boot', `${name}: wall time`, 's', { ...both('wall'), limit: 1.2 }));
    rows.push(row('boot', `${name}: processor time of all threads`, 's', both('cpu')));
    rows.push(row('memory', `${name}: resident after boot`, 'MiB', { ...both('resident'), limit: 1.5 }));
  }
  return rows;
}

async function boot(command) {
  const started = performance.now();
  const emulator = start(command);
  try {
    await emulator.until(READY);
    return { wall: (performance.now() - started) / 1000, cpu: cpuSeconds(emulator.pid), resident: residentMiB(emulator.pid) };
  } finally {
    await emulator.stop();
  }
}

/** QEMU since 5.2 wants a memory object for each node; ours takes them, too. */
function withNodeMemory(args) {
  const nodes = args.flatMap((arg) => /^node,nodeid=(\d)/.exec(arg)?.[1] ?? []);
  return [
    ...nodes.flatMap((node) => ['-object', `memory-backend-ram,id=ram${node},size=${4096 / nodes.length}M`]),
    ...args.map((arg) => (arg.startsWith('node,') ? `${arg},memdev=ram${arg.charAt('node,nodeid='.length)}` : arg)),
  ];
}
