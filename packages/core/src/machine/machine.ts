import { type Observable, Subject } from 'rxjs';
import { type DependencyContainer, type InjectionToken, container as rootContainer } from 'tsyringe';
import { ConfigError, QmpError } from '../errors.js';
import { Log } from '../log.js';
import { AddressSpaceIo, AddressSpaceMemory } from '../memory/address-space.js';
import type { Bus } from '../object/bus.js';
import { Device } from '../object/device.js';
import { Container, QObject } from '../object/object.js';
import { isSubtype, type ObjectClass, type TypeInfo, TypeRegistry } from '../object/type.js';
import { HostClock, RealtimeClock, VirtualClock } from '../time/clock.js';
import { DrivenClock, HostRealtimeClock, HostWallClock, InstructionClock, ManualClock, RunningClock } from '../time/clocks.js';
import { Board } from './board.js';
import type { AnyCommand, HmpCommand, QmpCommand } from './command.js';
import { type Actions, MACHINE_CONFIG, type MachineConfig } from './config.js';
import { addDevice, type DeviceOptions, removeDevice } from './devices.js';
import type { MachineEvent, ShutdownCause } from './events.js';
import { Input } from './input.js';
import type { Plugin } from './plugin.js';
import { RunState } from './run-state.js';

/**
 * A machine: an injection container filled from plugins, an object tree, and the few verbs that concern all of it. Two
 * machines share nothing.
 */
export class Machine {
  readonly container: DependencyContainer = rootContainer.createChildContainer();
  readonly types = new TypeRegistry();
  readonly qmpCommands = new Map<string, QmpCommand>();
  readonly hmpCommands: HmpCommand[] = [];
  readonly log = new Log();
  readonly runState = new RunState();
  /** The tree: '/', with '/machine', '/objects', '/chardevs'. */
  readonly root = new Container();
  readonly objects = this.root.addChild('objects', new Container());
  /** Buses by name, in order of creation. */
  readonly buses: Bus[] = [];
  board: Board | undefined;
  /** As configured, until a monitor changes them. */
  readonly actions: Actions;
  /** True once cold-plugged devices are complete: what comes later is hot-plugged. */
  booted = false;
  /** Guest code runs one instruction at a time, so that each can be watched. */
  singleStep = false;

  private readonly events = new Subject<MachineEvent>();
  readonly events$: Observable<MachineEvent> = this.events.asObservable();
  /** Called on system reset, in order of registration; devices register themselves when realized. */
  private readonly resetHandlers = new Map<() => void, unknown>();
  private readonly wakeHandlers: (() => void)[] = [];
  private readonly requests = new Subject<MachineRequest>();
  /** Requests that the run loop and the process around it carry out. */
  readonly requests$: Observable<MachineRequest> = this.requests.asObservable();

  constructor(
    plugins: readonly Plugin[],
    readonly config: MachineConfig,
  ) {
    this.actions = { ...config.actions };
    this.container.registerInstance(Machine, this);
    this.container.registerInstance(Log, this.log);
    this.container.registerInstance(MACHINE_CONFIG, config);
    registerClocks(this.container, config);
    this.container.registerInstance(Input, new Input(this.container.resolve(VirtualClock as InjectionToken<VirtualClock>), this.runState));
    this.container.registerInstance(AddressSpaceMemory, new AddressSpaceMemory());
    this.container.registerInstance(AddressSpaceIo, new AddressSpaceIo());
    for (const plugin of plugins) this.install(plugin);
  }

  install(plugin: Plugin): void {
    for (const constructor_ of plugin.types ?? []) this.types.add(constructor_);
    for (const command of plugin.commands ?? []) this.addCommand(command);
    plugin.bind?.(this.container);
  }

  private addCommand(command: AnyCommand): void {
    if (command.kind === 'qmp') this.qmpCommands.set(command.name, command);
    else this.hmpCommands.push(command);
  }

  /** A new object of a type by its QOM name; not yet in the tree, not realized. */
  instantiate(typeName: string): QObject {
    const info = this.types.find(typeName);
    if (!info) throw new ConfigError(`invalid object type: ${typeName}`);
    return this.instantiateType(info);
  }
  instantiateType(info: TypeInfo): QObject {
    if (info.abstract) throw new ConfigError(`object type '${info.name}' is abstract`);
    return this.container.resolve(info.constructor_ as InjectionToken<QObject>);
  }
  /** The same by class, typed: how boards make their parts. `properties` are JSON values. */
  make<T extends QObject>(constructor_: ObjectClass<T>, properties: Readonly<Record<string, unknown>> = {}): T {
    const object = this.container.resolve(constructor_ as InjectionToken<T>);
    for (const [name, value] of Object.entries(properties)) object.setProperty(name, value);
    return object;
  }
  /**
   * Puts a part of the board into the tree under `parent` (default '/machine/unattached'), on its bus, and realizes it. Resets
   * reach it from then on.
   */
  attach<T extends Device>(device: T, options: { readonly name?: string; readonly parent?: QObject; readonly bus?: Bus } = {}): T {
    const parent = options.parent ?? this.node('/machine/unattached');
    if (!device.parent) parent.addChild(options.name ?? 'device[*]', device);
    if (options.bus) options.bus.plug(device);
    device.bringUp();
    this.onReset(() => device.reset(), device);
    return device;
  }

  /** Makes the board and its parts; `-device`s follow, then `finish`. */
  build(): Board {
    const board = this.instantiate(this.config.board);
    if (!(board instanceof Board)) throw new ConfigError(`unsupported machine type '${this.config.board}'`);
    this.board = this.root.addChild('machine', board);
    for (const name of ['peripheral', 'peripheral-anon', 'unattached']) board.addChild(name, new Container());
    for (const [name, value] of Object.entries(this.config.boardProperties)) board.setPropertyText(name, value);
    board.build();
    return board;
  }
  /** All cold-plugged devices are there: tables and boot images are made, and everything is reset. */
  finish(): void {
    this.board?.ready();
    this.booted = true;
    this.performReset();
  }

  /** The container at an absolute path, made if missing. */
  node(path: string): QObject {
    let at: QObject = this.root;
    for (const part of path.split('/').filter(Boolean)) at = at.children.get(part) ?? at.addChild(part, new Container());
    return at;
  }

  /** Registers a bus so that `-device bus=` and defaults find it. */
  addBus(bus: Bus): void {
    this.buses.push(bus);
  }

  /** `-device` and device_add: `options` are text (command line) or JSON values. */
  addDevice(options: DeviceOptions): Device {
    return addDevice(this, options);
  }
  /** Takes a device out for good: DEVICE_DELETED. Called by buses when the guest let go, or at once where it needs not. */
  removeDevice(device: Device): void {
    removeDevice(this, device);
  }
  /** A device by id, or by its path. */
  findDevice(id: string): Device | undefined {
    const found = id.startsWith('/') ? this.root.resolve(id) : this.node('/machine/peripheral').children.get(id);
    return found instanceof Device ? found : undefined;
  }
  /** Every object of the tree that is a `constructor_`. */
  all<T extends QObject>(constructor_: ObjectClass<T>): T[] {
    const found: T[] = [];
    const visit = (object: QObject): void => {
      if (object instanceof constructor_) found.push(object as T);
      for (const child of object.children.values()) visit(child);
    };
    visit(this.root);
    return found;
  }
  /** The one object of that class; QMP's DeviceNotActive where there is none. */
  only<T extends QObject>(constructor_: ObjectClass<T>, message = 'device not found'): T {
    const [first] = this.all(constructor_);
    if (!first) throw new QmpError('DeviceNotActive', message);
    return first;
  }
  isType(info: TypeInfo, name: string): boolean {
    return isSubtype(info, name);
  }

  /** Calls `handler` on every system reset, until `forgetReset(owner)`. */
  onReset(handler: () => void, owner: unknown = handler): void {
    this.resetHandlers.set(handler, owner);
  }
  forgetReset(owner: unknown): void {
    for (const [handler, of] of this.resetHandlers) if (of === owner) this.resetHandlers.delete(handler);
  }
  /** Does a system reset now: devices, then the board. The run loop calls it between slices. */
  performReset(): void {
    for (const handler of [...this.resetHandlers.keys()]) handler();
    this.board?.reset();
  }

  /** Calls `handler` when a device has work for a sleeping machine (an interrupt for a halted vCPU). */
  onWake(handler: () => void): void {
    this.wakeHandlers.push(handler);
  }
  wake(): void {
    for (const handler of this.wakeHandlers) handler();
  }

  emit(name: string, data?: Readonly<Record<string, unknown>>, rateLimitKey?: string): void {
    this.events.next({
      name,
      timestampUs: Math.round((performance.timeOrigin + performance.now()) * 1000),
      ...(data ? { data } : {}),
      ...(rateLimitKey ? { rateLimitKey } : {}),
    });
  }

  /** Asks for a shutdown, a reset, the power button: carried out by the run loop between slices. */
  requestShutdown(cause: ShutdownCause, exitCode = 0): void {
    this.requests.next({ kind: 'shutdown', cause, exitCode });
  }
  requestReset(cause: ShutdownCause): void {
    this.requests.next({ kind: 'reset', cause });
  }
  requestPowerdown(): void {
    this.requests.next({ kind: 'powerdown' });
  }
}

function registerClocks(container: DependencyContainer, { accelerator, icount }: MachineConfig): void {
  const clock = accelerator === 'qtest' ? new ManualClock() : icount ? new InstructionClock(icount.shift, icount.sleep) : new RunningClock();
  container.registerInstance<VirtualClock>(VirtualClock as InjectionToken<VirtualClock>, clock);
  container.registerInstance<DrivenClock>(DrivenClock as InjectionToken<DrivenClock>, clock);
  container.registerInstance<RealtimeClock>(RealtimeClock as InjectionToken<RealtimeClock>, new HostRealtimeClock());
  container.registerInstance<HostClock>(HostClock as InjectionToken<HostClock>, new HostWallClock());
}

export type MachineRequest =
  | { readonly kind: 'shutdown'; readonly cause: ShutdownCause; readonly exitCode: number }
  | { readonly kind: 'reset'; readonly cause: ShutdownCause }
  | { readonly kind: 'powerdown' };
