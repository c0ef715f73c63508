/**
 * What every first command needs: dependencies by pnpm at its pinned version, and everything built. Done again only when
 * something changed. Plain JavaScript without dependencies, since nothing is installed yet when it runs.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readCommandLine } from './command-line.mjs';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const STAMPS = join(ROOT, '.cache');

/** Runs a command, its output shown only if it fails or takes long enough to be of interest. Rejects with its output. */
export function run(command, args, { label, env = {}, inherit = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, env: { ...process.env, ...env }, stdio: inherit ? 'inherit' : ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const started = Date.now();
    const ticker = label && !inherit ? setInterval(() => progress(`${label} (${Math.round((Date.now() - started) / 1000)} s)`), 1000) : undefined;
    if (label) progress(label);
    child.stdout?.on('data', (data) => (output += data));
    child.stderr?.on('data', (data) => (output += data));
    child.on('error', (error) => reject(error.code === 'ENOENT' ? new Error(`${label ?? command} failed: there is no ${command}`) : error));
    child.on('close', (code) => {
      clearInterval(ticker);
      if (label) progress('');
      if (code === 0) resolve(output);
      else reject(Object.assign(new Error(`${label ?? command} failed (exit status ${code})\n${output}`), { code }));
    });
  });
}

/** One line that is overwritten on a terminal, plain lines elsewhere. */
export function progress(message) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${message}`);
  else if (message && !/\(\d+ s\)$/.test(message)) process.stderr.write(`${message}\n`);
}

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

function hash(paths) {
  const sum = createHash('sha256');
  for (const path of paths) sum.update(path).update(readFileSync(join(ROOT, path)));
  return sum.digest('hex');
}

/** Workspace members: folders with a package.json below packages, apps and examples. */
function members() {
  return ['packages', 'apps', 'examples'].flatMap((group) =>
    existsSync(join(ROOT, group))
      ? readdirSync(join(ROOT, group))
          .map((name) => `${group}/${name}`)
          .filter((path) => existsSync(join(ROOT, path, 'package.json')))
      : [],
  );
}

/** Newest change below the folders that builds read; a file list of some hundred entries, a few ms. */
function sourcesStamp() {
  let newest = 0;
  let count = 0;
  const visit = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (['node_modules', 'dist', '.turbo', 'generated', 'cache'].includes(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else {
        newest = Math.max(newest, statSync(path).mtimeMs);
        count++;
      }
    }
  };
  for (const member of members()) visit(join(ROOT, member));
  return `${count}:${newest}:${hash(['tsconfig.base.json', 'turbo.json'])}`;
}

function fresh(name, stamp) {
  const file = join(STAMPS, name);
  return existsSync(file) && readFileSync(file, 'utf8') === stamp;
}

function remember(name, stamp) {
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(join(STAMPS, name), stamp);
}

/** The user's cache, where fetched guests are, too; npm's and pnpm's own choices would be folders elsewhere in the home. */
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'nandu');

/** pnpm itself comes by npm, at the version that package.json pins. */
export async function pnpm(args, options) {
  const version = readJson(join(ROOT, 'package.json')).packageManager.split('@')[1];
  return run('npm', ['exec', '--yes', `--package=pnpm@${version}`, '--', 'pnpm', ...args], {
    ...options,
    env: { npm_config_cache: join(CACHE, 'npm'), npm_config_store_dir: join(CACHE, 'pnpm-store'), ...options?.env, COREPACK_ENABLE_STRICT: '0' },
  });
}

export async function bootstrap() {
  const [major] = process.versions.node.split('.');
  if (Number(major) < 20) throw new Error(`Nandu needs Node 20 or newer; this is ${process.version}`);
  const manifests = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', ...members().map((path) => `${path}/package.json`)];
  const wanted = hash(manifests);
  if (!existsSync(join(ROOT, 'node_modules')) || !fresh('installed', wanted)) {
    await pnpm(['install', '--frozen-lockfile'], { label: 'installing dependencies', env: { CI: 'true' } });
    remember('installed', wanted);
  }
  const sources = sourcesStamp();
  if (!fresh('built', sources)) {
    // Through pnpm: turbo looks for it on the PATH, where a machine with npm alone has none.
    await pnpm(['exec', 'turbo', 'run', 'build', '--output-logs=errors-only'], {
      label: 'building',
      env: { TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', TURBO_NO_UPDATE_NOTIFIER: '1' },
    });
    remember('built', sources);
  }
}

/** Tools of the host that a script cannot do without: one sentence that names all that are missing. */
export function needTools(name, tools) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const missing = tools.filter((tool) => !folders.some((folder) => existsSync(join(folder, tool))));
  if (missing.length > 0) throw new Error(`${name} needs ${missing.join(', ')}, which this computer lacks`);
}

/** Runs a script: its command line is read from the table `command`, and what goes wrong is told in a sentence instead of a stack. */
export function main(command, action) {
  (async () => {
    const line = readCommandLine(command);
    if (line) await action(line);
  })().catch((error) => {
    progress('');
    process.stderr.write(`${error.message}\n`);
    // Errors of Node itself have words for codes.
    process.exitCode = Number.isInteger(error.code) && error.code > 0 ? error.code : 1;
  });
}
