import { BlockBuilder, Code } from '@nandu/tcg';
import * as L from '../../assembly/layout.js';
import { parseCpuModel } from '../models.js';
import { createX86Target } from '../target.js';
import { assemble } from '../testing/assemble.js';
import { BareMachine } from '../testing/bare-machine.js';

const CODE = 0x1_0000;
const target = createX86Target(parseCpuModel('max'));
const builder = new BlockBuilder();

function translate(source: string, { pc = CODE, most = 64 } = {}) {
  const code = assemble(source);
  builder.start();
  const flags = L.HF_PE | L.HF_CS64 | L.HF_SS32;
  const block = target.translate(builder, {
    pc,
    codeBase: 0,
    relocatable: false,
    flags,
    code: { u8: (offset) => code[offset] ?? 0xf4 },
    maxInstructions: most,
  });
  const ir = builder.block;
  const ops = [...ir.op.subarray(0, ir.count)];
  return {
    count: block.instructionCount,
    helpers: ir.helpers.map(({ name }) => name),
    sideExits: ops.filter((op) => op === Code.OP_EXIT_IF).length,
    branches: ops.filter((op) => op === Code.OP_BRANCH).length,
  };
}

describe('a conditional jump before another reader of the flags', () => {
  it.each([
    ['jump', 'cmp al, bl; ja x; je x; x: hlt'],
    ['near jump', `cmp al, bl; ja x; je y; x: ${'nop; '.repeat(200)} y: hlt`],
    ['set', 'cmp al, bl; ja x; sete cl; jmp x; x: hlt'],
    ['set of a register with a prefix', 'cmp al, bl; ja x; sete r9b; jmp x; x: hlt'],
    ['move', 'cmp al, bl; ja x; cmove rcx, rdx; jmp x; x: hlt'],
  ])('is no end of the block: %s', (_name, source) => {
    const { count, helpers, sideExits } = translate(source);
    expect(count).toBeGreaterThan(2);
    expect(sideExits).toBe(1);
    expect(helpers).not.toContain('compute_flags');
  });

  it.each([
    ['before another instruction', 'cmp al, bl; ja x; add eax, 1; x: hlt', {}],
    ['where the block is full', 'cmp al, bl; ja x; je x; x: hlt', { most: 2 }],
    ['at the end of the page', 'cmp al, bl; ja x; je x; x: hlt', { pc: CODE + 0xffa }],
  ])('is one %s', (_name, source, where) => {
    expect(translate(source, where)).toMatchObject({ count: 2, sideExits: 0, branches: 1 });
  });
});

describe.each([
  ['interpreted', { tier: 'interpreter' }],
  ['compiled', { eager: () => true, wholeBlocks: true }],
] as const)('two jumps after one comparison, %s', (_tier, engine) => {
  const machine = new BareMachine({ engine });
  const source = `
    xor ebx, ebx; xor edx, edx; xor esi, esi; mov ecx, 600
    again: mov eax, ecx; and eax, 7; cmp eax, 3; ja above; je equal; inc ebx; jmp next
    above: inc edx; jmp next
    equal: inc esi
    next: dec ecx; jnz again; hlt`.replace(/\n\s*/g, '; ');

  it('go where the comparison says, and count as many instructions as ran', () => {
    machine.load(CODE, assemble(source.replace(/^; /, '')));
    machine.long(CODE);
    const before = machine.engine.instructionsExecuted(machine.cpu);
    expect(machine.run(100_000)).toBe('halted');
    expect(['rbx', 'rdx', 'rsi'].map((name) => machine.cpu.readRegister(name))).toEqual([225n, 300n, 75n]);
    // 4 and hlt; a round has 5 to the first jump and 2 at its end, and 2, 3 or 2 in between.
    expect(machine.engine.instructionsExecuted(machine.cpu) - before).toBe(5 + 600 * 6 + 225 * 3 + 300 * 2 + 75 * 2);
  });
});
