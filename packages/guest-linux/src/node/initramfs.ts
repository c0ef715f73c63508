import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { type CpioEntry, cpioArchive } from './cpio.js';

const run = promisify(execFile);

/** Modules that the guest loads, after what they depend on; a kernel that has one built in lacks its file. */
const MODULES = ['virtio_pci', 'virtio_mem', 'virtio_balloon', 'virtio_rng'];

/** Memory that the guest's drivers add is used at once and can be taken away again. */
const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin HOME=/ TERM=linux PS1='guest# '
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev 2>/dev/null
mkdir -p /dev/pts /tmp
mount -t devpts devpts /dev/pts
echo online_movable > /sys/devices/system/memory/auto_online_blocks 2>/dev/null
for module in $(cat /modules/order); do insmod /modules/$module; done
echo 4 > /proc/sys/kernel/printk
echo GUEST-READY
[ -x /etc/rc ] && /etc/rc
setsid cttyhack sh
poweroff -f
`;

export interface InitramfsParts {
  /** Folder of an unpacked linux-image package. */
  readonly kernelPackage: string;
  /** Folder of the unpacked busybox-static package. */
  readonly busyboxPackage: string;
  /** More files by path, for tests. */
  readonly extra?: readonly CpioEntry[];
}

/** A gzip'd initramfs: busybox, the virtio modules of that kernel, and an init that ends in a shell. */
export async function buildInitramfs({ kernelPackage, busyboxPackage, extra = [] }: InitramfsParts): Promise<Buffer> {
  const busybox = await findFile(busyboxPackage, (path) => path.endsWith('bin/busybox'));
  const modules = await modulesInOrder(await listFiles(kernelPackage), busybox);
  const folders = ['bin', 'dev', 'proc', 'sys', 'etc', 'tmp', 'modules'];
  return gzipSync(
    cpioArchive([
      ...folders.map((name): CpioEntry => ({ name, mode: 0o040755 })),
      { name: 'dev/console', mode: 0o020600, major: 5, minor: 1 },
      { name: 'bin/busybox', mode: 0o100755, data: await readFile(busybox) },
      { name: 'init', mode: 0o100755, data: Buffer.from(INIT) },
      { name: 'modules/order', mode: 0o100644, data: Buffer.from(modules.map(({ name }) => `${name}\n`).join('')) },
      ...modules.map(({ name, data }): CpioEntry => ({ name: `modules/${name}`, mode: 0o100644, data })),
      ...extra,
    ]),
    { level: 9 },
  );
}

interface Module {
  readonly name: string;
  readonly data: Buffer;
}

/** MODULES with what they depend on before them, as the modules' own `depends=` says. */
async function modulesInOrder(files: readonly string[], busybox: string): Promise<Module[]> {
  const paths = new Map(
    files.flatMap((file) =>
      /\.ko(\.xz)?$/.test(file)
        ? [
            [
              basename(file)
                .replace(/\.ko(\.xz)?$/, '')
                .replaceAll('-', '_'),
              file,
            ],
          ]
        : [],
    ),
  );
  const ordered = new Map<string, Module>();
  const add = async (name: string): Promise<void> => {
    const path = paths.get(name);
    if (path === undefined || ordered.has(name)) return;
    const data = await moduleBytes(path, busybox);
    for (const dependency of dependenciesOf(data)) await add(dependency);
    ordered.set(name, { name: `${name}.ko`, data });
  };
  for (const name of MODULES) await add(name);
  return [...ordered.values()];
}

/** From the module's .modinfo section: zero-terminated assignments. */
export function dependenciesOf(module: Buffer): string[] {
  const start = module.indexOf('\0depends=');
  if (start < 0) return [];
  const text = module.toString('latin1', start + '\0depends='.length, module.indexOf(0, start + 1));
  return text === '' ? [] : text.replaceAll('-', '_').split(',');
}

/** Newer kernels' modules are compressed; the static busybox that goes into the guest unpacks them here, too. */
async function moduleBytes(path: string, busybox: string): Promise<Buffer> {
  if (!path.endsWith('.xz')) return readFile(path);
  const { stdout } = await run(busybox, ['xzcat', path], { encoding: 'buffer', maxBuffer: 64 << 20 });
  return stdout;
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? (entry as { path?: string }).path ?? '', entry.name));
}

export async function findFile(folder: string, accept: (path: string) => boolean): Promise<string> {
  const found = (await listFiles(folder)).find(accept);
  if (!found) throw new Error(`${basename(folder)} lacks an expected file`);
  return found;
}
