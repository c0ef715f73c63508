/** Loads and stores of linear memory for each kind of guest access and each type of global. */
import type { MemoryAccess, ValueType } from '@nandu/tcg';
import type { CodeWriter } from './code-writer.js';
import * as I from './instructions.js';

/** Keyed by type, size and 's' for sign extension. */
const LOADS: Readonly<Record<string, number>> = {
  i321: I.I32_LOAD8_U,
  i321s: I.I32_LOAD8_S,
  i322: I.I32_LOAD16_U,
  i322s: I.I32_LOAD16_S,
  i324: I.I32_LOAD,
  i324s: I.I32_LOAD,
  i641: I.I64_LOAD8_U,
  i641s: I.I64_LOAD8_S,
  i642: I.I64_LOAD16_U,
  i642s: I.I64_LOAD16_S,
  i644: I.I64_LOAD32_U,
  i644s: I.I64_LOAD32_S,
  i648: I.I64_LOAD,
  i648s: I.I64_LOAD,
  f324: I.F32_LOAD,
  f648: I.F64_LOAD,
  v1284: I.V128_LOAD32_ZERO,
  v1288: I.V128_LOAD64_ZERO,
  v12816: I.V128_LOAD,
};
const STORES: Readonly<Record<string, number>> = {
  i321: I.I32_STORE8,
  i322: I.I32_STORE16,
  i324: I.I32_STORE,
  i641: I.I64_STORE8,
  i642: I.I64_STORE16,
  i644: I.I64_STORE32,
  i648: I.I64_STORE,
  f324: I.F32_STORE,
  f648: I.F64_STORE,
  v1284: I.V128_STORE32_LANE,
  v1288: I.V128_STORE64_LANE,
  v12816: I.V128_STORE,
};
const LOAD_OF: Readonly<Record<ValueType, number>> = { i32: I.I32_LOAD, i64: I.I64_LOAD, f32: I.F32_LOAD, f64: I.F64_LOAD, v128: I.V128_LOAD };
const STORE_OF: Readonly<Record<ValueType, number>> = { i32: I.I32_STORE, i64: I.I64_STORE, f32: I.F32_STORE, f64: I.F64_STORE, v128: I.V128_STORE };

type Access = Pick<MemoryAccess, 'size' | 'type' | 'signed'>;

/** The access's load; its address (i32) is on the stack. */
export function emitLoad(w: CodeWriter, access: Access, offset = 0): void {
  const instruction = LOADS[access.type + access.size + (access.signed ? 's' : '')];
  if (instruction === undefined) throw new Error(`no load of ${access.size} bytes as ${access.type}`);
  w.memory(instruction, offset);
}

/** The access's store; address (i32) and value are on the stack. */
export function emitStore(w: CodeWriter, access: Access, offset = 0): void {
  const instruction = STORES[access.type + access.size];
  if (instruction === undefined) throw new Error(`no store of ${access.size} bytes as ${access.type}`);
  w.memory(instruction, offset);
  // The lane of the two stores of part of a vector.
  if (access.type === 'v128' && access.size < 16) w.u8(0);
}

/** A whole value of a type, as slots of the vCPU block hold it. */
export function emitSlotLoad(w: CodeWriter, type: ValueType, offset: number): void {
  w.memory(LOAD_OF[type], offset);
}

export function emitSlotStore(w: CodeWriter, type: ValueType, offset: number): void {
  w.memory(STORE_OF[type], offset);
}
