/** The x86 state as globals of the IR, at the places that `assembly/layout.ts` gives them. */
import { Env, type Global, type ValueType } from '@nandu/tcg';
import * as L from '../assembly/layout.js';

const all: Global[] = [];

function global(name: string, type: ValueType, offset: number): Global {
  const made = { name, type, offset };
  all.push(made);
  return made;
}

export const PC = global('pc', 'i64', Env.ENV_PC);
/** What translation depends on (HF_*); helpers change it, translated code only for STI at the end of a block and at the end of HF_INHIBIT and HF_RF. */
export const BLOCK_FLAGS = global('block_flags', 'i32', Env.ENV_BLOCK_FLAGS);
/** RAX RCX RDX RBX RSP RBP RSI RDI R8-R15. */
export const REGISTERS = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'].map((name, i) =>
  global(name, 'i64', L.REGS + 8 * i),
);
export const CC_OP = global('cc_op', 'i32', L.CC_OP);
export const CC_DST = global('cc_dst', 'i64', L.CC_DST);
export const CC_SRC = global('cc_src', 'i64', L.CC_SRC);
export const CC_SRC2 = global('cc_src2', 'i64', L.CC_SRC2);
export const DF = global('df', 'i32', L.DF);
export const EFLAGS = global('eflags', 'i32', L.EFLAGS);
export const INHIBIT = global('inhibit', 'i32', L.INHIBIT);
export const INTERRUPT_PENDING = global('interrupt_pending', 'i32', L.INTERRUPT_PENDING);
export const SEGMENT_BASES = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'].map((name, i) => global(`${name}.base`, 'i64', L.SEGMENTS + i * L.SEGMENT_SIZE + L.SEG_BASE));
export const SEGMENT_SELECTORS = ['es', 'cs', 'ss', 'ds', 'fs', 'gs', 'ldtr', 'tr'].map((name, i) =>
  global(name, 'i32', L.SEGMENTS + i * L.SEGMENT_SIZE + L.SEG_SELECTOR),
);
export const GDT_BASE = global('gdt.base', 'i64', L.GDT_BASE);
export const GDT_LIMIT = global('gdt.limit', 'i32', L.GDT_LIMIT);
export const IDT_BASE = global('idt.base', 'i64', L.IDT_BASE);
export const IDT_LIMIT = global('idt.limit', 'i32', L.IDT_LIMIT);
export const CR0 = global('cr0', 'i64', L.CR0);
export const CR4 = global('cr4', 'i64', L.CR4);
export const XMM = Array.from({ length: 16 }, (_, i) => global(`xmm${i}`, 'v128', L.XMM + 16 * i));
/** Upper halves of YMM0-YMM15. */
export const YMM_HIGH = Array.from({ length: 16 }, (_, i) => global(`ymm${i}.high`, 'v128', L.YMM_HIGH + 16 * i));
export const MXCSR = global('mxcsr', 'i32', L.MXCSR);
export const FP_TOP = global('fp.top', 'i32', L.FP_TOP);
export const FP_STATUS = global('fp.status', 'i32', L.FP_STATUS);
export const FP_CONTROL = global('fp.control', 'i32', L.FP_CONTROL);
export const FP_EMPTY = global('fp.empty', 'i32', L.FP_EMPTY);
/** Significands of the physical x87 registers: the MMX registers. */
export const MMX = Array.from({ length: 8 }, (_, i) => global(`mm${i}`, 'i64', L.FP_REGS + 16 * i));
/** Signs and exponents of the same: all ones after an MMX instruction wrote the register. */
export const MMX_TOPS = Array.from({ length: 8 }, (_, i) => global(`mm${i}.top`, 'i32', L.FP_REGS + 16 * i + 8));
export const TSC_AUX = global('tsc_aux', 'i64', L.TSC_AUX);
export const TSC_OFFSET = global('tsc_offset', 'i64', L.TSC_OFFSET);
export const KERNEL_GS_BASE = global('kernel_gs.base', 'i64', L.KERNEL_GS_BASE);

export const GLOBALS: readonly Global[] = all;
