/** A block whose first instruction reaches into the next page, after the TLB forgot that: fetched again with the rights of its level. */
import * as L from '../assembly/layout.js';
import { assemble } from './testing/assemble.js';
import { BareMachine } from './testing/bare-machine.js';

const SMEP = 1n << 20n;
const CODE = 0x1_1ffc;

it.each([1, 40])('user code with SMEP, %d rounds between flushes', (rounds) => {
  const machine = new BareMachine({ engine: { threshold: 20 } });
  const code = assemble('add rbx, 0x12345678\ndec rcx');
  machine.load(CODE, [...code, 0x75, -(code.length + 2) & 0xff, 0xeb, 0xfe]);
  machine.user(CODE);
  machine.cpu.state.setU64(L.CR4, machine.cpu.state.u64(L.CR4) | SMEP);
  for (let i = 1; i <= 5; i++) {
    machine.engine.flushTlb(machine.cpu);
    machine.user(CODE, { rcx: rounds, rbx: 0 });
    machine.cpu.state.setU64(L.CR4, machine.cpu.state.u64(L.CR4) | SMEP);
    machine.run(3 * rounds + 10);
    expect(machine.cpu.readRegister('rbx')).toBe(BigInt(rounds * 0x1234_5678));
  }
});
