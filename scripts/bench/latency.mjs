/** Latency: accesses and interrupts by bench/latency's kernel; the monitor, and an idle guest, by Linux. */
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds, start } from './process.mjs';
import { row } from './row.mjs';
import { quantile } from './stats.mjs';

const IDLE_MS = 10_000;
const COMMANDS = 200;

/** What an access costs on top of an empty loop. */
const ACCESS = /^(out|in|hpet|lapic)-/;

export async function measureLatency(context) {
  return [...(await accesses(context)), ...(await busyAndIdle(context))];
}

async function accesses({ emulators, rounds, bench, attempts }) {
  const args = ['-m', '64', '-nodefaults', '-no-reboot', '-display', 'none', '-serial', 'stdio', '-monitor', 'none', '-kernel', bench.latency];
  const exit = ['-device', 'isa-debug-exit,iobase=0x501,iosize=4'];
  const taken = emulators.map(() => ({}));
  const probed = { median: [], p95: [] };
  for (let round = 0; round < rounds; round++) {
    for (const [i, emulator] of emulators.entries()) {
      const { command, plugins } = emulator;
      const all = [...command, ...args, ...exit, ...(plugins ? ['-plugin', bench.probe, '-device', 'irq-probe'] : [])];
      const said = await attempts.of(emulator, `port and register accesses, ${round + 1} of ${rounds}`, () => runToEnd(all, /LATENCY-END/));
      const probe = /IRQ-PROBE (.*)/.exec(said?.errors)?.[1];
      for (const [key, list] of Object.entries(probed)) if (probe) list.push(JSON.parse(probe)[key]);
      const lines = said?.text.matchAll(/^([\w-]+) (\d+) \ws\r?$/gm) ?? [];
      for (const [, name, value] of lines) taken[i][name] = [...(taken[i][name] ?? []), Number(value)];
    }
  }
  const of = (i, name, scale) => (taken[i][name] ?? []).map((value) => value / scale);
  const both = (name, scale) => ({ qemu: of(0, name, scale), nandu: of(1, name, scale) });
  const names = Object.keys({ ...taken[1], ...taken[0] });
  return [
    ...(names.length ? [] : [row('latency', 'port and register accesses', 'ns', { qemu: [], nandu: [] })]),
    ...names.filter((name) => ACCESS.test(name)).map((name) => row('latency', name, 'ns', both(name, 1000))),
    ...names.filter((name) => name.startsWith('timer')).map((name) => row('latency', `${name}, busy guest`, 'µs', both(name, 1000))),
    row('latency', 'irq$ to handler, busy guest: median', 'µs', { nandu: probed.median, limit: 20 }),
    row('latency', 'irq$ to handler, busy guest: 95 %', 'µs', { nandu: probed.p95 }),
  ];
}

/** Until it has said `end` and left, which it gets some seconds for. */
async function runToEnd(command, end) {
  const emulator = start(command);
  try {
    await emulator.until(end);
    await Promise.race([emulator.closed, sleep(10_000, undefined, { ref: false })]);
    return { text: emulator.text(), errors: emulator.errors() };
  } finally {
    await emulator.stop();
  }
}

async function busyAndIdle({ emulators, attempts, guest }) {
  const taken = [];
  for (const emulator of emulators)
    taken.push(await attempts.of(emulator, 'an idle and a busy guest of four CPUs', () => idleThenBusy(emulator.command, guest)));
  const figures = (of) => ({ qemu: taken[0] ? [of(taken[0])] : [], nandu: taken[1] ? [of(taken[1])] : [] });
  const answer = (share) => ({ ...figures(({ answers }) => quantile(answers, share)), limit: 20 });
  return [
    { ...row('latency', 'monitor command, 4 busy vCPUs: median', 'ms', answer(0.5)), limitOf: 'nandu' },
    { ...row('latency', 'monitor command, 4 busy vCPUs: 95 %', 'ms', answer(0.95)), limitOf: 'nandu' },
    { ...row('latency', 'monitor command, 4 busy vCPUs: most', 'ms', answer(1)), limitOf: 'nandu' },
    { ...row('latency', '4 idle vCPUs', '% of a core', { ...figures(({ idle }) => idle), limit: 2 }), limitOf: 'nandu' },
  ];
}

async function idleThenBusy(command, guest) {
  const { EmulatorSession } = await import('../../packages/testkit/dist/src/index.js');
  const machine = ['-m', '1G', '-smp', '4', '-nodefaults', '-no-reboot'];
  const linux = ['-kernel', guest.kernel, '-initrd', guest.initrd, '-append', 'console=ttyS0 panic=-1'];
  const session = await EmulatorSession.start({ command, args: [...machine, ...linux], timeoutMs: 300_000 });
  try {
    await session.boot();
    await sleep(3000);
    const { pid } = session.process;
    const before = cpuSeconds(pid);
    await sleep(IDLE_MS);
    const idle = ((cpuSeconds(pid) - before) / IDLE_MS) * 100_000;
    await session.guest('for i in 1 2 3 4; do sh -c "while :; do :; done" & done; sleep 1');
    const answers = [];
    for (let i = 0; i < COMMANDS; i++) {
      await sleep(5 + (i % 7));
      const asked = performance.now();
      await session.qmp('query-status');
      answers.push(performance.now() - asked);
    }
    return { idle, answers };
  } finally {
    await session.stop();
  }
}
