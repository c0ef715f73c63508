/** Power-on and INIT values (SDM volume 3A, table 10-1), and states that loaders put a processor into. */

import { Env } from '@nandu/tcg';
import * as L from '../assembly/layout.js';
import type { CpuState, SegmentState, TableState } from './cpu-state.js';
import { hasFeature } from './cpuid-features.js';
import { xcr0Of } from './cpuid-xsave.js';
import type { CpuModel } from './models.js';

const CODE_16 = 0x9b00;
const DATA_16 = 0x9300;
/** Bits of CR4 by the feature that brings them; VME also brings PVI. */
const CR4_BITS: readonly (readonly [feature: string, bits: bigint])[] = [
  ['vme', 3n],
  ['tsc', 4n],
  ['de', 8n],
  ['pse', 0x10n],
  ['pae', 0x20n],
  ['mce', 0x40n],
  ['pge', 0x80n],
  ['fxsr', 0x200n],
  ['sse', 0x400n],
  ['umip', 0x800n],
  ['fsgsbase', 0x1_0000n],
  ['pcid', 0x2_0000n],
  ['xsave', 0x4_0000n],
  ['smep', 0x10_0000n],
  ['smap', 0x20_0000n],
  ['pku', 0x40_0000n],
  ['pks', 0x100_0000n],
];
const CR4_PCE = 0x100n;
const EFER_BITS: readonly (readonly [feature: string, bits: bigint])[] = [
  ['syscall', 1n],
  ['lm', 0x500n],
  ['nx', 0x800n],
];

function bitsOf(model: CpuModel, table: typeof CR4_BITS): bigint {
  return table.reduce((bits, [feature, own]) => (hasFeature(model.words, feature) ? bits | own : bits), 0n);
}

/** What the model fixes for the helpers; survives everything but `clear`. */
function applyModel(state: CpuState, model: CpuModel): void {
  state.setU64(L.PHYS_MASK, ((1n << BigInt(model.physicalBits)) - 1n) & ~0xfffn);
  state.setU64(L.A20_MASK, 0xffff_ffff_ffff_ffffn);
  state.setU64(L.CR4_ALLOWED, bitsOf(model, CR4_BITS) | CR4_PCE);
  state.setU64(L.EFER_ALLOWED, bitsOf(model, EFER_BITS));
  state.setU64(L.XCR0_ALLOWED, BigInt(xcr0Of(model)));
  state.setI32(L.HAS_GIB_PAGES, hasFeature(model.words, 'pdpe1gb') ? 1 : 0);
  state.setI32(L.SS_BLOCKS_CODE_BREAKPOINTS, model.vendor === 'GenuineIntel' ? 1 : 0);
}

/** What both power-on and INIT set: execution starts at 0xfffffff0 in real mode. */
function resetCommon(state: CpuState, signature: number): void {
  for (let i = 0; i < 16; i++) state.setRegister(i, 0n);
  state.setRegister32(2, signature);
  state.setU64(Env.ENV_PC, 0xfff0n);
  state.setI32(L.CC_OP, L.CC_FLAGS);
  state.setU64(L.CC_SRC, 0n);
  state.setI32(L.DF, 1);
  state.setI32(L.EFLAGS, 2);
  state.setI32(L.INHIBIT, 0);
  for (let seg = L.ES; seg <= L.GS; seg++) state.setSegment(seg, { selector: 0, base: 0n, limit: 0xffff, flags: DATA_16 });
  state.setSegment(L.CS, { selector: 0xf000, base: 0xffff_0000n, limit: 0xffff, flags: CODE_16 });
  state.setSegment(L.LDTR, { selector: 0, base: 0n, limit: 0xffff, flags: 0x8200 });
  state.setSegment(L.TR, { selector: 0, base: 0n, limit: 0xffff, flags: 0x8b00 });
  setTable(state, L.GDT_BASE, { base: 0n, limit: 0xffff });
  setTable(state, L.IDT_BASE, { base: 0n, limit: 0xffff });
  for (const register of [L.CR2, L.CR3, L.CR4, L.EFER, L.DEBUG_PENDING]) state.setU64(register, 0n);
  for (let i = 0; i < 4; i++) state.setU64(L.DR + 8 * i, 0n);
  state.setU64(L.DR + 8 * 6, 0xffff_0ff0n);
  state.setU64(L.DR + 8 * 7, 0x400n);
  state.setI32(L.EXC_DELIVERING, -1);
  state.setI32(L.NMI_BLOCKED, 0);
  state.setI32(L.HALTED, 0);
  state.setI32(Env.ENV_FAULT, 0);
}

export function setTable(state: CpuState, offset: number, { base, limit }: TableState): void {
  state.setU64(offset, base);
  state.setI32(offset + 8, limit);
}

export function powerOn(state: CpuState, model: CpuModel, signature: number): void {
  const pending = state.i32(L.INTERRUPT_PENDING);
  state.clear();
  applyModel(state, model);
  resetCommon(state, signature);
  state.setI32(L.INTERRUPT_PENDING, pending);
  state.setU64(L.CR0, 0x6000_0010n);
  state.setI32(L.FP_CONTROL, 0x40);
  state.setI32(L.MXCSR, 0x1f80);
  state.setU64(L.XCR0, 1n);
  state.setU64(L.PAT, 0x0007_0406_0007_0406n);
}

/** INIT keeps the x87 and SSE state, the MSRs, and the cache bits of CR0. */
export function init(state: CpuState, signature: number): void {
  const caches = state.u64(L.CR0) & 0x6000_0000n;
  resetCommon(state, signature);
  state.setU64(L.CR0, caches | 0x10n);
}

/** Parts of the state that a loader or a test sets. Registers by name, in `registers`. */
export interface StateChange {
  readonly registers?: Readonly<Record<string, bigint | number>>;
  readonly segments?: Partial<Record<'es' | 'cs' | 'ss' | 'ds' | 'fs' | 'gs' | 'ldtr' | 'tr', SegmentState>>;
  readonly gdt?: TableState;
  readonly idt?: TableState;
  /** Privilege level; as CS's DPL says if it is not given. */
  readonly cpl?: number;
}

const flat = (selector: number, flags: number): SegmentState => ({ selector, base: 0n, limit: 0xffff_ffff, flags });

/** 32-bit protected mode without paging, flat segments: what multiboot and PVH ask for. */
export function flatProtectedMode(pc: number, registers: Readonly<Record<string, bigint | number>> = {}, gdt?: TableState): StateChange {
  const data = flat(0x18, 0x00c0_9300);
  return {
    registers: { cr0: 0x11, cr4: 0, efer: 0, rflags: 2, rip: pc, ...registers },
    segments: { cs: flat(0x10, 0x00c0_9b00), ds: data, es: data, ss: data, fs: data, gs: data },
    ...(gdt ? { gdt } : {}),
  };
}

/** 64-bit mode with the page tables at `cr3`: for tests, and loaders that build page tables. */
export function longMode(pc: number | bigint, cr3: number, registers: Readonly<Record<string, bigint | number>> = {}): StateChange {
  const data = flat(0x18, 0x00c0_9300);
  return {
    registers: { cr0: 0x8005_0033, cr3, cr4: 0x6b0, efer: 0xd01, rflags: 2, rip: pc, ...registers },
    segments: { cs: flat(0x10, 0x00a0_9b00), ds: data, es: data, ss: data, fs: data, gs: data },
  };
}
