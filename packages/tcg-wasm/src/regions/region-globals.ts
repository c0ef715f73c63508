/** The guest's globals that a region keeps in locals: which, where, and moving them from and to the vCPU block. */
import { CODE_PAGE, Code, Env, type Global, type Helper, type IrBlock, type Touches } from '@nandu/tcg';
import type { CodeWriter } from '../wasm/code-writer.js';
import { emitSlotLoad, emitSlotStore } from '../wasm/memory-emitters.js';
import type { QuickCall } from './quick-call.js';

/** Parameter 0 of every region: the vCPU block's address. */
export const ENV = 0;

const PC: Global = { name: 'pc', type: 'i64', offset: Env.ENV_PC };
/** Globals that are moved at other times than the rest. */
const OWN_RULES: ReadonlySet<number> = new Set([Env.ENV_PC, Env.ENV_CODE_PAGE]);

export class RegionGlobals {
  /** By offset. */
  private readonly locals = new Map<number, { global: Global; local: number }>();
  /** Offsets of those that the region sets. */
  private readonly set = new Set<number>();
  /** Set in the block being written, and not yet stored since. */
  private dirty = new Set<number>();

  constructor(
    private readonly w: CodeWriter,
    blocks: readonly IrBlock[],
    quickCalls: Iterable<QuickCall>,
    globals: ReadonlyMap<number, Global>,
  ) {
    const used = new Set<number>();
    const all = [...blocks];
    for (const { ir, quick } of quickCalls) {
      all.push(ir);
      for (const [{ offset }] of quick.sets ?? []) this.set.add(offset);
    }
    for (const { count, op, a } of all) {
      for (let i = 0; i < count; i++) {
        if (op[i] === Code.OP_GET && a[i]! >= 0) used.add(a[i]!);
        else if (op[i] === Code.OP_SET) this.set.add(a[i]!);
      }
    }
    this.set.delete(Env.ENV_PC);
    used.delete(Env.ENV_CODE_PAGE);
    for (const offset of new Set([...used, ...this.set])) {
      const global = globals.get(offset);
      if (!global) throw new Error(`no global at offset ${offset}`);
      this.locals.set(offset, { global, local: w.local(global.type) });
    }
    for (const global of [PC, CODE_PAGE]) if (!this.locals.has(global.offset)) this.locals.set(global.offset, { global, local: w.local('i64') });
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
    for (const offset of this.locals.keys()) if (!OWN_RULES.has(offset)) this.emitLoad(offset);
  }

  /** At the region's exit: all that may differ, and pc. */
  emitStoreAll(): void {
    for (const offset of this.set) this.emitStore(offset);
    this.emitStore(Env.ENV_PC);
  }

  /** What a block that begins must suppose: all were set before. */
  startBlock(): void {
    this.dirty = new Set(this.set);
  }

  /** Writes code that is passed by or not: what it stores may not have been stored afterwards. */
  aside(write: () => void): void {
    const before = new Set(this.dirty);
    write();
    this.dirty = before;
  }

  markSet(offset: number): void {
    this.dirty.add(offset);
  }

  /** Before a helper: what it reads is stored, and what it may write, since it may leave that alone. */
  emitStoreFor({ reads, writes }: Helper): void {
    for (const offset of [...this.touched(reads), ...this.touched(writes)]) {
      if (this.dirty.delete(offset)) this.emitStore(offset);
    }
  }

  /** After a helper: what it wrote is loaded. One that writes everything may have set pc, for a block that ends in 'lookup'. */
  emitLoadFor({ writes }: Helper): void {
    if (writes === 'all' || (writes !== 'none' && writes.some(({ offset }) => offset === Env.ENV_PC))) this.emitLoad(Env.ENV_PC);
    for (const offset of this.touched(writes)) {
      this.dirty.delete(offset);
      this.emitLoad(offset);
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
