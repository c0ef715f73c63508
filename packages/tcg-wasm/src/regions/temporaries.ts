import { Code, VALUE_TYPES, type ValueType } from '@nandu/tcg';
import type { CodeWriter } from '../wasm/code-writer.js';

/** Locals for values of blocks, used over again: engines take time for every local at every branch. */
export class Temporaries {
  private readonly free: Record<ValueType, number[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] };

  constructor(private readonly w: CodeWriter) {}

  take(type: ValueType): number {
    return this.free[type].pop() ?? this.w.local(type);
  }

  give(type: ValueType, local: number): void {
    this.free[type].push(local);
  }

  takeCode(typeCode: number): number {
    return this.take(VALUE_TYPES[typeCode]!);
  }

  giveCode(typeCode: number, local: number): void {
    if (typeCode !== Code.NO_VALUE) this.give(VALUE_TYPES[typeCode]!, local);
  }
}
