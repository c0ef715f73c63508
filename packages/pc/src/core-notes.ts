/**
 * What a core file of the machine says of an x86 processor: System V's NT_PRSTATUS (general registers, as a debugger wants them of a
 * process) and QEMU's own note (the system's registers too; `crash` and others read it).
 */
import type { CoreNote } from '@nandu/core';
import type { SegmentName, SegmentValue } from './cpu-factory.js';

/** EM_386 and EM_X86_64. */
const ELF_386 = 3;
const ELF_X86_64 = 62;
const EFER_LMA = 1n << 10n;
const NT_PRSTATUS = 1;

/** A processor's registers, for reading. */
export interface CoreState {
  readonly index: number;
  readRegister(name: string): bigint | undefined;
  readSegment(name: SegmentName): SegmentValue;
  readTable(name: 'gdt' | 'idt'): { readonly base: bigint; readonly limit: number };
}

/** Registers of elf_gregset_t in order; 'orig' is a system call's number, of which there is none. */
const REGISTERS_64 = 'r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig rip cs rflags rsp ss fs.base gs.base ds es fs gs'.split(' ');
const REGISTERS_32 = 'ebx ecx edx esi edi ebp eax ds es fs gs orig eip cs eflags esp ss'.split(' ');

/** Where the process's number and the registers are in prstatus, its length, and the width of a register. */
const PRSTATUS = {
  [ELF_X86_64]: { pid: 32, registers: 112, length: 336, bytes: 8, names: REGISTERS_64 },
  [ELF_386]: { pid: 24, registers: 72, length: 144, bytes: 4, names: REGISTERS_32 },
} as const;

/** Which of the two a processor is at present. */
export function elfMachineOf(state: Pick<CoreState, 'readRegister'>): number {
  return (state.readRegister('efer') ?? 0n) & EFER_LMA ? ELF_X86_64 : ELF_386;
}

export function coreNotes(state: CoreState, elfMachine: number): readonly CoreNote[] {
  return [
    { name: 'CORE', type: NT_PRSTATUS, bytes: status(state, PRSTATUS[elfMachine === ELF_X86_64 ? ELF_X86_64 : ELF_386]) },
    { name: 'QEMU', type: 0, bytes: systemState(state) },
  ];
}

function status(state: CoreState, { pid, registers, length, bytes, names }: (typeof PRSTATUS)[keyof typeof PRSTATUS]): Uint8Array {
  const view = new DataView(new ArrayBuffer(length));
  // Debuggers take 0 for no process at all.
  view.setUint32(pid, state.index + 1, true);
  for (const [i, name] of names.entries()) {
    const value = name === 'orig' ? 0n : (state.readRegister(name) ?? 0n);
    if (bytes === 8) view.setBigUint64(registers + 8 * i, BigInt.asUintN(64, value), true);
    else view.setUint32(registers + 4 * i, Number(BigInt.asUintN(32, value)), true);
  }
  return new Uint8Array(view.buffer);
}

const STATE_VERSION = 1;
const STATE_BYTES = 440;
const GENERAL = 'rax rbx rcx rdx rsi rdi rsp rbp r8 r9 r10 r11 r12 r13 r14 r15 rip rflags'.split(' ');
const SEGMENTS = ['cs', 'ds', 'es', 'fs', 'gs', 'ss', 'ldtr', 'tr'] as const;
const SEGMENT_BYTES = 24;
/** There is no CR1. */
const CONTROL = ['cr0', '', 'cr2', 'cr3', 'cr4', 'kernel_gs_base'];

/** QEMUCPUState: version and size, registers of 64 bits, segments (selector, limit, flags, base), control registers. */
function systemState(state: CoreState): Uint8Array {
  const view = new DataView(new ArrayBuffer(STATE_BYTES));
  view.setUint32(0, STATE_VERSION, true);
  view.setUint32(4, STATE_BYTES, true);
  let at = 8;
  const registers = (names: readonly string[]): void => {
    for (const name of names) {
      view.setBigUint64(at, name === '' ? 0n : BigInt.asUintN(64, state.readRegister(name) ?? 0n), true);
      at += 8;
    }
  };
  const tables = (['gdt', 'idt'] as const).map((name) => ({ selector: 0, flags: 0, ...state.readTable(name) }));
  registers(GENERAL);
  for (const { selector, limit, flags, base } of [...SEGMENTS.map((name) => state.readSegment(name)), ...tables]) {
    for (const [i, value] of [selector, limit, flags].entries()) view.setUint32(at + 4 * i, value, true);
    view.setBigUint64(at + 16, BigInt.asUintN(64, base), true);
    at += SEGMENT_BYTES;
  }
  registers(CONTROL);
  return new Uint8Array(view.buffer);
}
