/** One boot with some checks, and their comparison with this computer's processor. */
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { createReadStream, createWriteStream, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cpioArchive, fetchGuest, fetchSystem } from '../../packages/guest-linux/dist/src/index.js';
import { ROOT } from '../bootstrap.mjs';
import { CHECKS } from './checks.mjs';
import { onHost } from './host.mjs';
import { compareText, parseConsole } from './transcript.mjs';

/**
 * Both sides choose the same versions of libc's functions, whatever their processors offer: results of the mathematical ones
 * differ in the last bit where FMA is used.
 */
const TUNABLES = 'glibc.cpu.hwcaps=-AVX512F,-AVX2,-AVX,-FMA,-FMA4,-AVX2_Usable,-FMA_Usable';
const SILENCE_MS = 600_000;

/** What the guest and the host run: the checks, and a key that is new each time. */
function checkFiles() {
  const folder = join(ROOT, 'systems/checks');
  const files = readdirSync(folder).map((name) => ({ name: `checks/${name}`, mode: 0o100644, data: readFileSync(join(folder, name)) }));
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return [...files, { name: 'checks/rsa.pem', mode: 0o100600, data: Buffer.from(privateKey.export({ type: 'pkcs1', format: 'pem' })) }];
}

/** The kernel's file and the userland that belongs to it. */
async function filesOf(kernel, progress) {
  if (kernel !== '686') return { kernel: (await fetchGuest(kernel, progress)).kernel, system: await fetchSystem('amd64', progress) };
  const system = await fetchSystem('i386', progress);
  return { kernel: system.kernel, system };
}

export async function runSystems({ names, kernel, emulator, append = '', verbose = false, progress = () => {} }) {
  const files = await filesOf(kernel, progress);
  const folder = mkdtempSync(join(tmpdir(), 'nandu-systems-'));
  try {
    const checks = checkFiles();
    const initrd = join(folder, 'initrd');
    const init = { name: 'init', mode: 0o100755, data: readFileSync(join(ROOT, 'systems/init')) };
    const device = { name: 'dev/console', mode: 0o020600, major: 5, minor: 1 };
    await pipeline(createReadStream(files.system.archive), createWriteStream(initrd));
    await pipeline([cpioArchive([init, device, ...checks])], createWriteStream(initrd, { flags: 'a' }));
    progress(`booting: ${names.join(', ')}`);
    const guest = await boot(
      [
        ...[...emulator, '-m', '2G', '-nodefaults', '-no-reboot', '-display', 'none', '-serial', 'stdio', '-kernel', files.kernel, '-initrd', initrd],
        ...['-append', `console=ttyS0 panic=-1 loglevel=4 GLIBC_TUNABLES=${TUNABLES} systems=${names.join(',')} ${append}`],
      ],
      { verbose, progress },
    );
    const results = [];
    for (const name of names) {
      progress(`${name} on this computer`);
      results.push(await judge(name, guest.checks[name], files.system.root, checks));
    }
    const finished = guest.finished ? [] : ['the guest did not come to its end', ...guest.tail];
    const complaints = [...guest.complaints, ...finished];
    return {
      ...guest,
      checks: results,
      complaints,
      failed: complaints.length > 0 || results.some(({ verdict }) => verdict !== 'same' && verdict !== 'passed'),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function judge(name, guest, root, files) {
  if (guest === undefined) return { name, verdict: 'MISSING', differences: [] };
  const { seconds, status, text } = guest;
  const { alone } = CHECKS[name];
  if (alone) return { name, seconds, verdict: alone.test(text) || status !== 0 ? 'FAILED' : 'passed', differences: alone.test(text) ? text.split('\n') : [] };
  const host = await onHost(root, files, name, { GLIBC_TUNABLES: TUNABLES });
  const differences = compareText(text, host.text);
  if (status !== host.status) differences.push(`exit status ${status}, here ${host.status}`);
  return { name, seconds, differences, verdict: differences.length === 0 ? (text === '' ? 'SAID NOTHING' : 'same') : 'DIFFERENT' };
}

function boot([command, ...args], { verbose, progress }) {
  return new Promise((resolve, reject) => {
    const started = Date.now();
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    const stuck = setTimeout(kill, SILENCE_MS);
    let text = '';
    let bootSeconds;
    child.stdout.setEncoding('latin1');
    child.stdout.on('data', (data) => {
      stuck.refresh();
      text += data;
      if (verbose) process.stdout.write(data);
      if (bootSeconds === undefined && text.includes('SYSTEM-READY')) bootSeconds = (Date.now() - started) / 1000;
      const current = /.*CHECK-BEGIN (\w+)/s.exec(data)?.[1];
      if (current) progress(`${current} in the guest`);
    });
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(stuck);
      process.off('exit', kill);
      resolve({ ...parseConsole(text), bootSeconds });
    });
  });
}
