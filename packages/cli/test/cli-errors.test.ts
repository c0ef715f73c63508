/** QEMU's recorded command lines, good and bad: the same words on stderr, the same status, the same machine. */
import { readFileSync } from 'node:fs';
import type { QmpCommand } from '@nandu/core';
import type { Emulator } from '../src/emulator.js';
import { asOurs, tryCommandLine, words } from './command-line.js';

interface Case {
  readonly args: string;
  readonly exit: number;
  readonly stderr: string;
  readonly 'query-memory-devices'?: unknown;
  readonly 'query-memory-size-summary'?: unknown;
  readonly cpus?: readonly Readonly<Record<string, unknown>>[];
}
interface Group {
  readonly group: string;
  readonly cases: readonly Case[];
}

const groups = JSON.parse(readFileSync(new URL('../../test/golden/cli-errors.json', import.meta.url), 'utf8')) as Group[];

/** Parts, options and machines that there are not: these have to be refused with a sentence, whatever QEMU says. */
const NOT_IMPLEMENTED = [
  /q35|isapc|microvm/,
  /-object (memory-backend-(file|memfd)|iothread)/,
  /pc-dimm|e1000/,
  /-(drive|hda|netdev|bios|readconfig|fw_cfg|smbios|incoming|loadvm|runas|mem-prealloc|overcommit)\b/,
  /-S nosuch\.img/,
  /usb=maybe/,
];
/** Where Nandu means to do something else: nodes without memory share it, as in QEMU up to 5.1; versions of pc are one machine. */
const DELIBERATE = [
  /^(?!.*memdev=ram).*-numa node,nodeid=0,cpus=0-1 -numa/,
  /cpus=0-1 -numa node,nodeid=1,cpus=2-3 -qmp/,
  /mem=2G.*-M pc-i440fx-5\.0|-M pc-i440fx-5\.0.*mem=2G/,
];
/** Not looked at here: words of the CPU model, a guest kernel that is not in the repository, what goes to stdout. */
const ELSEWHERE = [/threads=2/, /-cpu qemu64,nosuch=on/, /vmlinuz/, /-version/, /max-ram-below-4g/];

const matches = (patterns: readonly RegExp[], { args }: Case): boolean => patterns.some((pattern) => pattern.test(args));

async function query(emulator: Emulator, name: string): Promise<unknown> {
  const { machine } = emulator;
  return JSON.parse(JSON.stringify(await (machine.qmpCommands.get(name) as QmpCommand).run({} as never, { machine })));
}

/** The recording says of each place for a CPU whether one is there. */
function places(cpus: unknown): unknown {
  return (cpus as { props: object; 'qom-path'?: string }[]).map((cpu) => ({ ...cpu.props, present: cpu['qom-path'] !== undefined }));
}

describe.each(groups)('$group', ({ cases }) => {
  const implemented = cases.filter((c) => !matches([...NOT_IMPLEMENTED, ...DELIBERATE, ...ELSEWHERE], c));

  if (implemented.length > 0)
    it.each(implemented)('$args', async (recorded) => {
      // No guest runs before the comparison, so it need not be translated.
      const line = recorded.args.replace(/ ?-qmp stdio$/, '').replace(/^-accel tcg (?!.*-cpu)/, '-accel qtest ');
      const answers: Record<string, unknown> = {};
      const outcome = await tryCommandLine(words(line), async (emulator) => {
        for (const name of ['query-memory-devices', 'query-memory-size-summary'] as const) {
          if (recorded[name] !== undefined) answers[name] = await query(emulator, name);
        }
        if (recorded.cpus) answers['cpus'] = places(await query(emulator, 'query-hotpluggable-cpus'));
      });
      const { args: _, exit: status, stderr, ...expected } = recorded;
      expect({ ...outcome, stderr: outcome.stderr.replace(/.*nothing to boot.*\n/, ''), ...answers }).toEqual({ status, stderr: asOurs(stderr), ...expected });
    });

  const absent = cases.filter((c) => matches(NOT_IMPLEMENTED, c));
  if (absent.length > 0)
    it.each(absent)('refuses $args', async ({ args }) => {
      const { status, stderr } = await tryCommandLine(words(args.replace(/ ?-qmp stdio$/, '')));
      expect(status).toBe(1);
      expect(stderr).toMatch(/^nandu-system-x86_64: .+\n/);
    });
});

it('splits memory evenly between nodes that name none, and says so', async () => {
  const line = '-accel qtest -S -m 4G -smp 4 -numa node,nodeid=0,cpus=0-1 -numa node,nodeid=1,cpus=2-3';
  const { status, stderr } = await tryCommandLine(words(line));
  expect(status).toBe(0);
  expect(stderr).toContain('warning: Default splitting of RAM between nodes is deprecated');
});

it('refuses more memory than the processor can address', async () => {
  const stderr = 'nandu-system-x86_64: Address space limit 0xffffffffff < 0x7d000bfffffff phys-bits too low (40)\n';
  expect(await tryCommandLine(words('-S -display none -m 4G,maxmem=2000T'))).toEqual({ status: 1, stderr });
});

it.each([
  ['-serial constructor', "-serial constructor: 'constructor' is not a valid char driver"],
  ['-monitor __proto__', "-monitor __proto__: '__proto__' is not a valid char driver"],
  ['-chardev toString,id=a', "-chardev toString,id=a: 'toString' is not a valid char driver"],
  ['-numa __proto__', "-numa __proto__: Parameter 'type' does not accept value '__proto__'"],
])('refuses %s, a name that every object knows', async (line, stderr) => {
  expect(await tryCommandLine(words(`-S -display none ${line}`))).toEqual({ status: 1, stderr: expect.stringContaining(stderr) });
});
