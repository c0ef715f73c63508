/**
 * The command lines of the scripts in this folder: each describes its own in a table, from which it is read, checked and explained.
 *
 *   { name: 'npm run demo', about: 'what it does', options: { kernel: { value: 'FILE', help: '…', default: '…' } } }
 *
 * An option without `value` is a flag, and the value of one that takes `N` is a number. `words` names what may stand beside the options;
 * `rest` says whose options all but --help are.
 */
import { parseArgs } from 'node:util';

/** What the user did wrong, as a sentence. */
export class UsageError extends Error {}

/** `{ values, words }`, or undefined where help was asked for and given. */
export function readCommandLine(command, args = process.argv.slice(2)) {
  const table = Object.entries(command.options ?? {});
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(helpText(command, table));
    return undefined;
  }
  if (command.rest) return { values: {}, words: args };
  const options = Object.fromEntries(
    table.map(([name, { value, default: preset }]) => [
      name,
      { type: value ? 'string' : 'boolean', ...(preset === undefined ? {} : { default: value ? String(preset) : preset }) },
    ]),
  );
  const { values, positionals: words } = parse(command, { args, options, allowPositionals: Boolean(command.words) });
  for (const [name, { value }] of table) {
    if (value !== 'N' || values[name] === undefined) continue;
    const number = Number(values[name]);
    if (!Number.isFinite(number) || number < 0 || values[name].trim() === '') throw usageError(command, `--${name} takes a number, not '${values[name]}'`);
    values[name] = number;
  }
  return { values, words };
}

function parse(command, config) {
  try {
    return parseArgs(config);
  } catch (error) {
    // Node's messages go on with advice that would not help here.
    throw usageError(command, error.message.split(/\. |\n/)[0]);
  }
}

function usageError({ name }, message) {
  return new UsageError(`${name}: ${message}\n${name} -- --help lists the options`);
}

function helpText({ name, about, words, rest }, table) {
  const rows = [...table.map(([option, { value, help, default: preset }]) => [value ? `--${option} ${value}` : `--${option}`, explain(help, value && preset)])];
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  const usage = [name, rest || words || rows.length > 0 ? '--' : '', rows.length > 0 ? '[OPTION…]' : '', words ?? '', rest ? '[OPTION…]' : ''];
  const lines = rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
  return `${[usage.filter(Boolean).join(' '), '', about, ...(rest ? [rest] : []), ...(lines.length > 0 ? ['', ...lines] : [])].join('\n')}\n`;
}

const explain = (help, preset) => (preset === undefined || preset === '' ? help : `${help} (${preset})`);
