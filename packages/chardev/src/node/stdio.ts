import { writeSync } from 'node:fs';
import { ConfigError } from '@nandu/core';
import { BaseChardev } from '../base.js';
import { WriteBatch } from '../write-batch.js';

let inUse = false;

/**
 * The process's standard input and output. A terminal is put into raw mode, so that the guest gets every key, and put back
 * by `close` (and when the process ends in any way that lets it). With `signal` (the default, but not for -nographic's mux)
 * Ctrl-C, Ctrl-\ and Ctrl-Z keep their meaning.
 */
export class StdioChardev extends BaseChardev {
  readonly filename = 'stdio';
  private readonly restore: () => void;
  private readonly output = new WriteBatch((bytes) => writeAll(bytes));

  constructor(
    id: string,
    private readonly signal: boolean,
  ) {
    super(id);
    if (inUse) throw new ConfigError('cannot use stdio by multiple character devices');
    inUse = true;
    const { stdin } = process;
    const raw = stdin.isTTY;
    if (raw) stdin.setRawMode(true);
    this.restore = () => {
      this.output.flush();
      if (raw) stdin.setRawMode(false);
    };
    process.once('exit', this.restore);
    process.on('SIGCONT', this.reenter);
    stdin.on('data', this.input);
    stdin.on('error', () => {});
    process.stdout.on('error', () => {});
    this.setConnected(true);
  }

  write(bytes: Uint8Array): void {
    this.output.write(bytes);
  }

  override close(): void {
    if (!inUse) return;
    inUse = false;
    process.stdin.off('data', this.input);
    process.stdin.pause();
    process.off('exit', this.restore);
    process.off('SIGCONT', this.reenter);
    this.restore();
    super.close();
  }

  protected override setReading(reading: boolean): void {
    if (reading) process.stdin.resume();
    else process.stdin.pause();
  }

  private readonly input = (bytes: Uint8Array): void => {
    // Raw mode takes the terminal's signal keys away; with `signal` they are acted on here.
    if (this.signal && process.stdin.isTTY) {
      for (const [key, name] of SIGNAL_KEYS) {
        if (!bytes.includes(key)) continue;
        if (name === 'SIGTSTP') process.stdin.setRawMode(false);
        process.kill(process.pid, name);
        return;
      }
    }
    this.received(bytes);
  };

  /** After Ctrl-Z and fg the shell has its own terminal settings in place. */
  private readonly reenter = (): void => {
    if (process.stdin.isTTY) process.stdin.setRawMode(true);
  };
}

const SIGNAL_KEYS: readonly (readonly [number, NodeJS.Signals])[] = [
  [0x03, 'SIGINT'],
  [0x1c, 'SIGQUIT'],
  [0x1a, 'SIGTSTP'],
];

/** At once and completely: what is said last must come out even when the process ends right after. */
function writeAll(bytes: Uint8Array): void {
  let rest = bytes;
  for (let tries = 0; rest.length > 0 && tries < 1000; tries++) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EAGAIN') return;
      // A pipe or terminal that is full for the moment (it may be non-blocking): give its reader a millisecond.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
