import { FakeChardev, golden, machineNone, unescape } from './harness.js';

/** Steps of the recording: what was typed and what came back, as binary strings. */
function steps(): { typed: string; answer: string }[] {
  const lines = golden('hmp-raw-bytes.txt');
  return lines.flatMap((line, index) => {
    if (!line.startsWith('> b')) return [];
    const bytes = (text: string) => unescape(text.slice(4, -1));
    return [{ typed: bytes(line), answer: bytes(lines[index + 1] as string) }];
  });
}

// These show commands that are not here: the list of all info commands, and those of other packages.
const OTHERS = ['info \t\t', 'info bal\t'];

it('answers every key as QEMU did', async () => {
  const { monitors } = machineNone();
  const terminal = new FakeChardev();
  monitors.addHmp(terminal);
  expect(await terminal.take()).toBe("QEMU 7.2.22 monitor - type 'help' for more information\r\n(qemu) ");
  const recorded = steps();
  expect(recorded.length).toBeGreaterThan(35);
  for (let i = 0; i < recorded.length; i++) {
    const { typed, answer } = recorded[i] as { typed: string; answer: string };
    if (OTHERS.includes(typed)) {
      // The recording goes on with Enter; the history has to know these lines later on.
      terminal.type(typed === 'info \t\t' ? 'info ' : 'info balloon ');
      terminal.type('\n');
      await terminal.take();
      i++;
      continue;
    }
    terminal.type(typed);
    const got = await terminal.take();
    if (typed === 'quit\n') expect(got.startsWith(answer)).toBe(true);
    else expect({ typed, got }).toEqual({ typed, got: answer });
  }
});

it('holds back what it prints while another front end has the terminal', async () => {
  const { MuxChardev } = await import('@nandu/chardev');
  const { monitors } = machineNone();
  const terminal = new FakeChardev();
  let terminated = false;
  const mux = new MuxChardev('m', terminal, () => {
    terminated = true;
  });
  monitors.addHmp(mux);
  const keys: number[] = [];
  mux.attach({ canReceive: () => 16, receive: (bytes) => keys.push(...bytes) });
  mux.open();
  expect(await terminal.take()).toBe('');
  terminal.type('ab\x01\x01\x01h');
  expect(keys).toEqual([0x61, 0x62, 0x01]);
  terminal.type('\x01c\x01c\x01x');
  const recorded = golden('stdio-monitors.txt').find((line) => line.includes('C-a h')) as string;
  expect(await terminal.take()).toBe(unescape(recorded.slice('stdout b"'.length, -1)));
  expect(terminated).toBe(true);
});
