/**
 * A processor and RAM, nothing else: for tests that run guest code on the real engine. Code is put into RAM, a state is
 * chosen, `run` goes until HLT, a triple fault or the end of patience.
 *
 *     const machine = new BareMachine();
 *     machine.load(0x10000, [0x48, 0x01, 0xd8, 0xf4]);        // add rax, rbx; hlt
 *     machine.long(0x10000, { rax: 1, rbx: 2 });
 *     machine.run();
 *     machine.cpu.readRegister('rax');                        // 3n
 */
import { CHUNK_SIZE, type CpuInterrupts, LINEAR_PAGES, type PhysicalMemory, POOL_START, type RamBlock, type RamPage } from '@nandu/core';
import { Env } from '@nandu/tcg';
import { type AcceleratorOptions, TcgAccelerator } from '@nandu/tcg-wasm';
import { NEVER, Subject } from 'rxjs';
import { X86Cpu } from '../cpu.js';
import { parseCpuModel } from '../models.js';
import { flatProtectedMode } from '../reset.js';
import { createX86Target } from '../target.js';
import { enterLongMode, enterUserMode, type PhysicalWriter } from './long-mode.js';

export interface BareOptions {
  readonly model?: string;
  readonly ramBytes?: number;
  readonly engine?: AcceleratorOptions;
  readonly interrupts?: CpuInterrupts;
  /** Ports: what IN reads and OUT writes. */
  readonly ports?: { read(port: number, size: number): number; write(port: number, value: number, size: number): void };
  /** Reads and writes outside RAM. */
  readonly device?: { read(address: number, size: number): number; write(address: number, value: number, size: number): void };
}

export type Stop = 'halted' | 'triple fault' | 'budget';

/** RAM from address 0, the rest a device. */
class FlatMemory implements PhysicalMemory {
  readonly changes$ = NEVER;
  readonly written$ = new Subject<{ readonly address: number; readonly length: number }>();
  private readonly block: RamBlock;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly device: NonNullable<BareOptions['device']>,
  ) {
    this.block = {
      id: 'ram',
      sizeBytes: bytes.length,
      residentBytes: bytes.length,
      memory: new DataView(bytes.buffer),
      moved$: NEVER,
      hostAddress: (offset: number) => POOL_START + offset,
      hostAddressIfTouched: (offset: number) => POOL_START + offset,
      hostAddressIfResident: (offset: number) => POOL_START + offset,
      read: (offset: number, into: Uint8Array) => into.set(bytes.subarray(offset, offset + into.length)),
      write: (offset: number, from: Uint8Array) => bytes.set(from, offset),
      discard: (offset: number, length: number) => bytes.fill(0, offset, offset + length),
    } as RamBlock;
  }

  ramAt(address: number): RamPage | undefined {
    if (address >= this.bytes.length) return undefined;
    return { block: this.block, offset: address, length: Math.min(this.bytes.length - address, CHUNK_SIZE - (address % CHUNK_SIZE)), writable: true };
  }
  read(address: number, size: number): number {
    return this.device.read(address, size);
  }
  write(address: number, value: number, size: number): void {
    this.device.write(address, value, size);
  }
  read8(address: number): bigint {
    return (BigInt(this.read(address + 4, 4)) << 32n) | BigInt(this.read(address, 4));
  }
  write8(address: number, value: bigint): void {
    this.write(address, Number(value & 0xffff_ffffn), 4);
    this.write(address + 4, Number(value >> 32n), 4);
  }
}

export class BareMachine implements PhysicalWriter {
  readonly cpu: X86Cpu;
  readonly engine: TcgAccelerator;
  /** Guest RAM, from physical address 0. */
  readonly ram: Uint8Array;
  private readonly view: DataView;
  private readonly physical: FlatMemory;
  private tripleFault = false;

  constructor(options: BareOptions = {}) {
    const { model = 'max', ramBytes = 0x40_0000, engine, interrupts } = options;
    const memory = new WebAssembly.Memory({ initial: LINEAR_PAGES, maximum: LINEAR_PAGES });
    this.ram = new Uint8Array(memory.buffer, POOL_START, ramBytes);
    this.view = new DataView(memory.buffer, POOL_START, ramBytes);
    this.physical = new FlatMemory(this.ram, options.device ?? { read: () => 0, write: () => {} });
    const cpuModel = parseCpuModel(model);
    this.engine = new TcgAccelerator({ memory, physical: this.physical, target: createX86Target(cpuModel), ...(engine ? { options: engine } : {}) });
    const env = this.engine.createCpu(0);
    this.cpu = new X86Cpu(
      { index: 0, env, memory, exports: this.engine.targetExports as WebAssembly.Exports },
      {
        model: cpuModel,
        topology: { sockets: 1, dies: 1, cores: 1, threads: 1 },
        clock: { nowNs: () => this.engine.instructionsExecuted(this.cpu) },
        ports: options.ports ?? { read: () => 0xffff_ffff, write: () => {} },
        ...(interrupts ? { interrupts } : {}),
        tripleFault: () => {
          this.tripleFault = true;
        },
      },
    );
    this.engine.attach(this.cpu);
  }

  /** Puts bytes into RAM, as a device would: code that was there is translated anew. */
  load(physical: number, bytes: ArrayLike<number>): void {
    this.ram.set(bytes, physical);
    this.physical.written$.next({ address: physical, length: bytes.length });
  }
  write32(physical: number, ...values: number[]): void {
    values.forEach((value, i) => this.view.setUint32(physical + 4 * i, value, true));
  }
  write64(physical: number, ...values: (bigint | number)[]): void {
    values.forEach((value, i) => this.view.setBigUint64(physical + 8 * i, BigInt.asUintN(64, BigInt(value)), true));
  }
  read32(physical: number): number {
    return this.view.getUint32(physical, true);
  }
  read64(physical: number): bigint {
    return this.view.getBigUint64(physical, true);
  }

  /** 64-bit mode at level 0 with the tables of `long-mode.ts`; the first 2 MiB are mapped one to one. */
  long(pc: number, registers: Readonly<Record<string, bigint | number>> = {}): void {
    enterLongMode(this, this.cpu, pc);
    this.cpu.setState({ registers });
  }
  /** The same at level 3. */
  user(pc: number, registers: Readonly<Record<string, bigint | number>> = {}): void {
    enterLongMode(this, this.cpu, pc);
    enterUserMode(this.cpu, pc);
    this.cpu.setState({ registers });
  }
  /** 32-bit protected mode, flat, without paging. */
  protected32(pc: number, registers: Readonly<Record<string, bigint | number>> = {}): void {
    this.cpu.setState(flatProtectedMode(pc, { rsp: 0x9000, ...registers }));
  }
  /** Real mode with all segments at `selector`. */
  real(selector: number, pc: number, registers: Readonly<Record<string, bigint | number>> = {}): void {
    const data = { selector, base: BigInt(selector << 4), limit: 0xffff, flags: 0x9300 };
    this.cpu.reset();
    this.cpu.setState({ registers: { rip: pc, rsp: 0xfff0, ...registers }, segments: { cs: { ...data, flags: 0x9b00 }, ds: data, es: data, ss: data } });
  }

  /** Runs until HLT with nothing to wake it, a triple fault, or `instructions` are done. */
  run(instructions = 1_000_000): Stop {
    const end = this.engine.instructionsExecuted(this.cpu) + instructions;
    for (;;) {
      const left = end - this.engine.instructionsExecuted(this.cpu);
      if (left <= 0) return 'budget';
      const reason = this.engine.run(this.cpu, left);
      if (this.tripleFault) {
        this.tripleFault = false;
        return 'triple fault';
      }
      if (reason === Env.EXIT_HALTED && !this.cpu.runnable) return 'halted';
    }
  }
}
