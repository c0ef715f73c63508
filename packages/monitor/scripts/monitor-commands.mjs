/**
 * Writes docs/monitor-commands.md: which of QEMU 7.2's monitor commands (as recorded in test/golden) answer here, and which do
 * not yet. Run after a build: node packages/monitor/scripts/monitor-commands.mjs
 */
import { readFileSync, writeFileSync } from 'node:fs';

const { createMachine } = await import('../../cli/dist/src/index.js');

const golden = (file) => readFileSync(new URL(`../test/golden/${file}`, import.meta.url), 'utf8');

/** Names in a recorded help text: those at the start of a line, before their parameters. */
function helpNames(text, pattern) {
  return [...text.matchAll(pattern)].map((match) => match[1]);
}

const { cliPlugin } = await import('../../cli/dist/src/commands/command-line-options.js');
const { logCommands } = await import('../../cli/dist/src/commands/log.js');
const machine = createMachine({}, [cliPlugin, { name: 'log', commands: logCommands({ logItems: new Set() }) }]);
const [, help] = golden('hmp-help.txt').split('(qemu) help\n');
const recorded = {
  'QMP commands': JSON.parse(golden('qmp-query-commands.json')).names,
  'HMP commands': helpNames(help, /^([a-z]\S*) /gm),
  'HMP info commands': [...new Set(helpNames(golden('hmp-info-help.txt'), /^info ([a-z]\S*) .*--/gm))],
};
const present = {
  'QMP commands': new Set(['qmp_capabilities', ...machine.qmpCommands.keys()]),
  'HMP commands': new Set(machine.hmpCommands.map((c) => c.name)),
  'HMP info commands': new Set(machine.hmpCommands.filter((c) => c.name.startsWith('info ')).map((c) => c.name.slice(5))),
};

/** Commands of parts that exist in QEMU's machine by default and here not: they answer as for a machine without them. */
const NOTE =
  'Commands about disks, networks, screens, TPMs, trace events and migration that answer do so as for a machine without such parts. QMP does not list those that would make a disk or a network: who finds them uses them.';

function section(title) {
  const names = recorded[title];
  const answers = names.filter((name) => present[title].has(name));
  const missing = names.filter((name) => !present[title].has(name));
  const list = (items) => (items.length === 0 ? 'none' : items.map((name) => `\`${name}\``).join(', '));
  return `## ${title}: ${answers.length} of ${names.length}\n\nAnswer: ${list(answers)}.\n\nNot yet: ${list(missing)}.\n`;
}

const text = `# Monitor commands

Which of the commands of QEMU 7.2 answer, compared with its recorded \`query-commands\`, \`help\` and \`help info\`. Made by
\`node packages/monitor/scripts/monitor-commands.mjs\`; do not edit.

${NOTE} Unknown ones are refused as QEMU refuses a name that it does not know.

${Object.keys(recorded).map(section).join('\n')}`;

writeFileSync(new URL('../../../docs/monitor-commands.md', import.meta.url), text);
