/** `-cpu help`: the models, and the features that `+name` knows, in the layout of QEMU 7.2. */
import { FEATURES } from './cpuid-features.js';
import { MODELS } from './models.js';

const NAME_COLUMN = 20;
const WIDTH = 75;

export function cpuHelp(): string {
  const models = Object.entries(MODELS)
    .sort(([a], [b]) => (a === 'max' ? 1 : b === 'max' ? -1 : a < b ? -1 : 1))
    .map(
      ([name, { brand }]) =>
        `x86 ${name.padEnd(NAME_COLUMN)}  ${name === 'max' ? 'Enables all features supported by the accelerator in the current host' : brand}\n`,
    );
  const flags = [...FEATURES.keys()].sort();
  return `Available CPUs:\n${models.join('')}\nRecognized CPUID flags:\n${wrap(flags)
    .map((line) => `  ${line}\n`)
    .join('')}\n`;
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
