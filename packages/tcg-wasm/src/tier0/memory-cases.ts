/** Tier 0's cases of guest memory: a look in the TLB, the access, or the slow path. */
import { Env } from '@nandu/tcg';
import { SLOW_RESULT } from '../region-compiler.js';
import type { CodeWriter } from '../wasm/code-writer.js';
import * as I from '../wasm/instructions.js';
import { emitLoad, emitStore } from '../wasm/memory-emitters.js';
import { emitOp } from '../wasm/op-emitters.js';
import { abandonInstruction, ENV, type Frame, IP, operand, proceed, slot, storeResult } from './frame.js';
import { type AccessKind, TABLE_MASK } from './micro-ops.js';

/** address = slot a + displacement */
export function effectiveAddress({ w, address }: Frame): void {
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

export function load(f: Frame, kind: AccessKind, tag: number): void {
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

export function store(f: Frame, kind: AccessKind): void {
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
