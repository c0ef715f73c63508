/** A check on this computer: the guest's own binaries, in a mount namespace where the userland's folder is the root. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** Arguments: the userland, the checks' folder, the check. */
const ENTER = `
set -e
mount --rbind /dev "$1/dev"; mount --rbind /proc "$1/proc"; mount -t tmpfs tmp "$1/tmp"; mount --bind "$2" "$1/checks"
exec chroot "$1" /bin/sh /checks/$3.sh 2>&1
`;

export function onHost(root, files, name, env) {
  const checks = mkdtempSync(join(tmpdir(), 'nandu-checks-'));
  for (const file of files) writeFileSync(join(checks, basename(file.name)), file.data);
  const namespace = process.getuid() === 0 ? ['--mount'] : ['--map-root-user', '--mount'];
  return new Promise((resolve, reject) => {
    const child = spawn('unshare', [...namespace, 'sh', '-c', ENTER, 'enter', root, checks, name], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', HOME: '/tmp', LC_ALL: 'C', ...env },
    });
    let text = '';
    child.stdout.setEncoding('latin1');
    child.stdout.on('data', (data) => (text += data));
    child.on('error', reject);
    child.on('close', (status) => {
      rmSync(checks, { recursive: true, force: true });
      resolve({ text, status });
    });
  });
}
