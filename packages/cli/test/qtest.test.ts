/** QEMU's recorded qtest conversation, with the same machine. */
import { readFileSync } from 'node:fs';
import { QtestServer } from '@nandu/qtest';
import { tryCommandLine, words } from './command-line.js';
import { Wire } from './qtest-wire.js';

interface Exchange {
  readonly request: string;
  readonly replies: string[];
}

/** Runs of the recording: the command line, and what was said. */
function runs(): { line: string; said: Exchange[] }[] {
  const result: { line: string; said: Exchange[] }[] = [];
  const text = readFileSync(new URL('../../test/golden/qtest-conversation.txt', import.meta.url), 'utf8');
  for (const line of text.split('\n')) {
    const run = result.at(-1);
    if (line.startsWith('$ ')) result.push({ line: line.replace(/^\$ \S+ |-qtest.*/g, ''), said: [] });
    else if (line.startsWith('> ')) run?.said.push({ request: line.slice(2), replies: [] });
    else if (line.startsWith('< ')) run?.said.at(-1)?.replies.push(line.slice(2));
  }
  return result;
}

/** The time of day; there is no firmware; what QEMU's clock is due to do first is its business; CPU 0 is not the first unattached device. */
const DIFFERENT = /0xfffffff0|4294967280|^clock_step$|^inb 0x71|^inw 0x70/;

it.each(runs().filter(({ said }) => said.some(({ replies }) => replies.length > 0)))('talks as QEMU with $line', async ({ line, said }) => {
  let compared = 0;
  await tryCommandLine(words(line), ({ machine }) => {
    const wire = new Wire();
    new QtestServer(machine, wire);
    for (const { request, replies } of said) {
      // QEMU aborted here.
      if (replies.length === 0) continue;
      // The step to the first deadline: land where QEMU did, so that later times agree.
      if (DIFFERENT.test(request) && !line.includes('tcg')) {
        if (request === 'clock_step') wire.ask(`clock_set ${(replies[0] as string).slice(3)}`);
        continue;
      }
      const got = wire.ask(request);
      // Our 8254 loads a count with the write and not a tick later, so its first period ends just before the first step, not after it.
      const rest = (lines: readonly string[]) => lines.filter((text) => !request.startsWith('clock_step') || !text.startsWith('IRQ'));
      expect({ request, replies: rest(got) }).toEqual({ request, replies: rest(replies) });
      compared++;
    }
  });
  expect(compared).toBeGreaterThan(0);
});

it('replies where QEMU aborts', async () => {
  await tryCommandLine(words('-accel qtest -M none -display none'), ({ machine }) => {
    const wire = new Wire();
    new QtestServer(machine, wire);
    expect(['outb 0x10000 1', 'read 0x1000 0', ''].flatMap((request) => wire.ask(request))).toEqual([
      'ERR invalid port',
      'ERR invalid argument size',
      "FAIL Unknown command ''",
    ]);
  });
});
