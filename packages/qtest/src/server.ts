import type { Chardev, ChardevPort, Machine } from '@nandu/core';
import { IrqIntercept } from './irq-intercept.js';
import { type Request, requests } from './requests.js';
import { Refused } from './words.js';

/** Takes a line of the log, without its newline. */
export type QtestLog = (line: string) => void;

/** The qtest server: devices are tested through their registers, on a clock that the test moves. One request a line, one reply. */
export class QtestServer {
  private readonly port: ChardevPort;
  private readonly requests: Readonly<Record<string, Request>>;
  private readonly decoder = new TextDecoder();
  private readonly encoder = new TextEncoder();
  private begun = '';
  private readonly startMs = performance.now();

  constructor(
    machine: Machine,
    chardev: Chardev,
    private readonly log: QtestLog = () => {},
  ) {
    const irq = new IrqIntercept(machine, (pin, level) => this.say(`IRQ ${level ? 'raise' : 'lower'} ${pin}`));
    this.requests = requests(machine, irq);
    this.port = chardev.attach({
      canReceive: () => 65536,
      receive: (bytes) => this.receive(this.decoder.decode(bytes, { stream: true })),
      event: (event) => {
        if (event !== 'opened' && event !== 'closed') return;
        this.begun = '';
        this.note('I', event.toUpperCase());
      },
    });
  }

  private receive(text: string): void {
    const lines = (this.begun + text).split('\n');
    this.begun = lines.pop() as string;
    for (const line of lines) {
      this.note('R', line);
      this.say(this.reply(line));
    }
  }

  private reply(line: string): string {
    const [name = '', ...words] = line.split(' ').filter(Boolean);
    const request = Object.hasOwn(this.requests, name) ? this.requests[name] : undefined;
    if (!request) return `FAIL Unknown command '${name}'`;
    try {
      return request(words);
    } catch (error) {
      if (error instanceof Refused) return error.message;
      throw error;
    }
  }

  private say(line: string): void {
    this.note('S', line);
    this.port.write(this.encoder.encode(`${line}\n`));
  }

  private note(direction: string, text: string): void {
    this.log(`[${direction} +${((performance.now() - this.startMs) / 1000).toFixed(6)}] ${text}`);
  }
}
