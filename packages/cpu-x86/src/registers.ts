/** Registers by name, for monitors, debuggers, loaders and tests. */
import { Env } from '@nandu/tcg';
import * as L from '../assembly/layout.js';

/** 64-bit slots of the vCPU block. RFLAGS is made of several and has its own way. */
export const REGISTER_OFFSETS: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'].map((name, i) => [name, L.REGS + 8 * i]),
  ),
  rip: Env.ENV_PC,
  cr0: L.CR0,
  cr2: L.CR2,
  cr3: L.CR3,
  cr4: L.CR4,
  efer: L.EFER,
  ...Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`dr${i}`, L.DR + 8 * i])),
  star: L.STAR,
  lstar: L.LSTAR,
  cstar: L.CSTAR,
  fmask: L.FMASK,
  kernel_gs_base: L.KERNEL_GS_BASE,
  'fs.base': L.SEGMENTS + L.FS * L.SEGMENT_SIZE,
  'gs.base': L.SEGMENTS + L.GS * L.SEGMENT_SIZE,
  'gdt.base': L.GDT_BASE,
  'idt.base': L.IDT_BASE,
};

export const SEGMENT_NUMBERS = { es: L.ES, cs: L.CS, ss: L.SS, ds: L.DS, fs: L.FS, gs: L.GS, ldtr: L.LDTR, tr: L.TR } as const;

/** Names of the low halves. */
export const NARROW_REGISTERS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'].map((name) => [`e${name}`, `r${name}`])),
  eip: 'rip',
  eflags: 'rflags',
};
