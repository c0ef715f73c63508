/** Every monitor command with arguments that make no sense: an answer, never a fault of ours. */
import { executeLine, type Json, printJson, replyTo, runCommand } from '@nandu/monitor';
import { tryCommandLine, words } from './command-line.js';

const MACHINE = words(
  '-S -display none -nodefaults -m 128M,maxmem=1G -object memory-backend-ram,id=mem0,size=128M -device virtio-mem-pci,id=vm0,memdev=mem0 -device virtio-balloon-pci,id=b0 -device virtio-rng-pci,id=r0',
);

/** They end the machine, or write files. */
const NOT_HERE = /^(quit|q|quit\|q|memsave|pmemsave|dump-guest-memory|logfile|chardev-add|system_reset|system_powerdown|cont|c|cont\|c)$/;

const VALUES: Json[] = [
  ...['', ' ', '\0', '/', '..', '-1', '0x', 'vm0', 'b0', '/machine', 'size', '__proto__', 'a'.repeat(5000), '\ud800', '%s%n'],
  ...[0, -1, 1, 2 ** 31, 2 ** 53 - 1, 2 ** 64, 18446744073709551615n, 0.5, true, null, [], [[]], {}, { a: 1 }],
];

/** A command's arguments with `value` in every place, or in all but one. */
function* argumentSets(names: readonly string[], value: Json): Generator<Record<string, Json>> {
  yield Object.fromEntries(names.map((name) => [name, value]));
  for (const left of names) yield Object.fromEntries(names.filter((name) => name !== left).map((name) => [name, value]));
}

it('answers QMP commands', async () => {
  let asked = 0;
  const faults: string[] = [];
  await tryCommandLine(MACHINE, async (emulator) => {
    for (const [name, command] of emulator.machine.qmpCommands) {
      if (NOT_HERE.test(name)) continue;
      const known = [...Object.keys(command.arguments), ...(command.open ? ['driver', 'qom-type', 'id', 'bus'] : [])];
      for (const value of VALUES) {
        for (const given of argumentSets(known, value)) {
          const reply = printJson(await replyTo({ execute: name, arguments: given }, false, (request) => runCommand(request, emulator)));
          asked++;
          if (reply.includes('internal error')) faults.push(`${name} ${printJson(given).slice(0, 100)}: ${reply}`);
        }
      }
    }
  });
  expect(faults).toEqual([]);
  expect(asked).toBeGreaterThan(3000);
}, 60_000);

it('sets and gets every property of every object, whatever is given', async () => {
  const faults: string[] = [];
  await tryCommandLine(MACHINE, async (emulator) => {
    const ask = async (execute: string, given: Record<string, Json>): Promise<Record<string, unknown>> => {
      const reply = await replyTo({ execute, arguments: given }, false, (request) => runCommand(request, emulator));
      if (printJson(reply).includes('internal error')) faults.push(`${execute} ${printJson(given).slice(0, 200)}: ${printJson(reply)}`);
      return reply as Record<string, unknown>;
    };
    const paths = ['/machine'];
    for (let path = paths.shift(); path !== undefined && path.split('/').length < 8; path = paths.shift()) {
      const rows = ((await ask('qom-list', { path }))['return'] ?? []) as { name: string; type: string }[];
      for (const { name, type } of rows) {
        if (type.startsWith('child<')) paths.push(`${path}/${name}`);
        await ask('qom-get', { path, property: name });
        for (const value of VALUES) await ask('qom-set', { path, property: name, value });
      }
    }
  });
  expect(faults).toEqual([]);
}, 60_000);

it('answers HMP commands', async () => {
  const faults: string[] = [];
  const texts = VALUES.filter((value) => typeof value === 'string');
  await tryCommandLine(MACHINE, async ({ machine }) => {
    for (const { name: full } of machine.hmpCommands) {
      const [name = ''] = full.split('|');
      if (NOT_HERE.test(full) || NOT_HERE.test(name)) continue;
      const tails = [
        ...texts,
        ...texts.map((text) => `${text} ${text} ${text}`),
        '/x',
        '/99999999999x 0',
        '/4i 0xffffffffffffffff',
        '"',
        "'",
        '"\\',
        '-a -a',
        '1 / 0',
        '((((1',
        '('.repeat(4000),
        '-'.repeat(4000),
        `/${'9'.repeat(30)}`,
        '1M 1e400',
        '$',
        '$nosuch',
      ];
      for (const tail of tails) {
        try {
          const answer = await executeLine(`${name} ${tail}`, machine, { cpuIndex: 0 });
          if (answer.includes('internal error')) faults.push(`${name} ${tail.slice(0, 50)}: ${answer}`);
        } catch (error) {
          faults.push(`${name} ${tail.slice(0, 50)} threw ${(error as Error).stack}`);
        }
      }
    }
  });
  expect(faults).toEqual([]);
}, 60_000);
