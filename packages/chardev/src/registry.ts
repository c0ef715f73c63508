import { type Chardev, Chardevs, ConfigError } from '@nandu/core';
import { type Observable, Subject } from 'rxjs';
import { BaseChardev } from './base.js';
import { MuxChardev } from './mux.js';
import { NullChardev } from './null.js';
import { RingbufChardev } from './ringbuf.js';
import type { ChardevSpec } from './spec.js';

/** Makes a backend from its description. Throws ConfigError where the host refuses. */
export type ChardevFactory = (spec: ChardevSpec, host: ChardevHost) => Chardev;

/** What backends need of the process that they live in. */
export interface ChardevHost {
  /** C-a x, or a key that means the end. */
  terminate(): void;
}

const BUILT_IN: Readonly<Record<string, ChardevFactory>> = {
  null: (spec) => new NullChardev(spec.id),
  ringbuf: (spec) => new RingbufChardev(spec.id, spec.sizeBytes),
};

const UNKNOWN_HOST: ChardevHost = { terminate: () => {} };

/** The machine's backends by id, and how to make more. Which kinds there are depends on the host: `node/` adds its own. */
export class ChardevRegistry extends Chardevs {
  private readonly chardevs = new Map<string, Chardev>();
  private readonly kindNames = new Map<Chardev, string>();
  private readonly additions = new Subject<Chardev>();
  readonly added$: Observable<Chardev> = this.additions.asObservable();
  private readonly removals = new Subject<Chardev>();
  readonly removed$: Observable<Chardev> = this.removals.asObservable();
  private opened = false;

  constructor(
    private readonly factories: Readonly<Record<string, ChardevFactory>> = {},
    private readonly host: ChardevHost = UNKNOWN_HOST,
  ) {
    super();
  }

  /** Kinds that can be made here, as `query-chardev-backends` names them. */
  get kinds(): string[] {
    return [...Object.keys({ ...BUILT_IN, ...this.factories }), 'mux'];
  }

  /** '' for one that was not made here. */
  kindOf(chardev: Chardev): string {
    return this.kindNames.get(chardev) ?? '';
  }

  get(id: string): Chardev | undefined {
    return this.chardevs.get(id);
  }
  all(): Chardev[] {
    return [...this.chardevs.values()];
  }
  add(chardev: Chardev): void {
    this.checkFree(chardev.id);
    this.chardevs.set(chardev.id, chardev);
    this.additions.next(chardev);
    if (this.opened && chardev instanceof MuxChardev) chardev.open();
  }
  remove(id: string): void {
    const chardev = this.chardevs.get(id);
    if (!chardev) throw new ConfigError(`Chardev '${id}' not found`);
    if (chardev.frontendOpen) throw new ConfigError(`Chardev '${id}' is busy`);
    this.chardevs.delete(id);
    this.kindNames.delete(chardev);
    chardev.close();
    this.removals.next(chardev);
  }

  /** Makes and adds one. With `mux=on` the id is the mux's and the backend is '<id>-base'. */
  create(spec: ChardevSpec): Chardev {
    this.checkFree(spec.id);
    const factory = this.factoryOf(spec);
    if (!spec.mux) {
      const chardev = factory(spec, this.host);
      this.kindNames.set(chardev, spec.kind);
      this.add(chardev);
      return chardev;
    }
    const base = factory({ ...spec, id: `${spec.id}-base` }, this.host);
    this.kindNames.set(base, spec.kind);
    this.add(base);
    const mux = new MuxChardev(spec.id, base, () => this.host.terminate());
    this.kindNames.set(mux, 'mux');
    this.add(mux);
    return mux;
  }

  checkFree(id: string): void {
    if (this.chardevs.has(id)) throw new ConfigError(`Chardev with id '${id}' already exists`);
  }

  private factoryOf({ kind }: ChardevSpec): ChardevFactory {
    const factory = { ...BUILT_IN, ...this.factories }[kind];
    if (!factory) throw new ConfigError(`character backend '${kind}' is not implemented`);
    return factory;
  }

  /** Puts another backend in the place of one, whose front end goes on with it. Nothing changes where that cannot be. */
  async change(spec: ChardevSpec): Promise<void> {
    const { id, kind, mux } = spec;
    const old = this.changeable(id);
    if (mux) throw new ConfigError('Mux device hotswap not supported yet');
    const fresh = await this.inPlaceOf(old, spec);
    old.handOver(fresh);
    this.chardevs.set(id, fresh);
    this.kindNames.delete(old);
    this.kindNames.set(fresh, kind);
    this.removals.next(old);
    this.additions.next(fresh);
    old.close();
  }

  private async inPlaceOf(old: BaseChardev, spec: ChardevSpec): Promise<BaseChardev> {
    let fresh: Chardev | undefined;
    try {
      fresh = this.factoryOf(spec)(spec, this.host);
      await (fresh as { ready?: Promise<void> }).ready;
      // It may have got a user meanwhile.
      if (this.changeable(spec.id) !== old || !(fresh instanceof BaseChardev)) throw new ConfigError(`Chardev '${spec.id}' change failed`);
      return fresh;
    } catch (error) {
      fresh?.close();
      // For QEMU this is making a new one.
      throw old.frontendOpen || !(error instanceof ConfigError) ? error : new ConfigError(`Failed to add chardev '${spec.id}': ${error.message}`);
    }
  }

  /** The backend with this id, if its user does not mind another. */
  private changeable(id: string): BaseChardev {
    const chardev = this.chardevs.get(id);
    if (!chardev) throw new ConfigError(`Chardev '${id}' does not exist`);
    if (chardev instanceof MuxChardev) throw new ConfigError('Mux device hotswap not supported yet');
    if (!(chardev instanceof BaseChardev && chardev.changeable)) throw new ConfigError('Chardev user does not support chardev hotswap');
    return chardev;
  }

  /** Every front end is attached: muxes tell theirs that they are open, and who has the focus. */
  open(): void {
    this.opened = true;
    for (const chardev of this.chardevs.values()) if (chardev instanceof MuxChardev) chardev.open();
  }

  /** Closes them all; fulfilled when what was written has gone out, or the other end does not take it. */
  async closeAll(): Promise<void> {
    const all = this.all();
    for (const chardev of all) chardev.close();
    await Promise.all(all.map((chardev) => (chardev as { closed?: Promise<void> }).closed));
  }
}
