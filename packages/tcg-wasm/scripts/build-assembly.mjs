/**
 * Compiles assembly/ (AssemblyScript) and embeds the result, as base64, in src/generated/soft-mmu.ts, so that no file is read
 * at run time. Does nothing when the sources are those that the present file was made from.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = join(dirname(fileURLToPath(import.meta.url)), '..');
const OUTPUT = join(PACKAGE, 'src/generated/soft-mmu.ts');
process.chdir(PACKAGE);

const sources = [
  ...readdirSync('assembly')
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('assembly', name)),
  'src/memory-map.ts',
  'src/jump-cache.ts',
  '../tcg/src/env.ts',
  fileURLToPath(import.meta.url),
];
const hash = createHash('sha256');
for (const source of sources) hash.update(readFileSync(source));
const marker = `// Made by scripts/build-assembly.mjs from ${hash.digest('hex')}.`;
if (existsSync(OUTPUT) && readFileSync(OUTPUT, 'utf8').startsWith(`${marker}\n`)) process.exit(0);

mkdirSync(dirname(OUTPUT), { recursive: true });
const binary = `${OUTPUT}.${process.pid}.wasm`;
const { default: asc } = await import('assemblyscript/asc');
const { error, stderr } = await asc.main([
  'assembly/index.ts',
  '--outFile',
  binary,
  '-O3',
  '--runtime',
  'stub',
  '--noAssert',
  '--importMemory',
  '--importTable',
  '--noExportMemory',
]);
if (error) {
  console.error(stderr.toString());
  process.exit(1);
}
const temporary = `${OUTPUT}.${process.pid}`;
writeFileSync(
  temporary,
  `${marker}\n/** assembly/ as a WebAssembly module, in base64. */\nexport const SOFT_MMU_WASM =\n  '${readFileSync(binary).toString('base64')}';\n`,
);
renameSync(temporary, OUTPUT);
rmSync(binary);
