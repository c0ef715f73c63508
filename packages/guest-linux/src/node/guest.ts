import { access, copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { DebianPackages, GuestUnavailable } from './debian.js';
import { buildInitramfs, findFile } from './initramfs.js';

/** Metapackages of Debian 12; on later releases the first is newer. */
const METAPACKAGES = { default: 'linux-image-cloud-amd64', '6.12': 'linux-image-6.12-cloud-amd64' } as const;
export type KernelChoice = keyof typeof METAPACKAGES;

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
export async function fetchGuest(choice: KernelChoice = 'default', progress: (message: string) => void = () => {}): Promise<GuestFiles> {
  const folder = join(cacheFolder(), `guest-${choice}-${RECIPE}`);
  const files = { kernel: join(folder, 'vmlinuz'), initrd: join(folder, 'initrd.gz') };
  if (await exists(join(folder, 'complete'))) return files;
  if (!(await DebianPackages.available())) {
    throw new GuestUnavailable('this host has no apt: give a kernel and an initramfs of your own with --kernel and --initrd');
  }
  await mkdir(folder, { recursive: true });
  const packages = new DebianPackages(join(folder, 'apt'), progress);
  try {
    const kernelPackage = await packages.unpack(await packages.resolve(METAPACKAGES[choice]));
    const busyboxPackage = await packages.unpack('busybox-static');
    progress('building the initramfs');
    await copyFile(await findFile(kernelPackage, (path) => path.includes('/boot/vmlinuz-')), files.kernel);
    await writeFile(files.initrd, await buildInitramfs({ kernelPackage, busyboxPackage }));
    await rm(join(folder, 'apt'), { recursive: true, force: true });
    await writeFile(join(folder, 'complete'), '');
    return files;
  } catch (error) {
    if (error instanceof GuestUnavailable) throw error;
    const reason = String((error as { stderr?: string }).stderr || error)
      .trim()
      .split('\n')
      .at(-1);
    throw new GuestUnavailable(`the guest could not be fetched: ${reason}`);
  }
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
