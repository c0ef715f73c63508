/** Who may import whom (docs/architecture.md, 'Packages'), checked on the sources themselves. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGES = join(dirname(fileURLToPath(import.meta.url)), '../../..');

/** What each package's own sources (not its tests) may import of ours. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  tcg: [],
  'tcg-wasm': ['core', 'tcg'],
  'cpu-x86': ['core', 'tcg'],
  memory: ['core'],
  chardev: ['core'],
  pci: ['core'],
  isa: ['core'],
  apic: ['core'],
  acpi: ['core'],
  qtest: ['core'],
  virtio: ['core', 'pci'],
  'virtio-mem': ['core', 'pci', 'virtio', 'memory'],
  'virtio-balloon': ['core', 'pci', 'virtio', 'memory'],
  'virtio-rng': ['core', 'pci', 'virtio'],
  monitor: ['core', 'chardev', 'memory'],
  pc: ['core', 'isa', 'apic', 'acpi', 'pci', 'memory', 'chardev'],
  'guest-linux': [],
  testkit: ['core'],
};
/** The top of the graph: it puts everything together. */
const ASSEMBLIES = ['cli'];
/** May use the host: the process around a machine, and what only ever runs in Node. */
const NODE_PACKAGES = ['cli'];

interface Import {
  readonly file: string;
  readonly target: string;
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.ts$/.test(entry.name) && !/\.test(-support)?\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? '', entry.name))
    .filter((file) => !/\/(generated|testing)\//.test(file));
}

function importsOf(packageName: string): Import[] {
  const folder = join(PACKAGES, packageName, 'src');
  return sources(folder).flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => ({
      file: relative(folder, file),
      target: match[1] as string,
    })),
  );
}

const packages = readdirSync(PACKAGES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

describe.each(packages.filter((name) => !ASSEMBLIES.includes(name)))('%s', (name) => {
  it('imports only packages below it', () => {
    const allowed = MAY_IMPORT[name];
    expect(allowed).toBeDefined();
    const wrong = importsOf(name).filter(({ target }) => target.startsWith('@nandu/') && !allowed?.includes(target.slice('@nandu/'.length)));
    expect(wrong).toEqual([]);
  });

  it('touches the host only in node/ folders', () => {
    const wrong = importsOf(name).filter(({ file, target }) => target.startsWith('node:') && !/(^|\/)node\//.test(file) && !NODE_PACKAGES.includes(name));
    expect(wrong).toEqual([]);
  });
});
