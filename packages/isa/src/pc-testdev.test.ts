import { IsaBench } from './isa-bench.test-support.js';
import { PcTestDevice } from './pc-testdev.js';

function powerOn() {
  const bench = new IsaBench();
  bench.add(PcTestDevice);
  return bench;
}

it('gives back what was written to its echo ports', () => {
  const { io } = powerOn();
  io.write(0xe0, 0x1234_5678, 4);
  expect(io.read(0xe0, 4)).toBe(0x1234_5678);
  io.write(0xe8, 0x5a, 1);
  expect(io.read(0xe8, 1)).toBe(0x5a);
});

it('raises and lowers an interrupt request', () => {
  const { io, levels } = powerOn();
  io.write(0x200e, 1, 1);
  expect(levels[14]).toBe(true);
  io.write(0x200e, 0, 1);
  expect(levels[14]).toBe(false);
});

it('has memory that is not RAM', () => {
  const { memory } = powerOn();
  memory.write(0xff00_0010, 0x8765_4321, 4);
  expect([memory.read(0xff00_0010, 4), memory.read(0xff00_0012, 2), memory.read(0xff00_0013, 1)]).toEqual([0x8765_4321, 0x8765, 0x87]);
});

it('takes the address of a page to flush', () => {
  const { io } = powerOn();
  expect(() => io.write(0xe4, 0x20_0000, 4)).not.toThrow();
});
