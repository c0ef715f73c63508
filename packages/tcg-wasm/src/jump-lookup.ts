/** The check of a jump cache entry, which the interpreter and compiled regions share. */
import { Env } from '@nandu/tcg';
import { JUMP_ENTRIES, JUMP_FLAGS, JUMP_LINEAR, JUMP_PC, JUMP_SIZE, JUMP_TLB_ENTRY } from './jump-cache.js';
import type { CodeWriter, Label } from './wasm/code-writer.js';
import * as I from './wasm/instructions.js';

/** The vCPU block: the first parameter of whoever looks. */
const ENV = 0;

/** Locals to work with. `entry` (i32) is env plus the entry's offset in the jump cache afterwards. */
export interface JumpLocals {
  readonly pc: number;
  readonly address: number;
  readonly entry: number;
  readonly word: number;
}

/** Goes on behind this if the cache knows the code at ENV_PC, else branches to `miss`. */
export function emitJumpLookup(w: CodeWriter, { pc, address, entry, word }: JumpLocals, miss: Label): void {
  const ofEnv = (instruction: number, offset: number): void => {
    w.get(ENV);
    w.memory(instruction, offset);
  };
  const ofEntry = (instruction: number, field: number): void => {
    w.get(entry);
    w.memory(instruction, Env.ENV_JUMP_CACHE + field);
  };
  ofEnv(I.I64_LOAD, Env.ENV_PC);
  w.tee(pc);
  w.op(I.I32_WRAP_I64);
  w.tee(word);
  w.get(word);
  w.i32(12);
  w.op(I.I32_SHR_U);
  w.op(I.I32_XOR);
  w.i32(JUMP_ENTRIES - 1);
  w.op(I.I32_AND);
  w.i32(Math.log2(JUMP_SIZE));
  w.op(I.I32_SHL);
  w.get(ENV);
  w.op(I.I32_ADD);
  w.set(entry);
  ofEntry(I.I64_LOAD, JUMP_PC);
  w.get(pc);
  w.op(I.I64_NE);
  w.brIf(miss);
  // Flags and code base stand side by side in both places, so that one comparison does.
  ofEntry(I.I64_LOAD, JUMP_FLAGS);
  ofEnv(I.I64_LOAD, Env.ENV_BLOCK_FLAGS);
  w.op(I.I64_NE);
  w.brIf(miss);
  // The address of the code is 64 bits wide only without a code base.
  w.get(word);
  ofEnv(I.I32_LOAD, Env.ENV_CODE_BASE);
  w.op(I.I32_ADD);
  w.op(I.I64_EXTEND_I32_U);
  w.get(pc);
  ofEnv(I.I32_LOAD, Env.ENV_CODE_BASE);
  w.op(I.SELECT);
  w.set(address);
  w.get(ENV);
  ofEntry(I.I32_LOAD, JUMP_TLB_ENTRY);
  w.op(I.I32_ADD);
  w.tee(word);
  w.memory(I.I64_LOAD, Env.TLB_EXECUTE);
  w.get(address);
  w.i64(-4096);
  w.op(I.I64_AND);
  w.op(I.I64_NE);
  w.brIf(miss);
  w.get(word);
  w.memory(I.I32_LOAD, Env.TLB_ADDEND);
  w.get(address);
  w.op(I.I32_WRAP_I64);
  w.op(I.I32_ADD);
  ofEntry(I.I32_LOAD, JUMP_LINEAR);
  w.op(I.I32_NE);
  w.brIf(miss);
}
