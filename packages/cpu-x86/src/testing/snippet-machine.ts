/** Runs a few instructions on an `EagerIr`, with the real helpers, in flat memory without paging. For tests. */
import { Env, type TranslatedBlock } from '@nandu/tcg';
import * as L from '../../assembly/layout.js';
import type { Feature } from '../decode/opcode-table.js';
import { helperModule } from '../helper-module.js';
import { BlockTranslator } from '../translate/translate-block.js';
import { BlockLeft, type EagerHost, EagerIr } from './eager-ir.js';

const ENV_AT = 0x10_0000;
const DATA_AT = ENV_AT + Env.ENV_SIZE;
const PAGES = 64;

/** User code in 64-bit mode; kernel in 32-bit mode with flat segments; real mode. */
export const MODE_64 = L.HF_CS64 | L.HF_CS32 | L.HF_SS32 | L.HF_PE | L.HF_LMA | L.HF_OSFXSR | 3;
export const MODE_32 = L.HF_CS32 | L.HF_SS32 | L.HF_PE | L.HF_OSFXSR;

export interface SnippetResult {
  /** Vector of the exception that ended it, or undefined. A page fault of `locate` is 14. */
  readonly vector: number | undefined;
  readonly pc: bigint;
}

export class SnippetMachine implements EagerHost {
  readonly env = ENV_AT;
  readonly memory: DataView;
  /** Guest memory: [start, start + bytes.length). */
  readonly bytes: Uint8Array;
  private readonly exports: Record<string, (env: number, ...args: (number | bigint)[]) => number | bigint | void>;
  private readonly ir = new EagerIr(this);
  private readonly translator: BlockTranslator;
  js: Record<string, (env: number, ...args: (number | bigint)[]) => number | bigint | void> = {};

  constructor(
    features: ReadonlySet<Feature>,
    readonly start: bigint,
    length: number,
    private readonly mode = MODE_64,
  ) {
    const memory = new WebAssembly.Memory({ initial: PAGES });
    this.memory = new DataView(memory.buffer);
    this.bytes = new Uint8Array(memory.buffer, DATA_AT, length);
    const nothing = () => 0;
    const host = {
      phys_read: nothing,
      phys_write: nothing,
      tlb_set: nothing,
      tlb_flush: nothing,
      tlb_flush_page: nothing,
      mmio_read: () => 0n,
      mmio_write: nothing,
    };
    this.exports = new WebAssembly.Instance(helperModule(), { env: { memory, abort: nothing }, host }).exports as never;
    this.translator = new BlockTranslator(features);
    this.memory.setInt32(ENV_AT + L.DF, 1, true);
    this.memory.setInt32(ENV_AT + L.EFLAGS, 0x202, true);
    this.memory.setInt32(ENV_AT + Env.ENV_BLOCK_FLAGS, mode, true);
  }

  locate(address: bigint, size: number): number | undefined {
    const offset = BigInt.asIntN(64, address - this.start);
    if (offset >= 0n && offset + BigInt(size) <= BigInt(this.bytes.length)) return DATA_AT + Number(offset);
    this.memory.setInt32(ENV_AT + L.EXC_VECTOR, 14, true);
    this.memory.setInt32(ENV_AT + Env.ENV_FAULT, 1, true);
    return undefined;
  }

  helper(name: string) {
    // The bulk helpers need a TLB: nothing done.
    if (name.startsWith('rep_')) return () => 0n;
    return this.js[name] ?? this.exports[name];
  }

  register(number: number): bigint {
    return this.memory.getBigUint64(ENV_AT + L.REGS + 8 * number, true);
  }

  setRegister(number: number, value: bigint): void {
    this.memory.setBigUint64(ENV_AT + L.REGS + 8 * number, value, true);
  }

  get flags(): number {
    return Number(this.exports['read_eflags']!(ENV_AT));
  }

  setFlags(value: number): void {
    this.exports['write_eflags']!(ENV_AT, BigInt(value), BigInt(L.FLAGS_ARITHMETIC | L.FLAG_DF));
    this.memory.setInt32(ENV_AT + Env.ENV_BLOCK_FLAGS, this.mode, true);
  }

  /** Runs from `pc` until `end` or an exception. `perBlock`: instructions that a block may have. */
  run(code: Uint8Array, pc: bigint, perBlock: number): SnippetResult {
    const end = pc + BigInt(code.length);
    this.memory.setInt32(ENV_AT + Env.ENV_FAULT, 0, true);
    this.memory.setBigInt64(ENV_AT + Env.ENV_PC, pc, true);
    for (let rounds = 0; rounds < 10_000; rounds++) {
      const at = this.memory.getBigInt64(ENV_AT + Env.ENV_PC, true);
      // Past the end there is nothing but NOPs.
      if (at >= end && at < end + 64n) return { vector: undefined, pc: at };
      const left = this.block(code, Number(at), Number(at - pc), perBlock);
      if (left === 'fault') return { vector: this.memory.getInt32(ENV_AT + L.EXC_VECTOR, true), pc: this.memory.getBigInt64(ENV_AT + Env.ENV_PC, true) };
    }
    throw new Error('the snippet does not end');
  }

  private block(code: Uint8Array, pc: number, offset: number, perBlock: number): TranslatedBlock | 'fault' | undefined {
    this.ir.start();
    const reader = { u8: (at: number) => code[offset + at] ?? 0x90 };
    try {
      return this.translator.translate(this.ir, { pc, codeBase: 0, relocatable: false, flags: this.mode, code: reader, maxInstructions: perBlock });
    } catch (error) {
      if (error instanceof BlockLeft) return error.how === 'fault' ? 'fault' : undefined;
      throw error;
    }
  }
}
