/**
 * Debian packages without root: apt with lists and a cache in a folder of one's own, archives unpacked by dpkg-deb.
 */
import { execFile } from 'node:child_process';
import { access, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Why a guest cannot be had here, as a sentence for the user. */
export class GuestUnavailable extends Error {
  override readonly name = 'GuestUnavailable';
}

export class DebianPackages {
  private updated = false;

  constructor(
    private readonly folder: string,
    private readonly progress: (message: string) => void,
    /** Debian's name of the guest's architecture; the host's own unless said otherwise. */
    private readonly architecture?: 'amd64' | 'i386',
  ) {}

  /** Whether this host has apt and dpkg at all. */
  static async available(): Promise<boolean> {
    try {
      await Promise.all([access('/usr/bin/apt-get'), access('/usr/bin/dpkg-deb')]);
      return true;
    } catch {
      return false;
    }
  }

  /** Follows a metapackage such as linux-image-cloud-amd64 to the package it stands for. */
  async resolve(metapackage: string): Promise<string> {
    await this.update();
    const { stdout } = await this.apt('apt-cache', ['depends', metapackage]);
    const found = /^\s*Depends: (linux-image-\d[^\s]*)/m.exec(stdout)?.[1];
    if (!found) throw new GuestUnavailable(`Debian's package index has no ${metapackage}`);
    return found;
  }

  /** Downloads a package and unpacks it; returns the folder that holds its files. */
  async unpack(name: string): Promise<string> {
    const target = join(this.folder, 'unpacked', name);
    await this.update();
    await rm(target, { recursive: true, force: true });
    await mkdir(target, { recursive: true });
    this.progress(`downloading ${name}`);
    await this.apt('apt-get', ['download', name], target);
    const archive = (await readdir(target)).find((file) => file.endsWith('.deb'));
    if (!archive) throw new GuestUnavailable(`apt-get download brought no ${name}`);
    this.progress(`unpacking ${name}`);
    await run('dpkg-deb', ['-x', join(target, archive), target]);
    await rm(join(target, archive));
    return target;
  }

  /** Downloads packages with all that they depend on, and unpacks those that `accept` takes over one another; returns the folder. */
  async unpackTree(names: readonly string[], accept: (archive: string) => boolean): Promise<string> {
    const target = join(this.folder, 'tree');
    const archives = join(this.folder, 'cache/archives');
    await this.update();
    await rm(target, { recursive: true, force: true });
    await mkdir(target, { recursive: true });
    // As if nothing were installed: apt then brings everything.
    const status = join(this.folder, 'status');
    await writeFile(status, '');
    this.progress(`downloading ${names.length} packages and what they need`);
    await this.apt('apt-get', ['install', '-y', '-q', '--download-only', '--no-install-recommends', '-o', `Dir::State::status=${status}`, ...names]);
    const files = (await readdir(archives)).filter((file) => file.endsWith('.deb') && accept(file)).sort();
    for (const [i, file] of files.entries()) {
      this.progress(`unpacking ${i + 1} of ${files.length} packages`);
      await run('dpkg-deb', ['-x', join(archives, file), target]);
    }
    return target;
  }

  /** An index that fails to load is no reason to stop: what is missing shows when a package cannot be found. */
  private async update(): Promise<void> {
    if (this.updated) return;
    this.updated = true;
    await Promise.all(['lists/partial', 'cache/archives/partial'].map((path) => mkdir(join(this.folder, path), { recursive: true })));
    this.progress('fetching the package index (apt)');
    await this.apt('apt-get', ['update', '-q']).catch((error: unknown) => this.progress(`some of the package index did not load: ${firstLine(error)}`));
  }

  private apt(command: string, args: readonly string[], cwd = this.folder): Promise<{ stdout: string }> {
    const options = {
      'Dir::State::lists': join(this.folder, 'lists'),
      'Dir::Cache': join(this.folder, 'cache'),
      'Dir::Cache::archives': join(this.folder, 'cache/archives'),
      'Debug::NoLocking': 'true',
      'APT::Sandbox::User': '',
      'Acquire::Languages': 'none',
      'Acquire::Retries': '3',
      ...(this.architecture && { 'APT::Architecture': this.architecture, 'APT::Architectures::': this.architecture }),
    };
    return run(command, [...Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`]), ...args], {
      cwd,
      maxBuffer: 64 << 20,
      env: { ...process.env, LC_ALL: 'C' },
    });
  }
}

function firstLine(error: unknown): string {
  return (
    String((error as { stderr?: string }).stderr ?? error)
      .trim()
      .split('\n')[0] ?? ''
  );
}
