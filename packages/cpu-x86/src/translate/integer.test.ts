import { run, type Values } from '../testing/run-snippet.js';

type Row = [source: string, before: Values, after: Values];

/** Every row runs as one block, where flags are known statically, and as one block an instruction, where they are not. */
function rows(name: string, table: Row[]): void {
  describe(name, () => {
    it.each(table)('%s from %j', (source, before, after) => {
      expect(run(source, before, after, 16)).toEqual(after);
      expect(run(source, before, after, 1)).toEqual(after);
    });
  });
}

rows('arithmetic', [
  ['add al, bl', { al: 0xff, bl: 1 }, { al: 0, flags: 'CF PF AF ZF' }],
  ['sub al, bl', { al: 0x80, bl: 1 }, { al: 0x7f, flags: 'AF OF' }],
  ['cmp al, bl', { al: 1, bl: 2 }, { al: 1, flags: 'CF PF AF SF' }],
  ['adc rax, rbx', { rax: -1n, rbx: 0, flags: 'CF' }, { rax: 0n, flags: 'CF PF AF ZF' }],
  ['sbb eax, ebx', { rax: -1n, ebx: 0xffff_ffff, flags: 'CF' }, { rax: 0xffff_ffffn, flags: 'CF PF AF SF' }],
  ['inc eax', { rax: -1n, flags: 'CF' }, { rax: 0n, flags: 'CF PF AF ZF' }],
  ['dec ax', { rax: 0x1_8000 }, { rax: 0x1_7fff, flags: 'PF AF OF' }],
  ['neg rax', { rax: 1 }, { rax: 0xffff_ffff_ffff_ffffn, flags: 'CF PF AF SF' }],
  ['xor eax, eax', { rax: -1n, flags: 'CF OF' }, { rax: 0n, flags: 'PF ZF' }],
  ['xadd al, ah', { ax: 0x0203 }, { ax: 0x0305, flags: 'PF' }],
  ['mov ah, 1; add ah, bh; mov cl, ah', { bh: 2 }, { ax: 0x0300, cl: 3 }],
]);

rows('conditions', [
  ['cmp eax, ebx; setl cl; setb ch', { eax: -1, ebx: 1 }, { cl: 1, ch: 0 }],
  ['test al, al; setle cl; sets ch', { al: 0x80 }, { cl: 1, ch: 1 }],
  ['cmp ax, bx; cmovbe ecx, edx', { ax: 5, bx: 5, ecx: 1, edx: 9 }, { rcx: 9 }],
  ['cmp eax, 1; cmovne ecx, edx', { eax: 1, rcx: -1n }, { rcx: 0xffff_ffffn }],
  ['add al, 1; inc bl; setc cl; setz ch', { al: 0xff, bl: 0xff }, { cl: 1, ch: 1 }],
  ['shl eax, cl; setc dl', { eax: 0x8000_0000, cl: 1 }, { eax: 0, dl: 1 }],
  ['sub eax, 1; jc a; mov ebx, 1; a: mov ecx, 1', { eax: 0 }, { ebx: 0, ecx: 1 }],
]);

rows('shifts', [
  ['shl al, cl', { al: 0x81, cl: 33, flags: 'ZF' }, { al: 2, flags: 'CF OF' }],
  ['shr rax, cl', { rax: 1, cl: 64, flags: 'CF ZF' }, { rax: 1, flags: 'CF ZF' }],
  ['sar al, 1', { al: 0x81 }, { al: 0xc0, flags: 'CF PF SF' }],
  ['rol ax, 4', { ax: 0x1234, flags: 'ZF' }, { ax: 0x2341, flags: 'CF ZF OF' }],
  ['rcr eax, 1', { eax: 2, flags: 'CF' }, { eax: 0x8000_0001, flags: 'OF' }],
  ['rcl al, 3', { al: 0x80, flags: 'CF' }, { al: 6 }],
  ['shld eax, ebx, 8', { eax: 0x1122_3344, ebx: 0xaabb_ccdd }, { eax: 0x2233_44aa }],
]);

rows('what rotates and bit tests leave of the flags before', [
  ['add al, bl; rol ecx, 1', { al: 0x0f, bl: 0x81 }, { flags: 'PF AF SF' }],
  ['sub ax, bx; ror ecx, 1', { ax: 0x10, bx: 0x21, ecx: 1 }, { flags: 'CF AF SF OF' }],
  ['adc rax, rbx; bt ecx, 0', { rax: -1n, rbx: 0, ecx: 1, flags: 'CF' }, { flags: 'CF PF AF ZF' }],
  ['sbb eax, ebx; rol cl, 1', { eax: 0, ebx: 0x7fff_ffff, flags: 'CF' }, { flags: 'PF AF SF' }],
  ['xor eax, eax; rol ecx, 1', { ecx: 0x4000_0000 }, { flags: 'PF ZF OF' }],
  ['inc al; rol ecx, 1', { al: 0x7f, flags: 'CF' }, { flags: 'AF SF' }],
  ['dec rax; ror ecx, 1', { rax: 0 }, { flags: 'PF AF SF' }],
  ['shl al, 1; rol ecx, 1', { al: 0x81 }, { flags: '' }],
  ['sar al, 1; bt ecx, 0', { al: 0x83 }, { flags: 'SF' }],
  ['imul eax, ebx; bt ecx, 0', { eax: 0x4000_0000, ebx: 4, ecx: 1 }, { flags: 'CF PF ZF OF' }],
]);

rows('multiplication and division', [
  ['mul bl', { al: 0x80, bl: 2 }, { ax: 0x100 }],
  ['mul rbx', { rax: -1n, rbx: -1n }, { rax: 1, rdx: 0xffff_ffff_ffff_fffen }],
  ['imul rax, rbx', { rax: -3n, rbx: 5 }, { rax: 0xffff_ffff_ffff_fff1n }],
  ['div ebx', { edx: 1, eax: 0, ebx: 3 }, { eax: 0x5555_5555, edx: 1 }],
  ['idiv bl', { ax: -7, bl: 2 }, { al: 0xfd, ah: 0xff }],
  ['div bl', { ax: 0x200, bl: 2 }, { ax: 0x200, vector: 0 }],
  ['idiv ebx', { edx: -1, eax: 0x8000_0000, ebx: -1 }, { vector: 0 }],
  ['idiv rbx', { rax: 1, rdx: 0, rbx: 0 }, { rax: 1, vector: 0 }],
]);

rows('bits', [
  ['bts eax, ebx', { ebx: 35, flags: 'ZF' }, { eax: 8, flags: 'ZF' }],
  ['bt [rsi], ebx', { ebx: -1, rsi: 0x8004, memory: [0, 0, 0, 0x80] }, { flags: 'CF' }],
  ['bsf eax, ebx', { rax: -1n, ebx: 0 }, { rax: 0xffff_ffff_ffff_ffffn }],
  ['bsr eax, ebx', { ebx: 0x100 }, { eax: 8 }],
  ['tzcnt ax, bx', { bx: 0 }, { ax: 16, flags: 'CF' }],
  ['lzcnt eax, ebx', { ebx: 0x8000_0000 }, { eax: 0, flags: 'ZF' }],
  ['popcnt rax, rbx', { rbx: -1n, flags: 'CF OF' }, { rax: 64, flags: '' }],
  ['crc32 eax, bl', { eax: -1, bl: 0x61 }, { eax: 0x3e2f_bccf }],
]);

rows('bit manipulation with VEX', [
  ['andn eax, ebx, ecx', { ebx: 0xf0, ecx: 0xff }, { eax: 0x0f, flags: 'PF' }],
  ['blsi rax, rbx', { rbx: 0x50 }, { rax: 0x10, flags: 'CF' }],
  ['bextr eax, ebx, ecx', { ebx: 0x1234_5678, ecx: 0x0804 }, { eax: 0x67 }],
  ['bzhi eax, ebx, ecx', { ebx: -1, ecx: 4 }, { eax: 15, flags: '' }],
  ['pext rax, rbx, rcx', { rbx: 0x1234_5678, rcx: 0xf0f0 }, { rax: 0x57 }],
  ['pdep rax, rbx, rcx', { rbx: 0x57, rcx: 0xf0f0 }, { rax: 0x5070 }],
  ['mulx rax, rbx, rcx', { rdx: -1n, rcx: -1n, flags: 'CF' }, { rax: 0xffff_ffff_ffff_fffen, rbx: 1, flags: 'CF' }],
  ['rorx eax, ebx, 4', { ebx: 0x1234_5678 }, { eax: 0x8123_4567 }],
  ['sarx rax, rbx, rcx', { rbx: -8n, rcx: 65 }, { rax: 0xffff_ffff_ffff_fffcn }],
]);

rows('moves', [
  ['movsx eax, bl', { rax: -1n, bl: 0x80 }, { rax: 0xffff_ff80 }],
  ['movzx rax, byte ptr [rsi + rbx * 2 + 1]', { rbx: 1, memory: [1, 2, 3, 0xff] }, { rax: 255 }],
  ['xchg al, ah', { ax: 0x1234 }, { ax: 0x3412 }],
  ['cmpxchg [rsi], bl', { al: 7, bl: 9, memory: [7] }, { al: 7, memory: [9], flags: 'PF ZF' }],
  ['cmpxchg [rsi], ebx', { eax: 7, memory: [1, 2] }, { eax: 0x201, memory: [1, 2], flags: 'CF PF SF' }],
  ['bswap rax', { rax: 0x0102_0304_0506_0708n }, { rax: 0x0807_0605_0403_0201n }],
  ['lea eax, [rsi + rsi * 8 - 1]', { rax: -1n }, { rax: 0x4_7fff }],
  ['push 1; push rsp; pop rax; pop rbx', {}, { rax: 0x87f8, rbx: 1, rsp: 0x8800 }],
]);

rows('strings', [
  ['rep movsb', { rcx: 3, rdi: 0x8003, memory: [1, 2, 3] }, { rcx: 0, rsi: 0x8003, rdi: 0x8006, memory: [1, 2, 3, 1, 2, 3] }],
  ['std; rep stosw', { rcx: 2, ax: 0x0102, rdi: 0x8002 }, { rcx: 0, rdi: 0x7ffe, memory: [2, 1, 2, 1] }],
  ['repne scasb', { rcx: 9, al: 3, memory: [1, 2, 3] }, { rcx: 6, rdi: 0x8003, flags: 'PF ZF' }],
  ['repe cmpsb', { rcx: 0, flags: 'CF' }, { rcx: 0, flags: 'CF' }],
  ['rep lodsb', { rcx: 5, rsi: 0x8ffe }, { rcx: 3, rsi: 0x9000, vector: 14 }],
]);

describe('faults', () => {
  it.each<[string, number[], number]>([
    ['an instruction that does not exist', [0x0f, 0x0b], 6],
    ['LOCK where it is not allowed', [0xf0, 0x89, 0xc8], 6],
    ['LOCK on a register', [0xf0, 0x01, 0xc8], 6],
    ['more than 15 bytes', [...new Array<number>(14).fill(0x66), 0x01, 0xc8], 13],
    ['an instruction of 32-bit mode', [0x06], 6],
    ['a privileged one', [0xf4], 13],
    ['CLI without IOPL', [0xfa], 13],
  ])('%s raises its exception', (_what, bytes, vector) => {
    expect(run(Uint8Array.from(bytes), {}, {})).toEqual({ vector });
  });

  it('leaves registers and flags as they were', () => {
    const before = { rsi: 0x10, rsp: 0x10, eax: 1, flags: 'CF' };
    for (const source of ['add eax, [rsi]', 'add [rsi], eax', 'xadd [rsi], eax', 'push rax', 'pop rax', 'call [rsi]', 'cmpxchg [rsi], ebx']) {
      expect(run(source, before, before)).toEqual({ ...before, vector: 14 });
    }
  });
});
