/**
 * A small 64-bit world for tests: page tables, GDT, TSS and IDT in low RAM, everything mapped one to one.
 *
 *   0x1000 PML4   0x2000 PDPT   0x3000 PD   0x4000 PT of the first 2 MiB   0x5000 GDT   0x6000 TSS   0x7000 IDT
 *   0x8000 stack of level 0 (grows down from 0x9000)   0xa000 IST 1 (from 0xb000)   0xe000 stack of level 3 (from 0xf000)
 */

import type { X86Cpu } from '../cpu.js';
import type { SegmentState } from '../cpu-state.js';
import { longMode } from '../reset.js';

export const LONG_MODE = {
  pml4: 0x1000,
  pdpt: 0x2000,
  pd: 0x3000,
  pt: 0x4000,
  gdt: 0x5000,
  tss: 0x6000,
  idt: 0x7000,
  kernelStack: 0x9000,
  ist1: 0xb000,
  userStack: 0xf000,
  /** Selectors: code and data of level 0, 32-bit code, data and 64-bit code of level 3 (in SYSRET's order), TSS. */
  kernelCode: 0x10,
  kernelData: 0x18,
  userCode32: 0x23,
  userData: 0x2b,
  userCode: 0x33,
  taskState: 0x40,
} as const;

const P = 1;
const RW = 2;
const US = 4;

export interface PhysicalWriter {
  write32(physical: number, ...values: number[]): void;
  write64(physical: number, ...values: (bigint | number)[]): void;
}

/** A 64-bit gate: type 14 interrupt, 15 trap. */
export function gate(handler: number, { type = 14, dpl = 0, ist = 0, selector = LONG_MODE.kernelCode as number, present = true } = {}): [bigint, bigint] {
  const low =
    BigInt(handler & 0xffff) |
    (BigInt(selector) << 16n) |
    (BigInt(ist) << 32n) |
    (BigInt(type | (dpl << 5) | (present ? 0x80 : 0)) << 40n) |
    (BigInt(handler & 0xffff_0000) << 32n);
  return [low, 0n];
}

/** Writes tables and loads registers: level 0, at `pc`. All of the first 2 MiB is mapped for users too. */
export function enterLongMode(memory: PhysicalWriter, cpu: X86Cpu, pc: number): void {
  const W = LONG_MODE;
  memory.write64(W.pml4, W.pdpt | P | RW | US);
  memory.write64(W.pdpt, W.pd | P | RW | US);
  memory.write64(W.pd, W.pt | P | RW | US);
  for (let i = 0; i < 512; i++) memory.write64(W.pt + 8 * i, (i << 12) | P | RW | US);
  memory.write64(W.gdt, 0, 0, 0x00af_9b00_0000_ffffn, 0x00cf_9300_0000_ffffn, 0x00cf_fb00_0000_ffffn, 0x00cf_f300_0000_ffffn, 0x00af_fb00_0000_ffffn, 0);
  memory.write64(W.gdt + W.taskState, 0x0000_8900_0000_0067n | (BigInt(W.tss) << 16n), 0);
  memory.write64(W.tss + 4, W.kernelStack);
  memory.write64(W.tss + 0x24, W.ist1);
  cpu.setState({
    ...longMode(pc, W.pml4, { rsp: W.kernelStack }),
    gdt: { base: BigInt(W.gdt), limit: 0x4f },
    idt: { base: BigInt(W.idt), limit: 0xfff },
  });
  const tr: SegmentState = { selector: W.taskState, base: BigInt(W.tss), limit: 0x67, flags: 0x8b00 };
  cpu.setState({ segments: { tr } });
}

/** From level 0 to level 3 of the same world. */
export function enterUserMode(cpu: X86Cpu, pc: number): void {
  const flags = 0x00c0_f300;
  const data: SegmentState = { selector: LONG_MODE.userData, base: 0n, limit: 0xffff_ffff, flags };
  cpu.setState({
    registers: { rip: pc, rsp: LONG_MODE.userStack, rflags: 0x202 },
    segments: { cs: { selector: LONG_MODE.userCode, base: 0n, limit: 0xffff_ffff, flags: 0x00a0_fb00 }, ss: data, ds: data, es: data },
  });
}
