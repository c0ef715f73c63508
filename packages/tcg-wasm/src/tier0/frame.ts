/** What the cases of tier 0's interpreter are written with: its function's parameters, locals and labels, and common pieces. */
import { Env, type ValueType } from '@nandu/tcg';
import type { CodeWriter, Label } from '../wasm/code-writer.js';
import * as I from '../wasm/instructions.js';
import { emitSlotLoad, emitSlotStore } from '../wasm/memory-emitters.js';
import { MICRO_OP_SIZE } from './micro-ops.js';

/** Parameters of `run`. */
export const ENV = 0;
export const IP = 1;

/** Where cases branch to, and locals that they share. */
export interface Frame {
  readonly w: CodeWriter;
  /** Executes the micro-op at `ip`. */
  readonly next: Label;
  /** The current instruction (its number in `instruction`) is given up: counts back, sets pc, goes to `resume`. */
  readonly abandon: Label;
  /** Delivers a fault if there is one, leaves if asked to, else looks pc up. */
  readonly resume: Label;
  /** Goes on at ENV_PC. */
  readonly lookup: Label;
  /** Executes the micro-op at `ip`, which is likely to be a jump to a block: saves two dispatches then. */
  readonly follow: Label;
  /** The same for one that is likely to be the start of a block. */
  readonly arrive: Label;
  readonly instruction: number;
  readonly address: number;
  readonly entry: number;
  readonly word: number;
  readonly raw: number;
  readonly imports: Readonly<Record<ImportName, number>>;
}

export const ENGINE_IMPORTS = {
  load_slow: ['i32 i64 i32', 'i64'],
  load_slow16: ['i32 i64 i32', ''],
  store_slow: ['i32 i64 i64 i32', 'i32'],
  store_slow16: ['i32 i64 i64 i64 i32', 'i32'],
  find_block: ['i32', 'i32'],
  check_page: ['i32 i64 i32 i32', 'i32'],
  fault: ['i32', ''],
  misaligned: ['i32 i64 i32', ''],
} as const;
export type ImportName = keyof typeof ENGINE_IMPORTS;

/** Address of the slot named at `offset` of the micro-op. */
export function slot(w: CodeWriter, offset: number): void {
  w.get(ENV);
  w.get(IP);
  w.memory(I.I32_LOAD16_U, offset);
  w.op(I.I32_ADD);
}

export function operand(w: CodeWriter, type: ValueType, offset: number): void {
  slot(w, offset);
  emitSlotLoad(w, type, 0);
}

/** To the micro-op behind this one. */
export function proceed({ w, next }: Frame, size = MICRO_OP_SIZE): void {
  w.get(IP);
  w.i32(size);
  w.op(I.I32_ADD);
  w.set(IP);
  w.br(next);
}

/** Stores to a slot whose address is below on the stack: an i32 with zeros above it, so that it is its extension as well. */
export function storeResult(w: CodeWriter, type: ValueType): void {
  if (type === 'i32') w.op(I.I64_EXTEND_I32_U);
  emitSlotStore(w, type === 'i32' ? 'i64' : type, 0);
}

export function immediate(w: CodeWriter, type: ValueType): void {
  w.get(IP);
  emitSlotLoad(w, type, 8);
}

export function storeEnv32(w: CodeWriter, offset: number, value: () => void): void {
  w.get(ENV);
  value();
  w.memory(I.I32_STORE, offset);
}

export function leaveWith(w: CodeWriter, reason: number): void {
  storeEnv32(w, Env.ENV_EXIT_REASON, () => w.i32(reason));
  w.return();
}

/** ENV_PC = the i64 at `offset` of the micro-op, an address of the running block. */
export function setPc(w: CodeWriter, offset: number): void {
  w.get(ENV);
  w.get(IP);
  w.memory(I.I64_LOAD, offset);
  addCodePage(w);
  w.memory(I.I64_STORE, Env.ENV_PC);
}

/** To an address that is on the stack. */
export function addCodePage(w: CodeWriter): void {
  w.get(ENV);
  w.memory(I.I64_LOAD, Env.ENV_CODE_PAGE);
  w.op(I.I64_ADD);
}

/** instruction = the u16 at `offset` of the micro-op; to `abandon`. */
export function abandonInstruction({ w, instruction, abandon }: Frame, offset: number): void {
  w.get(IP);
  w.memory(I.I32_LOAD16_U, offset);
  w.set(instruction);
  w.br(abandon);
}
