import { GiB, MiB } from '@nandu/core';
import { findAddress } from './device-memory.js';

const WINDOW = { start: 5 * GiB, size: 16 * GiB };
const vm0 = { id: 'vm0', start: 6 * GiB, size: 8 * GiB };

it.each([
  { name: 'the start of the window', occupied: [], size: 8 * GiB, alignment: 2 * MiB, hint: 0, at: 5 * GiB },
  { name: 'the next multiple of the alignment', occupied: [], size: 8 * GiB, alignment: 8 * GiB, hint: 0, at: 8 * GiB },
  { name: 'behind what is there', occupied: [vm0], size: 4 * GiB, alignment: 2 * MiB, hint: 0, at: 14 * GiB },
  { name: 'a gap before it', occupied: [vm0], size: 1 * GiB, alignment: 2 * MiB, hint: 0, at: 5 * GiB },
  { name: 'where the user says', occupied: [vm0], size: 1 * GiB, alignment: 2 * MiB, hint: 15 * GiB, at: 15 * GiB },
])('finds $name', ({ occupied, size, alignment, hint, at }) => {
  expect(findAddress(WINDOW, occupied, size, alignment, hint)).toBe(at);
});

it.each([
  { hint: 0x1000, size: 1 * GiB, message: 'address must be aligned to 0x200000 bytes' },
  { hint: 0, size: 3 * MiB, message: 'backend memory size must be multiple of 0x200000' },
  {
    hint: 0x10_0000_0000,
    size: 8 * GiB,
    message: "can't add memory device [0x1000000000:0x200000000], usable range for memory devices [0x140000000:0x400000000]",
  },
  { hint: 8 * GiB, size: 4 * GiB, message: "address range conflicts with memory device id='vm0'" },
  { hint: 0, size: 10 * GiB, message: 'could not find position in guest address space for memory device - memory fragmented due to alignments' },
])('refuses: $message', ({ hint, size, message }) => {
  expect(() => findAddress(WINDOW, [vm0], size, 2 * MiB, hint)).toThrow(message);
});
