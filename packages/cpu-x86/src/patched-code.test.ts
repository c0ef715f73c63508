/** Code that is overwritten time and again runs as it is at that moment, and patches of immediates alone are cheap. */
import type { AcceleratorOptions } from '@nandu/tcg-wasm';
import { assemble } from './testing/assemble.js';
import { BareMachine } from './testing/bare-machine.js';

const CODE = 0x1_0000;
const PATCHED = 0x1_2000;
const ROUNDS = 400;
const ENGINES: readonly { name: string; engine: AcceleratorOptions }[] = [
  { name: 'interpreter', engine: { tier: 'interpreter' } },
  { name: 'both tiers', engine: { threshold: 20 } },
];
const u32 = (value: number): number => value >>> 0;

interface Patch {
  readonly body: string;
  readonly at?: number;
  /** What the loop does in a round, the round's number in ECX; the function at `at` changes EAX or RAX. */
  readonly loop: string;
}

/** Runs `loop` ROUNDS times, ECX counting down to 1; `results` are what it left in RAX each time. */
function run(engine: AcceleratorOptions, { body, at = PATCHED, loop }: Patch) {
  const machine = new BareMachine({ engine });
  const results: bigint[] = [];
  const top = assemble(`${loop}\nmov [rdi], rax\nadd rdi, 8\ndec rcx`);
  machine.load(CODE, [...top, 0x0f, 0x85, ...int32(-(top.length + 6)), 0xf4]);
  machine.load(at, assemble(body));
  machine.long(CODE, { rcx: ROUNDS, rdi: 0x4_0000, rsi: at, rax: 1, rsp: 0x3_0000 });
  // In slices, as in a machine, so that compiled code gets its turn.
  for (let i = 0; i < 1000 && machine.run(500) !== 'halted'; i++);
  for (let i = 0; i < ROUNDS; i++) results.push(machine.read64(0x4_0000 + 8 * i));
  return { results, translated: machine.engine.counters.blocksTranslated };
}

function int32(value: number): number[] {
  return [0, 8, 16, 24].map((shift) => (value >> shift) & 0xff);
}

/** The same by a function of the round's number and RAX. */
function model(step: (round: number, rax: bigint) => bigint): bigint[] {
  let rax = 1n;
  return Array.from({ length: ROUNDS }, (_, i) => (rax = step(ROUNDS - i, rax)));
}

describe.each(ENGINES)('patched code, $name', ({ engine }) => {
  it('an immediate of 32 bits', () => {
    const { results, translated } = run(engine, { body: 'add eax, 0x11111111\nrol eax, 5\nret', loop: 'imul edx, ecx, 40503\nmov [rsi+1], edx\ncall rsi' });
    const rotated = (x: number): number => u32((x << 5) | (x >>> 27));
    expect(results).toEqual(model((round, rax) => BigInt(rotated(u32(Number(rax) + Math.imul(round, 40503))))));
    expect(translated).toBeLessThan(30);
  });

  it('an immediate of 64 bits, and one that is sign-extended', () => {
    const { results, translated } = run(engine, {
      body: 'mov rax, 0x1111111111111111\nadd rax, 0x11111111\nret',
      loop: 'mov rdx, rcx\nror rdx, 7\nmov [rsi+2], rdx\nmov edx, ecx\nneg edx\nmov [rsi+12], edx\ncall rsi',
    });
    const rotated = (x: bigint): bigint => BigInt.asUintN(64, (x >> 7n) | (x << 57n));
    expect(results).toEqual(model((round) => BigInt.asUintN(64, rotated(BigInt(round)) - BigInt(round))));
    expect(translated).toBeLessThan(40);
  });

  it('a store over the immediate and the next opcode', () => {
    // mov eax, imm32; inc ecx or dec ecx (FF C1, FF C9): bytes 3 to 6 are the immediate's upper half, FF and the second byte.
    const { results } = run(engine, {
      body: 'mov eax, 0x11111111\ninc ebx\nmov eax, ebx\nret',
      loop: 'mov edx, ecx\nand edx, 1\nshl edx, 27\nor edx, 0xc3ff0000\nmov [rsi+3], edx\ncall rsi',
    });
    expect(results).toEqual(
      (() => {
        let ebx = 0;
        return model((round) => BigInt((ebx = u32(round & 1 ? ebx - 1 : ebx + 1))));
      })(),
    );
  });

  it('a block that patches its own next instruction', () => {
    const { results } = run(engine, {
      body: 'ret',
      loop: 'mov [rip+.patched-.next+1], ecx\n.next:\n.patched: mov eax, 0x11111111\nadd eax, ecx',
    });
    expect(results).toEqual(model((round) => BigInt(2 * round)));
  });

  it('an immediate over two pages', () => {
    const { results } = run(engine, { at: PATCHED - 3, body: 'mov eax, 0x11111111\nret', loop: 'mov [rsi+1], ecx\ncall rsi' });
    expect(results).toEqual(model((round) => BigInt(round)));
  });

  it('other instructions every time', () => {
    // add, or, adc, sbb eax, imm32 have opcodes 05, 0D, 15, 1D.
    const { results } = run(engine, {
      body: 'add eax, 0x11111111\nret',
      loop: 'mov edx, ecx\nand edx, 1\nimul edx, edx, 0x28\nadd edx, 5\nmov [rsi], dl\nmov [rsi+1], ecx\ncall rsi',
    });
    // 05 add, 2D sub.
    expect(results).toEqual(model((round, rax) => BigInt(u32(Number(rax) + (round & 1 ? -round : round)))));
  });
});
