import { HF_CS32, HF_CS64 } from '../../assembly/layout.js';
import { TABLES } from '../translate/tables.js';
import { Disassembler } from './disassemble.js';

const disassembler = new Disassembler(TABLES, new Set(['cmov', 'cx16', 'popcnt', 'sse', 'sse2']));
const MODES = { 64: HF_CS64 | HF_CS32, 32: HF_CS32, 16: 0 } as const;

function show(bytes: string, mode: keyof typeof MODES) {
  const code = bytes.split(' ').map((byte) => Number.parseInt(byte, 16));
  return disassembler.disassemble({ u8: (offset) => code[offset] ?? 0xcc }, MODES[mode], 0, 0x1000);
}

it.each<[string, keyof typeof MODES, string]>([
  ['48 01 d8', 64, 'add rax, rbx'],
  ['8a 63 08', 64, 'mov ah, byte ptr [rbx+0x8]'],
  ['40 8a 63 f8', 64, 'mov spl, byte ptr [rbx-0x8]'],
  ['64 48 8b 04 25 28 00 00 00', 64, 'mov rax, qword ptr fs:[0x28]'],
  ['8b 05 10 00 00 00', 64, 'mov eax, dword ptr [rip+0x10]'],
  ['4b 8d 44 a5 00', 64, 'lea rax, [r13+r12*4]'],
  ['0f 84 fa ff ff ff', 64, 'je 0x1000'],
  ['0f 84 fa ff', 16, 'je 0xffe'],
  ['66 98', 64, 'cbw'],
  ['48 98', 64, 'cdqe'],
  ['f3 48 ab', 64, 'rep stosq qword ptr es:[rdi], rax'],
  ['f0 48 0f c7 0b', 64, 'lock cmpxchg16b [rbx]'],
  ['f3 0f b8 c1', 64, 'popcnt eax, ecx'],
  ['8b 42 10', 16, 'mov ax, word ptr [bp+si+0x10]'],
  ['67 8b 42 10', 32, 'mov eax, dword ptr [bp+si+0x10]'],
  ['ea 00 00 00 00 f0 5b', 32, 'jmpf 0x5bf0:0x0'],
  ['40', 32, 'inc eax'],
  ['48 b8 08 07 06 05 04 03 02 01', 64, 'mov rax, 0x102030405060708'],
  ['06', 64, 'db 0x6'],
])('%s is in %s-bit mode: %s', (bytes, mode, text) => {
  expect(show(bytes, mode)).toEqual({ text, length: text.startsWith('db') ? 1 : bytes.split(' ').length });
});
