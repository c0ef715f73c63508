/**
 * A machine for tests of regions: programs of IR blocks, run by a plain interpreter of IR in BigInt, or by compiled regions
 * with that interpreter in between. Guest memory: pages of RAM, one of a device, one that is not mapped.
 */
import { Code, Env, type Global, type Helper, type IrBlock } from '@nandu/tcg';
import type { CodeBlock, EngineImports, Region, RegionHost } from '../region-compiler.js';
import { reference } from '../wasm/op-reference.test-support.js';
import { tlbEntryOffset } from './page-guard.js';
import { pageOf } from './place.js';

export const ENV_AT = 0x0100_0000;
const CODE_AT = 0x1000_0000;
const RAM_AT = 0x2000_0000;
export const DATA_PAGE = 0x5_5000;
export const DATA_PAGES = 8;
export const DEVICE_PAGE = 3;
export const UNMAPPED_PAGE = 5;
const TARGETS_AT = 0x0200_0000;
const TO_INTERPRETER = 0;

/** One memory for all, since each reserves 4 GiB of addresses. */
const memory = new WebAssembly.Memory({ initial: 0xffff, maximum: 0xffff });
const view = new DataView(memory.buffer);
const scratch = new Uint8Array(64);
const scratchView = new DataView(scratch.buffer);

export interface Program {
  readonly blocks: ReadonlyMap<number, IrBlock>;
  readonly globals: readonly Global[];
  readonly helpers: ReadonlyMap<string, (env: number, ...args: bigint[]) => bigint | void>;
}

export interface State {
  readonly pc: number;
  readonly budget: number;
  readonly fault: number;
  readonly reason: number;
  readonly globals: Record<string, string>;
  readonly ram: string;
  readonly device: readonly string[];
}

class Fault extends Error {}

export class ReferenceMachine implements RegionHost {
  readonly memory = memory;
  readonly table = new WebAssembly.Table({ element: 'anyfunc', initial: 1024 });
  readonly helpers: Helper[];
  readonly globals: Map<number, Global>;
  readonly engine: EngineImports;
  readonly regions = new Map<number, Region>();
  readonly device: string[] = [];
  /** How often a region was entered. */
  entered = 0;
  private slots = 1;
  private readonly blocks = new Map<number, CodeBlock>();
  private abandoned = 0;

  constructor(private readonly program: Program) {
    this.helpers = [...new Map([...program.blocks.values()].flatMap(({ helpers }) => helpers.map((helper) => [helper.name, helper] as const))).values()];
    this.globals = new Map(program.globals.map((global) => [global.offset, global]));
    for (const [pc, ir] of program.blocks) this.blocks.set(pc, this.codeBlock(pc, ir));
    this.engine = {
      load_slow: (env: number, virtual: bigint, code: number) => this.slowly(env, 0n, () => this.loadBits(virtual, code)),
      load_slow16: (env: number, virtual: bigint, code: number) =>
        this.slowly(env, undefined, () =>
          [0n, 8n].forEach((at) => view.setBigUint64(env + 0xfff0 + Number(at), this.loadBits(virtual + at, (code & ~7) | 3), true)),
        ),
      store_slow: (env: number, virtual: bigint, value: bigint, code: number) => this.slowly(env, 1, () => (this.storeBits(virtual, value, code), 0)),
      store_slow16: (env: number, virtual: bigint, low: bigint, high: bigint, code: number) =>
        this.slowly(env, 1, () => {
          this.storeBits(virtual + 8n, high, (code & ~7) | 3);
          this.storeBits(virtual, low, (code & ~7) | 3);
          return 0;
        }),
      find_region: () => 0,
    };
    this.reset();
  }

  reset(seed = 1): void {
    new Uint8Array(memory.buffer, ENV_AT, Env.ENV_SIZE).fill(0);
    for (let at = Env.ENV_TLB; at < Env.ENV_TLB_END; at += Env.TLB_ENTRY_SIZE) {
      for (const tag of [Env.TLB_READ, Env.TLB_WRITE, Env.TLB_EXECUTE]) view.setBigInt64(ENV_AT + at + tag, BigInt(Env.TLB_INVALID), true);
    }
    for (let page = 0; page < DATA_PAGES; page++) {
      if (page === DEVICE_PAGE || page === UNMAPPED_PAGE) continue;
      this.mapPage(DATA_PAGE + page * 4096, this.linear(page), [Env.TLB_READ, Env.TLB_WRITE]);
    }
    for (const block of this.blocks.values()) {
      const page = pageOf({ block, pc: block.pc });
      this.mapPage(page, block.linear - (block.pc - page), [Env.TLB_EXECUTE]);
    }
    const ram = new Uint8Array(memory.buffer, RAM_AT, DATA_PAGES * 8192);
    for (let i = 0; i < ram.length; i++) ram[i] = (i * seed * 167) >>> 3;
    this.device.length = 0;
    this.entered = 0;
  }

  private mapPage(page: number, linear: number, tags: readonly number[]): void {
    const entry = ENV_AT + tlbEntryOffset(0, page);
    for (const tag of tags) view.setBigInt64(entry + tag, BigInt(page), true);
    view.setInt32(entry + Env.TLB_ADDEND, linear - page, true);
  }

  /** Pages lie in memory in another order than in the guest's address space. */
  private linear(page: number): number {
    return RAM_AT + ((page * 5) % DATA_PAGES) * 8192;
  }

  set(values: Readonly<Record<string, bigint>>): void {
    for (const global of this.globals.values()) {
      const value = values[global.name];
      if (value === undefined) continue;
      if (global.type === 'i32') view.setInt32(ENV_AT + global.offset, Number(BigInt.asIntN(32, value)), true);
      else view.setBigUint64(ENV_AT + global.offset, BigInt.asUintN(64, value), true);
    }
  }

  setI32(offset: number, value: number): void {
    view.setInt32(ENV_AT + offset, value, true);
  }

  state(): State {
    const globals: Record<string, string> = {};
    for (const { name, offset, type } of this.globals.values()) {
      if (offset !== Env.ENV_PC)
        globals[name] = Buffer.from(memory.buffer, ENV_AT + offset, { i32: 4, i64: 8, f32: 4, f64: 8, v128: 16 }[type]).toString('hex');
    }
    return {
      pc: this.pc,
      globals,
      budget: view.getInt32(ENV_AT + Env.ENV_BUDGET, true),
      fault: view.getInt32(ENV_AT + Env.ENV_FAULT, true),
      reason: view.getInt32(ENV_AT + Env.ENV_EXIT_REASON, true),
      ram: Buffer.from(memory.buffer, RAM_AT, DATA_PAGES * 8192).toString('latin1'),
      device: [...this.device],
    };
  }

  /** Runs until a fault, the end of the budget or a `leave`; `useRegions` enters those that were installed. */
  run(pc: number, budget: number, useRegions: boolean): State {
    this.pc = pc;
    view.setInt32(ENV_AT + Env.ENV_BUDGET, budget, true);
    for (;;) {
      const block = this.blocks.get(this.pc);
      if (!block) throw new Error(`no block at ${this.pc.toString(16)}`);
      const region = useRegions ? this.regions.get(block.pc) : undefined;
      if (region) {
        this.entered++;
        if (this.table.get(region.slot)(ENV_AT) !== TO_INTERPRETER) return this.state();
      } else if (this.interpret(block)) return this.state();
      if (view.getInt32(ENV_AT + Env.ENV_FAULT, true) || this.abandoned) return this.state();
    }
  }

  // What tier 1 asks for.

  readonly helper = (helper: Helper): CallableFunction => {
    const call = this.program.helpers.get(helper.name)!;
    const number = (value: bigint | void): number | bigint | void => (helper.result === 'i32' ? Number(BigInt.asIntN(32, value as bigint)) : value);
    return (env: number, ...args: (number | bigint)[]) => number(call(env, ...args.map((arg) => BigInt(arg))));
  };

  ir(block: CodeBlock): IrBlock | undefined {
    return this.program.blocks.get(block.pc);
  }

  successor(_from: CodeBlock, pc: number): CodeBlock | undefined {
    return this.blocks.get(pc);
  }

  entries(): number {
    return 1000;
  }

  lookupTargets(block: CodeBlock): readonly number[] {
    return [...this.blocks.keys()].filter((pc) => (pc ^ block.pc) & 0x400);
  }

  targetRow(): number {
    return TARGETS_AT;
  }

  postpone(): void {}

  allocateSlot(): number {
    return this.slots++;
  }

  install(region: Region): void {
    this.regions.set(region.entry.pc, region);
  }

  block(pc: number): CodeBlock {
    return this.blocks.get(pc)!;
  }

  private codeBlock(pc: number, ir: IrBlock): CodeBlock {
    return {
      index: pc >>> 4,
      address: pc >>> 4,
      pc,
      flags: 0,
      codeBase: 0,
      relocatable: false,
      home: 0,
      linear: CODE_AT + (pc & 0xff_ffff),
      linear2: 0,
      byteLength: ir.byteLength,
      instructionCount: ir.instructionCount,
      fetchMmu: 0,
      valid: true,
      region: undefined,
    };
  }

  private get pc(): number {
    return Number(view.getBigInt64(ENV_AT + Env.ENV_PC, true));
  }

  private set pc(pc: number) {
    view.setBigInt64(ENV_AT + Env.ENV_PC, BigInt(pc), true);
  }

  // Guest memory.

  private slowly<T>(env: number, failed: T, access: () => T): T {
    try {
      return access();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      view.setInt32(env + Env.ENV_FAULT, 1, true);
      return failed;
    }
  }

  private place(virtual: bigint): number | 'device' {
    const page = Math.floor((Number(BigInt.asIntN(64, virtual)) - DATA_PAGE) / 4096);
    if (page === DEVICE_PAGE) return 'device';
    if (page < 0 || page >= DATA_PAGES || page === UNMAPPED_PAGE) throw new Fault();
    return this.linear(page) + Number(virtual & 0xfffn);
  }

  private loadBits(virtual: bigint, code: number): bigint {
    const size = 1 << Code.accessSizeLog2(code);
    let bits = 0n;
    for (let i = size - 1; i >= 0; i--) {
      const place = this.place(virtual + BigInt(i));
      bits = (bits << 8n) | BigInt(place === 'device' ? 0x5a : view.getUint8(place));
      if (place === 'device') this.device.push(`read ${virtual} at ${view.getInt32(ENV_AT + Env.ENV_BUDGET, true)}`);
    }
    return bits;
  }

  private storeBits(virtual: bigint, value: bigint, code: number): void {
    const size = 1 << Code.accessSizeLog2(code);
    const places = Array.from({ length: size }, (_, i) => this.place(virtual + BigInt(i)));
    places.forEach((place, i) => {
      const byte = Number((value >> BigInt(8 * i)) & 0xffn);
      if (place === 'device') {
        this.device.push(`write ${virtual} ${byte} at ${view.getInt32(ENV_AT + Env.ENV_BUDGET, true)}`);
        // The device wants the main loop's attention.
        if (byte === 0x77) view.setInt32(ENV_AT + Env.ENV_EXIT_REQUEST, 1, true);
      } else view.setUint8(place, byte);
    });
  }

  // The reference.

  /** Runs one block; whether the main loop is to be left. */
  private interpret(block: CodeBlock): boolean {
    const ir = this.program.blocks.get(block.pc)!;
    const stop = (reason: number): boolean => {
      view.setInt32(ENV_AT + Env.ENV_EXIT_REASON, reason, true);
      return true;
    };
    if (view.getInt32(ENV_AT + Env.ENV_EXIT_REQUEST, true)) return stop(Env.EXIT_REQUESTED);
    const budget = view.getInt32(ENV_AT + Env.ENV_BUDGET, true) - ir.instructionCount;
    if (budget < 0) return stop(Env.EXIT_BUDGET);
    view.setInt32(ENV_AT + Env.ENV_BUDGET, budget, true);
    const values: bigint[] = [];
    let instruction = -1;
    const refund = (count: number): void => view.setInt32(ENV_AT + Env.ENV_BUDGET, view.getInt32(ENV_AT + Env.ENV_BUDGET, true) + count, true);
    const leave = (index: number): boolean => {
      const exit = ir.exits[index]!;
      refund(ir.instructionCount - instruction - 1);
      if (exit.kind === 'goto') this.pc = exit.pc;
      return exit.kind === 'leave' && stop(exit.reason);
    };
    try {
      for (let i = 0; i < ir.count; i++) {
        const [op, a, b, c] = [ir.op[i]!, ir.a[i]!, ir.b[i]!, ir.c[i]!];
        switch (op) {
          case Code.OP_NOP:
            break;
          case Code.OP_I32:
            values[i] = BigInt.asUintN(32, BigInt(a));
            break;
          case Code.OP_I64:
            values[i] = BigInt.asUintN(64, (BigInt(b) << 32n) | BigInt(a >>> 0));
            break;
          case Code.OP_GET:
            values[i] = this.globals.get(a)!.type === 'i32' ? BigInt(view.getUint32(ENV_AT + a, true)) : view.getBigUint64(ENV_AT + a, true);
            break;
          case Code.OP_SET:
            if (this.globals.get(a)!.type === 'i32') view.setUint32(ENV_AT + a, Number(values[b]!), true);
            else view.setBigUint64(ENV_AT + a, values[b]!, true);
            break;
          case Code.OP_LOAD: {
            const bits = this.loadBits(values[a]!, c);
            const width = Code.accessType(c) === Code.I32 ? 32 : 64;
            values[i] = BigInt.asUintN(width, c & Code.ACCESS_SIGNED ? BigInt.asIntN(8 << Code.accessSizeLog2(c), bits) : bits);
            break;
          }
          case Code.OP_STORE:
            this.storeBits(values[a]!, values[b]!, c);
            break;
          case Code.OP_INSTRUCTION:
            this.pc = ir.pcs[(instruction = a)]!;
            break;
          case Code.OP_CALL: {
            const helper = ir.helpers[a]!;
            const result = this.program.helpers.get(helper.name)!(ENV_AT, ...ir.extra.slice(b, b + c).map((value) => values[value]!));
            if (helper.result) values[i] = BigInt.asUintN(helper.result === 'i32' ? 32 : 64, result as bigint);
            if (view.getInt32(ENV_AT + Env.ENV_FAULT, true)) throw new Fault();
            break;
          }
          case Code.OP_EXIT_IF:
            if (values[a]) return leave(b);
            break;
          case Code.OP_END:
            return leave(b);
          case Code.OP_BRANCH:
            return leave(values[a] ? b : c);
          default: {
            [a, b, c].slice(0, Code.OP_ARITY[op]).forEach((operand, k) => scratchView.setBigUint64(16 * k, values[operand]!, true));
            const result = new DataView(reference(Code.OP_NAMES[op]!, scratch)!.buffer);
            values[i] = Code.OP_RESULT[op] === Code.I32 ? BigInt(result.getUint32(0, true)) : result.getBigUint64(0, true);
          }
        }
      }
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      view.setInt32(ENV_AT + Env.ENV_FAULT, 1, true);
      refund(ir.instructionCount - instruction);
      return false;
    }
    throw new Error('the block has no end');
  }
}
