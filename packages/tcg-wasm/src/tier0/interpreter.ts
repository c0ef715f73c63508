/**
 * Makes tier 0: one WebAssembly function `run(env, ip)` that executes micro-ops from the code arena. Its cases come from the
 * same table of operations as tier 1's code. The module depends on the target only by its helpers.
 */
import { Env, type Helper, OPS, type OpName, type ValueType } from '@nandu/tcg';
import type { Label } from '../wasm/code-writer.js';
import * as I from '../wasm/instructions.js';
import { ModuleBuilder } from '../wasm/module-builder.js';
import { emitOp } from '../wasm/op-emitters.js';
import { CONTROL_CASES, chooseNext, enter, giveUpInstruction, lookUp, resumeAfterFault } from './control-cases.js';
import { ENGINE_IMPORTS, type Frame, type ImportName, IP, immediate, operand, proceed, slot, storeResult } from './frame.js';
import { callHelper } from './helper-case.js';
import { load, store } from './memory-cases.js';
import { BRANCH_IMMEDIATE_OPS, BRANCH_OPS, CONTROL, type Control, controlNumber, IMMEDIATE_OPS, LOADS, STORES } from './micro-ops.js';
import { SEQUENCES } from './sequences.js';

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
    ...SEQUENCES.map(
      (numbers) => (f: Frame) =>
        sequence(
          f,
          numbers.map((number) => cases[number]!),
        ),
    ),
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

/** Micro-ops one behind the other; each but the last is of a kind that goes on at the next one. */
function sequence(f: Frame, cases: readonly ((f: Frame) => void)[]): void {
  for (const write of cases.slice(0, -1)) {
    const next = f.w.block();
    write({ ...f, next });
    f.w.end();
  }
  cases.at(-1)!(f);
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

function immediateForm(f: Frame, name: OpName): void {
  const { params, result } = OPS.get(name)!;
  slot(f.w, 2);
  operand(f.w, params[0]!, 4);
  immediate(f.w, params[1]!);
  emitOp(f.w, name);
  storeResult(f.w, result);
  proceed(f);
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
