/**
 * The smallest host that the helpers' module runs in: a vCPU block, a megabyte of guest RAM from physical address 0, a TLB
 * that is flushed whole. For tests of helpers without an accelerator; the code between them is the test itself.
 */
import type { CpuInterrupts } from '@nandu/core';
import { Env, PROT_EXECUTE, PROT_READ, PROT_WRITE } from '@nandu/tcg';
import * as L from '../../assembly/layout.js';
import { X86Cpu } from '../cpu.js';
import { helperModule } from '../helper-module.js';
import { parseCpuModel } from '../models.js';

const ENV = 0x10_0000;
const RAM = 0x20_0000;
export const RAM_BYTES = 0x10_0000;

/** A local APIC that nothing comes from. */
const NO_INTERRUPTS: CpuInterrupts = {
  select: () => undefined,
  hasInterrupt: () => false,
  acknowledge: () => 0xff,
  readTpr: () => 0,
  writeTpr: () => undefined,
  readApicBase: () => 0xfee0_0800n,
  writeApicBase: () => true,
  readX2apic: () => undefined,
  writeX2apic: () => false,
  readTscDeadline: () => 0n,
  writeTscDeadline: () => undefined,
};

export interface Event {
  readonly vector: number;
  readonly error: number | undefined;
}

export class HelperHost {
  /** The vCPU block. */
  readonly env = ENV;
  readonly memory = new WebAssembly.Memory({ initial: (RAM + RAM_BYTES) / 0x1_0000 });
  readonly view = new DataView(this.memory.buffer);
  readonly cpu: X86Cpu;
  readonly call: Record<string, (...args: (number | bigint)[]) => number | bigint | undefined>;

  constructor(model = 'max', interrupts: Partial<CpuInterrupts> = {}) {
    const { view } = this;
    const inRam = (physical: bigint): number => (physical < BigInt(RAM_BYTES) ? RAM + Number(physical) : 0);
    const flush = (): void => {
      for (let i = 0; i < Env.MMU_INDEXES * Env.TLB_ENTRIES; i++) {
        for (const tag of [Env.TLB_READ, Env.TLB_WRITE, Env.TLB_EXECUTE]) view.setBigInt64(ENV + Env.ENV_TLB + i * Env.TLB_ENTRY_SIZE + tag, -1n, true);
      }
    };
    flush();
    const host = {
      phys_read: inRam,
      phys_write: inRam,
      tlb_set: (env: number, virtual: bigint, physical: bigint, prot: number, mmu: number): void => {
        const page = BigInt.asUintN(64, virtual) & ~0xfffn;
        const entry = env + Env.ENV_TLB + (mmu * Env.TLB_ENTRIES + (Number(page >> 12n) & (Env.TLB_ENTRIES - 1))) * Env.TLB_ENTRY_SIZE;
        const at = inRam(physical);
        const tag = (bit: number): bigint => (at && prot & bit ? page : -1n);
        view.setBigUint64(entry + Env.TLB_READ, BigInt.asUintN(64, tag(PROT_READ)), true);
        view.setBigUint64(entry + Env.TLB_WRITE, BigInt.asUintN(64, tag(PROT_WRITE)), true);
        view.setBigUint64(entry + Env.TLB_EXECUTE, BigInt.asUintN(64, tag(PROT_EXECUTE)), true);
        view.setUint32(entry + Env.TLB_ADDEND, ((at & ~0xfff) - Number(page & 0xffff_ffffn)) >>> 0, true);
      },
      tlb_flush: flush,
      tlb_flush_page: flush,
      mmio_read: () => 0n,
      mmio_write: () => {},
    };
    const instance = new WebAssembly.Instance(helperModule(), { env: { memory: this.memory }, host });
    this.call = Object.fromEntries(
      Object.entries(instance.exports)
        .filter(([, value]) => typeof value === 'function')
        .map(([name, value]) => [name, (...args: (number | bigint)[]) => (value as CallableFunction)(ENV, ...args)]),
    );
    this.cpu = new X86Cpu(
      { index: 0, env: ENV, memory: this.memory, exports: instance.exports },
      {
        model: parseCpuModel(model),
        topology: { sockets: 1, dies: 1, cores: 1, threads: 1 },
        clock: { nowNs: () => 0 },
        ports: { read: () => 0, write: () => {} },
        interrupts: { ...NO_INTERRUPTS, ...interrupts },
      },
    );
  }

  /** The exception that the last call announced. */
  get announced(): Event | undefined {
    const { state } = this.cpu;
    if (!state.i32(Env.ENV_FAULT)) return undefined;
    return { vector: state.i32(L.EXC_VECTOR), error: state.i32(L.EXC_HAS_ERROR) ? state.i32(L.EXC_ERROR) : undefined };
  }

  forget(): void {
    this.cpu.state.setI32(Env.ENV_FAULT, 0);
  }

  write32(physical: number, ...values: number[]): void {
    values.forEach((value, i) => this.view.setUint32(RAM + physical + 4 * i, value, true));
  }
  write64(physical: number, ...values: (bigint | number)[]): void {
    values.forEach((value, i) => this.view.setBigUint64(RAM + physical + 8 * i, BigInt.asUintN(64, BigInt(value)), true));
  }
  read16(physical: number): number {
    return this.view.getUint16(RAM + physical, true);
  }
  read32(physical: number): number {
    return this.view.getUint32(RAM + physical, true);
  }
  read64(physical: number): bigint {
    return this.view.getBigUint64(RAM + physical, true);
  }

  /** Registers, as a table to compare with. */
  registers(...names: string[]): Record<string, bigint> {
    return Object.fromEntries(names.map((name) => [name, this.cpu.readRegister(name)!]));
  }
}
