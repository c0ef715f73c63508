/**
 * Debian packages without root: apt with lists and a cache in a folder of one's own, archives unpacked by dpkg-deb.
 */
import { execFile } from 'node:child_process';
import { access, mkdir, readdir, rm } from 'node:fs/promises';
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
