/** `info qtree` and `info pci` of the seed machine, against QEMU's after its firmware set up the buses (ours has no firmware: its board does that). */
import { readFileSync } from 'node:fs';
import { executeLine } from '@nandu/monitor';
import { tryCommandLine } from './command-line.js';
import { machineOf } from './golden-machine.js';

function golden(file: string): string[] {
  return readFileSync(new URL(`../../test/golden/${file}`, import.meta.url), 'utf8').split('\n');
}

/** The recorded machine, its memory devices in the slots that they get beside QEMU's graphics and network cards. */
function machine(lines: readonly string[]): string[] {
  const arguments_ = machineOf(lines);
  for (const [id, slot] of [
    ['vm0', 4],
    ['vm1', 5],
  ] as const) {
    const index = arguments_.findIndex((word) => word.includes(`id=${id}`));
    arguments_[index] = `${arguments_[index]},addr=${slot}${arguments_[index]?.includes('unplugged') ? '' : ',unplugged-inaccessible=off'}`;
  }
  return arguments_;
}

async function answer(command: string, lines: readonly string[]): Promise<string[]> {
  let text = '';
  await tryCommandLine([...machine(lines), '-S'], async (emulator) => {
    text = await executeLine(command, emulator.machine, { cpuIndex: 0 });
  });
  return text.split('\n');
}

interface Entry {
  readonly name: string;
  /** Its own: not those of devices on its buses. */
  readonly lines: string[];
}

/** Devices of a tree in the order of the text; `dev: NAME, id "ID"` and what stands below it. */
function devices(lines: readonly string[]): Entry[] {
  const found: (Entry & { indent: number })[] = [];
  for (const line of lines) {
    const indent = line.search(/\S/);
    const text = line.trim();
    if (text.startsWith('dev: ')) found.push({ name: text, indent, lines: [] });
    else if (text.startsWith('bus: ') || text.startsWith('type ')) continue;
    else found.at(-1)?.lines.push(text);
  }
  return found;
}

/** Identical in every line. */
const SAME = ['ioapic', 'i440FX', 'PIIX3', 'virtio-mem-pci, id "vm0"', 'virtio-mem-pci, id "vm1"', 'virtio-mem', 'isa-i8259', 'isa-pit', 'port92'];

/** The line is there in QEMU's too, unless: its own serial port keeps its backend at an inner device. */
const DIFFERENT = /^chardev = "serial0"$/;

it('shows the devices that both have with the same lines', async () => {
  const lines = golden('hmp-info-qtree-booted.txt');
  const recorded = devices(lines);
  let same = 0;
  for (const ours of devices(await answer('info qtree', lines))) {
    const index = recorded.findIndex(({ name }) => name === ours.name);
    const [theirs] = index < 0 ? [] : recorded.splice(index, 1);
    if (!theirs) continue;
    if (SAME.some((name) => ours.name.startsWith(`dev: ${name},`) || ours.name === `dev: ${name}`))
      expect(ours).toEqual(expect.objectContaining({ lines: theirs.lines }));
    const own = ours.lines.filter((line) => line !== '' && !DIFFERENT.test(line));
    expect({ name: ours.name, lines: own }).toEqual({ name: ours.name, lines: theirs.lines.filter((line) => own.includes(line)) });
    same++;
  }
  expect(same).toBeGreaterThan(15);
});

it('shows PCI functions as QEMU does', async () => {
  const lines = golden('hmp-info-pci-booted.txt');
  const functions = (text: string): string[] => text.split(/(?=^ {2}Bus)/m).filter((part) => part.startsWith('  Bus'));
  const ours = functions((await answer('info pci', lines)).join('\n'));
  // No IDE controller, graphics or network card yet.
  const absent = /^ {2}Bus {2}0, device {3}(1, function 1|2|3)/;
  expect(ours.map((part) => part.trimEnd())).toEqual(
    functions(lines.join('\n'))
      .filter((part) => !absent.test(part))
      .map((part) => part.trimEnd()),
  );
});
