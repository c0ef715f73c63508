/**
 * Writes src/models-{intel,amd,generic}.ts from what an installed QEMU says of its models (query-cpu-definitions,
 * query-cpu-model-expansion, `-cpu help`). Needs the compiled package, for the order of features. Format afterwards.
 *
 *     node scripts/record-cpu-models.mjs [qemu-system-x86_64]
 */
import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { FEATURES } from '../dist/src/cpuid-features.js';

const QEMU = process.argv[2] ?? 'qemu-system-x86_64';
const SOURCE = join(import.meta.dirname, '../src');
const FILES = {
  intel: ['Intel processors', 'INTEL_MODELS'],
  amd: ['AMD and Hygon processors', 'AMD_MODELS'],
  generic: ['Processors of no maker', 'GENERIC_MODELS'],
};

const child = spawn(QEMU, ['-accel', 'tcg', '-machine', 'pc', '-S', '-nodefaults', '-display', 'none', '-qmp', 'stdio'], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const replies = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
await replies.next();
async function ask(execute, args) {
  child.stdin.write(`${JSON.stringify({ execute, ...(args ? { arguments: args } : {}) })}\n`);
  for (;;) {
    const reply = JSON.parse((await replies.next()).value);
    if ('return' in reply || 'error' in reply) return reply.return;
  }
}

await ask('qmp_capabilities');
const definitions = await ask('query-cpu-definitions');
const models = new Map();
for (const { name, 'alias-of': alias } of definitions) {
  if (alias !== undefined || ['base', 'host', 'max'].includes(name)) continue;
  const { props } = (await ask('query-cpu-model-expansion', { type: 'full', model: { name } })).model;
  // TCG sets the last one for all.
  models.set(name, { ...props, features: [...FEATURES.keys()].filter((feature) => props[feature] === true && feature !== 'hypervisor') });
}
await ask('quit');
const descriptions = new Map(
  execFileSync(QEMU, ['-cpu', 'help'], { encoding: 'utf8' })
    .split('\n')
    .map((line) => /^x86 (\S+) +(.*)$/.exec(line)?.slice(1) ?? []),
);

const text = (value) => `'${value.replaceAll("'", "\\'")}'`;
const number = (value) => (value > 9 ? `0x${value.toString(16)}` : `${value}`);
const fileOf = (name, { vendor }) => (/^(qemu|kvm|486)/.test(name) ? 'generic' : vendor === 'GenuineIntel' ? 'intel' : 'amd');
const lines = { intel: [], amd: [], generic: [] };
for (const name of [...models.keys()].sort()) {
  const model = models.get(name);
  const { vendor, family, model: modelNumber, stepping, level, xlevel, 'model-id': brand, features } = model;
  const [, base, version] = /^(.*)-v(\d+)$/.exec(name);
  if (version === '1') {
    const wrapped = features.join(' ').replace(/(.{1,140})( |$)/g, '      $1\n');
    lines[fileOf(name, model)].push(
      `{ name: ${text(base)}, vendor: '${vendor}', signature: [${family}, ${modelNumber}, ${stepping}],`,
      `levels: [${number(level)}, ${number(xlevel)}], brand: ${text(brand)}, features: \`\n${wrapped.trimEnd()}\` },`,
    );
    continue;
  }
  const before = models.get(`${base}-v${version - 1}`);
  const parts = [`version: ${version}`, `of: ${text(base)}`];
  const alias = definitions.find(({ 'alias-of': of, name: own }) => of === name && own !== base)?.name;
  if (alias) parts.push(`alias: ${text(alias)}`);
  for (const key of ['family', 'model', 'stepping', 'level', 'xlevel']) if (model[key] !== before[key]) parts.push(`${key}: ${number(model[key])}`);
  if (brand !== before['model-id']) parts.push(`brand: ${text(brand)}`);
  const note = /\[(.*)\]$/.exec(descriptions.get(name) ?? '')?.[1];
  if (note) parts.push(`note: ${text(note)}`);
  const added = features.filter((feature) => !before.features.includes(feature)).map((feature) => `+${feature}`);
  const removed = before.features.filter((feature) => !features.includes(feature)).map((feature) => `-${feature}`);
  parts.push(`changes: ${text([...added, ...removed].join(' '))}`);
  lines[fileOf(name, model)].push(`{ ${parts.join(', ')} },`);
}
for (const [file, [title, constant]] of Object.entries(FILES)) {
  const head = `/** ${title}: identity and features as QEMU 7.2 has them (recorded by scripts/record-cpu-models.mjs). */`;
  const body = [
    head,
    `import type { CatalogEntry } from './model-catalog.js';`,
    '',
    `export const ${constant}: readonly CatalogEntry[] = [`,
    ...lines[file],
    '];',
    '',
  ];
  writeFileSync(join(SOURCE, `models-${file}.ts`), body.join('\n'));
}
