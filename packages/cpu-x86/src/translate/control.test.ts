import { assemble } from '../testing/assemble.js';
import { BareMachine } from '../testing/bare-machine.js';
import { gate, LONG_MODE as W } from '../testing/long-mode.js';

const CODE = 0x1_0000;
const HANDLER = 0x2_0000;
const machine = new BareMachine();

/** Runs user code; the vector, and RIP and RSP of the frame, of the exception that ends it. */
function trap(source: string | Uint8Array, registers: Record<string, bigint | number> = {}) {
  machine.load(HANDLER, new Array<number>(256).fill(0xf4));
  machine.load(CODE, typeof source === 'string' ? assemble(source) : source);
  machine.user(CODE, registers);
  for (let vector = 0; vector < 32; vector++) machine.write64(W.idt + 16 * vector, ...gate(HANDLER + vector, { dpl: 3 }));
  expect(machine.run(10_000)).toBe('halted');
  const vector = Number(machine.cpu.readRegister('rip')) - HANDLER - 1;
  const rsp = Number(machine.cpu.readRegister('rsp')) + ([8, 10, 11, 12, 13, 14, 17].includes(vector) ? 8 : 0);
  return { vector, rip: Number(machine.read64(rsp)) - CODE, rsp: Number(machine.read64(rsp + 24)) };
}

describe('control transfers', () => {
  it.each([
    ['ret', 'push rax; ret', 1],
    ['an indirect jump', 'nop; jmp rax', 1],
    ['an indirect call', 'push rax; call rax', 1],
  ])('%s to an address that is not canonical raises #GP(0) at itself', (_name, source, rip) => {
    const rsp = source.startsWith('push') ? 0xeff8 : 0xf000;
    expect(trap(source, { rax: 0x8000_0000_0000n, rsp: 0xf000 })).toEqual({ vector: 13, rip, rsp });
  });

  it.each([
    ['int3', 3, 1],
    ['int 5', 5, 2],
    ['ud2', 6, 0],
  ])('%s', (source, vector, rip) => {
    expect(trap(source, { rsp: 0xf000 })).toEqual({ vector, rip, rsp: 0xf000 });
  });

  it('calls, returns and drops arguments', () => {
    trap('mov ebx, 0; push 5; call f; int3; f: mov ebx, [rsp + 8]; ret 8', { rsp: 0xf000 });
    expect(machine.cpu.readRegister('rbx')).toBe(5n);
  });

  it('loops', () => {
    trap('mov ecx, 5; xor eax, eax; l: inc eax; loop l; int3');
    expect(machine.cpu.readRegister('rax')).toBe(5n);
  });
});

describe('addresses that are not canonical', () => {
  const BAD = 0x9000_0000_0000_0000n;
  it.each([
    ['push rax', { rsp: BAD }, 12],
    ['ret', { rsp: BAD }, 12],
    ['mov eax, [rbp + 8]', { rbp: BAD }, 12],
    ['addps xmm0, [rsp + rax]', { rsp: BAD, rax: 0 }, 12],
    ['leave', { rbp: BAD }, 12],
    ['push [rax]', { rax: BAD }, 13],
    ['mov eax, [rax + rbp * 2]', { rax: BAD, rbp: 0 }, 13],
    ['mov [r13], eax', { r13: BAD }, 13],
    ['mov eax, fs:[rbp]', { rbp: BAD }, 13],
    ['movsb', { rsi: BAD }, 13],
  ])('%s with %j raises #SS if it goes through the stack, else #GP', (source, registers, vector) => {
    expect(trap(source, registers).vector).toBe(vector);
  });
});

describe('the trap flag', () => {
  const TF = 0x302;
  it.each([
    ['a move', 'mov eax, 1; nop', 5],
    ['a taken branch', 'jmp a; nop; a: nop', 3],
    ['one round of a repeated instruction', 'rep movsb', 0],
  ])('traps after %s', (_name, source, rip) => {
    expect(trap(source, { rflags: TF, rcx: 2, rsi: 0x3_0000, rdi: 0x3_1000, rsp: 0xf000 })).toEqual({ vector: 1, rip, rsp: 0xf000 });
  });
});

it('repeats strings in bulk and byte by byte with the same result', () => {
  const text = Uint8Array.from({ length: 5000 }, (_, i) => i * 7);
  machine.load(0x3_0ff0, text);
  trap('rep movsb; ud2', { rcx: 5000, rsi: 0x3_0ff0, rdi: 0x3_4003 });
  expect(machine.ram.slice(0x3_4003, 0x3_4003 + 5000)).toEqual(text);
  // Overlapping upwards: the first byte spreads.
  trap('rep movsb; ud2', { rcx: 100, rsi: 0x3_4003, rdi: 0x3_4004 });
  expect(machine.ram.slice(0x3_4003, 0x3_4068)).toEqual(new Uint8Array(101).fill(text[0]!));
});
