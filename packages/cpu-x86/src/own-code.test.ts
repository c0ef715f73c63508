/** Instructions that store by a helper, right over the instruction behind them: what runs next is what was stored. */
import type { AcceleratorOptions } from '@nandu/tcg-wasm';
import { assemble } from './testing/assemble.js';
import { BareMachine, type BareOptions } from './testing/bare-machine.js';

/** Switches FPU, SSE and AVX on, and goes to R10 with RCX = R11. */
const CODE = 0x1_0000;
const PROLOGUE = 'mov rax, cr4\nor eax, 0x40600\nmov cr4, rax\nmov ecx, 0\nmov edx, 0\nmov eax, 7\nxsetbv\nfninit\nmov rcx, r11\nmov rdx, 0x10\njmp r10';
/** The patched instruction, MOV AL,imm8 and NOPs, and what is stored over it. */
const SITE = 0x1_2200;
const NEW_CODE = 0x4_0000;
const STACK = 0x3_0000;
const RESULTS = 0x5_0000;
const DEVICE = 0x18_0000;
const ROUNDS = 60;
const MOV_AL = 0xb0;
const NOP = 0x90;

const ENGINES: readonly { name: string; engine: AcceleratorOptions; compiles: boolean }[] = [
  { name: 'interpreter', engine: { tier: 'interpreter' }, compiles: false },
  { name: 'both tiers', engine: { eager: () => true }, compiles: true },
];

/** Each stores the first bytes of RSI to RDI. */
const STORES: Readonly<Record<string, string>> = {
  'fistp word': 'fild word ptr [rsi]\nfistp word ptr [rdi]',
  'fistp dword': 'fild dword ptr [rsi]\nfistp dword ptr [rdi]',
  'fisttp qword': 'fild qword ptr [rsi]\nfisttp qword ptr [rdi]',
  'fstp dword': 'fld dword ptr [rsi]\nfstp dword ptr [rdi]',
  'fst qword': 'fld qword ptr [rsi]\nfstp st(0)\nfld qword ptr [rsi]\nfst qword ptr [rdi]',
  'fstp tbyte': 'fld tbyte ptr [rsi]\nfstp tbyte ptr [rdi]',
  maskmovdqu: 'movdqu xmm1, [rsi]\npcmpeqd xmm2, xmm2\nmaskmovdqu xmm1, xmm2',
  maskmovq: 'movq mm1, [rsi]\npcmpeqd mm2, mm2\nmaskmovq mm1, mm2',
  vmaskmovps: 'movdqu xmm1, [rsi]\npcmpeqd xmm2, xmm2\nvmaskmovps [rdi], xmm2, xmm1',
  cmpxchg8b: 'mov rbx, [rsi]\nmov r8d, ecx\nmov rcx, [rsi+4]\nmov rax, [rdi]\nmov rdx, [rdi+4]\ncmpxchg8b [rdi]\nmov ecx, r8d',
  cmpxchg16b: 'mov rbx, [rsi]\nmov r8d, ecx\nmov rcx, [rsi+8]\nmov rax, [rdi]\nmov rdx, [rdi+8]\ncmpxchg16b [rdi]',
  'rep stosb': 'mov al, [rsi+1]\nmov r8d, ecx\nmov ecx, 1\ninc rdi\nrep stosb\nsub rdi, 2\nmov ecx, r8d',
};

function machineFor(options: BareOptions): BareMachine {
  const machine = new BareMachine(options);
  machine.load(CODE, assemble(PROLOGUE));
  machine.load(NEW_CODE, [MOV_AL, 0, ...new Array(30).fill(NOP)]);
  return machine;
}

/** Lays out code so that `store` ends at SITE, where the patched instruction is, and `tail` comes 16 bytes behind; gives the start. */
function layOut(machine: BareMachine, store: string, tail: ArrayLike<number>): number {
  const body = assemble(store);
  const start = SITE - body.length;
  machine.load(start, [...body, MOV_AL, 0xff, ...new Array(14).fill(NOP), ...Array.from(tail)]);
  return start;
}

describe.each(ENGINES)('stores over the next instruction, $name', ({ engine, compiles }) => {
  it.each(Object.entries(STORES))('%s', (name, store) => {
    const machine = machineFor({ engine });
    // Each round another number; the loop is one region where it is compiled.
    const restore = name === 'cmpxchg16b' ? 'mov ecx, r8d\n' : '';
    const tail = assemble(`${restore}mov [r9], al\ninc r9\ndec ecx\njz .end\nmov [rsi+1], cl\njmp r10\n.end: hlt`);
    const start = layOut(machine, store, tail);
    machine.write64(NEW_CODE, (machine.read64(NEW_CODE) & ~0xff00n) | (BigInt(ROUNDS) << 8n));
    machine.long(CODE, { rsi: NEW_CODE, rdi: SITE, r11: ROUNDS, r9: RESULTS, r10: start, rsp: STACK });
    for (let i = 0; i < 10_000 && machine.run(100) !== 'halted'; i++);
    expect([...machine.ram.subarray(RESULTS, RESULTS + ROUNDS)]).toEqual(Array.from({ length: ROUNDS }, (_, i) => ROUNDS - i));
    expect(machine.engine.counters.regionsInstalled > 0).toBe(compiles);
  });

  it.each(['fxsave', 'xsave', 'xsaveopt'])('%s', (store) => {
    const machine = machineFor({ engine });
    // XMM2 is 192 bytes behind the start of the area.
    const area = SITE - 192;
    const start = layOut(machine, `movdqu xmm2, [rsi]\nmov eax, -1\nmov edx, eax\n${store} [rdi]`, assemble('hlt'));
    machine.load(NEW_CODE, [MOV_AL, 7, 0xf4]);
    machine.long(CODE, { r10: start, rsi: NEW_CODE, rdi: area, rsp: STACK });
    expect(machine.run()).toBe('halted');
    expect(machine.cpu.readRegister('rax')! & 0xffn).toBe(7n);
  });

  it('enter with a nested frame', () => {
    const machine = machineFor({ engine });
    const start = layOut(machine, 'mov rbp, [rsi]\nenter 0, 1', assemble('hlt'));
    machine.load(NEW_CODE, [MOV_AL, 7, 0xf4]);
    machine.long(CODE, { r10: start, rsi: NEW_CODE, rsp: SITE + 8 });
    expect(machine.run()).toBe('halted');
    expect(machine.cpu.readRegister('rax')! & 0xffn).toBe(7n);
  });

  it.each(['insb', 'mov ecx, 1\nrep insb'])('%s, and the port is read once', (input) => {
    let reads = 0;
    const ports = { read: () => ++reads + 6, write: () => {} };
    const machine = machineFor({ engine, ports });
    const start = layOut(machine, input, assemble('hlt'));
    machine.long(CODE, { r10: start, rdi: SITE + 1, rsp: STACK });
    expect(machine.run()).toBe('halted');
    expect({ al: machine.cpu.readRegister('rax')! & 0xffn, reads }).toEqual({ al: 7n, reads: 1 });
  });
});

it('code that runs after a device wrote it is the new one, in a loop that is compiled', () => {
  const machine: BareMachine = machineFor({
    ramBytes: DEVICE,
    engine: { eager: () => true },
    device: { read: () => 0, write: (_, value) => machine.load(SITE, [MOV_AL, value & 0xff]) },
  });
  const start = layOut(machine, 'mov [rbx], cl', assemble('mov [r9], al\ninc r9\ndec ecx\njz .end\njmp r10\n.end: hlt'));
  machine.long(CODE, { rbx: DEVICE, r11: ROUNDS, r9: RESULTS, r10: start, rsp: STACK });
  for (let i = 0; i < 10_000 && machine.run(100) !== 'halted'; i++);
  expect([...machine.ram.subarray(RESULTS + 1, RESULTS + ROUNDS)].filter((x, i) => x !== ROUNDS - 1 - i && x !== ROUNDS - i)).toEqual([]);
});
