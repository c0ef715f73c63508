/**
 * A Debian userland with compilers, interpreters, databases and stress tests, as the (uncompressed) initramfs of a guest: what
 * `npm run systems` runs. Its folder is kept beside it, so that the host can run the same binaries for comparison.
 */
import { createWriteStream } from 'node:fs';
import { copyFile, lstat, mkdir, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CpioEntry, cpioRecord, cpioTrailer } from './cpio.js';
import { DebianPackages, GuestUnavailable } from './debian.js';
import { cacheFolder, exists } from './guest.js';
import { findFile } from './initramfs.js';

export type SystemArchitecture = 'amd64' | 'i386';

export interface SystemFiles {
  /** The userland's root folder. */
  readonly root: string;
  /** The same as a cpio archive, without /init: append a further archive that has one. */
  readonly archive: string;
  /** i386 only: Debian's 32-bit kernel. */
  readonly kernel?: string;
}

const PACKAGES =
  'gcc libc6-dev perl python3-minimal python3 openssl sqlite3 xz-utils zstd stress-ng nodejs dash coreutils grep sed gzip diffutils busybox-static'.split(' ');
/** Drivers and data that nothing here opens, a quarter of the size. */
const LEFT_OUT = /^(libllvm|libgl1-mesa-dri|libz3|libtsan|libasan|liblsan|libubsan|libgprofng|binutils-gold)/;
const REMOVED = ['usr/share/doc', 'usr/share/man', 'usr/share/locale', 'usr/share/info', 'usr/share/lintian', 'usr/share/i18n', 'usr/share/nodejs/@types'];
/** Raise when what is built changes. */
const RECIPE = 1;

/** The userland, from the cache or made now (110 MB of packages, 400 MB unpacked). Throws GuestUnavailable where it cannot be had. */
export async function fetchSystem(architecture: SystemArchitecture, progress: (message: string) => void = () => {}): Promise<SystemFiles> {
  const files = systemFiles(architecture);
  if (await systemIsCached(architecture)) return files;
  if (!(await DebianPackages.available())) throw new GuestUnavailable('this host has no apt');
  const folder = folderOf(architecture);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const packages = new DebianPackages(join(folder, 'apt'), progress, architecture);
  try {
    await packages.unpackTree(PACKAGES, (archive) => !LEFT_OUT.test(archive));
    for (const path of REMOVED) await rm(join(files.root, path), { recursive: true, force: true });
    if (files.kernel) {
      const kernelPackage = await packages.unpack(await packages.resolve('linux-image-686'));
      await copyFile(await findFile(kernelPackage, (path) => path.includes('/boot/vmlinuz-')), files.kernel);
    }
    for (const path of ['dev', 'proc', 'sys', 'tmp', 'checks']) await mkdir(join(files.root, path), { recursive: true });
    progress('writing the archive');
    await writeArchive(files.root, files.archive);
    for (const path of ['cache', 'lists', 'unpacked']) await rm(join(folder, 'apt', path), { recursive: true, force: true });
    await writeFile(join(folder, 'complete'), '');
    return files;
  } catch (error) {
    if (error instanceof GuestUnavailable) throw error;
    throw new GuestUnavailable(`the Debian userland could not be made: ${String((error as { stderr?: string }).stderr || error).trim()}`);
  }
}

/** Whether `fetchSystem` would need no network: tests run then, and are skipped otherwise. */
export function systemIsCached(architecture: SystemArchitecture): Promise<boolean> {
  return exists(join(folderOf(architecture), 'complete'));
}

const folderOf = (architecture: SystemArchitecture): string => join(cacheFolder(), `system-${architecture}-${RECIPE}`);

function systemFiles(architecture: SystemArchitecture): SystemFiles {
  const folder = folderOf(architecture);
  const kernel = architecture === 'i386' ? { kernel: join(folder, 'vmlinuz') } : {};
  return { root: join(folder, 'apt/tree'), archive: join(folder, 'root.cpio'), ...kernel };
}

/** A file at a time, since the whole is hundreds of megabytes. */
async function writeArchive(root: string, path: string): Promise<void> {
  const out = createWriteStream(path);
  const failed = new Promise<never>((_, reject) => out.once('error', reject));
  let inode = 1;
  for await (const entry of entriesBelow(root, '')) {
    for (const part of cpioRecord(entry, inode++)) if (!out.write(part)) await Promise.race([failed, new Promise((resolve) => out.once('drain', resolve))]);
  }
  for (const part of cpioTrailer(inode)) out.write(part);
  await Promise.race([failed, new Promise<void>((resolve) => out.end(resolve))]);
}

async function* entriesBelow(root: string, folder: string): AsyncGenerator<CpioEntry> {
  for (const child of (await readdir(join(root, folder))).sort()) {
    const name = join(folder, child);
    const path = join(root, name);
    const { mode } = await lstat(path);
    const kind = mode & 0o170000;
    if (kind === 0o040000) {
      yield { name, mode };
      yield* entriesBelow(root, name);
    } else if (kind === 0o120000) yield { name, mode, data: Buffer.from(await readlink(path)) };
    else if (kind === 0o100000) yield { name, mode, data: await readFile(path) };
  }
}
