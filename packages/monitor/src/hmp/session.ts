import { type Chardev, type ChardevPort, type CommandMonitor, type Machine } from '@nandu/core';
import { QEMU_VERSION_TEXT } from '../version.js';
import { complete } from './completion.js';
import { executeLine } from './execute.js';
import { ReadLine } from './readline.js';

const PROMPT = '(qemu) ';

/** One human monitor on a character backend, which it may share with others by a mux. */
export class HmpSession implements CommandMonitor {
  cpuIndex = 0;
  private readonly port: ChardevPort;
  private readonly readline: ReadLine;
  /** Another front end has the terminal: what is printed waits. */
  private muxedOut = false;
  private opened = false;
  private running = false;
  private ended = false;
  private waiting = '';

  constructor(
    private readonly machine: Machine,
    chardev: Chardev,
  ) {
    this.readline = new ReadLine({
      prompt: PROMPT,
      write: (binary) => this.write(binary),
      complete: (line) => complete(line, machine),
      run: (line) => void this.run(line),
    });
    this.port = chardev.attach({
      // One at a time: the rest waits while a command runs.
      canReceive: () => (this.running || this.ended ? 0 : 1),
      receive: (bytes) => {
        for (const byte of bytes) this.readline.feed(byte);
      },
      event: (event) => this.events[event]?.(),
    });
  }

  get history(): readonly string[] {
    return this.readline.history.map(fromBinary);
  }

  /** The process ends: no more prompts. */
  end(): void {
    this.ended = true;
  }

  print(text: string): void {
    this.write(toBinary(text.replaceAll('\n', '\r\n')));
  }

  private readonly events: Readonly<Record<string, () => void>> = {
    opened: () => {
      this.print(`QEMU ${QEMU_VERSION_TEXT} monitor - type 'help' for more information\n`);
      this.opened = true;
      this.readline.restart();
      if (!this.muxedOut) this.readline.showPrompt();
    },
    'mux-out': () => {
      if (this.opened && !this.muxedOut) this.print('\n');
      this.muxedOut = true;
    },
    'mux-in': () => {
      this.muxedOut = false;
      this.write('');
      this.readline.restart();
      if (this.opened && !this.running) this.readline.showPrompt();
    },
  };

  private write(binary: string): void {
    this.waiting += binary;
    if (this.muxedOut || this.waiting === '') return;
    this.port.write(Uint8Array.from(this.waiting, (c) => c.charCodeAt(0)));
    this.waiting = '';
  }

  private async run(line: string): Promise<void> {
    this.running = true;
    const text = await executeLine(fromBinary(line), this.machine, this);
    this.print(text);
    this.running = false;
    if (this.ended) return;
    if (!this.muxedOut) this.readline.showPrompt();
    this.port.accept();
  }
}

function toBinary(text: string): string {
  let binary = '';
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return binary;
}

function fromBinary(binary: string): string {
  return new TextDecoder().decode(Uint8Array.from(binary, (c) => c.charCodeAt(0)));
}
