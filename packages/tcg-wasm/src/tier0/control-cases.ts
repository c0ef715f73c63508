/** Tier 0's cases of control: entering blocks, going from one to another, leaving; and copies and constants. */
import { Env, type ValueType } from '@nandu/tcg';
import { JUMP_CODE } from '../jump-cache.js';
import { emitJumpLookup } from '../jump-lookup.js';
import * as M from '../memory-map.js';
import { emitTlbIndex } from '../tlb-index.js';
import type { CodeWriter } from '../wasm/code-writer.js';
import * as I from '../wasm/instructions.js';
import { emitSlotStore } from '../wasm/memory-emitters.js';
import { emitOp } from '../wasm/op-emitters.js';
import { ENV_LINK_SITE, EXIT_ALONE, EXIT_HOT, EXIT_LINK } from './exits.js';
import { abandonInstruction, addCodePage, ENV, type Frame, IP, immediate, leaveWith, operand, proceed, setPc, slot, storeEnv32 } from './frame.js';
import { effectiveAddress } from './memory-cases.js';
import { type Control, MICRO_OP_SIZE, TABLE_SHIFT } from './micro-ops.js';

/** The TLB table that the block at `ip` is fetched through. */
function fetchTable(w: CodeWriter): void {
  w.get(IP);
  w.memory(I.I32_LOAD, M.BLOCK_PAGE2);
  w.i32(4095);
  w.op(I.I32_AND);
}

/** With the condition (i32) on the stack: to the next micro-op, or d bytes further. */
export function chooseNext(f: Frame): void {
  const { w, word } = f;
  w.set(word);
  w.i32(MICRO_OP_SIZE);
  w.get(IP);
  w.memory(I.I32_LOAD16_U, 2);
  w.get(word);
  w.op(I.SELECT);
  w.get(IP);
  w.op(I.I32_ADD);
  w.set(IP);
  w.br(f.follow);
}

export const CONTROL_CASES: Readonly<Record<Control, (f: Frame, regionType: number) => void>> = {
  enter,
  enter2(f) {
    const { w, address, entry, word } = f;
    // The TLB entry of the second page: as the block's code had it?
    w.get(IP);
    w.memory(I.I64_LOAD, M.BLOCK_PAGE2);
    w.i64(-4096);
    w.op(I.I64_AND);
    addCodePage(w);
    w.tee(address);
    emitTlbIndex(w);
    fetchTable(w);
    w.i32(TABLE_SHIFT);
    w.op(I.I32_SHL);
    w.op(I.I32_ADD);
    w.get(ENV);
    w.op(I.I32_ADD);
    w.tee(entry);
    w.memory(I.I64_LOAD, Env.ENV_TLB + Env.TLB_EXECUTE);
    w.get(address);
    w.op(I.I64_EQ);
    w.get(address);
    w.op(I.I32_WRAP_I64);
    w.get(entry);
    w.memory(I.I32_LOAD, Env.ENV_TLB + Env.TLB_ADDEND);
    w.op(I.I32_ADD);
    w.get(IP);
    w.memory(I.I32_LOAD, M.BLOCK_LINEAR2);
    w.op(I.I32_EQ);
    w.op(I.I32_AND);
    w.op(I.I32_EQZ);
    w.if();
    setPc(w, M.BLOCK_PC);
    w.get(ENV);
    w.get(address);
    w.get(IP);
    w.memory(I.I32_LOAD, M.BLOCK_LINEAR2);
    fetchTable(w);
    w.call(f.imports.check_page);
    w.tee(word);
    w.i32(0);
    w.op(I.I32_LT_S);
    w.brIf(f.resume);
    w.get(word);
    w.op(I.I32_EQZ);
    w.if();
    leaveWith(w, Env.EXIT_MISS);
    w.end();
    w.end();
    enter(f);
  },
  stale(f) {
    setPc(f.w, M.BLOCK_PC);
    // Not through the jump cache, which may name this block.
    find(f);
  },
  region(f, regionType) {
    const { w } = f;
    setPc(w, M.BLOCK_PC);
    storeEnv32(w, Env.ENV_BLOCK, () => w.get(IP));
    w.get(ENV);
    w.get(IP);
    w.memory(I.I32_LOAD, M.BLOCK_REGION);
    w.callIndirect(regionType);
    w.if();
    w.return();
    w.end();
    w.br(f.resume);
  },
  jump(f) {
    f.w.get(IP);
    f.w.memory(I.I32_LOAD, 8);
    f.w.set(IP);
    f.w.br(f.arrive);
  },
  unlinked(f) {
    setPc(f.w, 8);
    storeEnv32(f.w, ENV_LINK_SITE, () => f.w.get(IP));
    leaveWith(f.w, EXIT_LINK);
  },
  goto(f) {
    setPc(f.w, 8);
    f.w.br(f.lookup);
  },
  lookup(f) {
    f.w.br(f.lookup);
  },
  leave(f) {
    storeEnv32(f.w, Env.ENV_EXIT_REASON, () => immediate(f.w, 'i32'));
    f.w.return();
  },
  if(f) {
    operand(f.w, 'i32', 4);
    chooseNext(f);
  },
  give_back(f) {
    const { w } = f;
    storeEnv32(w, Env.ENV_BUDGET, () => {
      w.get(ENV);
      w.memory(I.I32_LOAD, Env.ENV_BUDGET);
      immediate(w, 'i32');
      w.op(I.I32_ADD);
    });
    proceed(f);
  },
  copy32: (f) => copy(f, 'i32'),
  copy64: (f) => copy(f, 'i64'),
  copy128: (f) => copy(f, 'v128'),
  const32: (f) => constant(f, 'i32'),
  const64: (f) => constant(f, 'i64'),
  const128(f) {
    slot(f.w, 2);
    immediate(f.w, 'i32');
    f.w.memory(I.V128_LOAD, 0);
    emitSlotStore(f.w, 'v128', 0);
    proceed(f);
  },
  lea(f) {
    const { w } = f;
    slot(w, 2);
    operand(w, 'i64', 4);
    operand(w, 'i64', 6);
    w.get(IP);
    w.memory(I.I64_LOAD32_U, 12);
    w.op(I.I64_SHL);
    w.op(I.I64_ADD);
    w.get(IP);
    w.memory(I.I64_LOAD32_S, 8);
    w.op(I.I64_ADD);
    emitSlotStore(w, 'i64', 0);
    proceed(f);
  },
  shuffle(f) {
    const { w } = f;
    slot(w, 2);
    for (const [at, half] of [
      [4, 0],
      [6, 16],
    ] as const) {
      operand(w, 'v128', at);
      immediate(w, 'i32');
      w.memory(I.V128_LOAD, half);
      emitOp(w, 'i8x16.swizzle');
    }
    emitOp(w, 'v128.or');
    emitSlotStore(w, 'v128', 0);
    proceed(f);
  },
  check_alignment(f) {
    const { w, address, word } = f;
    effectiveAddress(f);
    w.i32(1);
    w.get(IP);
    w.memory(I.I32_LOAD, 12);
    w.i32(7);
    w.op(I.I32_SHR_U);
    w.i32(7);
    w.op(I.I32_AND);
    w.op(I.I32_SHL);
    w.tee(word);
    w.i32(1);
    w.op(I.I32_SUB);
    w.get(address);
    w.op(I.I32_WRAP_I64);
    w.op(I.I32_AND);
    w.if();
    w.get(ENV);
    w.get(address);
    w.get(word);
    w.call(f.imports.misaligned);
    abandonInstruction(f, 2);
    w.end();
    proceed(f);
  },
};

export function enter(f: Frame): void {
  const { w, word } = f;
  // word = budget left after this block
  w.get(ENV);
  w.memory(I.I32_LOAD, Env.ENV_BUDGET);
  w.get(IP);
  w.memory(I.I32_LOAD16_U, M.BLOCK_COUNT);
  w.op(I.I32_SUB);
  w.tee(word);
  w.i32(0);
  w.op(I.I32_LT_S);
  w.get(ENV);
  w.memory(I.I32_LOAD, Env.ENV_EXIT_REQUEST);
  w.op(I.I32_OR);
  w.if();
  setPc(w, M.BLOCK_PC);
  storeEnv32(w, Env.ENV_EXIT_REASON, () => {
    w.i32(Env.EXIT_BUDGET);
    w.i32(Env.EXIT_REQUESTED);
    w.get(word);
    w.i32(0);
    w.op(I.I32_LT_S);
    w.op(I.SELECT);
  });
  w.return();
  w.end();
  // Heat: one less until the block is hot.
  w.get(IP);
  w.get(IP);
  w.memory(I.I32_LOAD, M.BLOCK_HEAT);
  w.i32(1);
  w.op(I.I32_SUB);
  w.tee(f.entry);
  w.memory(I.I32_STORE, M.BLOCK_HEAT);
  w.get(f.entry);
  w.op(I.I32_EQZ);
  w.if();
  setPc(w, M.BLOCK_PC);
  leaveWith(w, EXIT_HOT);
  w.end();
  storeEnv32(w, Env.ENV_BUDGET, () => w.get(word));
  storeEnv32(w, Env.ENV_BLOCK, () => w.get(IP));
  proceed(f, M.BLOCK_HEAD);
}

function copy(f: Frame, type: ValueType): void {
  slot(f.w, 2);
  operand(f.w, type, 4);
  emitSlotStore(f.w, type, 0);
  proceed(f);
}

function constant(f: Frame, type: ValueType): void {
  slot(f.w, 2);
  immediate(f.w, type);
  emitSlotStore(f.w, type, 0);
  proceed(f);
}

/** Goes on at ENV_PC: through the jump cache, else `find_block`, else leaves. */
export function lookUp(f: Frame): void {
  const { w, word, entry, address, raw } = f;
  const miss = w.block();
  emitJumpLookup(w, { pc: raw, address, entry, word }, miss);
  w.get(entry);
  w.memory(I.I32_LOAD, Env.ENV_JUMP_CACHE + JUMP_CODE);
  w.set(IP);
  arriveFromElsewhere(f);
  w.end();
  find(f);
}

/** The same without the jump cache. */
function find(f: Frame): void {
  const { w } = f;
  w.get(ENV);
  w.call(f.imports.find_block);
  w.tee(IP);
  w.i32(0);
  w.op(I.I32_GT_S);
  w.if();
  arriveFromElsewhere(f);
  w.end();
  w.get(IP);
  w.i32(0);
  w.op(I.I32_LT_S);
  w.brIf(f.resume);
  leaveWith(w, Env.EXIT_MISS);
}

/** To the block at `ip`, which is the one for ENV_PC. */
function arriveFromElsewhere({ w, next }: Frame): void {
  w.get(ENV);
  w.get(ENV);
  w.memory(I.I64_LOAD, Env.ENV_PC);
  w.get(IP);
  w.memory(I.I64_LOAD, M.BLOCK_PC);
  w.op(I.I64_SUB);
  w.memory(I.I64_STORE, Env.ENV_CODE_PAGE);
  w.br(next);
}

export function giveUpInstruction({ w, instruction, entry }: Frame): void {
  w.get(ENV);
  w.memory(I.I32_LOAD, Env.ENV_BLOCK);
  w.set(entry);
  w.get(ENV);
  w.get(entry);
  w.memory(I.I64_LOAD, M.BLOCK_PC);
  w.get(entry);
  w.memory(I.I32_LOAD, M.BLOCK_PCS);
  w.get(instruction);
  w.i32(2);
  w.op(I.I32_SHL);
  w.op(I.I32_ADD);
  w.memory(I.I64_LOAD32_S, 0);
  w.op(I.I64_ADD);
  addCodePage(w);
  w.memory(I.I64_STORE, Env.ENV_PC);
  storeEnv32(w, Env.ENV_BUDGET, () => {
    w.get(ENV);
    w.memory(I.I32_LOAD, Env.ENV_BUDGET);
    w.get(entry);
    w.memory(I.I32_LOAD16_U, M.BLOCK_COUNT);
    w.op(I.I32_ADD);
    w.get(instruction);
    w.op(I.I32_SUB);
  });
}

export function resumeAfterFault(f: Frame): void {
  const { w } = f;
  w.get(ENV);
  w.memory(I.I32_LOAD, Env.ENV_FAULT);
  w.if();
  w.get(ENV);
  w.call(f.imports.fault);
  w.end();
  w.get(ENV);
  w.memory(I.I32_LOAD, M.ENV_ALONE);
  w.if();
  leaveWith(w, EXIT_ALONE);
  w.end();
  w.get(ENV);
  w.memory(I.I32_LOAD, Env.ENV_EXIT_REQUEST);
  w.if();
  // A fault that cannot be delivered has put its own reason there.
  w.get(ENV);
  w.memory(I.I32_LOAD, Env.ENV_EXIT_REASON);
  w.i32(Env.EXIT_TARGET);
  w.op(I.I32_LT_S);
  w.if();
  storeEnv32(w, Env.ENV_EXIT_REASON, () => w.i32(Env.EXIT_REQUESTED));
  w.end();
  w.return();
  w.end();
  w.i32(0);
  w.set(IP);
  w.br(f.next);
}
