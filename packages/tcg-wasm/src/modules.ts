/** The WebAssembly modules of an accelerator, instantiated and wired to each other. */
import { Env, type Helper, type Target } from '@nandu/tcg';
import { SOFT_MMU_WASM } from './generated/soft-mmu.js';
import { FIRST_REGION_SLOT, SLOT_MISALIGNED, SLOT_TLB_FILL } from './memory-map.js';
import { buildInterpreter } from './tier0/interpreter.js';

export interface SoftMmu {
  load_slow: CallableFunction;
  load_slow16: CallableFunction;
  store_slow: CallableFunction;
  store_slow16: CallableFunction;
  find_block: CallableFunction;
  find_region: CallableFunction;
  check_page: CallableFunction;
  phys_read: CallableFunction;
  phys_write: CallableFunction;
  mmio_read: CallableFunction;
  mmio_write: CallableFunction;
  forget_pages(): void;
  tlb_set: CallableFunction;
  tlb_flush(env: number, keepGlobal: number): void;
  tlb_flush_page: CallableFunction;
  tlb_reset(env: number): void;
  tlb_protect(env: number, linear: number): void;
}

export interface TargetExports {
  tlb_fill(env: number, virtual: bigint, access: number, mmu: number): number;
  misaligned: CallableFunction;
  fault(env: number): void;
  readonly [helper: string]: unknown;
}

export interface Modules {
  readonly table: WebAssembly.Table;
  readonly mmu: SoftMmu;
  readonly target: TargetExports;
  readonly helpers: Readonly<Record<string, CallableFunction>>;
  /** Runs micro-ops from `ip`, or from ENV_PC if that is 0, until ENV_EXIT_REASON says why it stopped. */
  run(env: number, ip: number): void;
}

type JsHelper = (helper: Helper) => CallableFunction;

// Compiled once a process: modules have no state.
let softMmu: WebAssembly.Module | undefined;
const interpreters = new WeakMap<WebAssembly.Module, WebAssembly.Module>();

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}

export function instantiate(memory: WebAssembly.Memory, target: Target, host: WebAssembly.ModuleImports, jsHelper: JsHelper): Modules {
  const table = new WebAssembly.Table({ element: 'anyfunc', initial: FIRST_REGION_SLOT });
  softMmu ??= new WebAssembly.Module(bytesOf(SOFT_MMU_WASM));
  const mmu = new WebAssembly.Instance(softMmu, { env: { memory, table }, host }).exports as unknown as SoftMmu;
  const { phys_read, phys_write, tlb_set, tlb_flush, tlb_flush_page, mmio_read, mmio_write } = mmu;
  const exports = new WebAssembly.Instance(target.module, {
    env: { memory, table, abort: abortOf(target) },
    host: { phys_read, phys_write, tlb_set, tlb_flush, tlb_flush_page, mmio_read, mmio_write } as unknown as WebAssembly.ModuleImports,
  }).exports as unknown as TargetExports;
  table.set(SLOT_TLB_FILL, exports.tlb_fill as never);
  table.set(SLOT_MISALIGNED, exports.misaligned as never);

  const helpers: Record<string, CallableFunction> = {};
  for (const helper of target.helpers) {
    const found = helper.where === 'js' ? jsHelper(helper) : exports[helper.name];
    helpers[helper.name] = (found as CallableFunction | undefined) ?? missing(target, helper);
  }
  let interpreter = interpreters.get(target.module);
  if (interpreter === undefined) interpreters.set(target.module, (interpreter = new WebAssembly.Module(buildInterpreter(target.helpers))));
  const { run } = new WebAssembly.Instance(interpreter, {
    env: { memory, table },
    engine: { ...mmu, fault: exports.fault, misaligned: exports.misaligned } as unknown as WebAssembly.ModuleImports,
    helper: helpers as unknown as WebAssembly.ModuleImports,
  }).exports as unknown as Modules;
  return { table, mmu, target: exports, helpers, run };
}

/** AssemblyScript's `abort`, which modules that may trap on purpose import. */
function abortOf(target: Target): CallableFunction {
  return () => {
    throw new Error(`${target.name}: its WebAssembly module aborted`);
  };
}

/** A helper that the target declares and does not have: known when it is called, so that one gap does not stop everything. */
export function missing(target: Target, helper: Helper): CallableFunction {
  return () => {
    throw new Error(`${target.name}: helper '${helper.name}' is not implemented`);
  };
}

/** Views of one vCPU block's head. */
export class EnvHead {
  private readonly i32: Int32Array;
  private readonly f64: DataView;

  constructor(
    memory: WebAssembly.Memory,
    readonly env: number,
  ) {
    this.i32 = new Int32Array(memory.buffer, env, Env.GLOBALS_END / 4);
    this.f64 = new DataView(memory.buffer, env, 64);
  }

  get(offset: number): number {
    return this.i32[offset >> 2]!;
  }

  set(offset: number, value: number): void {
    this.i32[offset >> 2] = value;
  }

  /** An i64 that is a safe integer. */
  getLong(offset: number): number {
    return this.i32[(offset >> 2) + 1]! * 0x1_0000_0000 + this.f64.getUint32(offset, true);
  }

  setLong(offset: number, value: number): void {
    this.i32[offset >> 2] = value | 0;
    this.i32[(offset >> 2) + 1] = Math.floor(value / 0x1_0000_0000) | 0;
  }

  get pc(): number {
    return this.getLong(Env.ENV_PC);
  }
}
