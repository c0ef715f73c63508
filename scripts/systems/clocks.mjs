/**
 * The clocks of a PC beside each other and beside the host's, for minutes: idle, under load, and over `stop` and `cont`. Elapsed
 * time by the HPET is what the others are compared with. Run by `npm run systems -- clocks --minutes 4`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { cpioArchive, fetchGuest } from '../../packages/guest-linux/dist/src/index.js';
import { EmulatorSession } from '../../packages/testkit/dist/src/index.js';
import { ROOT } from '../bootstrap.mjs';

const EVERY_MS = 8_000;
const STOPPED_MS = 5_000;
const [PM_HZ, PIT_HZ] = [3_579_545, 1_193_182];
const COMPLAINTS = /clocksource:.*(unstable|skew)|timekeeping watchdog|Marking clocksource|TSC unstable|soft lockup|rcu.*stall/i;

/** How far a clock may be from the HPET after minutes, in ms. The host's is read when the answer has come through the serial port. */
const LIMITS_MS = { tsc: 1, lapic: 1, pm: 1, pit: 1, raw: 2, rtc: 2, host: 300 };

export async function runClocks({ kernel, emulator, minutes, progress }) {
  const folder = mkdtempSync(join(tmpdir(), 'nandu-clocks-'));
  const files = await fetchGuest(kernel, progress);
  const initrd = join(folder, 'initrd');
  execFileSync('gcc', ['-O1', '-static', '-o', join(folder, 'clocks'), join(ROOT, 'systems/clocks/clocks.c')]);
  const program = { name: 'bin/clocks', mode: 0o100755, data: readFileSync(join(folder, 'clocks')) };
  writeFileSync(initrd, Buffer.concat([readFileSync(files.initrd), gzipSync(cpioArchive([program]))]));
  const append = 'console=ttyS0 nolapic_timer iomem=relaxed';
  const args = ['-m', '512', '-nodefaults', '-rtc', 'clock=vm', '-kernel', files.kernel, '-initrd', initrd, '-append', append];
  const session = await EmulatorSession.start({ command: emulator, args, timeoutMs: 300_000 });
  try {
    await session.boot();
    return await watch(session, minutes, progress);
  } finally {
    await session.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function watch(session, minutes, progress) {
  const sample = async (command = 'clocks') => {
    const text = await session.guest(command);
    const found = /CLOCKS (\{.*\})/.exec(text);
    if (!found) throw new Error(`the guest says: ${text}`);
    return { ...JSON.parse(found[1]), host: performance.now() };
  };
  const samples = [await sample('clocks start')];
  const events = [];
  let stoppedMs = 0;
  const end = performance.now() + minutes * 60_000;
  for (let i = 1; performance.now() < end; i++) {
    await sleep(EVERY_MS);
    if (i === 4) {
      await session.guest('for i in 1 2 3; do sh -c "while :; do :; done" & done; sh -c "while :; do gzip -c /bin/busybox > /dev/null; done" & true');
      events.push('load');
    }
    if (i % 6 === 5) {
      const at = performance.now();
      await session.qmp('stop');
      await sleep(STOPPED_MS);
      await session.qmp('cont');
      stoppedMs += performance.now() - at;
      events.push('stop and cont');
    }
    samples.push({ ...(await sample()), stoppedMs });
    progress(`clocks: sample ${samples.length}`);
  }
  const log = await session.guest('dmesg');
  const source = (await session.guest('cat /sys/devices/system/clocksource/clocksource0/current_clocksource')).trim();
  return { ...compare(samples), samples: samples.length, events, source, complaints: log.split('\n').filter((line) => COMPLAINTS.test(line)) };
}

/** Of every clock: the largest difference from the HPET over all samples, in ms. */
export function compare(samples) {
  const [first, second] = samples;
  const hpetMs = (one) => ((one.hpet - first.hpet) * first.hpetFs) / 1e12;
  // Their frequencies are not told: the last sample gives them, and those in between must agree.
  const last = samples.at(-1);
  const rate = (key) => (last[key] - first[key]) / hpetMs(last);
  /** Counters that wrap: what they should show, less what they do, brought near zero. */
  const wrapped = (value, expected, size) => {
    const difference = (((value - expected) % size) + size) % size;
    return difference > size / 2 ? difference - size : difference;
  };
  // 2^32 * 128 ns is nine minutes: the APIC's timer wraps at most once between two samples.
  const lapicRate = ((second.lapic - first.lapic + 2 ** 32) % 2 ** 32) / hpetMs(second);
  const tscRate = rate('tsc');
  const differences = {
    tsc: (one) => (one.tsc - first.tsc) / tscRate - hpetMs(one),
    lapic: (one) => wrapped(one.lapic - first.lapic, lapicRate * hpetMs(one), 2 ** 32) / lapicRate,
    pm: (one) => wrapped(one.pm - first.pm, (hpetMs(one) * PM_HZ) / 1000, 2 ** 24) / (PM_HZ / 1000),
    // It counts down.
    pit: (one) => wrapped(first.pit - one.pit, (hpetMs(one) * PIT_HZ) / 1000, 2 ** 16) / (PIT_HZ / 1000),
    raw: (one) => (one.raw - first.raw) / 1e6 - hpetMs(one),
    rtc: (one) => ((one.rtc - first.rtc + 86_400) % 86_400) * 1000 - (one.edge - first.edge) / tscRate,
    host: (one) => one.host - first.host - (one.stoppedMs ?? 0) - hpetMs(one),
  };
  const clocks = Object.entries(differences).map(([name, difference]) => {
    const worst = samples.slice(1).reduce((most, one) => (Math.abs(difference(one)) > Math.abs(most) ? difference(one) : most), 0);
    return { name, worstMs: worst, limitMs: LIMITS_MS[name], agrees: Math.abs(worst) <= LIMITS_MS[name] };
  });
  return { seconds: hpetMs(last) / 1000, tscHz: tscRate * 1000, lapicHz: lapicRate * 1000 * 128, clocks };
}
