/**
 * The helpers behind system instructions: declared here for the translator, implemented in `assembly/` (where: 'wasm') or by
 * `X86Cpu` (where: 'js'). Selectors and sizes are i32, addresses and register contents i64. Helpers that move control set
 * `pc` themselves; the translator ends such a block with `lookup`. `nextPc` is the address after the instruction.
 */

import { CODE_CHANGED, type Helper, type Touches, type ValueType } from '@nandu/tcg';
import { quickDivide } from './quick-divide.js';
import { CC_DST, CC_OP, CC_SRC, CC_SRC2 } from './state.js';

type Row = readonly [where: 'wasm' | 'js', params: string, result: ValueType | '', faults: boolean, reads?: Touches, writes?: Touches];

const ROWS = {
  /** EFLAGS as a whole (all bits, arithmetic flags computed), and setting the bits of `mask` from `value`, with the consequences (IF, TF, AC, VM...). */
  read_eflags: ['wasm', '', 'i64', false],
  write_eflags: ['wasm', 'i64 i64', '', false],
  /** An immediate of 4 (sign-extended) or 8 bytes that is overwritten time and again: its address in linear memory. */
  code_long: ['wasm', 'i32', 'i64', false, 'none', 'none'],
  code_quad: ['wasm', 'i32', 'i64', false, 'none', 'none'],
  /** The six arithmetic flags as EFLAGS bits, from CC_*. */
  compute_flags: ['wasm', '', 'i64', false, [CC_OP, CC_DST, CC_SRC, CC_SRC2], 'none'],
  /** CLI, STI with their checks (IOPL, VME). STI sets the interrupt shadow (HF_INHIBIT) when IF was clear: end the block. */
  cli: ['wasm', '', '', true],
  sti: ['wasm', '', '', true],
  /** PUSHF, POPF: the value to push (with IOPL and VME checks, operand bytes); and what was popped (value, operand bytes). */
  pushf_value: ['wasm', 'i32', 'i64', true],
  popf: ['wasm', 'i64 i32', '', true],
  /** Raises a fault: vector, error code (-1: none). */
  raise: ['wasm', 'i32 i32', '', true, 'none', 'none'],
  /** The same if the condition (first) is not 0. */
  raise_if: ['wasm', 'i32 i32 i32', '', true, 'none', 'none'],
  /** INTO: whether OF is set, nextPc. */
  into: ['wasm', 'i32 i64', '', true],
  /** INT n / INT3 / INTO / ICEBP: vector, EXC_KIND, nextPc. */
  software_interrupt: ['wasm', 'i32 i32 i64', '', true],
  /** MOV Sreg / POP Sreg / LDS...: segment number, selector. Loads the descriptor with all checks. */
  load_segment: ['wasm', 'i32 i32', '', true],
  /** Throws #GP/#SS if [offset, offset + size) is outside the segment or the access is not allowed: segment, offset, size, 1 for a write. Outside 64-bit mode only. */
  check_segment: ['wasm', 'i32 i64 i32 i32', '', true, 'none', 'none'],
  /** Far JMP: selector, offset, operand bytes, nextPc. Far CALL: the same. RETF: operand bytes, bytes to drop. IRET: operand bytes. */
  far_jump: ['wasm', 'i32 i64 i32 i64', '', true],
  far_call: ['wasm', 'i32 i64 i32 i64', '', true],
  far_return: ['wasm', 'i32 i32', '', true],
  interrupt_return: ['wasm', 'i32 i64', '', true],
  /** SYSCALL, SYSENTER: nextPc. SYSRET, SYSEXIT: operand bytes. */
  syscall: ['wasm', 'i64', '', true],
  sysret: ['wasm', 'i32', '', true],
  sysenter: ['wasm', 'i64', '', true],
  sysexit: ['wasm', 'i32', '', true],
  /** MOV from and to CR8, the task priority that the local APIC holds. */
  read_cr8: ['js', '', 'i64', true],
  write_cr8: ['js', 'i64', '', true],
  /** MOV CRn/DRn: number; number, value. CR8 has its own. */
  read_cr: ['wasm', 'i32', 'i64', true],
  write_cr: ['wasm', 'i32 i64', '', true],
  read_dr: ['wasm', 'i32', 'i64', true],
  write_dr: ['wasm', 'i32 i64', '', true],
  clts: ['wasm', '', '', true],
  lmsw: ['wasm', 'i32', '', true],
  /** LGDT/LIDT: limit, base. LLDT/LTR: selector. */
  load_gdt: ['wasm', 'i32 i64', '', true],
  load_idt: ['wasm', 'i32 i64', '', true],
  load_ldtr: ['wasm', 'i32', '', true],
  load_tr: ['wasm', 'i32', '', true],
  /** LAR, LSL: selector, operand bytes -> value; sets ZF by CC_* (all flags become CC_FLAGS). VERR, VERW: selector. ARPL is translated. */
  lar: ['wasm', 'i32 i32', 'i64', true],
  lsl: ['wasm', 'i32 i32', 'i64', true],
  verr: ['wasm', 'i32', '', true],
  verw: ['wasm', 'i32', '', true],
  invlpg: ['wasm', 'i64', '', true],
  /** INVPCID: type, address of the descriptor (linear). */
  invpcid: ['wasm', 'i64 i64', '', true],
  /** ENTER with nesting: operand bytes, frame size, level. */
  enter: ['wasm', 'i32 i32 i32', '', true],
  /** I/O: checks IOPL and the TSS bitmap itself, as check_io (port, bytes) does alone. port, bytes -> value; port, bytes, value. */
  check_io: ['wasm', 'i32 i32', 'i32', true, 'none', 'none'],
  /** Address, value, bytes: see `storeForGood`. */
  store_for_good: ['wasm', 'i64 i32 i32', '', true, 'none', [CODE_CHANGED]],
  port_in: ['js', 'i32 i32', 'i32', true],
  port_out: ['js', 'i32 i32 i32', '', true],
  /** HLT, PAUSE, MWAIT, MONITOR: nextPc. They set ENV_EXIT_REQUEST as needed; the block ends with `leave`. */
  halt: ['js', 'i64', '', true],
  pause: ['js', 'i64', '', false],
  monitor: ['js', 'i64', '', true],
  mwait: ['js', 'i64', '', true],
  /** Set RAX, RBX, RCX, RDX from the model. */
  cpuid: ['js', '', '', true],
  rdmsr: ['js', '', '', true],
  wrmsr: ['js', '', '', true],
  /** The virtual clock in ns, for RDTSC. */
  clock_ns: ['js', '', 'f64', false, 'none', 'none'],
  /** 64 random bits, for RDRAND and RDSEED. */
  random: ['js', '', 'i64', false, 'none', 'none'],
  rdpmc: ['js', '', '', true],
  /** 1 if the model has XGETBV with ECX 1. */
  xgetbv: ['wasm', 'i32', '', true],
  xsetbv: ['wasm', '', '', true],
  rdpkru: ['wasm', '', '', true],
  wrpkru: ['wasm', '', '', true],
  /** WBINVD, INVD: privilege check only. */
  wbinvd: ['wasm', '', '', true],
  /** Single step after an instruction when TF was set, data breakpoints: nextPc. */
  single_step: ['wasm', 'i64', '', true],
  /**
   * For blocks translated with HF_BREAKPOINTS (one instruction): before it, the linear address of its first byte (#DB fault of an
   * instruction breakpoint); for each access, linear address, bytes, 1 for a write; after it nextPc (#DB trap of a data breakpoint;
   * `single_step` covers that one too).
   */
  watch_code: ['wasm', 'i64', '', true],
  watch_data: ['wasm', 'i64 i32 i32', '', false],
  watch_end: ['wasm', 'i64', '', true],
  /** DIV and IDIV of 128 by 64 bits: divisor; operates on RDX:RAX. #DE raised by it. Smaller ones are translated. */
  div64: ['wasm', 'i64', '', true],
  idiv64: ['wasm', 'i64', '', true],
  /** CMPXCHG16B: address; compares RDX:RAX, stores RCX:RBX; sets ZF (CC_FLAGS). #GP if misaligned. */
  cmpxchg16b: ['wasm', 'i64', '', true],
  /** BCD: AAA AAS AAM AAD DAA DAS by their opcode byte, immediate. */
  bcd: ['wasm', 'i32 i32', '', true],
  /** BOUND: register value, address, operand bytes. */
  bound: ['wasm', 'i64 i64 i32', '', true],
  /** CRC32: crc, data, data bytes. */
  crc32: ['wasm', 'i64 i64 i32', 'i64', false, 'none', 'none'],
  /** PDEP, PEXT: value, mask. */
  pdep: ['wasm', 'i64 i64', 'i64', false, 'none', 'none'],
  pext: ['wasm', 'i64 i64', 'i64', false, 'none', 'none'],
  /** RCL, RCR: value, count (masked by the caller to 5 or 6 bits), operand bytes -> result; CF and OF through CC_* (CC_FLAGS). */
  rcl: ['wasm', 'i64 i32 i32', 'i64', false],
  rcr: ['wasm', 'i64 i32 i32', 'i64', false],
  /**
   * REP MOVS/STOS in bulk, upwards: element bytes, source linear address (STOS: value), destination linear address, elements
   * wanted, MMU index -> elements done (0: nothing done, take the slow way). Never faults: does only what the TLB already allows. Counts the iterations, so that
   * what is in the TLB does not change the count of instructions ('all' is read because the budget is).
   */
  rep_movs: ['wasm', 'i32 i64 i64 i64 i32', 'i64', false, 'all', 'none'],
  rep_stos: ['wasm', 'i32 i64 i64 i64 i32', 'i64', false, 'all', 'none'],
  /** The same (element bytes with STRING_WHILE_EQUAL) -> elements that do not end the repetition. */
  rep_cmps: ['wasm', 'i32 i64 i64 i64 i32', 'i64', false, 'all', 'none'],
  rep_scas: ['wasm', 'i32 i64 i64 i64 i32', 'i64', false, 'all', 'none'],
} as const satisfies Record<string, Row>;

export type SystemHelperName = keyof typeof ROWS;

/** They store to guest memory, and go on. */
const STORES: readonly string[] = ['cmpxchg16b', 'enter', 'store_for_good'];

const QUICK: Partial<Record<string, Helper['quick']>> = { div64: quickDivide(false), idiv64: quickDivide(true) };

function declare(name: string, [where, params, result, mayFault, reads = 'all', writes = 'all']: Row): Helper {
  return {
    name,
    where,
    params: params === '' ? [] : (params.split(' ') as ValueType[]),
    ...(result === '' ? {} : { result }),
    reads,
    writes,
    mayFault,
    ...(STORES.includes(name) ? { stores: true } : {}),
    ...(QUICK[name] ? { quick: QUICK[name] } : {}),
  };
}

export const SYSTEM_HELPERS = Object.fromEntries(Object.entries(ROWS).map(([name, row]) => [name, declare(name, row as unknown as Row)])) as Readonly<
  Record<SystemHelperName, Helper>
>;
