/**
 * The guest's globals in a region: which have locals, when these are loaded from the vCPU block and when they are stored.
 *
 * - Those that loops set, and those that are set often, are held: loaded at the region's entry and stored when it is left.
 * - Others are stored where they are set, so that nothing is to do when the region is left. They are loaded where they are first
 *   used and not known from before (`GlobalUse`); those that loops use, at the entry.
 */
import { CODE_PAGE, Env, type Global, type Helper, type Touches } from '@nandu/tcg';
import type { CodeWriter } from '../wasm/code-writer.js';
import { emitSlotLoad, emitSlotStore } from '../wasm/memory-emitters.js';
import { type GlobalUse, OWN_RULES } from './global-use.js';

/** Parameter 0 of every region: the vCPU block's address. */
export const ENV = 0;

const PC: Global = { name: 'pc', type: 'i64', offset: Env.ENV_PC };

export class RegionGlobals {
  /** By offset. */
  private readonly locals = new Map<number, { global: Global; local: number }>();
  /** Held globals that were set in the block being written, or may have been before, and not stored since. */
  private dirty = new Set<number>();
  /** Globals whose locals are as the vCPU block says, or newer. */
  private known = new Set<number>();

  constructor(
    private readonly w: CodeWriter,
    private readonly use: GlobalUse,
    globals: ReadonlyMap<number, Global>,
  ) {
    for (const offset of use.all) {
      const global = globals.get(offset);
      if (!global) throw new Error(`no global at offset ${offset}`);
      this.locals.set(offset, { global, local: w.local(global.type) });
    }
    for (const global of [PC, CODE_PAGE]) this.locals.set(global.offset, { global, local: w.local('i64') });
  }

  local(offset: number): number {
    return this.locals.get(offset)!.local;
  }

  get pc(): number {
    return this.local(Env.ENV_PC);
  }

  /** The page that addresses of a relocatable region begin at: it is computed, not loaded. */
  get codePage(): number {
    return this.local(Env.ENV_CODE_PAGE);
  }

  /** At the region's entry. */
  emitLoadAll(): void {
    for (const offset of this.use.atEntry) this.emitLoad(offset);
  }

  /** At the region's exit: all that may differ, and pc. */
  emitStoreAll(): void {
    for (const offset of this.use.held) this.emitStore(offset);
    this.emitStore(Env.ENV_PC);
  }

  /** What the block of a node, which begins, may suppose: all that is held may have been set before. */
  startBlock(node: number): void {
    this.dirty = new Set(this.use.held);
    this.known = new Set([...this.use.atEntry, ...this.use.knownAt(node)]);
  }

  /** Writes code that is passed by or not: what it stores may not have been stored afterwards, what it spoils is. */
  aside(write: () => void): void {
    const { dirty, known } = this;
    this.dirty = new Set(dirty);
    this.known = new Set(known);
    write();
    for (const offset of known) if (!this.known.has(offset)) known.delete(offset);
    this.dirty = dirty;
    this.known = known;
  }

  /** Before the local is read. */
  need(offset: number): void {
    if (OWN_RULES.has(offset) || this.known.has(offset)) return;
    this.emitLoad(offset);
    this.known.add(offset);
  }

  /** Sets the global to what is on the stack. */
  emitSet(offset: number): void {
    this.w.set(this.local(offset));
    if (offset === Env.ENV_PC) return;
    this.known.add(offset);
    if (this.use.held.has(offset)) this.dirty.add(offset);
    else this.emitStore(offset);
  }

  /** Before a helper: what it reads is stored, and what it may write, since it may leave that alone. */
  emitStoreFor({ reads, writes }: Helper): void {
    for (const offset of [...this.touched(reads), ...this.touched(writes)]) {
      if (this.dirty.delete(offset)) this.emitStore(offset);
    }
  }

  /** After a helper: what it wrote is loaded, or no longer known. One that writes everything may have set pc, for a block that ends in 'lookup'. */
  emitLoadFor({ writes }: Helper): void {
    if (writes === 'all' || (writes !== 'none' && writes.some(({ offset }) => offset === Env.ENV_PC))) this.emitLoad(Env.ENV_PC);
    for (const offset of this.touched(writes)) {
      this.dirty.delete(offset);
      if (this.use.atEntry.has(offset)) this.emitLoad(offset);
      else this.known.delete(offset);
    }
  }

  /** pc and code page are not among them. */
  private touched(touches: Touches): number[] {
    const offsets = touches === 'none' ? [] : touches === 'all' ? [...this.locals.keys()] : touches.map((global) => global.offset);
    return offsets.filter((offset) => !OWN_RULES.has(offset) && this.locals.has(offset));
  }

  private emitLoad(offset: number): void {
    const { global, local } = this.locals.get(offset)!;
    this.w.get(ENV);
    emitSlotLoad(this.w, global.type, offset);
    this.w.set(local);
  }

  private emitStore(offset: number): void {
    const { global, local } = this.locals.get(offset)!;
    this.w.get(ENV);
    this.w.get(local);
    emitSlotStore(this.w, global.type, offset);
  }
}
