import { access, copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { DebianPackages, GuestUnavailable } from './debian.js';
import { buildInitramfs, findFile } from './initramfs.js';

/** Metapackages of Debian 12; on later releases the first is newer. */
const METAPACKAGES = { default: 'linux-image-cloud-amd64', '6.12': 'linux-image-6.12-cloud-amd64' } as const;
export type KernelChoice = keyof typeof METAPACKAGES;

const NO_APT = 'this host has no apt: give a kernel and an initramfs of your own with --kernel and --initrd';

type Progress = (message: string) => void;

export interface GuestFiles {
  readonly kernel: string;
  readonly initrd: string;
}

/** Raise when what is built changes, so that old caches are not used. */
const RECIPE = 5;

/** Where fetched and built guests are kept, for all clones of a user. */
export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'nandu');
}

/** Kernel and initramfs, from the cache or made now. Throws GuestUnavailable with the reason where they cannot be had. */
export async function fetchGuest(choice: KernelChoice = 'default', progress: Progress = () => {}): Promise<GuestFiles> {
  if (!Object.hasOwn(METAPACKAGES, choice)) throw new GuestUnavailable(`there is no guest '${choice}': there are ${Object.keys(METAPACKAGES).join(', ')}`);
  const folder = join(cacheFolder(), `guest-${choice}-${RECIPE}`);
  const files = { kernel: join(folder, 'vmlinuz'), initrd: join(folder, 'initrd.gz') };
  await once(folder, NO_APT, progress, async (packages) => {
    const kernelPackage = await packages.unpack(await packages.resolve(METAPACKAGES[choice]));
    const busyboxPackage = await packages.unpack('busybox-static');
    progress('building the initramfs');
    await copyFile(await findFile(kernelPackage, (path) => path.includes('/boot/vmlinuz-')), files.kernel);
    await writeFile(files.initrd, await buildInitramfs({ kernelPackage, busyboxPackage }));
  });
  return files;
}

/** Debian's busybox-static, for guests that are built by others: a program that needs no libraries. */
export async function fetchBusybox(progress: Progress = () => {}): Promise<string> {
  const folder = join(cacheFolder(), 'busybox');
  const file = join(folder, 'busybox');
  await once(folder, 'this host has no apt to fetch busybox-static with', progress, async (packages) => {
    await copyFile(await findFile(await packages.unpack('busybox-static'), (path) => path.endsWith('bin/busybox')), file);
  });
  return file;
}

/** Fills a folder of the cache with the help of Debian's packages, unless that has been done. */
async function once(folder: string, noApt: string, progress: Progress, fill: (packages: DebianPackages) => Promise<void>): Promise<void> {
  if (await exists(join(folder, 'complete'))) return;
  if (!(await DebianPackages.available())) throw new GuestUnavailable(noApt);
  try {
    await mkdir(folder, { recursive: true });
    await fill(new DebianPackages(join(folder, 'apt'), progress));
    await rm(join(folder, 'apt'), { recursive: true, force: true });
    await writeFile(join(folder, 'complete'), '');
  } catch (error) {
    if (error instanceof GuestUnavailable) throw error;
    const reason = String((error as { stderr?: string }).stderr || error)
      .trim()
      .split('\n')
      .at(-1);
    throw new GuestUnavailable(`what the guest needs could not be fetched: ${reason}`);
  }
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
