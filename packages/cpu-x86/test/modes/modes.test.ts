import { BareMachine } from '../../src/testing/bare-machine.js';
import { MODES_CODE } from './modes-code.js';

it('goes from real mode to 64-bit user code and back', () => {
  const machine = new BareMachine();
  machine.load(
    0x7c00,
    Uint8Array.from(atob(MODES_CODE), (c) => c.charCodeAt(0)),
  );
  // RSP0 of the TSS that the code loads.
  machine.write64(0x6004, 0x5800);
  machine.real(0, 0x7c00);
  expect(machine.run()).toBe('halted');

  const marks = (...addresses: number[]) => Object.fromEntries(addresses.map((address) => [address.toString(16), machine.read32(address)]));
  expect(marks(0x500, 0x504, 0x508, 0x50c, 0x510)).toEqual({
    500: 0x1111, // INT in real mode
    504: 0x2222, // protected mode
    508: 0x3333, // INT through a 32-bit gate
    '50c': 0x4444, // far call and return
    510: 0x5555, // 64-bit mode
  });
  expect(machine.read64(0x518)).toBe(0x12_3456_789an); // CR2 of a page fault,
  expect(machine.read64(0x528)).toBe(0n); // its error code,
  expect(machine.read64(0x520)).toBe(0x6666n); // and what its handler returned
  expect(marks(0x530, 0x534, 0x538, 0x540, 0x548, 0x550, 0x558, 0x560)).toEqual({
    530: 0x8888, // #UD
    534: 0xdddd, // #DE from user level,
    560: 0x5800 - 40, // on the stack of the TSS
    538: 77, // a register in the system call,
    540: 0x7777, // and its answer
    548: 2, // system calls
    550: 0x9999,
    558: 0x18, // CS at the end
  });
});
