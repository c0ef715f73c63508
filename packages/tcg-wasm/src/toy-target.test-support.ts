/**
 * A machine for tests: 16 MiB of RAM, a page of ROM, a device page, and a processor of 4-byte instructions whose IR the test
 * itself writes. Its WebAssembly module is made with the encoder.
 */
import { LINEAR_PAGES, type PhysicalMemory, POOL_START, type RamBlock, type RamPage } from '@nandu/core';
import {
  DATA_START,
  Env,
  type Global,
  type Helper,
  type Ir,
  PROT_EXECUTE,
  PROT_READ,
  PROT_WRITE,
  type Target,
  type TargetCpu,
  VALUE_TYPES,
  type Value,
  type ValueType,
} from '@nandu/tcg';
import { Subject } from 'rxjs';
import { TcgAccelerator } from './accelerator.js';
import type { AcceleratorOptions } from './options.js';
import * as I from './wasm/instructions.js';
import { ModuleBuilder } from './wasm/module-builder.js';

export const RAM_BYTES = 0x100_0000;
export const ROM_AT = 0x200_0000;
export const DEVICE_AT = 0x300_0000;
/** Code has a TLB table of its own, the last. */
const FETCH_MMU = Env.MMU_INDEXES - 1;
const PAGES = 0x4000;
const PAGE_TABLE = DATA_START;

const global = (name: string, type: ValueType, offset: number): Global => ({ name, type, offset });
export const PC = global('pc', 'i64', Env.ENV_PC);
export const R = Array.from({ length: 16 }, (_, i) => global(`r${i}`, 'i64', 64 + 8 * i));
export const V = Array.from({ length: 4 }, (_, i) => global(`v${i}`, 'v128', 256 + 16 * i));
/** Address and access of the last fault, and pc then; where faults go. */
export const FAULT_ADDRESS = global('fault.address', 'i64', 512);
export const FAULT_PC = global('fault.pc', 'i64', 520);
export const VECTOR = global('vector', 'i64', 528);

/** Globals of each type for operands (0 to 2) and results (3), 16 bytes apart. */
export const place = (type: ValueType, index: number): Global => PLACES[4 * VALUE_TYPES.indexOf(type) + index]!;
const PLACES = VALUE_TYPES.flatMap((type, t) => [0, 1, 2, 3].map((i) => global(`${type}.${i}`, type, 0x1000 + 64 * t + 16 * i)));

/** Writes one instruction; returns true if it ends the block. */
export type Instruction = (ir: Ir, operands: { a: number; b: number; c: number; pc: number; next: number }) => boolean | void;

const helper = (name: string, where: 'wasm' | 'js', params: ValueType[], result: ValueType | undefined, mayFault: boolean): Helper => ({
  name,
  where,
  params,
  result,
  reads: 'all',
  writes: 'all',
  mayFault,
});
export const RAISE = helper('raise', 'wasm', ['i64'], undefined, true);
export const DOUBLE = helper('double', 'wasm', ['i64'], 'i64', false);
export const FLUSH = helper('flush', 'wasm', ['i32'], undefined, false);
export const NOTE = helper('note', 'js', ['i64', 'i32'], 'i64', true);

function moduleBytes(): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  m.importMemory();
  const tlbSet = m.importFunction('host', 'tlb_set', ['i32', 'i64', 'i64', 'i32', 'i32', 'i64'], []);
  const tlbFlush = m.importFunction('host', 'tlb_flush', ['i32', 'i32'], []);
  // raise(env, address): ENV_FAULT = 1, remembers the address
  const raise = m.function(['i32', 'i64'], [], 'raise');
  raise.body.get(0);
  raise.body.i32(1);
  raise.body.memory(I.I32_STORE, Env.ENV_FAULT);
  raise.body.get(0);
  raise.body.get(1);
  raise.body.memory(I.I64_STORE, FAULT_ADDRESS.offset);
  // tlb_fill: a flat table of i64 entries: physical page | protection; index: virtual page modulo PAGES
  const fill = m.function(['i32', 'i64', 'i32', 'i32'], ['i32'], 'tlb_fill').body;
  const entry = fill.local('i64');
  fill.get(1);
  fill.i64(12);
  fill.op(I.I64_SHR_U);
  fill.op(I.I32_WRAP_I64);
  fill.i32(PAGES - 1);
  fill.op(I.I32_AND);
  fill.i32(3);
  fill.op(I.I32_SHL);
  fill.memory(I.I64_LOAD, PAGE_TABLE);
  fill.tee(entry);
  fill.op(I.I32_WRAP_I64);
  fill.i32(1);
  fill.get(2);
  fill.op(I.I32_SHL);
  fill.op(I.I32_AND);
  fill.op(I.I32_EQZ);
  fill.if();
  fill.get(0);
  fill.get(1);
  fill.call(raise.index);
  fill.i32(0);
  fill.return();
  fill.end();
  fill.get(0);
  fill.get(1);
  fill.get(entry);
  fill.i64(-4096);
  fill.op(I.I64_AND);
  fill.get(entry);
  fill.op(I.I32_WRAP_I64);
  fill.i32(0xfff);
  fill.op(I.I32_AND);
  fill.get(3);
  fill.i64(4096);
  fill.call(tlbSet);
  fill.i32(1);
  const misaligned = m.function(['i32', 'i64', 'i32'], [], 'misaligned').body;
  misaligned.get(0);
  misaligned.get(1);
  misaligned.call(raise.index);
  // fault: pc to FAULT_PC, pc = VECTOR
  const fault = m.function(['i32'], [], 'fault').body;
  for (const [to, from] of [
    [FAULT_PC.offset, Env.ENV_PC],
    [Env.ENV_PC, VECTOR.offset],
  ] as const) {
    fault.get(0);
    fault.get(0);
    fault.memory(I.I64_LOAD, from);
    fault.memory(I.I64_STORE, to);
  }
  fault.get(0);
  fault.i32(0);
  fault.memory(I.I32_STORE, Env.ENV_FAULT);
  const double = m.function(['i32', 'i64'], ['i64'], 'double').body;
  double.get(1);
  double.get(1);
  double.op(I.I64_ADD);
  const flush = m.function(['i32', 'i32'], [], 'flush').body;
  flush.get(0);
  flush.get(1);
  flush.call(tlbFlush);
  return m.finish();
}

export class ToyMemory implements PhysicalMemory {
  readonly changes$ = new Subject<void>();
  readonly written$ = new Subject<{ address: number; length: number }>();
  readonly log: string[] = [];
  readonly bytes: Uint8Array;

  constructor(private readonly memory: WebAssembly.Memory) {
    this.bytes = new Uint8Array(memory.buffer, POOL_START, RAM_BYTES + 4096);
  }

  ramAt(address: number): RamPage | undefined {
    if (address < RAM_BYTES) return { block: this.#block(0), offset: address, length: RAM_BYTES - address, writable: true };
    if (address >= ROM_AT && address < ROM_AT + 4096)
      return { block: this.#block(RAM_BYTES), offset: address - ROM_AT, length: ROM_AT + 4096 - address, writable: false };
    return undefined;
  }
  read(address: number, size: number): number {
    this.log.push(`read${size} ${address.toString(16)}`);
    return 0x8765_4321 & (size === 4 ? -1 : 2 ** (8 * size) - 1);
  }
  write(address: number, value: number, size: number): void {
    this.log.push(`write${size} ${address.toString(16)} ${value.toString(16)}`);
  }
  read8(address: number): bigint {
    this.log.push(`read8 ${address.toString(16)}`);
    return 0x1122_3344_5566_7788n;
  }
  write8(address: number, value: bigint): void {
    this.log.push(`write8 ${address.toString(16)} ${value.toString(16)}`);
  }
  /** As a device does by DMA. */
  dma(address: number, data: ArrayLike<number>): void {
    this.bytes.set(data, address);
    this.written$.next({ address, length: data.length });
  }
  #block(base: number): RamBlock {
    const hostAddress = (offset: number) => POOL_START + base + offset;
    return {
      id: 'ram',
      sizeBytes: RAM_BYTES,
      residentBytes: 0,
      hostAddress,
      hostAddressIfTouched: hostAddress,
      hostAddressIfResident: hostAddress,
      read: () => {},
      write: () => {},
      discard: () => {},
      memory: new DataView(this.memory.buffer),
      moved$: new Subject(),
    };
  }
}

/** Instructions that every test has, from opcode 0 on; a test's own come behind. */
export const HALT = 0,
  SET = 1,
  ADD = 2,
  ADDI = 3,
  LOAD = 4,
  STORE = 5,
  JUMP = 6,
  JUMP_IF = 7,
  RETURN = 8,
  JUMP_FAR = 9,
  OWN = 10;
const signed8 = (x: number) => (x << 24) >> 24;
const at = (ir: Ir, base: number, displacement: number): Value => ir.add(ir.get(R[base]!), ir.i64(signed8(displacement)));
const WORD = { size: 8, type: 'i64', mmu: 0 } as const;
const COMMON: Instruction[] = [
  (ir, { next }) => {
    ir.set(PC, ir.i64(next));
    ir.end({ kind: 'leave', reason: Env.EXIT_HALTED });
    return true;
  },
  /** ra = b | c << 8 */
  (ir, { a, b, c }) => ir.set(R[a]!, ir.i64(b | (c << 8))),
  (ir, { a, b, c }) => ir.set(R[a]!, ir.add(ir.get(R[b]!), ir.get(R[c]!))),
  (ir, { a, b, c }) => ir.set(R[a]!, ir.add(ir.get(R[b]!), ir.i64(signed8(c)))),
  (ir, { a, b, c }) => ir.set(R[a]!, ir.load(WORD, at(ir, b, c))),
  (ir, { a, b, c }) => ir.store(WORD, at(ir, b, c), ir.get(R[a]!)),
  /** b instructions on. */
  (ir, { b, pc }) => {
    ir.end({ kind: 'goto', pc: pc + 4 * signed8(b) });
    return true;
  },
  (ir, { a, b, pc, next }) => {
    ir.branch(ir.ne(ir.get(R[a]!), ir.i64(0)), { kind: 'goto', pc: pc + 4 * signed8(b) }, { kind: 'goto', pc: next });
    return true;
  },
  (ir, { a }) => {
    ir.set(PC, ir.get(R[a]!));
    ir.end({ kind: 'lookup' });
    return true;
  },
  /** b pages on, to the page's start. */
  (ir, { b, pc }) => {
    ir.end({ kind: 'goto', pc: Math.floor(pc / 4096) * 4096 + 4096 * signed8(b) });
    return true;
  },
];

export interface Toy {
  readonly accelerator: TcgAccelerator;
  readonly physical: ToyMemory;
  readonly cpu: TargetCpu;
  readonly notes: unknown[];
  /** Assembles instructions of [opcode, a, b, c] at a guest address. */
  code(address: number, ...instructions: readonly (readonly number[])[]): void;
  /** Maps virtual pages to physical ones. */
  map(virtual: number, physical: number, protection?: number): void;
  get(global: Global): bigint;
  set(global: Global, value: bigint | number): void;
  /** Starts at `pc`; returns the reason that `run` gave. */
  run(pc: number | undefined, budget?: number, untilMs?: number): number;
  vector(global: Global): Uint8Array;
}

const module = new WebAssembly.Module(moduleBytes());

/** Tier 0 alone, and with everything compiled as soon as it has run. */
export const ENGINES: readonly { name: string; engine: AcceleratorOptions }[] = [
  { name: 'tier 0', engine: { tier: 'interpreter' } },
  { name: 'both tiers', engine: { tier: 'both', threshold: 1 } },
];

/** Identity-mapped, faults go to 0xf000 where a HALT is. */
export function toy(own: readonly Instruction[] = [], options: AcceleratorOptions = { tier: 'interpreter' }, memory = newMemory()): Toy {
  const physical = new ToyMemory(memory);
  const instructions = [...COMMON, ...own];
  const target: Target = {
    name: 'toy',
    globals: [PC, ...R, ...V, FAULT_ADDRESS, FAULT_PC, VECTOR, ...PLACES],
    helpers: [RAISE, DOUBLE, FLUSH, NOTE],
    module,
    dataBytes: PAGES * 8,
    fetchMmu: () => FETCH_MMU,
    translate(ir, { pc, code, maxInstructions }) {
      for (let count = 0; ; ) {
        const start = pc + 4 * count;
        if (count === maxInstructions) ir.end({ kind: 'goto', pc: start });
        else if (count > 0 && start % 4096 === 0) ir.end({ kind: 'goto', pc: start });
        if (ir.ended) return { byteLength: 4 * count, instructionCount: count };
        const [opcode, a, b, c] = [0, 1, 2, 3].map((i) => code.u8(4 * count + i)) as [number, number, number, number];
        ir.instruction(start);
        const ended = instructions[opcode]!(ir, { a, b, c, pc: start, next: start + 4 });
        count++;
        if (ended && !ir.ended) throw new Error('the instruction did not end the block');
      }
    },
  };
  const accelerator = new TcgAccelerator({ memory, physical, target, options });
  const env = accelerator.createCpu(0);
  const notes: unknown[] = [];
  const view = new DataView(memory.buffer);
  const cpu: TargetCpu = {
    env,
    jsHelpers: {
      note: ((e: number, x: bigint, y: number) => {
        notes.push([e === env, x, y]);
        return x + 1n;
      }) as never,
    },
    prepareToRun: () => true,
    handleExit: () => {},
  };
  accelerator.attach(cpu);
  const made: Toy = {
    accelerator,
    physical,
    cpu,
    notes,
    code(address, ...list) {
      list.forEach((instruction, i) =>
        physical.bytes.set(
          [0, 1, 2, 3].map((k) => instruction[k] ?? 0),
          address + 4 * i,
        ),
      );
    },
    map(virtual, to, protection = PROT_READ | PROT_WRITE | PROT_EXECUTE) {
      view.setBigUint64(PAGE_TABLE + ((virtual / 4096) % PAGES) * 8, BigInt(to) | BigInt(protectionBits(protection)), true);
    },
    get: (g) => (g.type === 'i32' ? BigInt(view.getInt32(env + g.offset, true)) : view.getBigInt64(env + g.offset, true)),
    set: (g, value) => view.setBigInt64(env + g.offset, BigInt(value), true),
    vector: (g) => new Uint8Array(memory.buffer, env + g.offset, 16).slice(),
    run(pc, budget = 1_000_000, untilMs) {
      if (pc !== undefined) this.set(PC, pc);
      return accelerator.run(cpu, budget, untilMs);
    },
  };
  for (let page = 0; page < RAM_BYTES; page += 4096) made.map(page, page);
  made.map(0xe000, 0, 0);
  made.map(ROM_AT, ROM_AT);
  made.map(DEVICE_AT, DEVICE_AT);
  made.code(0xf000, [HALT]);
  made.set(VECTOR, 0xf000);
  return made;
}

/** PROT_READ 1, PROT_WRITE 2, PROT_EXECUTE 4: the same bits as 1 << ACCESS_*. */
const protectionBits = (protection: number): number => protection;

export function newMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: LINEAR_PAGES, maximum: LINEAR_PAGES });
}
