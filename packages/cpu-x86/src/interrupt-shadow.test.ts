import type { CpuInterrupts } from '@nandu/core';
import { assemble } from './testing/assemble.js';
import { BareMachine } from './testing/bare-machine.js';
import { gate, LONG_MODE as W } from './testing/long-mode.js';

const CODE = 0x1_0000;
const HANDLER = 0x2_0000;
const VECTOR = 0x40;

/** Runs code with one interrupt waiting and IF clear. The handler leaves in RDX what RAX was, and in RBX where it came from. */
function run(code: string, { slice = 10_000, tier = 'both' as 'both' | 'interpreter', at = CODE } = {}) {
  let waits = true;
  const interrupts = {
    select: () => {},
    hasInterrupt: () => waits,
    acknowledge: () => {
      waits = false;
      return VECTOR;
    },
  } as unknown as CpuInterrupts;
  const machine = new BareMachine({ interrupts, engine: { tier, threshold: 1 } });
  machine.load(at, assemble(code));
  machine.load(HANDLER, assemble('mov rdx, rax; mov rbx, [rsp]; iretq'));
  machine.long(at, { rdx: 99 });
  machine.write64(W.idt + 16 * VECTOR, ...gate(HANDLER));
  for (let i = 0; i < 300; i++) machine.engine.run(machine.cpu, slice);
  return { taken: !waits, seen: Number(machine.cpu.readRegister('rdx')), from: Number(machine.cpu.readRegister('rbx')) - at };
}

const NOWHERE = 'spin: jmp spin';
const ENGINES = [{}, { tier: 'interpreter' as const }, { slice: 1 }, { slice: 2 }];

describe.each(ENGINES)('STI, with %j', (engine) => {
  it.each([
    ['one instruction later', `mov eax, 1; sti; inc eax; inc eax; ${NOWHERE}`, 2],
    ['behind a jump', `mov eax, 1; sti; jmp on; on: inc eax; ${NOWHERE}`, 1],
    ['behind a branch', `mov eax, 1; sti; jnz on; nop; on: inc eax; ${NOWHERE}`, 1],
    ['behind another STI', `mov eax, 1; sti; sti; inc eax; inc eax; ${NOWHERE}`, 1],
    ['behind the first round of a repeated instruction', `mov eax, 1; mov ecx, 3; mov edi, 0x30000; sti; rep stosb; ${NOWHERE}`, 1],
  ])('lets an interrupt in %s', (_, code, seen) => {
    expect(run(code, engine)).toMatchObject({ taken: true, seen });
  });

  it('does not if CLI follows', () => {
    expect(run(`sti; cli; nop; nop; ${NOWHERE}`, engine).taken).toBe(false);
  });

  it('keeps it waiting across a page', () => {
    expect(run(`mov eax, 1; nop; nop; sti; inc eax; inc eax; ${NOWHERE}`, { ...engine, at: CODE + 0x1000 - 8 })).toMatchObject({ taken: true, seen: 2 });
  });

  it('wakes HLT at once', () => {
    expect(run(`mov eax, 5; sti; hlt; inc eax; ${NOWHERE}`, engine)).toMatchObject({ taken: true, seen: 5 });
  });
});
