/**
 * Compiles assembly/index.ts (AssemblyScript) to WebAssembly and writes it, as base64, to src/generated/x86-module.ts.
 * Does nothing when the sources are those that the present file was made from; `--force` compiles all the same, and
 * `--debug` keeps function names and skips most optimisation.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = dirname(dirname(fileURLToPath(import.meta.url)));
const PACKAGES = dirname(PACKAGE);
const OUTPUT = join(PACKAGE, 'src/generated/x86-module.ts');
/** As DATA_START in tcg/src/target.ts. */
const DATA_START = 0x1_0000;

const debug = process.argv.includes('--debug');
const sources = await sourceFiles();
const fingerprint = await hashOf([...sources, fileURLToPath(import.meta.url)]);
const marker = `// Made by scripts/build-assembly.mjs from ${fingerprint}.`;

if (!process.argv.includes('--force') && (await firstLine(OUTPUT)) === marker) {
  process.exit(0);
}

const binary = await compile();
await mkdir(dirname(OUTPUT), { recursive: true });
const temporary = `${OUTPUT}.${process.pid}`;
await writeFile(
  temporary,
  [
    marker,
    '/** The x86 helpers as a WebAssembly module, in base64. */',
    `export const X86_MODULE_BASE64 =\n  '${Buffer.from(binary).toString('base64')}';`,
    '/** Bytes of linear memory that its static data takes, from DATA_START on. */',
    `export const X86_DATA_BYTES = ${dataBytes(binary)};`,
    '',
  ].join('\n'),
);
await rename(temporary, OUTPUT);
console.log(`cpu-x86: ${relative(PACKAGE, OUTPUT)}: ${binary.length} bytes of WebAssembly`);

async function sourceFiles() {
  const own = (await readdir(join(PACKAGE, 'assembly'))).filter((name) => name.endsWith('.ts')).sort();
  return [...own.map((name) => join(PACKAGE, 'assembly', name)), join(PACKAGES, 'tcg/src/env.ts')];
}

async function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file.slice(PACKAGES.length)).update(await readFile(file));
  return `${hash.digest('hex').slice(0, 32)}${debug ? '-debug' : ''}`;
}

async function firstLine(file) {
  try {
    return (await readFile(file, 'utf8')).split('\n', 1)[0];
  } catch {
    return undefined;
  }
}

async function compile() {
  const { default: asc } = await import('assemblyscript/asc');
  let binary;
  const { error, stderr } = await asc.main(
    [
      'cpu-x86/assembly/index.ts',
      '--baseDir',
      PACKAGES,
      '--outFile',
      'x86.wasm',
      ...(debug ? ['-O1', '--debug'] : ['-O3']),
      '--noAssert',
      '--runtime',
      'stub',
      '--importMemory',
      '--memoryBase',
      String(DATA_START),
      '--enable',
      'simd',
      '--use',
      'abort=',
      '--disableWarning',
      '112', // v128 parameters are only for translated code
    ],
    {
      readFile: async (name, base) => readFile(join(base, name), 'utf8').catch(() => null),
      writeFile: (name, contents) => {
        if (name.endsWith('.wasm')) binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error) {
    process.stderr.write(stderr.toString());
    process.exit(1);
  }
  if (stderr.toString().trim()) process.stderr.write(stderr.toString());
  return binary;
}

/** Asks the module itself; none of its imports is called for that. */
function dataBytes(binary) {
  const module = new WebAssembly.Module(binary);
  const imports = { env: { memory: new WebAssembly.Memory({ initial: 16 }) } };
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind === 'function') (imports[from] ??= {})[name] = () => 0;
  }
  const { exports } = new WebAssembly.Instance(module, imports);
  return exports.data_end() - DATA_START;
}
