import { assemble } from '../testing/assemble.js';
import { SnippetMachine } from '../testing/snippet-machine.js';

describe('RDRAND and RDSEED', () => {
  const machine = new SnippetMachine(new Set(['rdrand', 'rdseed']), 0x8000n, 0x1000);
  machine.js = { random: () => 0x8765_4321_fedc_ba98n };

  it.each([
    ['rdrand rcx', 0x8765_4321_fedc_ba98n],
    ['rdrand ecx', 0xfedc_ba98n],
    ['rdseed cx', 0x1111_1111_1111_ba98n],
    ['rdseed rcx', 0x8765_4321_fedc_ba98n],
  ])('%s: a number and CF alone', (source, value) => {
    machine.setRegister(1, 0x1111_1111_1111_1111n);
    machine.setFlags(0x8d5);
    expect(machine.run(assemble(source), 0x1000n, 1).vector).toBeUndefined();
    expect(machine.register(1)).toBe(value);
    expect(machine.flags & 0x8d5).toBe(1);
  });

  it.each([
    ['with F2', [0xf2, 0x0f, 0xc7, 0xf1]],
    ['with F3', [0xf3, 0x0f, 0xc7, 0xf1]],
    ['of memory', [0x0f, 0xc7, 0x31]],
  ])('%s there is no such instruction', (_, bytes) => {
    expect(machine.run(Uint8Array.from(bytes), 0x1000n, 1).vector).toBe(6);
  });
});
