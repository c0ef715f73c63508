import { type CoreState, coreNotes, elfMachineOf } from './core-notes.js';

/** Every register has a value of its own. */
const NAMES = 'rax rbx rcx rdx rsi rdi rsp rbp r8 r9 r10 r11 r12 r13 r14 r15 rip rflags cr0 cr2 cr3 cr4 kernel_gs_base fs.base gs.base es cs ss ds fs gs'.split(
  ' ',
);
const valueOf = (name: string): bigint => (BigInt(NAMES.indexOf(name) + 1) << 32n) | 0x55n;

const state: CoreState = {
  index: 2,
  readRegister: (name) => (name.startsWith('e') && name !== 'es' ? valueOf(name === 'eflags' ? 'rflags' : `r${name.slice(1)}`) : valueOf(name)),
  readSegment: (name) => ({ selector: name.charCodeAt(0), base: BigInt(name.charCodeAt(1)), limit: 0xffff_ffff, flags: 0xaf_9b00 }),
  readTable: (name) => ({ base: name === 'gdt' ? 0x1000n : 0x2000n, limit: 0x7f }),
};

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer);

it('tells a processor in long mode from another', () => {
  const machine = (efer: bigint): number => elfMachineOf({ readRegister: () => efer });
  expect([machine(0x500n), machine(0x100n)]).toEqual([62, 3]);
});

it('has the general registers in the order of a debugger', () => {
  const [status] = coreNotes(state, 62);
  expect(status).toMatchObject({ name: 'CORE', type: 1 });
  const { bytes } = status!;
  expect(bytes).toHaveLength(336);
  expect(view(bytes).getUint32(32, true)).toBe(3);
  const register = (number: number): bigint => view(bytes).getBigUint64(112 + 8 * number, true);
  expect([0, 4, 10, 15, 16, 18, 19, 21, 26].map(register)).toEqual(
    ['r15', 'rbp', 'rax', '', 'rip', 'rflags', 'rsp', 'fs.base', 'gs'].map((name) => (name === '' ? 0n : valueOf(name))),
  );
});

it('has the low halves of them for a processor outside long mode', () => {
  const { bytes } = coreNotes(state, 3)[0]!;
  expect(bytes).toHaveLength(144);
  expect([24, 72, 72 + 4 * 12, 72 + 4 * 15].map((at) => view(bytes).getUint32(at, true))).toEqual([3, 0x55, 0x55, 0x55]);
});

it("has the system's registers in QEMU's note", () => {
  const { name, bytes } = coreNotes(state, 62)[1]!;
  expect({ name, length: bytes.length, head: [view(bytes).getUint32(0, true), view(bytes).getUint32(4, true)] }).toEqual({
    ...{ name: 'QEMU', length: 440 },
    head: [1, 440],
  });
  const quad = (at: number): bigint => view(bytes).getBigUint64(at, true);
  expect([8, 16, 8 + 8 * 17].map(quad)).toEqual([valueOf('rax'), valueOf('rbx'), valueOf('rflags')]);
  // CS, the first of the segments, and the tables at their end.
  expect([0, 4, 8].map((at) => view(bytes).getUint32(152 + at, true))).toEqual(['c'.charCodeAt(0), 0xffff_ffff, 0xaf_9b00]);
  expect([152 + 8 * 24 + 16, 152 + 9 * 24 + 16].map(quad)).toEqual([0x1000n, 0x2000n]);
  expect([392, 400, 408, 416, 424, 432].map(quad)).toEqual([valueOf('cr0'), 0n, valueOf('cr2'), valueOf('cr3'), valueOf('cr4'), valueOf('kernel_gs_base')]);
});
