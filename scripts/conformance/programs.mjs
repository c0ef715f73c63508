/**
 * Static Linux programs, each run without arguments here and in a guest (Debian's 6.12 kernel): standard output and exit status must
 * be the same. The lines of threads may come in another order; a program whose output is not the same twice here is judged by its
 * status alone.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { cpioArchive, fetchGuest } from '../../packages/guest-linux/dist/src/index.js';

/** Runs them in order of the alphabet; output that is not as expected is shown whole, unless it is long. */
const guestScript = (seconds) => `#!/bin/busybox sh
ifconfig lo up
mkdir -p /dev/shm /work
mount -t tmpfs tmpfs /work
mount -t tmpfs tmpfs /dev/shm
cd /work
for program in /programs/*; do
  name=\${program##*/}
  timeout -s KILL ${seconds} $program > /work/output 2> /dev/null < /dev/null
  status=$?
  sum=$(sha256sum < /work/output)
  echo
  echo "RESULT $name $status \${sum%% *}"
  grep -q "\${sum%% *}" /expected/$name || { echo OUTPUT; gzip -c /work/output | head -c 3000000 | base64; echo END; }
  rm -f /work/*
done
echo ALL-DONE
poweroff -f
`;

/** Lines that are shown of a guest that did not get through. */
const LAST_WORDS = 20;

export async function runPrograms(folder, { emulator, isWanted, limitMs, logs, progress }, print) {
  const names = readdirSync(folder).filter(isWanted).sort();
  const scratch = mkdtempSync(join(tmpdir(), 'nandu-conformance-'));
  try {
    const here = new Map();
    for (const isFirst of [true, false]) {
      for (const name of names) {
        progress(`${name} on this computer`);
        const result = await runHere(join(folder, name), limitMs, scratch);
        here.set(name, isFirst ? result : { ...result, isStable: result.sum === here.get(name).sum });
      }
    }
    const { there, lastWords } = await runInGuest({ folder, names, here, emulator, limitMs, scratch, progress });
    let allSame = there.size === names.length;
    for (const [name, expected] of here) {
      const got = there.get(name);
      const verdict = judge(expected, got);
      allSame &&= verdict.startsWith('same');
      print(`${verdict.padEnd(12)} ${name.padEnd(36)} status ${got?.status ?? '-'} (here ${expected.status}), ${expected.lines} lines`);
      if (logs && got?.output) {
        mkdirSync(logs, { recursive: true });
        writeFileSync(join(logs, `${name}.guest`), got.output);
        writeFileSync(join(logs, `${name}.here`), expected.output);
      }
    }
    if (lastWords.length > 0) print(`the guest did not get through; its last words:\n${lastWords.join('\n')}`);
    return allSame;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function judge(expected, got) {
  if (!got) return 'MISSING';
  if (got.status !== expected.status) return 'STATUS';
  if (got.sum === expected.sum) return 'same';
  if (!expected.isStable) return 'same status';
  return sorted(got.output) === sorted(expected.output) ? 'same lines' : 'DIFFERENT';
}

const sorted = (output) => output?.toString('latin1').split('\n').sort().join('\n');

function runHere(program, limitMs, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [], { cwd, stdio: ['ignore', 'pipe', 'ignore'], timeout: limitMs, killSignal: 'SIGKILL' });
    const parts = [];
    child.stdout.on('data', (data) => parts.push(data));
    child.on('error', reject);
    child.on('close', (status) => {
      const output = Buffer.concat(parts);
      const lines = output.reduce((count, byte) => count + (byte === 10 ? 1 : 0), 0);
      resolve({ status, output, lines, sum: createHash('sha256').update(output).digest('hex') });
    });
  });
}

async function runInGuest({ folder, names, here, emulator, limitMs, scratch, progress }) {
  const { kernel, initrd } = await fetchGuest('6.12', progress);
  const file = (name, data, mode = 0o100644) => ({ name, mode, data });
  const more = cpioArchive([
    ...['programs', 'expected', 'etc'].map((name) => ({ name, mode: 0o040755 })),
    file('etc/rc', Buffer.from(guestScript(Math.ceil(limitMs / 1000))), 0o100755),
    ...names.map((name) => file(`programs/${name}`, readFileSync(join(folder, name)), 0o100755)),
    ...names.map((name) => file(`expected/${name}`, Buffer.from(`${here.get(name).sum}\n`))),
  ]);
  const archive = join(scratch, 'initrd');
  writeFileSync(archive, Buffer.concat([readFileSync(initrd), gzipSync(more, { level: 1 })]));
  const [command, ...args] = [
    ...[...emulator, '-m', '1G', '-cpu', 'max', '-nodefaults', '-no-reboot', '-display', 'none', '-serial', 'stdio'],
    ...['-kernel', kernel, '-initrd', archive, '-append', 'console=ttyS0 loglevel=3 panic=-1 vsyscall=xonly'],
  ];
  const text = await new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    // The guest stops what takes too long; one that says nothing for twice that is stuck itself.
    const stuck = setTimeout(kill, 2 * limitMs + 120_000);
    let said = '';
    child.stdout.setEncoding('latin1').on('data', (data) => {
      stuck.refresh();
      said += data;
      const name = /.*RESULT (\S+)/s.exec(data)?.[1];
      if (name) progress(`${name} in the guest`);
    });
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(stuck);
      process.off('exit', kill);
      resolve(said.replaceAll('\r', ''));
    });
  });
  return { there: parseResults(text), lastWords: text.includes('ALL-DONE') ? [] : text.split('\n').slice(-LAST_WORDS) };
}

/** Results by name: RESULT lines, and what stands between OUTPUT and END after one. */
function parseResults(text) {
  const results = new Map();
  for (const section of text.split(/^RESULT /m).slice(1)) {
    const [name, status, sum] = section.split('\n', 1)[0].split(' ');
    const encoded = /^OUTPUT\n(.*?)^END$/ms.exec(section)?.[1];
    results.set(name, { status: signalled(Number(status)), sum, ...(encoded ? { output: unpack(encoded) } : {}) });
  }
  return results;
}

/** A shell says 128 + n of a program that signal n ended; Node says null. */
const signalled = (status) => (status > 128 ? null : status);

function unpack(encoded) {
  try {
    return gunzipSync(Buffer.from(encoded, 'base64'), { finishFlush: 2 });
  } catch {
    return Buffer.from('cannot be unpacked');
  }
}
