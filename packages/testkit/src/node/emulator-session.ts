import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TextSocket } from './text-socket.js';

export interface SessionOptions {
  /** The emulator and its first arguments: [process.execPath, 'cli.mjs'], or ['qemu-system-x86_64', '-accel', 'tcg']. */
  readonly command: readonly string[];
  /** QEMU's options; the session adds serial port, monitor and QMP. */
  readonly args: readonly string[];
  /** For every wait, in ms. */
  readonly timeoutMs?: number;
}

/** A running emulator with its console, HMP and QMP at hand, driven as a user would. */
export class EmulatorSession {
  private nextId = 0;
  readonly events: { readonly event: string; readonly data?: Record<string, unknown> }[] = [];
  /** What the emulator wrote to its own standard error. */
  stderr = '';

  private constructor(
    readonly process: ChildProcess,
    private readonly folder: string,
    private readonly timeoutMs: number,
    readonly console: TextSocket,
    private readonly monitor: TextSocket,
    private readonly qmpSocket: TextSocket,
    /** Resolves to the exit status. */
    readonly exited: Promise<number | null>,
  ) {}

  static async start({ command, args, timeoutMs = 120_000 }: SessionOptions): Promise<EmulatorSession> {
    const folder = await mkdtemp(join(tmpdir(), 'nandu-'));
    const path = (name: string): string => join(folder, `${name}.sock`);
    const listen = (name: string): string => `unix:${path(name)},server=on,wait=off`;
    const [program, ...first] = command as [string, ...string[]];
    const all = [...first, ...args, '-display', 'none', '-serial', listen('serial'), '-monitor', listen('hmp'), '-qmp', listen('qmp')];
    const child = spawn(program, all, { stdio: ['ignore', 'inherit', 'pipe'] });
    let stderr = '';
    const exited = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
    const alive = (): boolean => child.exitCode === null && child.signalCode === null;
    try {
      child.stderr?.on('data', (data: Buffer) => (stderr += data.toString()));
      const [serial, hmp, qmp] = await Promise.all(['serial', 'hmp', 'qmp'].map((name) => TextSocket.connect(path(name), timeoutMs, alive)));
      const session = new EmulatorSession(child, folder, timeoutMs, serial as TextSocket, hmp as TextSocket, qmp as TextSocket, exited);
      child.stderr?.on('data', () => (session.stderr = stderr));
      session.stderr = stderr;
      await session.monitor.until(/\(qemu\) /, timeoutMs);
      await session.qmpSocket.until(/\n/, timeoutMs);
      await session.qmp('qmp_capabilities');
      return session;
    } catch (error) {
      child.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
      throw new Error(`${(error as Error).message}\n${stderr}`);
    }
  }

  /** Waits for the guest's first prompt; what it printed until then. */
  boot(pattern = /GUEST-READY[\s\S]*guest# /): Promise<string> {
    return this.console.until(pattern, this.timeoutMs);
  }

  /** Runs a command in the guest's shell; its output without the echo, the last line's end, and the next prompt. */
  async guest(command: string): Promise<string> {
    const id = this.nextId++;
    // The shell echoes what is typed, wrapped at its terminal's width; quotes keep that from looking like a marker.
    this.console.send(`echo begin'-'${id}; ${command}; echo done'-'${id}\n`);
    const text = (await this.console.until(new RegExp(`begin-${id}\\r?\\n[\\s\\S]*done-${id}\\r?\\n[\\s\\S]*?guest# `), this.timeoutMs)).replaceAll('\r', '');
    const begin = `begin-${id}\n`;
    return text.slice(text.lastIndexOf(begin) + begin.length, text.lastIndexOf(`done-${id}`)).replace(/\n$/, '');
  }

  /** Runs a human monitor command; its output without the echo. */
  async hmp(command: string): Promise<string> {
    this.monitor.send(`${command}\n`);
    await this.monitor.until(/\n/, this.timeoutMs);
    const text = await this.monitor.until(/\(qemu\) /, this.timeoutMs);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal sequences start with one.
    return text.replace(/\x1b\[[0-9;]*[A-Za-z]|\r/g, '').replace(/\(qemu\) $/, '');
  }

  /** Runs a QMP command; its return value. Events that come before the reply are kept in `events`. */
  async qmp(execute: string, args?: Record<string, unknown>): Promise<unknown> {
    const id = this.nextId++;
    this.qmpSocket.send(`${JSON.stringify({ execute, id, ...(args ? { arguments: args } : {}) })}\n`);
    for (;;) {
      const message = JSON.parse(await this.qmpSocket.until(/\n/, this.timeoutMs)) as {
        id?: number;
        event?: string;
        return?: unknown;
        error?: { class: string; desc: string };
        data?: Record<string, unknown>;
      };
      if (message.event !== undefined) this.events.push({ event: message.event, data: message.data });
      else if (message.id === id) {
        if (message.error) throw new Error(`${message.error.class}: ${message.error.desc}`);
        return message.return;
      }
    }
  }

  /** Asks again and again until `accept` holds. */
  async eventually<T>(ask: () => Promise<T>, accept: (value: T) => boolean, everyMs = 100): Promise<T> {
    const deadline = Date.now() + this.timeoutMs;
    for (;;) {
      const value = await ask();
      if (accept(value)) return value;
      if (Date.now() > deadline) throw new Error(`timed out; the last answer was ${JSON.stringify(value)}`);
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }

  /** Resident memory of the emulator's process, in bytes (Linux). */
  async residentBytes(): Promise<number> {
    const { readFile } = await import('node:fs/promises');
    const status = await readFile(`/proc/${this.process.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
  }

  /** Ends the emulator, however it is. */
  async stop(): Promise<void> {
    for (const socket of [this.console, this.monitor, this.qmpSocket]) socket.close();
    this.process.kill('SIGKILL');
    await this.exited;
    await rm(this.folder, { recursive: true, force: true });
  }
}
