/**
 * Makes tier 0: one WebAssembly function `run(env, ip)` that executes micro-ops from the code arena. Its cases come from the
 * same table of operations as tier 1's code. The module depends on the target only by its helpers.
 */
import { Env, type Helper, OPS, type OpName, type ValueType } from '@nandu/tcg';
import * as J from '../jump-cache.js';
import * as M from '../memory-map.js';
import { SLOW_RESULT } from '../region-compiler.js';
import type { CodeWriter, Label } from '../wasm/code-writer.js';
import * as I from '../wasm/instructions.js';
import { emitLoad, emitSlotLoad, emitSlotStore, emitStore } from '../wasm/memory-emitters.js';
import { ModuleBuilder } from '../wasm/module-builder.js';
import { emitOp } from '../wasm/op-emitters.js';
import { ENV_LINK_SITE, EXIT_ALONE, EXIT_HOT, EXIT_LINK } from './exits.js';
import {
  type AccessKind,
  BRANCH_IMMEDIATE_OPS,
  BRANCH_OPS,
  CONTROL,
  type Control,
  controlNumber,
  IMMEDIATE_OPS,
  LOADS,
  MICRO_OP_SIZE,
  STORES,
  TABLE_MASK,
  TABLE_SHIFT,
} from './micro-ops.js';

/** Parameters of `run`. */
const ENV = 0;
const IP = 1;
/** A helper's micro-op: d, a, b as ever (a and b its first arguments), u16 x 4 @8 more arguments, u32 @16 number of the instruction, i64 @24 its pc. */
export const HELPER_SIZE = 2 * MICRO_OP_SIZE;
export const MOST_HELPER_ARGUMENTS = 6;
const ARGUMENT_OFFSETS = [4, 6, 8, 10, 12, 14];
export const HELPER_INSTRUCTION = 16;
export const HELPER_PC = 24;

/** Where cases branch to, and locals that they share. */
interface Frame {
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

const ENGINE_IMPORTS = {
  load_slow: ['i32 i64 i32', 'i64'],
  load_slow16: ['i32 i64 i32', ''],
  store_slow: ['i32 i64 i64 i32', 'i32'],
  store_slow16: ['i32 i64 i64 i64 i32', 'i32'],
  find_block: ['i32', 'i32'],
  check_page: ['i32 i64 i32 i32 i32', 'i32'],
  fault: ['i32', ''],
  misaligned: ['i32 i64 i32', ''],
} as const;
type ImportName = keyof typeof ENGINE_IMPORTS;

const types = (text: string): ValueType[] => (text === '' ? [] : (text.split(' ') as ValueType[]));

/** Imports: `env.memory`, `env.table`; `engine.*` of ENGINE_IMPORTS; `helper.*`. Exports `run(env, ip)`; ip 0 starts at ENV_PC. */
export function buildInterpreter(helpers: readonly Helper[]): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  module.importMemory('env', 'memory');
  module.importTable('env', 'table');
  const imports = Object.fromEntries(
    Object.entries(ENGINE_IMPORTS).map(([name, [params, result]]) => [name, module.importFunction('engine', name, types(params), types(result))]),
  ) as Record<ImportName, number>;
  const helperImports = helpers.map((h) => module.importFunction('helper', h.name, ['i32', ...h.params], h.result ? [h.result] : []));
  const regionType = module.type(['i32'], ['i32']);
  const { body: w } = module.function(['i32', 'i32'], [], 'run');

  const cases: ((f: Frame) => void)[] = [
    ...CONTROL.map((name) => (f: Frame) => CONTROL_CASES[name](f, regionType)),
    ...[...OPS.keys()].map((name) => (f: Frame) => slotForm(f, name)),
    ...IMMEDIATE_OPS.map((name) => (f: Frame) => immediateForm(f, name)),
    ...BRANCH_OPS.map((name) => (f: Frame) => branch(f, name, false)),
    ...BRANCH_IMMEDIATE_OPS.map((name) => (f: Frame) => branch(f, name, true)),
    ...LOADS.map((kind) => (f: Frame) => load(f, kind, Env.TLB_READ)),
    ...LOADS.map((kind) => (f: Frame) => load(f, kind, Env.TLB_WRITE)),
    ...STORES.map((kind) => (f: Frame) => store(f, kind)),
    ...helpers.map((helper, i) => (f: Frame) => callHelper(f, helper, helperImports[i]!)),
  ];

  const locals = { instruction: w.local('i32'), address: w.local('i64'), entry: w.local('i32'), word: w.local('i32'), raw: w.local('i64') };
  const next = w.loop();
  const resume = w.block();
  const abandon = w.block();
  const lookup = w.block();
  const arrive = w.block();
  const follow = w.block();
  const frame: Frame = { w, next, resume, abandon, lookup, arrive, follow, imports, ...locals };
  w.get(IP);
  w.op(I.I32_EQZ);
  w.brIf(lookup);
  // Blocks open from the last case to the first, so that the first case's code comes first.
  const labels: Label[] = new Array(cases.length);
  for (let i = cases.length - 1; i >= 0; i--) labels[i] = w.block();
  w.get(IP);
  w.memory(I.I32_LOAD16_U, 0);
  w.brTable(labels.slice(0, -1), labels.at(-1)!);
  for (const write of cases) {
    w.end();
    write(frame);
  }
  w.end(); // follow
  unlessAt(frame, 'jump');
  w.get(IP);
  w.memory(I.I32_LOAD, 8);
  w.set(IP);
  w.end(); // arrive
  unlessAt(frame, 'enter');
  enter(frame);
  w.end(); // lookup
  lookUp(frame);
  w.end(); // abandon
  giveUpInstruction(frame);
  w.end(); // resume
  resumeAfterFault(frame);
  w.end(); // next
  return module.finish();
}

/** Dispatches unless the micro-op at `ip` is the one named. */
function unlessAt({ w, next }: Frame, name: Control): void {
  w.get(IP);
  w.memory(I.I32_LOAD16_U, 0);
  w.i32(controlNumber(name));
  w.op(I.I32_NE);
  w.brIf(next);
}

/** ---- pieces ---- */

/** Address of the slot named at `offset` of the micro-op. */
function slot(w: CodeWriter, offset: number): void {
  w.get(ENV);
  w.get(IP);
  w.memory(I.I32_LOAD16_U, offset);
  w.op(I.I32_ADD);
}

function operand(w: CodeWriter, type: ValueType, offset: number): void {
  slot(w, offset);
  emitSlotLoad(w, type, 0);
}

/** To the micro-op behind this one. */
function proceed({ w, next }: Frame, size = MICRO_OP_SIZE): void {
  w.get(IP);
  w.i32(size);
  w.op(I.I32_ADD);
  w.set(IP);
  w.br(next);
}

const OPERANDS = [4, 6, 8];

function slotForm(f: Frame, name: OpName): void {
  const { params, result } = OPS.get(name)!;
  slot(f.w, 2);
  params.forEach((type, i) => operand(f.w, type, OPERANDS[i]!));
  emitOp(f.w, name);
  storeResult(f.w, result);
  proceed(f);
}

/** Stores to a slot whose address is below on the stack: an i32 with zeros above it, so that it is its extension as well. */
function storeResult(w: CodeWriter, type: ValueType): void {
  if (type === 'i32') w.op(I.I64_EXTEND_I32_U);
  emitSlotStore(w, type === 'i32' ? 'i64' : type, 0);
}

function immediate(w: CodeWriter, type: ValueType): void {
  w.get(IP);
  emitSlotLoad(w, type, 8);
}

function immediateForm(f: Frame, name: OpName): void {
  const { params, result } = OPS.get(name)!;
  slot(f.w, 2);
  operand(f.w, params[0]!, 4);
  immediate(f.w, params[1]!);
  emitOp(f.w, name);
  storeResult(f.w, result);
  proceed(f);
}

/** With the condition (i32) on the stack: to the next micro-op, or d bytes further. */
function chooseNext(f: Frame): void {
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

function branch(f: Frame, name: OpName, withImmediate: boolean): void {
  const { params } = OPS.get(name)!;
  operand(f.w, params[0]!, 4);
  if (params.length > 1) {
    if (withImmediate) immediate(f.w, params[1]!);
    else operand(f.w, params[1]!, 6);
  }
  emitOp(f.w, name);
  chooseNext(f);
}

function storeEnv32(w: CodeWriter, offset: number, value: () => void): void {
  w.get(ENV);
  value();
  w.memory(I.I32_STORE, offset);
}

function leaveWith(w: CodeWriter, reason: number): void {
  storeEnv32(w, Env.ENV_EXIT_REASON, () => w.i32(reason));
  w.return();
}

/** ENV_PC = the i64 at `offset` of the micro-op. */
function setPc(w: CodeWriter, offset: number): void {
  w.get(ENV);
  w.get(IP);
  w.memory(I.I64_LOAD, offset);
  w.memory(I.I64_STORE, Env.ENV_PC);
}

/** ---- control ---- */

const CONTROL_CASES: Readonly<Record<Control, (f: Frame, regionType: number) => void>> = {
  enter,
  enter2(f) {
    const { w, entry, word } = f;
    // The TLB entry of the second page: as the block's code had it?
    w.get(ENV);
    w.get(IP);
    w.memory(I.I32_LOAD, M.BLOCK_ENTRY2);
    w.op(I.I32_ADD);
    w.tee(entry);
    w.memory(I.I64_LOAD, Env.TLB_EXECUTE);
    w.get(IP);
    w.memory(I.I64_LOAD, M.BLOCK_PAGE2);
    w.op(I.I64_EQ);
    w.get(IP);
    w.memory(I.I32_LOAD, M.BLOCK_PAGE2);
    w.get(entry);
    w.memory(I.I32_LOAD, Env.TLB_ADDEND);
    w.op(I.I32_ADD);
    w.get(IP);
    w.memory(I.I32_LOAD, M.BLOCK_LINEAR2);
    w.op(I.I32_EQ);
    w.op(I.I32_AND);
    w.op(I.I32_EQZ);
    w.if();
    setPc(w, M.BLOCK_PC);
    w.get(ENV);
    w.get(IP);
    w.memory(I.I64_LOAD, M.BLOCK_PAGE2);
    w.get(IP);
    w.memory(I.I32_LOAD, M.BLOCK_ENTRY2);
    w.get(IP);
    w.memory(I.I32_LOAD, M.BLOCK_LINEAR2);
    // Which TLB table the entry is in.
    w.get(IP);
    w.memory(I.I32_LOAD, M.BLOCK_ENTRY2);
    w.i32(Env.ENV_TLB);
    w.op(I.I32_SUB);
    w.i32(TABLE_SHIFT);
    w.op(I.I32_SHR_U);
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
    f.w.br(f.lookup);
  },
  region(f, regionType) {
    const { w } = f;
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

function enter(f: Frame): void {
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
function lookUp(f: Frame): void {
  const { w, word, entry, address, raw } = f;
  const miss = w.block();
  w.get(ENV);
  w.memory(I.I64_LOAD, Env.ENV_PC);
  w.tee(raw);
  w.op(I.I32_WRAP_I64);
  w.tee(word);
  w.get(word);
  w.i32(12);
  w.op(I.I32_SHR_U);
  w.op(I.I32_XOR);
  w.i32(J.JUMP_ENTRIES - 1);
  w.op(I.I32_AND);
  w.i32(Math.log2(J.JUMP_SIZE));
  w.op(I.I32_SHL);
  w.get(ENV);
  w.op(I.I32_ADD);
  w.tee(entry);
  w.memory(I.I64_LOAD, Env.ENV_JUMP_CACHE + J.JUMP_PC);
  w.get(raw);
  w.op(I.I64_NE);
  w.brIf(miss);
  // Flags and code base stand side by side in both places, so that one comparison does.
  w.get(entry);
  w.memory(I.I64_LOAD, Env.ENV_JUMP_CACHE + J.JUMP_FLAGS);
  w.get(ENV);
  w.memory(I.I64_LOAD, Env.ENV_BLOCK_FLAGS);
  w.op(I.I64_NE);
  w.brIf(miss);
  // address = linear address of the code, 64 bits wide only without a code base
  w.get(word);
  w.get(ENV);
  w.memory(I.I32_LOAD, Env.ENV_CODE_BASE);
  w.op(I.I32_ADD);
  w.op(I.I64_EXTEND_I32_U);
  w.get(raw);
  w.get(ENV);
  w.memory(I.I32_LOAD, Env.ENV_CODE_BASE);
  w.op(I.SELECT);
  w.set(address);
  w.get(ENV);
  w.get(entry);
  w.memory(I.I32_LOAD, Env.ENV_JUMP_CACHE + J.JUMP_TLB_ENTRY);
  w.op(I.I32_ADD);
  w.tee(word);
  w.memory(I.I64_LOAD, Env.TLB_EXECUTE);
  w.get(address);
  w.i64(-4096);
  w.op(I.I64_AND);
  w.op(I.I64_NE);
  w.brIf(miss);
  w.get(address);
  w.op(I.I32_WRAP_I64);
  w.get(word);
  w.memory(I.I32_LOAD, Env.TLB_ADDEND);
  w.op(I.I32_ADD);
  w.get(entry);
  w.memory(I.I32_LOAD, Env.ENV_JUMP_CACHE + J.JUMP_LINEAR);
  w.op(I.I32_NE);
  w.brIf(miss);
  w.get(entry);
  w.memory(I.I32_LOAD, Env.ENV_JUMP_CACHE + J.JUMP_CODE);
  w.set(IP);
  w.br(f.next);
  w.end();
  w.get(ENV);
  w.call(f.imports.find_block);
  w.tee(IP);
  w.i32(0);
  w.op(I.I32_GT_S);
  w.brIf(f.next);
  w.get(IP);
  w.i32(0);
  w.op(I.I32_LT_S);
  w.brIf(f.resume);
  leaveWith(w, Env.EXIT_MISS);
}

/** instruction = the u16 at `offset` of the micro-op; to `abandon`. */
function abandonInstruction({ w, instruction, abandon }: Frame, offset: number): void {
  w.get(IP);
  w.memory(I.I32_LOAD16_U, offset);
  w.set(instruction);
  w.br(abandon);
}

function giveUpInstruction({ w, instruction, entry }: Frame): void {
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

function resumeAfterFault(f: Frame): void {
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

/** ---- memory ---- */

/** address = slot a + displacement */
function effectiveAddress({ w, address }: Frame): void {
  operand(w, 'i64', 4);
  w.get(IP);
  w.memory(I.I64_LOAD32_S, 8);
  w.op(I.I64_ADD);
  w.set(address);
}

/** Leaves on the stack whether the TLB lets the access through at once; sets address, word (access) and entry. */
function probe(f: Frame, size: number, tag: number): void {
  const { w, address, word, entry } = f;
  effectiveAddress(f);
  w.get(ENV);
  w.get(IP);
  w.memory(I.I32_LOAD, 12);
  w.tee(word);
  w.i32(TABLE_MASK);
  w.op(I.I32_AND);
  w.op(I.I32_ADD);
  w.get(address);
  w.op(I.I32_WRAP_I64);
  w.i32(12 - Math.log2(Env.TLB_ENTRY_SIZE));
  w.op(I.I32_SHR_U);
  w.i32((Env.TLB_ENTRIES - 1) * Env.TLB_ENTRY_SIZE);
  w.op(I.I32_AND);
  w.op(I.I32_ADD);
  w.tee(entry);
  w.memory(I.I64_LOAD, Env.ENV_TLB + tag);
  w.get(address);
  // The page of the last byte: that of the first too, unless the access crosses.
  if (size > 1) {
    w.i64(size - 1);
    w.op(I.I64_ADD);
  }
  w.i64(-4096);
  w.op(I.I64_AND);
  w.op(I.I64_EQ);
}

function hostAddress({ w, address, entry }: Frame): void {
  w.get(address);
  w.op(I.I32_WRAP_I64);
  w.get(entry);
  w.memory(I.I32_LOAD, Env.ENV_TLB + Env.TLB_ADDEND);
  w.op(I.I32_ADD);
}

/** The access code, for the slow path: not the alignment, which a micro-op of its own has checked. */
function accessCode({ w, word }: Frame): void {
  w.get(word);
  w.i32(0x1c7f);
  w.op(I.I32_AND);
}

function load(f: Frame, kind: AccessKind, tag: number): void {
  const { w, raw } = f;
  probe(f, kind.size, tag);
  w.if();
  slot(w, 2);
  hostAddress(f);
  emitLoad(w, kind);
  storeResult(w, kind.type);
  proceed(f);
  w.end();
  w.get(ENV);
  w.get(f.address);
  accessCode(f);
  if (kind.size === 16) w.call(f.imports.load_slow16);
  else {
    w.call(f.imports.load_slow);
    w.set(raw);
  }
  w.get(ENV);
  w.memory(I.I32_LOAD, Env.ENV_FAULT);
  w.if();
  abandonInstruction(f, 6);
  w.end();
  slot(w, 2);
  if (kind.size === 16) {
    w.get(ENV);
    w.memory(I.V128_LOAD, SLOW_RESULT);
  } else {
    w.get(raw);
    fromRaw(w, kind);
  }
  storeResult(w, kind.type);
  proceed(f);
}

/** From zero-extended bits (i64) to the value. */
function fromRaw(w: CodeWriter, { size, type, signed }: AccessKind): void {
  switch (type) {
    case 'i32':
      emitOp(w, 'i32.wrap_i64');
      if (signed) emitOp(w, size === 1 ? 'i32.extend8_s' : 'i32.extend16_s');
      break;
    case 'i64':
      if (signed) emitOp(w, size === 1 ? 'i64.extend8_s' : size === 2 ? 'i64.extend16_s' : 'i64.extend32_s');
      break;
    case 'f32':
      emitOp(w, 'i32.wrap_i64');
      emitOp(w, 'f32.reinterpret_i32');
      break;
    case 'f64':
      emitOp(w, 'f64.reinterpret_i64');
      break;
    case 'v128':
      w.i64(0);
      emitOp(w, 'v128.of_i64');
      break;
  }
}

/** The value of slot b as bits (i64). */
function rawOperand(w: CodeWriter, { type, size }: AccessKind): void {
  slot(w, 6);
  if (type === 'i64' || type === 'f64' || (type === 'v128' && size === 8)) w.memory(I.I64_LOAD, 0);
  else w.memory(I.I64_LOAD32_U, 0);
}

function store(f: Frame, kind: AccessKind): void {
  const { w } = f;
  probe(f, kind.size, Env.TLB_WRITE);
  w.if();
  hostAddress(f);
  operand(w, kind.type, 6);
  emitStore(w, kind);
  proceed(f);
  w.end();
  w.get(ENV);
  w.get(f.address);
  if (kind.size === 16) {
    slot(w, 6);
    w.memory(I.I64_LOAD, 0);
    slot(w, 6);
    w.memory(I.I64_LOAD, 8);
    accessCode(f);
    w.call(f.imports.store_slow16);
  } else {
    rawOperand(w, kind);
    accessCode(f);
    w.call(f.imports.store_slow);
  }
  w.if();
  abandonInstruction(f, 2);
  w.end();
  proceed(f);
}

function callHelper(f: Frame, helper: Helper, index: number): void {
  const { w } = f;
  if (helper.params.length > MOST_HELPER_ARGUMENTS) throw new Error(`helper ${helper.name} has more than ${MOST_HELPER_ARGUMENTS} parameters`);
  setPc(w, HELPER_PC);
  if (helper.result) slot(w, 2);
  w.get(ENV);
  helper.params.forEach((type, i) => operand(w, type, ARGUMENT_OFFSETS[i]!));
  w.call(index);
  if (helper.mayFault) {
    // The result stays where it is until it is known to be one.
    const result = helper.result ? w.scratch(helper.result, 9) : 0;
    if (helper.result) w.set(result);
    w.get(ENV);
    w.memory(I.I32_LOAD, Env.ENV_FAULT);
    w.if();
    w.get(IP);
    w.memory(I.I32_LOAD, HELPER_INSTRUCTION);
    w.set(f.instruction);
    w.br(f.abandon);
    w.end();
    if (helper.result) w.get(result);
  }
  if (helper.result) storeResult(w, helper.result);
  proceed(f, HELPER_SIZE);
}
