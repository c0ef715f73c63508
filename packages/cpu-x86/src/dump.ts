/** `info registers`, in the words and columns of QEMU 7.2. */
import { Env } from '@nandu/tcg';
import * as L from '../assembly/layout.js';
import type { CpuState } from './cpu-state.js';

const hex = (value: number | bigint, digits: number): string => BigInt.asUintN(64, BigInt(value)).toString(16).padStart(digits, '0');

/** Types of system descriptors, outside and in long mode. */
const SYSTEM_TYPES = [
  'Reserved TSS16-avl LDT TSS16-busy CallGate16 TaskGate IntGate16 TrapGate16 Reserved TSS32-avl Reserved TSS32-busy CallGate32 Reserved IntGate32 TrapGate32'.split(
    ' ',
  ),
  '<hiword> Reserved LDT Reserved Reserved Reserved Reserved Reserved Reserved TSS64-avl Reserved TSS64-busy CallGate64 Reserved IntGate64 TrapGate64'.split(
    ' ',
  ),
];
const SEGMENT_NAMES = ['ES', 'CS', 'SS', 'DS', 'FS', 'GS', 'LDT', 'TR'];
const FLAG_LETTERS: readonly (readonly [letter: string, flag: number])[] = [
  ['D', L.FLAG_DF],
  ['O', L.FLAG_OF],
  ['S', L.FLAG_SF],
  ['Z', L.FLAG_ZF],
  ['A', L.FLAG_AF],
  ['P', L.FLAG_PF],
  ['C', L.FLAG_CF],
];
const DESC_S = 1 << 12;
const DESC_P = 1 << 15;

export function dumpRegisters(state: CpuState, rflags: number): string {
  const flags = state.i32(Env.ENV_BLOCK_FLAGS);
  const wide = (flags & L.HF_CS64) !== 0;
  const digits = wide ? 16 : 8;
  const cut = (value: bigint): string => hex(wide ? value : BigInt.asUintN(32, value), digits);
  const letters = FLAG_LETTERS.map(([letter, flag]) => (rflags & flag ? letter : '-')).join('');
  return [
    ...generalRegisters(state, wide, cut),
    `${wide ? 'RIP' : 'EIP'}=${cut(state.u64(Env.ENV_PC))} ${wide ? 'RFL' : 'EFL'}=${hex(rflags, 8)} [${letters}] CPL=${flags & L.HF_CPL} II=${state.i32(L.INHIBIT)} A20=1 SMM=0 HLT=${state.i32(L.HALTED)}`,
    ...SEGMENT_NAMES.map((name, i) => segment(state, name, i, flags, cut)),
    `GDT=     ${cut(state.u64(L.GDT_BASE))} ${hex(state.i32(L.GDT_LIMIT), 8)}`,
    `IDT=     ${cut(state.u64(L.IDT_BASE))} ${hex(state.i32(L.IDT_LIMIT), 8)}`,
    `CR0=${hex(state.u64(L.CR0), 8)} CR2=${cut(state.u64(L.CR2))} CR3=${cut(state.u64(L.CR3))} CR4=${hex(state.u64(L.CR4), 8)}`,
    `${[0, 1, 2, 3].map((i) => `DR${i}=${hex(state.u64(L.DR + 8 * i), 16)} `).join('')}`,
    `DR6=${hex(state.u64(L.DR + 48), 16)} DR7=${hex(state.u64(L.DR + 56), 16)}`,
    `EFER=${hex(state.u64(L.EFER), 16)}`,
    ...floatingPoint(state),
    ...vectors(state, wide ? 16 : 8),
    '',
  ].join('\n');
}

function generalRegisters(state: CpuState, wide: boolean, cut: (value: bigint) => string): string[] {
  const order = [0, 3, 1, 2, 6, 7, 5, 4, 8, 9, 10, 11, 12, 13, 14, 15];
  const names = 'AX BX CX DX SI DI BP SP'.split(' ').map((name) => (wide ? `R${name}` : `E${name}`));
  const all = wide ? [...names, 'R8 ', 'R9 ', 'R10', 'R11', 'R12', 'R13', 'R14', 'R15'] : names;
  return rows(
    all.map((name, i) => `${name}=${cut(state.register(order[i]!))}`),
    4,
  );
}

function segment(state: CpuState, name: string, number: number, flags: number, cut: (value: bigint) => string): string {
  const { selector, base, limit, flags: attributes } = state.segment(number);
  const line = `${name.padEnd(3)}=${hex(selector, 4)} ${cut(base)} ${hex(limit, 8)} ${hex(attributes & 0x00ff_ff00, 8)}`;
  if (!(flags & L.HF_PE) || !(attributes & DESC_P)) return line;
  return `${line} DPL=${(attributes >> 13) & 3} ${kind(attributes, (flags & L.HF_LMA) !== 0)}`;
}

function kind(attributes: number, long: boolean): string {
  const type = (attributes >> 8) & 15;
  if (!(attributes & DESC_S)) return SYSTEM_TYPES[long ? 1 : 0]![type]!;
  const [isCode, conformingOrDown, readableOrWritable, accessed] = [type & 8, type & 4, type & 2, type & 1];
  const big = (attributes & (1 << 22)) !== 0;
  const what = isCode ? (attributes & (1 << 21) ? 'CS64' : big ? 'CS32' : 'CS16') : big ? 'DS  ' : 'DS16';
  const bits = isCode ? [conformingOrDown ? 'C' : '-', readableOrWritable ? 'R' : '-'] : [conformingOrDown ? 'E' : '-', readableOrWritable ? 'W' : '-'];
  return `${what} [${bits.join('')}${accessed ? 'A' : '-'}]`;
}

function floatingPoint(state: CpuState): string[] {
  const top = state.i32(L.FP_TOP) & 7;
  const status = (state.i32(L.FP_STATUS) & ~0x3800) | (top << 11);
  const valid = ~state.i32(L.FP_EMPTY) & 0xff;
  const registers = Array.from({ length: 8 }, (_, i) => {
    const at = L.FP_REGS + 16 * i;
    return `FPR${i}=${hex(state.u64(at), 16)} ${hex(state.i32(at + 8) & 0xffff, 4)}`;
  });
  return [
    `FCW=${hex(state.i32(L.FP_CONTROL), 4)} FSW=${hex(status, 4)} [ST=${top}] FTW=${hex(valid, 2)} MXCSR=${hex(state.i32(L.MXCSR), 8)}`,
    ...rows(registers, 2),
  ];
}

function vectors(state: CpuState, count: number): string[] {
  const registers = Array.from({ length: count }, (_, i) => {
    const at = L.XMM + 16 * i;
    return `XMM${String(i).padStart(2, '0')}=${hex(state.u64(at + 8), 16)} ${hex(state.u64(at), 16)}`;
  });
  return rows(registers, 2);
}

function rows(items: readonly string[], perLine: number): string[] {
  const lines: string[] = [];
  for (let i = 0; i < items.length; i += perLine) lines.push(items.slice(i, i + perLine).join(' '));
  return lines;
}
