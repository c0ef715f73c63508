/** The process around a machine: from settings to a running machine, and to its end. */
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { ChardevRegistry, chardevPlugin, parseShortForm } from '@nandu/chardev';
import { nodeChardevs } from '@nandu/chardev/node';
import {
  addObject,
  type Chardev,
  ConfigError,
  checkObject,
  definePlugin,
  ID_HINT,
  isIdentifier,
  type LogRecord,
  Machine,
  type ObjectOptions,
  type Plugin,
  RunLoop,
  reasonOf,
  TypeRegistry,
} from '@nandu/core';
import { HostMemory, ZeroPages } from '@nandu/memory';
import { loadLibc, memoryOfThisHost, returnMemoryToHost } from '@nandu/memory/node';
import { addDeviceFromText, type JsonObject, Monitors, objectFromText, parseJson } from '@nandu/monitor';
import { type QtestLog, QtestServer } from '@nandu/qtest';
import { buildConfig } from './build-config.js';
import { cliPlugin } from './commands/command-line-options.js';
import { logCommands } from './commands/log.js';
import { HeapTrim } from './heap-trim.js';
import { helpFor } from './help.js';
import { Lifecycle } from './lifecycle.js';
import { loadPlugin } from './load-plugin.js';
import { logItemOf } from './log-items.js';
import { pairsOf } from './options/option.js';
import { located } from './options/parse.js';
import { BUILT_IN_PLUGINS } from './plugins.js';
import { CommandLineError, report, warn } from './problem.js';
import type { ChardevRequest, Given, Settings } from './settings.js';

/** How often zero pages are looked for. */
const HOUSEKEEPING_MS = 500;

/** Runs what the settings describe; fulfilled with the exit status when it has ended. */
export async function runEmulator(settings: Settings): Promise<number> {
  const plugins = [...BUILT_IN_PLUGINS, ...(await Promise.all(settings.plugins.map(loadPlugin)))];
  const types = typesOf(plugins);
  const help = helpFor(settings, types);
  if (help !== undefined) {
    process.stdout.write(help);
    return 0;
  }
  return new Emulator(settings, plugins, types).run();
}

export function typesOf(plugins: readonly Plugin[]): TypeRegistry {
  const types = new TypeRegistry();
  for (const plugin of plugins) for (const type of plugin.types ?? []) types.add(type);
  return types;
}

function objectFromJson({ 'qom-type': qomType, id, ...properties }: JsonObject): ObjectOptions {
  if (typeof qomType !== 'string') throw new ConfigError(`Parameter 'qom-type' is missing`);
  if (typeof id !== 'string') throw new ConfigError(`Parameter 'id' is missing`);
  return { qomType, id, properties };
}

/** -qtest-log: a file, 'none', or stderr. */
function logTo(target: string | undefined): QtestLog {
  if (target === 'none' || target === '/dev/null') return () => {};
  return (line) => (target === undefined ? process.stderr.write(`${line}\n`) : appendFileSync(target, `${line}\n`));
}

/** One machine and what surrounds it. */
export class Emulator {
  private readonly chardevs: ChardevRegistry;
  readonly machine: Machine;
  private readonly monitors: Monitors;
  /** The option that is being carried out, for warnings. */
  private location: string | undefined;
  private housekeeping: NodeJS.Timeout | undefined;
  private finished: (status: number) => void = () => {};

  constructor(
    private readonly settings: Settings,
    plugins: readonly Plugin[],
    types: TypeRegistry,
  ) {
    this.chardevs = new ChardevRegistry(nodeChardevs, { terminate: () => this.exitNow(0) });
    const config = this.at(undefined, () => buildConfig(settings, types));
    this.machine = this.at(
      undefined,
      () => new Machine([...plugins, cliPlugin, chardevPlugin(this.chardevs), definePlugin({ name: 'log', commands: logCommands(settings) })], config),
    );
    this.machine.log.records$.subscribe((record) => this.log(record));
    this.monitors = new Monitors(this.machine);
  }

  async run(): Promise<number> {
    const status = new Promise<number>((resolve) => {
      this.finished = resolve;
    });
    // Something must keep the process alive while the machine sleeps or is stopped.
    const alive = setInterval(() => {}, 0x7fff_ffff);
    try {
      await this.start();
      return await status;
    } finally {
      clearInterval(alive);
      await this.close();
    }
  }

  /** Makes everything that the settings describe and, unless told otherwise, lets the machine run. */
  async start(): Promise<void> {
    const { settings, machine } = this;
    await this.keepHouse();
    await this.openQtest();
    await this.openChardevs();
    this.openMonitors();
    this.addObjects();
    this.at(undefined, () => machine.build());
    for (const given of settings.devices) this.at(given.location, () => this.addDevice(given));
    this.at(undefined, () => machine.finish());
    for (const { driver, property } of settings.globals) {
      if (!machine.types.find(driver)) warn(`global ${driver}.${property} has invalid class name`);
    }
    this.writePidfile();
    this.catchSignals();
    new Lifecycle(
      machine,
      new RunLoop(machine),
      (code) => this.end(code),
      (error) => this.fail(error),
    );
    this.chardevs.open();
    this.qtest?.();
    if (!settings.stopped) machine.runState.set('running');
  }

  /** Memory that the guest does not need goes back to the host. */
  private async keepHouse(): Promise<void> {
    const host = this.machine.container.resolve(HostMemory);
    host.hostBytes = memoryOfThisHost();
    const libc = await loadLibc();
    returnMemoryToHost(host, libc, warn);
    if (!libc) return;
    const zeroPages = new ZeroPages(host.pool);
    const heap = new HeapTrim(() => libc.malloc_trim(0));
    this.housekeeping = setInterval(() => {
      zeroPages.turn();
      heap.turn(HOUSEKEEPING_MS);
    }, HOUSEKEEPING_MS);
    this.housekeeping.unref();
  }

  /** Runs `step`; what the user did wrong in it is reported with the option that is to blame. */
  private at<T>(location: string | undefined, step: () => T): T {
    this.location = location;
    try {
      return step();
    } catch (error) {
      throw located(error, location);
    } finally {
      this.location = undefined;
    }
  }

  private async openChardevs(): Promise<void> {
    for (const request of this.settings.chardevs) await this.openChardev(request);
  }

  private async openChardev({ spec, location }: ChardevRequest): Promise<Chardev> {
    const chardev = this.at(location, () => this.chardevs.create(spec));
    const backend = this.chardevs.get(`${spec.id}-base`) ?? chardev;
    try {
      await (backend as { ready?: Promise<void> }).ready;
    } catch (error) {
      throw located(error, location);
    }
    return chardev;
  }

  /** The program at the other end expects to be called first. */
  private async openQtest(): Promise<void> {
    const { qtest, qtestLog } = this.settings;
    if (!qtest) {
      if (qtestLog !== undefined) throw new CommandLineError(report('-qtest-log only allowed with -qtest option'));
      return;
    }
    const { spec } = this.at(qtest.location, () => parseShortForm('qtest', qtest.value));
    const chardev = await this.openChardev({ spec, location: qtest.location });
    this.qtest = () => new QtestServer(this.machine, chardev, logTo(qtestLog));
  }
  private qtest: (() => QtestServer) | undefined;

  private openMonitors(): void {
    for (const { chardev, mode, pretty, location } of this.settings.monitors) {
      const backend = this.chardevs.get(chardev);
      if (!backend) throw new CommandLineError(report(`chardev "${chardev}" not found`, location));
      this.at(location, () => (mode === 'control' ? this.monitors.addQmp(backend, pretty) : this.monitors.addHmp(backend)));
    }
  }

  /** Objects are all checked before the first is made, so that what is wrong with a text is found with its option. */
  private addObjects(): void {
    const { machine } = this;
    const ids = new Set<string>();
    const checked = this.settings.objects.map(({ value, location }) =>
      this.at(location, () => {
        const options = value.startsWith('{') ? objectFromJson(parseJson(value) as JsonObject) : objectFromText(machine.types, value);
        checkObject(machine.types, options);
        if (ids.has(options.id)) throw new ConfigError(`Duplicate ID '${options.id}' for object`);
        ids.add(options.id);
        return options;
      }),
    );
    for (const options of checked) this.at(undefined, () => addObject(machine, options));
  }

  private addDevice(given: Given): void {
    const { machine } = this;
    if (given.value.startsWith('{')) {
      const { driver, id, bus, ...properties } = parseJson(given.value) as JsonObject;
      if (typeof driver !== 'string') throw new ConfigError(`Parameter 'driver' is missing`);
      this.checkId(id);
      machine.addDevice({ driver, properties, text: false, ...(typeof id === 'string' ? { id } : {}), ...(typeof bus === 'string' ? { bus } : {}) });
      return;
    }
    const options = Object.fromEntries(pairsOf(given, 'driver').map(({ name, value }) => [name, value]));
    this.checkId(options['id']);
    addDeviceFromText(machine, options);
  }

  private checkId(id: unknown): void {
    if (typeof id !== 'string') return;
    if (!isIdentifier(id)) throw new ConfigError(`Parameter 'id' expects an identifier`, ID_HINT);
    if (this.machine.node('/machine/peripheral').children.has(id)) throw new ConfigError(`Duplicate ID '${id}' for device`);
  }

  private writePidfile(): void {
    const { pidfile } = this.settings;
    if (pidfile === undefined) return;
    try {
      writeFileSync(pidfile, `${process.pid}\n`);
    } catch (error) {
      throw new CommandLineError(report(`cannot create PID file: Could not create '${pidfile}': ${reasonOf(error)}`));
    }
  }

  /** QEMU also says who sent a signal; Node does not tell. */
  private catchSignals(): void {
    for (const [signal, number] of [
      ['SIGINT', 2],
      ['SIGTERM', 15],
      ['SIGHUP', 1],
    ] as const) {
      this.listen(signal, () => {
        // A test ends its machines this way.
        if (!this.settings.qtest) process.stderr.write(report(`terminating on signal ${number}`));
        this.machine.requestShutdown('host-signal');
      });
    }
  }

  private readonly listening: (readonly [NodeJS.Signals, () => void])[] = [];
  private listen(signal: NodeJS.Signals, act: () => void): void {
    process.on(signal, act);
    this.listening.push([signal, act]);
  }

  private log({ kind, message }: LogRecord): void {
    const item = logItemOf(kind);
    const { logItems, logFile } = this.settings;
    if (item === undefined) {
      process.stderr.write(report(`${kind === 'warning' ? 'warning: ' : ''}${message}`, this.location));
    } else if (logItems.has(item)) {
      if (logFile === undefined) process.stderr.write(`${message}\n`);
      else appendFileSync(logFile, `${message}\n`);
    }
  }

  /** The machine has ended: what was said last still goes out. */
  private end(status: number): void {
    this.monitors.end();
    // A reply to quit is written after this turn.
    setImmediate(() => this.finished(status));
  }

  private fail(error: unknown): void {
    const known = error instanceof ConfigError;
    process.stderr.write(report(known ? error.message : `internal error: ${(error as Error)?.stack ?? String(error)}`));
    this.monitors.end();
    this.finished(1);
  }

  async close(): Promise<void> {
    clearInterval(this.housekeeping);
    for (const [signal, act] of this.listening.splice(0)) process.off(signal, act);
    await this.chardevs.closeAll();
    if (this.settings.pidfile !== undefined) rmSync(this.settings.pidfile, { force: true });
  }

  /** C-a x: at once, as QEMU does. */
  private exitNow(status: number): void {
    void this.close();
    process.exit(status);
  }
}
