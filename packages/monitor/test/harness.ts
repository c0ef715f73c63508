import { readFileSync } from 'node:fs';
import { BaseChardev, ChardevRegistry, chardevPlugin } from '@nandu/chardev';
import { definePlugin, Machine, type MachineConfig, NoneBoard, type Plugin } from '@nandu/core';
import { Monitors, monitorPlugin } from '../src/index.js';
import { nodeMonitorPlugin } from '../src/node/plugin.js';

/** A terminal: what is sent to it is kept as a binary string, what is typed comes from `type`. */
export class FakeChardev extends BaseChardev {
  readonly filename = 'fake';
  private output = '';

  constructor() {
    super('fake');
    this.setConnected(true);
  }
  write(bytes: Uint8Array): void {
    for (const byte of bytes) this.output += String.fromCharCode(byte);
  }
  type(binary: string): void {
    this.received(Uint8Array.from(binary, (c) => c.charCodeAt(0)));
  }
  reconnect(): void {
    this.setConnected(false);
    this.setConnected(true);
  }
  /** What came since the last call, once nothing more does. */
  async take(): Promise<string> {
    for (let seen = -1; seen !== this.output.length; ) {
      seen = this.output.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { output } = this;
    this.output = '';
    return output;
  }
}

const CONFIG: MachineConfig = {
  board: 'none-machine',
  boardProperties: {},
  cpuModel: 'qemu64',
  smp: { cpus: 1, maxCpus: 1, sockets: 1, dies: 1, clusters: 1, cores: 1, threads: 1 },
  memory: { sizeBytes: 128 << 20, maxBytes: 128 << 20, slots: 0 },
  numa: [],
  boot: {},
  accelerator: 'qtest',
  acceleratorProperties: {},
  serial: [],
  rtc: { base: 'utc', clock: 'host' },
  actions: { reboot: 'reset', shutdown: 'poweroff', panic: 'shutdown', watchdog: 'reset' },
  noDefaults: true,
  globals: [],
};

/** A machine without parts, not started, and its monitors. */
export function machineNone(plugins: readonly Plugin[] = []): { machine: Machine; monitors: Monitors } {
  const core = definePlugin({ name: 'core', types: [NoneBoard] });
  const machine = new Machine([core, monitorPlugin, nodeMonitorPlugin, chardevPlugin(new ChardevRegistry()), ...plugins], CONFIG);
  machine.build();
  machine.finish();
  return { machine, monitors: new Monitors(machine) };
}

export function golden(file: string): string[] {
  return readFileSync(new URL(`../../test/golden/${file}`, import.meta.url), 'utf8').split('\n');
}

const NAMED: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', "'": "'", '"': '"' };

/** The bytes of a Python escape text, as a binary string. */
export function unescape(text: string): string {
  return text.replace(/\\(x[0-9a-f]{2}|.)/g, (_, escape: string) =>
    escape[0] === 'x' ? String.fromCharCode(Number.parseInt(escape.slice(1), 16)) : (NAMED[escape] ?? escape),
  );
}
