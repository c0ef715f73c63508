/** Has a recorded qtest conversation about a virtio device again: each line says what to do, and what came of it. */
import type { MachineEvent } from '@nandu/core';
import { parseJson, printJson, replyTo, runCommand } from '@nandu/monitor';
import { QtestServer } from '@nandu/qtest';
import type { Emulator } from '../src/emulator.js';
import { Wire } from './qtest-wire.js';
import { nextTurn, VirtioOverQtest } from './virtio-over-qtest.js';

/** Carries out what a recorded line stands for and returns that line as it is with us. */
type Act = (match: RegExpMatchArray) => string | Promise<string>;
export type Steps = readonly (readonly [pattern: RegExp, act: Act])[];
/** What is done at a heading (the start of its text). */
export type Headings = Readonly<Record<string, () => void>>;

export class Replay {
  readonly wire = new Wire();
  readonly device: VirtioOverQtest;
  /** How many lines were compared. */
  compared = 0;
  private readonly events: MachineEvent[] = [];
  private readonly pci: string[];
  private answer: unknown;

  constructor(
    private readonly emulator: Emulator,
    slot: number,
    private readonly queues: number,
  ) {
    emulator.machine.events$.subscribe((event) => this.events.push(event));
    new QtestServer(emulator.machine, this.wire);
    this.device = new VirtioOverQtest(this.wire, slot);
    this.pci = this.device.describePci();
    this.device.enable();
  }

  private readonly common: Steps = [
    [/^(pci id|BAR\d|capability at|interrupt pin)/, () => this.pci.shift() ?? ''],
    [/^device features \w+, accepted (0x\w+)/, ([, features]) => this.device.negotiate(BigInt(features as string))],
    [/^queue (\d+):/, ([, queue]) => this.device.describeQueue(Number(queue))],
    [/^status after DRIVER_OK/, () => this.device.start(this.queues)],
    [/^device status/, () => `device status 0x${this.device.status.toString(16)}`],
    [/^ISR \d+ then/, () => `ISR ${this.device.readIsr()} then ${this.device.readIsr()}`],
    [/^(.*)ISR \d+$/, ([, prefix]) => `${prefix}ISR ${this.device.readIsr()}`],
    [/^1 interrupt messages/, () => `${this.wire.interrupts.length} interrupt messages, the first ['${this.wire.interrupts[0]}']`],
    [/^interrupt messages/, () => `interrupt messages [${this.wire.interrupts.map((line) => `'${line}'`).join(', ')}]`],
  ];

  /** Goes through the lines; `different` are those that are not the same on purpose. */
  async run(lines: readonly string[], steps: Steps, headings: Headings, different: readonly RegExp[] = []): Promise<void> {
    const expectedEvents: { event: string; data: unknown }[] = [];
    for (const line of lines) {
      if (line.startsWith('C: {"execute": "quit"}')) break;
      if (line === '' || line.startsWith('$ ')) continue;
      if (line.startsWith('### ')) this.heading(line.slice('### '.length), headings);
      else if (line.startsWith('C: ')) await this.command(line.slice('C: '.length));
      else if (line.startsWith('S: {"timestamp"')) expectedEvents.push(JSON.parse(line.slice('S: '.length)));
      else if (line.startsWith('S: ')) this.compareAnswer(line);
      else await this.compareLine(line, [...steps, ...this.common], different);
    }
    for (const { event: name, data } of expectedEvents) expect(this.events).toContainEqual(expect.objectContaining({ name, data }));
  }

  private heading(text: string, headings: Headings): void {
    for (const [start, act] of Object.entries(headings)) if (text.startsWith(start)) act();
  }

  private async command(source: string): Promise<void> {
    const reply = await replyTo(parseJson(source), false, (request) => runCommand(request, this.emulator));
    this.answer = JSON.parse(printJson(reply));
    await nextTurn();
    // The guest's firmware would set up the buses again.
    if (source.includes('system_reset')) this.device.enable();
  }

  private compareAnswer(line: string): void {
    const recorded = JSON.parse(line.slice('S: '.length));
    // The time at which the guest reported its statistics.
    for (const { return: value } of [this.answer as { return: object }, recorded]) delete value['last-update' as keyof typeof value];
    expect(this.answer).toEqual(recorded);
    this.compared++;
  }

  private async compareLine(line: string, steps: Steps, different: readonly RegExp[]): Promise<void> {
    const step = steps.find(([pattern]) => pattern.test(line));
    if (!step) throw new Error(`no step for: ${line}`);
    const [pattern, act] = step;
    const got = await act(line.match(pattern) as RegExpMatchArray);
    if (different.some((known) => known.test(line))) return;
    expect(got).toEqual(line);
    this.compared++;
  }
}
