import { coreFile } from './core-file.js';

const GiB = 2 ** 30;
const NOTE = { name: 'CORE', type: 1, bytes: Uint8Array.of(1, 2, 3, 4, 5) };

/** Program headers as a reader finds them: type, offset, physical address, length. */
function programs(head: Uint8Array) {
  const view = new DataView(head.buffer);
  const wide = head[4] === 2;
  const number = (at: number): number => (wide ? Number(view.getBigUint64(at, true)) : view.getUint32(at, true));
  const [start, step, few] = wide
    ? [number(32), view.getUint16(54, true), view.getUint16(56, true)]
    : [number(28), view.getUint16(42, true), view.getUint16(44, true)];
  const sections = number(wide ? 40 : 32);
  const count = few === 0xffff ? view.getUint32(sections + (wide ? 44 : 28), true) : few;
  return Array.from({ length: count }, (_, i) => {
    const at = start + i * step;
    const [offset, physical, length] = wide ? [at + 8, at + 24, at + 32] : [at + 4, at + 12, at + 16];
    return { type: view.getUint32(at, true), offset: number(offset), physical: number(physical), length: number(length) };
  });
}

it.each([
  { what: 'x86-64', elfMachine: 62, address: 0x10_0000, bits: 64, notesAt: 64 + 2 * 64 + 2 * 56 },
  { what: 'i386 below 4 GiB', elfMachine: 3, address: 0x10_0000, bits: 32, notesAt: 52 + 2 * 40 + 2 * 32 },
  { what: 'i386 up to 4 GiB', elfMachine: 3, address: 4 * GiB - 4096, bits: 64, notesAt: 64 + 2 * 64 + 2 * 56 },
])('is of $bits bits for $what', ({ elfMachine, address, bits, notesAt }) => {
  const { head, tail } = coreFile(elfMachine, [NOTE], [{ address, bytes: 4096 }]);
  expect([...head.subarray(0, 7)]).toEqual([0x7f, 0x45, 0x4c, 0x46, bits / 32, 1, 1]);
  expect(new DataView(head.buffer).getUint16(18, true)).toBe(elfMachine);
  // Three words, the name with its end, the bytes: each to a multiple of four.
  const noteBytes = 12 + 8 + 8;
  expect(programs(head)).toEqual([
    { type: 4, offset: notesAt, physical: 0, length: noteBytes },
    { type: 1, offset: head.length, physical: address, length: 4096 },
  ]);
  expect([...head.subarray(notesAt)]).toEqual([5, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, ...Buffer.from('CORE\0\0\0\0'), 1, 2, 3, 4, 5, 0, 0, 0]);
  expect(new TextDecoder().decode(tail)).toBe('\0.shstrtab\0');
});

it('counts more segments than its header can', () => {
  const segments = Array.from({ length: 70_000 }, (_, i) => ({ address: i * 8192, bytes: 4096 }));
  const { head } = coreFile(62, [], segments);
  const all = programs(head);
  expect(all).toHaveLength(70_001);
  expect(all.at(-1)).toEqual({ type: 1, offset: head.length + 69_999 * 4096, physical: 69_999 * 8192, length: 4096 });
});
