/** Who compiles modules of regions: the thread of the machine itself, or another. */
import type { RegionPlan } from './region-plan.js';
import { type ModuleContext, writeModule } from './write-module.js';

export type ModuleReceiver = (module: WebAssembly.Module, bytes: number) => void;

export interface ModuleMaker {
  /**
   * Makes a module with a function for each plan, exported by its position: in steps of about half a millisecond, as far as it is made in
   * this thread. `receive` gets it in the last step, or in a `poll`. The plans are the maker's from now on.
   */
  make(plans: readonly RegionPlan[], receive: ModuleReceiver): Iterable<void>;
  /** Hands over what is finished by now. */
  poll(): void;
  /** Modules begun and not yet handed over. */
  readonly pending: number;
  dispose(): void;
}

export type ModuleMakerFactory = (context: ModuleContext) => ModuleMaker;

/** Does it in this thread. */
export class LocalModuleMaker implements ModuleMaker {
  readonly pending = 0;

  constructor(private readonly context: ModuleContext) {}

  *make(plans: readonly RegionPlan[], receive: ModuleReceiver): Generator<void> {
    const bytes = yield* writeModule(plans, this.context);
    receive(new WebAssembly.Module(bytes), bytes.length);
  }

  poll(): void {}

  dispose(): void {}
}
