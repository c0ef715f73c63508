/** Debug registers, single steps and what MOV SS holds back, as code meets them (SDM volume 3B, chapter 18). */
import * as L from '../assembly/layout.js';
import { assemble } from './testing/assemble.js';
import { BareMachine } from './testing/bare-machine.js';
import { gate, LONG_MODE as W } from './testing/long-mode.js';

const CODE = 0x1_0000;
const HANDLER = 0x2_0000;
/** Handler of INT 0x40 and of page faults. */
const OTHER = 0x2_1000;
/** Where the handler notes RIP and DR6 of each #DB, 16 bytes each. */
const NOTES = 0x4_0000;
/** Holds a selector that SS can be loaded with. */
const VARIABLE = 0x5_0000;
const UNMAPPED = 0x40_0000;

const VECTOR = { debug: 1, pageFault: 14, other: 0x40 } as const;
const TF = 0x100;
const DR6 = { fixed: 0xffff_0ff0, singleStep: 0x4000 } as const;
/** DR7: breakpoint 0 on, at an instruction, or at four bytes that are read or written. */
const DR7 = { off: 0x400, code: 0x402, data: 0xf_0402 } as const;

/** #DB: notes it and resumes with RF set, or stops after the last one wanted. */
const NOTE = `mov r14, [rsp]; mov [r15], r14; mov r14, dr6; mov [r15 + 8], r14; add r15, 16
  or dword ptr [rsp + 16], 0x10000; cmp r15, r13; jae stop; iretq; stop: hlt`;

interface Setup {
  readonly dr0?: number;
  readonly dr6?: number;
  readonly dr7?: number;
  readonly registers?: Readonly<Record<string, number>>;
  readonly model?: string;
  /** Stop at this #DB. */
  readonly last?: number;
}

/** The #DBs that `source` meets until HLT: RIP from the code's start, and DR6 without its fixed bits. */
function debugExceptions(source: string, { dr0 = 0, dr6 = 0, dr7 = DR7.off, registers = {}, model = 'max', last = 16 }: Setup): [at: number, dr6: number][] {
  const machine = new BareMachine({ model });
  const { state } = machine.cpu;
  machine.load(HANDLER, assemble(NOTE));
  machine.load(OTHER, assemble('nop; nop; hlt'));
  machine.load(CODE, assemble(source));
  machine.write32(VARIABLE, W.kernelData);
  state.setU64(L.DR, BigInt(dr0));
  state.setU64(L.DR + 6 * 8, BigInt(DR6.fixed + dr6));
  state.setU64(L.DR + 7 * 8, BigInt(dr7));
  state.setU64(L.STAR, 0x23n << 48n);
  machine.long(CODE, { rax: VARIABLE, r13: NOTES + 16 * last, r15: NOTES, ...registers });
  machine.write64(W.idt + 16 * VECTOR.debug, ...gate(HANDLER));
  machine.write64(W.idt + 16 * VECTOR.pageFault, ...gate(OTHER, { ist: 1 }));
  machine.write64(W.idt + 16 * VECTOR.other, ...gate(OTHER));
  expect(machine.run(1000)).toBe('halted');
  const count = (Number(machine.cpu.readRegister('r15')) - NOTES) / 16;
  const note = (index: number): number => Number(machine.read64(NOTES + 8 * index));
  return Array.from({ length: count }, (_, i) => [note(2 * i) - CODE, note(2 * i + 1) - DR6.fixed]);
}

const MOV_SS = 'mov ss, [rax]'; // two bytes

it('an instruction breakpoint comes before its instruction, and not again with RF set', () => {
  expect(debugExceptions('nop; nop; nop; hlt', { dr0: CODE + 1, dr7: DR7.code })).toEqual([[1, 1]]);
});

it('a data breakpoint comes after its instruction', () => {
  expect(debugExceptions('nop; mov [rax], ecx; nop; hlt', { dr0: VARIABLE, dr7: DR7.data })).toEqual([[3, 1]]);
});

it.each(['fnstcw [rax]', 'fnstenv [rax]', 'fld tbyte ptr [rax]', 'fxsave [rax]', 'cmpxchg16b [rax]'])('%s meets a data breakpoint', (source) => {
  const { length } = assemble(source);
  expect(debugExceptions(`${source}; nop; hlt`, { dr0: VARIABLE, dr7: DR7.data })).toEqual([[length, 1]]);
});

it('a data breakpoint is forgotten if its instruction faults', () => {
  expect(debugExceptions('push [rax]; hlt', { dr0: VARIABLE, dr7: DR7.data, registers: { rsp: UNMAPPED } })).toEqual([]);
});

it('an exception sets the bits of all four breakpoints, and leaves the others of DR6', () => {
  expect(debugExceptions('nop; hlt', { dr0: CODE, dr6: 0x4006, dr7: DR7.code })).toEqual([[0, 0x4001]]);
});

describe('after MOV SS', () => {
  it.each([
    { what: 'a data breakpoint waits for the next instruction', source: `${MOV_SS}; nop; nop; hlt`, expected: [[3, 1]] },
    { what: 'of two MOV SS, only the first holds back', source: `${MOV_SS}; ${MOV_SS}; nop; hlt`, expected: [[4, 1]] },
    { what: 'INT n is reached first', source: `${MOV_SS}; int 0x40`, expected: [[OTHER - CODE, 1]] },
  ])('$what', ({ source, expected }) => {
    expect(debugExceptions(source, { dr0: VARIABLE, dr7: DR7.data })).toEqual(expected);
  });

  it('no single step comes, but after the next instruction', () => {
    expect(debugExceptions(`${MOV_SS}; nop; nop; nop`, { registers: { rflags: TF | 2 }, last: 2 })).toEqual([
      [3, DR6.singleStep],
      [4, DR6.singleStep],
    ]);
  });

  it.each([
    { vendor: 'GenuineIntel', expected: [] },
    { vendor: 'AuthenticAMD', expected: [[2, 1]] },
  ])("an instruction breakpoint as $vendor's processors have it", ({ vendor, expected }) => {
    expect(debugExceptions(`${MOV_SS}; nop; hlt`, { dr0: CODE + 2, dr7: DR7.code, model: `max,vendor=${vendor}` })).toEqual(expected);
  });
});

it('SYSRET that sets TF is stepped at once', () => {
  expect(debugExceptions('sysretq; hlt', { registers: { rcx: CODE + 0x80, r11: TF | 2 }, last: 1 })).toEqual([[0x80, DR6.singleStep]]);
});
