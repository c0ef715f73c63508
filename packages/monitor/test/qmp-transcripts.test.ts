import { FakeChardev, golden, machineNone, unescape } from './harness.js';

const NEGOTIATE = '{"execute":"qmp_capabilities"}\n';

async function connected(): Promise<FakeChardev> {
  const terminal = new FakeChardev();
  machineNone().monitors.addQmp(terminal);
  await terminal.take();
  terminal.type(NEGOTIATE);
  await terminal.take();
  return terminal;
}

/** Lines as they are compared: the order of members is QEMU's hash order, timestamps are ours. */
function normal(lines: readonly string[]): unknown[] {
  return lines.map((line) => {
    try {
      const { timestamp, ...rest } = JSON.parse(line) as Record<string, unknown>;
      return timestamp === undefined ? rest : { ...rest, timestamp: 'some' };
    } catch {
      return line;
    }
  });
}

async function answers(terminal: FakeChardev): Promise<string[]> {
  return (await terminal.take()).split('\r\n').filter(Boolean);
}

/** Blocks of `C:` lines and the `S:` lines that follow them. */
function exchanges(lines: readonly string[]): { sent: string[]; received: string[] }[] {
  const result: { sent: string[]; received: string[] }[] = [];
  for (const line of lines) {
    const last = result.at(-1);
    if (line.startsWith('C: ') && (!last || last.received.length > 0)) result.push({ sent: [line.slice(3)], received: [] });
    else if (line.startsWith('C: ')) last?.sent.push(line.slice(3));
    else if (line.startsWith('S: ')) last?.received.push(line.slice(3));
  }
  return result;
}

const damaged = golden('qmp-damaged-input.txt').join('\n').split('\n### ').slice(2);

it.each(damaged.map((block) => [block.split('\n')[0] as string, block.split('\n').slice(1)]))('damaged input: %s', async (_, lines) => {
  const terminal = await connected();
  for (const { sent, received } of exchanges(lines as string[])) {
    for (const text of sent) terminal.type(text.startsWith('[[[') ? '['.repeat(1105) : unescape(text));
    expect(normal(await answers(terminal))).toEqual(normal(received));
  }
});

/** Commands of the recording that belong to other packages or that there are not yet. */
const ELSEWHERE =
  /balloon|inject-nmi|"x-exit|set-numa|migrate|getfd|add_client|watchdog|block_resize|eject|set_link|send-key|screendump|query-cpu|memory-backend|'id'|"mem0"/;

it('answers wrong requests as QEMU does', async () => {
  const terminal = await connected();
  let compared = 0;
  for (const { sent, received } of exchanges(golden('qmp-errors.txt'))) {
    const utf8 = Buffer.from(sent.map((text) => `${text}\n`).join(''), 'utf8').toString('latin1');
    if (ELSEWHERE.test(utf8) || received.length === 0) continue;
    terminal.type(utf8);
    expect({ sent, received: normal(await answers(terminal)) }).toEqual({ sent, received: normal(received) });
    compared++;
  }
  expect(compared).toBeGreaterThan(60);
});

/** The version's package is ours; nothing of ours runs out of band. */
function adapted(line: string): string {
  return line.replace(/Debian [^"]*/, 'Nandu 0.1.0');
}

it('negotiates as QEMU does', async () => {
  const blocks = golden('qmp-negotiation.txt').join('\n').split('\n### ').slice(1);
  const terminal = new FakeChardev();
  machineNone().monitors.addQmp(terminal);
  for (const [index, block] of blocks.entries()) {
    if (index > 0) terminal.reconnect();
    const [, greeting = '', ...lines] = block.split('\n');
    expect(normal(await answers(terminal))).toEqual(normal([adapted(greeting.slice(3))]));
    for (const { sent, received } of exchanges(lines)) {
      if (sent[0]?.includes('migrate-recover')) continue;
      terminal.type(`${sent.join('\n')}\n`);
      expect({ sent, got: normal(await answers(terminal)) }).toEqual({ sent, got: normal(received.map(adapted)) });
    }
  }
});
