/** A region's loads and stores of guest memory, and what follows if one faults. */
import { Code, type IrBlock, VALUE_TYPES, type ValueType } from '@nandu/tcg';
import { SLOW_RESULT } from '../region-compiler.js';
import type { CodeWriter } from '../wasm/code-writer.js';
import * as I from '../wasm/instructions.js';
import { emitLoad, emitStore } from '../wasm/memory-emitters.js';
import { FAULTED_BELOW } from './bridge.js';
import type { RegionImports } from './imports.js';
import { emitAccess } from './memory-access.js';
import type { PageCache } from './page-cache.js';
import type { RegionExits } from './region-exits.js';
import { ENV } from './region-globals.js';

/** Where an instruction that faults goes on. */
export interface Restart {
  readonly pc: number;
  /** Instructions from this one to the block's end. */
  readonly count: number;
}

export class GuestAccess {
  constructor(
    private readonly w: CodeWriter,
    private readonly exits: RegionExits,
    private readonly pages: PageCache,
    private readonly imports: RegionImports,
  ) {}

  /** Load `op`; `address` and `result` are locals, without a result only faults matter. */
  load(ir: IrBlock, op: number, address: number, result: number | undefined, restart: Restart): void {
    const { w, exits } = this;
    const { bridge } = this.imports;
    const code = ir.c[op]!;
    const size = 1 << Code.accessSizeLog2(code);
    const type = VALUE_TYPES[Code.accessType(code)]!;
    const access = { size: size as 1, type, signed: (code & Code.ACCESS_SIGNED) !== 0 };
    const keep = (): void => (result === undefined ? w.drop() : w.set(result));
    emitAccess(w, {
      code,
      address,
      pair: this.pages.pairOf(ir, op),
      isWrite: (code & Code.ACCESS_FOR_WRITE) !== 0,
      access: (host) => {
        host();
        emitLoad(w, access);
        keep();
      },
      slow: () => {
        w.get(ENV);
        w.get(address);
        w.i32(code);
        w.get(exits.budget);
        w.call(size === 16 ? bridge.load16 : bridge.load);
        w.set(exits.budget);
        if (size === 16) {
          w.get(ENV);
          w.memory(I.V128_LOAD, SLOW_RESULT);
        } else emitFromBits(w, access);
        keep();
        this.leaveOnFault(restart);
      },
    });
  }

  store(ir: IrBlock, op: number, address: number, value: number, restart: Restart): void {
    const { w, exits } = this;
    const { bridge } = this.imports;
    const code = ir.c[op]!;
    const size = 1 << Code.accessSizeLog2(code);
    const type = VALUE_TYPES[Code.accessType(code)]!;
    emitAccess(w, {
      code,
      address,
      pair: this.pages.pairOf(ir, op),
      isWrite: true,
      access: (host) => {
        host();
        w.get(value);
        emitStore(w, { size: size as 1, type });
      },
      slow: () => {
        if (size === 16) {
          w.get(ENV);
          w.get(value);
          w.memory(I.V128_STORE, SLOW_RESULT);
        }
        w.get(ENV);
        w.get(address);
        if (size < 16) {
          w.get(value);
          emitToBits(w, type);
        }
        w.i32(code);
        w.get(exits.budget);
        w.call(size === 16 ? bridge.store16 : bridge.store);
        w.set(exits.budget);
        this.leaveOnFault(restart);
      },
    });
  }

  private leaveOnFault({ pc, count }: Restart): void {
    const { w, exits } = this;
    w.get(exits.budget);
    w.i32(FAULTED_BELOW);
    w.op(I.I32_LT_S);
    exits.toInterpreterIf(pc, count);
  }
}

/** From the bits that the slow path gives to a value of the access's type. */
function emitFromBits(w: CodeWriter, { size, type, signed }: { size: number; type: ValueType; signed: boolean }): void {
  const extend: Readonly<Record<string, number>> = { i321: 0xc0, i322: 0xc1, i641: 0xc2, i642: 0xc3, i644: 0xc4 };
  if (type === 'v128') {
    const bits = w.scratch('i64', 8);
    w.set(bits);
    w.v128(new Uint8Array(16));
    w.get(bits);
    w.op(0xfd1e);
    w.u8(0);
    return;
  }
  if (type === 'i32' || type === 'f32') w.op(I.I32_WRAP_I64);
  if (type === 'f32') w.op(0xbe);
  if (type === 'f64') w.op(0xbf);
  const extension = signed ? extend[type + size] : undefined;
  if (extension !== undefined) w.op(extension);
}

function emitToBits(w: CodeWriter, type: ValueType): void {
  if (type === 'f32') w.op(0xbc);
  if (type === 'i32' || type === 'f32') w.op(I.I64_EXTEND_I32_U);
  if (type === 'f64') w.op(0xbd);
  if (type === 'v128') {
    w.op(0xfd1d);
    w.u8(0);
  }
}
