/** `-cpu help`: the models, and the features that `+name` knows, in the layout of QEMU 7.2. */
import { FEATURES } from './cpuid-features.js';
import { MODEL_ALIASES, MODEL_ROWS } from './model-catalog.js';
import { MODELS } from './models.js';

const NAME_COLUMN = 20;
const WIDTH = 75;
/** Features with two bits, which QEMU names twice. */
const TWICE = ['kvmclock', 'vmx-invept-single-context'];
/** Models that are not of the catalog come last, in this order. */
const LAST = ['base', 'host', 'max'];

export function cpuHelp(): string {
  const names = [...MODEL_ROWS.keys(), ...MODEL_ALIASES.keys()].filter((name) => !LAST.includes(name)).sort((a, b) => (a < b ? -1 : 1));
  const models = [...names, ...LAST].map((name) => `x86 ${name.padEnd(NAME_COLUMN)}  ${description(name)}\n`);
  const flags = [...FEATURES.keys(), ...TWICE].sort();
  return `Available CPUs:\n${models.join('')}\nRecognized CPUID flags:\n${wrap(flags)
    .map((line) => `  ${line}\n`)
    .join('')}\n`;
}

function description(name: string): string {
  const version = MODEL_ALIASES.get(name);
  if (version === `${name}-v1`) return '(alias configured by machine type)';
  if (version !== undefined) return `(alias of ${version})`;
  if (name === 'host') return 'processor with all supported host features ';
  return MODELS[name]!.description;
}

function wrap(words: readonly string[]): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    if (line && line.length + 1 + word.length + 2 > WIDTH) {
      lines.push(line);
      line = '';
    }
    line = line ? `${line} ${word}` : word;
  }
  return line ? [...lines, line] : lines;
}
