/** QEMU's recorded monitor sessions with the seed machine before its first instruction. */
import { readFileSync } from 'node:fs';
import { executeLine, parseJson, printJson, replyTo, runCommand } from '@nandu/monitor';
import type { Emulator } from '../src/emulator.js';
import { tryCommandLine } from './command-line.js';
import { machineOf } from './golden-machine.js';

function golden(file: string): string[] {
  return readFileSync(new URL(`../../test/golden/${file}`, import.meta.url), 'utf8').split('\n');
}

interface Step {
  readonly command: string;
  answer: string;
}

function hmpSteps(lines: readonly string[]): Step[] {
  const steps: Step[] = [];
  for (const line of lines) {
    if (line.startsWith('(qemu) ')) steps.push({ command: line.slice('(qemu) '.length), answer: '' });
    else if (steps.length > 0) (steps.at(-1) as Step).answer += `${line}\n`;
  }
  // The file's own last line ends one too many.
  const last = steps.at(-1);
  if (last) last.answer = last.answer.replace(/\n$/, '');
  return steps;
}

/** What cannot be the same: other parts on the board, other firmware, threads, lists in hash order, our own version. */
const DIFFERENT = [
  /^info( (block|blockstats|chardev|cpus|history|hotpluggable-cpus|kvm|lapic|memdev|mice|network|pci|pic|ramblock|registers.*|roms|usernet|version|qom-tree))?$/,
  /^qom-list/,
  /^(i|xp) ?\/[0-9]*x?[bw]/,
  /^x(p)? ?\/[0-9]*i/,
  /^x ?\//,
  /^p(\/x)? \$/,
  /^nmi$/,
  /^(drive_add|hostfwd_add|log nosuch)/,
];

async function compare(file: string, least: number): Promise<void> {
  const lines = golden(file);
  const monitor = { cpuIndex: 0 };
  let same = 0;
  const outcome = await tryCommandLine(machineOf(lines), async ({ machine }: Emulator) => {
    for (const { command, answer } of hmpSteps(lines.slice(1))) {
      if (DIFFERENT.some((pattern) => pattern.test(command))) continue;
      const got = await executeLine(command, machine, monitor);
      // Not implemented yet: docs/monitor-commands.md has the list.
      if (got.startsWith('unknown command') && !answer.startsWith('unknown command')) continue;
      expect({ command, got }).toEqual({ command, got: answer });
      same++;
    }
  });
  expect(outcome.status).toBe(0);
  expect(same).toBeGreaterThan(least);
}

it.each([
  ['hmp-seed-paused.txt', 6],
  ['hmp-info-all-paused.txt', 15],
  ['hmp-errors-and-small-commands.txt', 100],
  ['hmp-virtio-and-absent-parts.txt', 25],
  ['hmp-more-commands.txt', 150],
])('HMP answers as in %s', (file, least) => compare(file, least), 30_000);

it.each([
  ['qmp-virtio-mem-properties.txt', 30],
  ['qmp-more-commands.txt', 100],
])(
  'QMP answers as in %s',
  async (file, least) => {
    const lines = golden(file);
    let same = 0;
    await tryCommandLine(machineOf(lines), async (emulator) => {
      for (const [index, line] of lines.entries()) {
        const answer = lines[index + 1] ?? '';
        if (!line.startsWith('C: ') || !answer.startsWith('S: ')) continue;
        // Other parts on the board: another slot.
        if (line.includes('addr"') && !line.includes('memaddr')) continue;
        const reply = await replyTo(parseJson(line.slice(3)), false, (request) => runCommand(request, emulator));
        expect({ line, got: JSON.parse(printJson(reply)) }).toEqual({ line, got: JSON.parse(answer.slice(3)) });
        same++;
      }
    });
    expect(same).toBeGreaterThan(least);
  },
  30_000,
);
