import { LINEAR_PAGES } from '@nandu/core';
import type { ValueType } from '@nandu/tcg';
import { ByteWriter } from './byte-writer.js';
import { CodeWriter, TYPE_CODE } from './code-writer.js';

/** A function of the module being built: its index for calls, and its body to write. */
export interface FunctionHandle {
  readonly index: number;
  readonly body: CodeWriter;
}

const FUNCREF = 0x70;
/** Kinds of imports and exports (5.5.5). */
const FUNCTION = 0;
const TABLE = 1;
const MEMORY = 2;
const LIMITS_MIN = 0;
const LIMITS_MIN_MAX = 1;
const LIMITS_SHARED = 3;

/**
 * Builds one WebAssembly module (core specification 2.0, chapter 5, with tail calls). Imports of functions come before the
 * first `function`, since they take the first indexes.
 */
export class ModuleBuilder {
  private readonly types = new Map<string, number>();
  private readonly typeSection = new ByteWriter();
  private readonly importSection = new ByteWriter();
  private importCount = 0;
  private importedFunctions = 0;
  private readonly functions: { type: number; body: CodeWriter }[] = [];
  private readonly exports: { name: string; index: number }[] = [];

  /** The index of a function type. */
  type(params: readonly ValueType[], results: readonly ValueType[]): number {
    const key = `${params.join()}->${results.join()}`;
    let index = this.types.get(key);
    if (index === undefined) {
      this.types.set(key, (index = this.types.size));
      this.typeSection.u8(0x60);
      for (const list of [params, results]) {
        this.typeSection.u32(list.length);
        for (const type of list) this.typeSection.u8(TYPE_CODE[type]);
      }
    }
    return index;
  }

  /** The memory of the whole machine: LINEAR_PAGES, never grown. */
  importMemory(module = 'env', name = 'memory', shared = false): void {
    this.import(module, name, MEMORY);
    this.importSection.u8(shared ? LIMITS_SHARED : LIMITS_MIN_MAX);
    this.importSection.u32(LINEAR_PAGES);
    this.importSection.u32(LINEAR_PAGES);
  }

  importFunction(module: string, name: string, params: readonly ValueType[], results: readonly ValueType[]): number {
    if (this.functions.length > 0) throw new Error('function imports come before functions');
    const type = this.type(params, results);
    this.import(module, name, FUNCTION);
    this.importSection.u32(type);
    return this.importedFunctions++;
  }

  /** A table of functions, of any size. */
  importTable(module: string, name: string): void {
    this.import(module, name, TABLE);
    this.importSection.u8(FUNCREF);
    this.importSection.u8(LIMITS_MIN);
    this.importSection.u32(0);
  }

  function(params: readonly ValueType[], results: readonly ValueType[], exportName?: string): FunctionHandle {
    const body = new CodeWriter(params.length);
    const index = this.importedFunctions + this.functions.push({ type: this.type(params, results), body }) - 1;
    if (exportName !== undefined) this.export(exportName, index);
    return { index, body };
  }

  export(name: string, functionIndex: number): void {
    this.exports.push({ name, index: functionIndex });
  }

  finish(): Uint8Array<ArrayBuffer> {
    const module = new ByteWriter(4096);
    module.raw([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    section(module, 1, this.types.size, this.typeSection);
    section(module, 2, this.importCount, this.importSection);
    list(module, 3, this.functions, (out, { type }) => out.u32(type));
    list(module, 7, this.exports, (out, { name, index }) => {
      out.name(name);
      out.u8(FUNCTION);
      out.u32(index);
    });
    this.writeBranchHints(module);
    list(module, 10, this.functions, (out, { body }) => body.finish(out));
    return module.bytes().slice();
  }

  /** A custom section before the code. */
  private writeBranchHints(module: ByteWriter): void {
    const content = new ByteWriter(1024);
    let count = 0;
    this.functions.forEach(({ body }, i) => {
      if (!body.hasHints) return;
      count++;
      content.u32(this.importedFunctions + i);
      body.finishHints(content);
    });
    if (count === 0) return;
    const head = new ByteWriter(64);
    head.name('metadata.code.branch_hint');
    head.u32(count);
    module.u8(0);
    module.u32(head.length + content.length);
    module.raw(head.bytes());
    module.raw(content.bytes());
  }

  private import(module: string, name: string, kind: number): void {
    this.importCount++;
    this.importSection.name(module);
    this.importSection.name(name);
    this.importSection.u8(kind);
  }
}

function section(module: ByteWriter, id: number, count: number, content: ByteWriter): void {
  if (count === 0) return;
  const head = new ByteWriter(8);
  head.u32(count);
  module.u8(id);
  module.u32(head.length + content.length);
  module.raw(head.bytes());
  module.raw(content.bytes());
}

function list<Item>(module: ByteWriter, id: number, items: readonly Item[], write: (out: ByteWriter, item: Item) => void): void {
  const content = new ByteWriter(1024);
  for (const item of items) write(content, item);
  section(module, id, items.length, content);
}
