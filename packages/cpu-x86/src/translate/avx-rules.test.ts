/** What an AVX instruction needs (SDM volume 2, 2.4: exception classes), what it does to upper halves, and XSAVE (volume 1, chapter 13). */
import { BareMachine } from '../testing/bare-machine.js';
import { gate, LONG_MODE } from '../testing/long-mode.js';

const CODE = 0x1_0000;
const HANDLERS = 0x1_8000;
const DATA = 0x2_0000;
const [UD, NM, SS, GP, PF] = [6, 7, 12, 13, 14];
const CR4 = 0x4_06b0;
/** mov eax, 7; xor ecx, ecx; xor edx, edx; xsetbv */
const ENABLE = [0xb8, 7, 0, 0, 0, 0x31, 0xc9, 0x31, 0xd2, 0x0f, 0x01, 0xd1];
const VADDPS = [0xc5, 0xec, 0x58, 0xcb]; // vaddps ymm1, ymm2, ymm3
const VPADDD = [0xc5, 0xe9, 0xfe, 0xcb]; // vpaddd xmm1, xmm2, xmm3
const PADDD = [0x66, 0x0f, 0xfe, 0xca]; // paddd xmm1, xmm2
const HLT = 0xf4;

/** Runs code in 64-bit mode; the vector of the exception that ended it, if one did. */
function run(code: readonly number[], registers: Record<string, number | bigint> = {}, model = 'max'): { machine: BareMachine; vector: number | undefined } {
  const machine = new BareMachine({ model });
  for (let vector = 0; vector < 32; vector++) {
    machine.write64(LONG_MODE.idt + 16 * vector, ...gate(HANDLERS + 16 * vector));
    machine.load(HANDLERS + 16 * vector, [0xbd, vector, 0, 0, 0, HLT]); // mov ebp, vector
  }
  machine.load(CODE, [...code, HLT]);
  machine.long(CODE, { cr4: CR4, rbp: 0x99, ...registers });
  machine.run(1000);
  const rbp = Number(machine.cpu.readRegister('rbp'));
  return { machine, vector: rbp === 0x99 ? undefined : rbp };
}

describe('an address that is not canonical', () => {
  const BAD = 0x9000_0000_0000_0000n;
  it.each([
    ['[rbp + 8], two-byte VEX', [0xc5, 0xec, 0x58, 0x4d, 8], { rbp: BAD }, SS],
    ['[rbp + 8], three-byte VEX', [0xc4, 0xe2, 0x7d, 0x0d, 0x4d, 8], { rbp: BAD }, SS],
    ['[rbp + rdi + 8]', [0xc4, 0xe2, 0x7d, 0x0d, 0x4c, 0x3d, 8], { rbp: BAD, rdi: 0 }, SS],
    ['[r13 + 8]', [0xc4, 0xc1, 0x6c, 0x58, 0x4d, 8], { r13: BAD }, GP],
    ['[rbx + 8]', [0xc5, 0xec, 0x58, 0x4b, 8], { rbx: BAD }, GP],
    ['[rbx + rbp + 8]', [0xc5, 0xec, 0x58, 0x4c, 0x2b, 8], { rbx: BAD, rbp: 0 }, GP],
    ['fs:[rbp + 8]', [0x64, 0xc5, 0xec, 0x58, 0x4d, 8], { rbp: BAD }, GP],
  ])('%s', (_name, code, registers, vector) => {
    expect(run([...ENABLE, ...code], registers).vector).toBe(vector);
  });
});

describe('AVX', () => {
  it.each<[string, readonly number[], Record<string, number>, number | undefined]>([
    ['runs once XCR0 has it', [...ENABLE, ...VADDPS], {}, undefined],
    ['is #UD without XCR0.AVX', VADDPS, {}, UD],
    ['is #UD without CR4.OSXSAVE', VADDPS, { cr4: 0x6b0 }, UD],
    ['is #NM with CR0.TS', [...ENABLE, 0x0f, 0x20, 0xc0, 0x0c, 8, 0x0f, 0x22, 0xc0, ...VADDPS], {}, NM],
    ['is #UD rather than #NM where both apply', VADDPS, { cr0: 0x8005_003b }, UD],
    ['does not mind CR0.EM', [...ENABLE, 0x0f, 0x20, 0xc0, 0x0c, 4, 0x0f, 0x22, 0xc0, ...VADDPS], {}, undefined],
    ['is #UD with LOCK', [...ENABLE, 0xf0, ...VADDPS], {}, UD],
    ['is #UD with 66 before VEX', [...ENABLE, 0x66, ...VADDPS], {}, UD],
    ['is #UD with F3 before VEX', [...ENABLE, 0xf3, ...VADDPS], {}, UD],
    ['is #UD with REX before VEX', [...ENABLE, 0x40, ...VADDPS], {}, UD],
    ['is #UD where VEX.vvvv is not used and not 1111b: vmovups', [...ENABLE, 0xc5, 0xe8, 0x10, 0xca], {}, UD],
    ['is #UD where VEX.L must be 0: vmovd', [...ENABLE, 0xc5, 0xfd, 0x6e, 0xc8], {}, UD],
    ['is #UD where VEX.L must be 1: vperm2f128', [...ENABLE, 0xc4, 0xe3, 0x69, 0x06, 0xcb, 0], {}, UD],
    ['is #UD where VEX.W must be 0: vpermd', [...ENABLE, 0xc4, 0xe2, 0xed, 0x36, 0xcb], {}, UD],
    ['is #UD for a gather whose registers are not all different', [...ENABLE, 0xc4, 0xe2, 0x75, 0x90, 0x0c, 0x1e], {}, UD],
    ['takes an operand that is not aligned', [...ENABLE, 0xc5, 0xec, 0x58, 0x0e], { rsi: DATA + 1 }, undefined],
    ['is #GP for vmovaps of 32 bytes that are aligned to 16', [...ENABLE, 0xc5, 0xfc, 0x28, 0x0e], { rsi: DATA + 16 }, GP],
    ['takes vmovaps of 16 bytes that are aligned to 16', [...ENABLE, 0xc5, 0xf8, 0x28, 0x0e], { rsi: DATA + 16 }, undefined],
  ])('%s', (_, code, registers, vector) => {
    expect(run(code, registers).vector).toBe(vector);
  });

  it('does not exist in a model without it', () => {
    expect(run([...ENABLE], {}, 'max,-avx').vector).toBe(GP);
    expect(run(VPADDD, {}, 'Nehalem').vector).toBe(UD);
  });

  const ones = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
  const LOAD = [0xc5, 0xfe, 0x6f, 0x0e, 0xc5, 0xfe, 0x6f, 0x16, 0xc5, 0xfe, 0x6f, 0x1e]; // vmovdqu ymm1, ymm2, ymm3 from [rsi]
  const STORE = [0xc5, 0xfe, 0x7f, 0x0f]; // vmovdqu [rdi], ymm1
  it.each<[string, readonly number[], readonly number[]]>([
    ['a VEX prefix with L 0 clears the upper half', VPADDD, [2, 4, 6, 8, 0, 0, 0, 0]],
    ['an SSE instruction keeps it', PADDD, [2, 4, 6, 8, 5, 6, 7, 8]],
    ['VZEROUPPER clears it', [0xc5, 0xf8, 0x77], [1, 2, 3, 4, 0, 0, 0, 0]],
    ['VZEROALL clears everything', [0xc5, 0xfc, 0x77], [0, 0, 0, 0, 0, 0, 0, 0]],
  ])('%s', (_, code, expected) => {
    const { machine } = runWithData([...ENABLE, ...LOAD, ...code, ...STORE], ones(8));
    expect(Array.from({ length: 8 }, (_, i) => machine.read32(DATA + 64 + 4 * i))).toEqual(expected);
  });

  function runWithData(code: readonly number[], words: readonly number[]) {
    const store = words.flatMap((word, i) => [0xc7, 0x46, 4 * i, word, 0, 0, 0]); // mov dword [rsi + 4 i], word
    return run([...store, ...code], { rsi: DATA, rdi: DATA + 64 });
  }

  it('a store that reaches an absent page stores nothing', () => {
    // The first 2 MiB are mapped: the lower half would fit.
    const end = 0x20_0000 - 24;
    const { machine, vector } = run([...ENABLE, 0xc5, 0xf5, 0x76, 0xc9, ...STORE], { rdi: end });
    expect(vector).toBe(PF);
    expect(machine.cpu.readRegister('cr2')).toBe(0x20_0000n);
    expect(machine.read32(end)).toBe(0);
  });
});

describe('VCVTPS2PH to memory', () => {
  const OVERFLOW_AND_INEXACT = 0x28;
  it.each([
    ['xmm', 0xc4, 0xe3, 0x79],
    ['ymm', 0xc4, 0xe3, 0x7d],
  ])('%s: raises no flag if the store faults', (_, ...vex) => {
    // mov eax, 7f7fffffh; vmovd xmm1, eax; vcvtps2ph [rsi], xmm1/ymm1, 0; then, or in the handler of #PF: stmxcsr [rdi]; hlt
    const convert = [...ENABLE, 0xb8, 0xff, 0xff, 0x7f, 0x7f, 0xc5, 0xf9, 0x6e, 0xc8, ...vex, 0x1d, 0x0e, 0];
    const store = [0x0f, 0xae, 0x1f, HLT];
    const mxcsrAfter = (rsi: number): number => {
      const machine = new BareMachine({ model: 'max' });
      machine.write64(LONG_MODE.idt + 16 * PF, ...gate(HANDLERS));
      machine.load(HANDLERS, store);
      machine.load(CODE, [...convert, ...store]);
      machine.long(CODE, { cr4: CR4, rdi: DATA, rsi });
      machine.run(1000);
      return machine.read32(DATA);
    };
    expect(mxcsrAfter(DATA + 64)).toBe(0x1f80 | OVERFLOW_AND_INEXACT);
    expect(mxcsrAfter(0x20_0000)).toBe(0x1f80);
  });
});

describe('XSAVE', () => {
  const ALL = [0xb8, 7, 0, 0, 0, 0x31, 0xd2]; // mov eax, 7; xor edx, edx
  const XSAVE = [...ALL, 0x0f, 0xae, 0x26]; // xsave [rsi]
  const XRSTOR = [...ALL, 0x0f, 0xae, 0x2e];

  it('saves and restores the upper halves', () => {
    const { machine, vector } = run(
      [...ENABLE, 0xc5, 0xf5, 0x76, 0xc9, ...XSAVE, 0xc5, 0xfc, 0x77, ...XRSTOR, 0xc5, 0xfe, 0x7f, 0x0f], // all ones; xsave; vzeroall; xrstor; store
      { rsi: DATA, rdi: DATA + 0x1000 },
    );
    expect(vector).toBeUndefined();
    expect(machine.read64(DATA + 512) & 6n).toBe(6n);
    expect([machine.read64(DATA + 576 + 16), machine.read64(DATA + 576 + 32)]).toEqual([0xffff_ffff_ffff_ffffn, 0n]);
    expect([0, 8, 16, 24].map((at) => machine.read64(DATA + 0x1000 + at))).toEqual(Array(4).fill(0xffff_ffff_ffff_ffffn));
  });

  it.each<[string, readonly number[], Record<string, number>, number]>([
    ['is #GP unless aligned to 64 bytes', [...ENABLE, ...XSAVE], { rsi: DATA + 16 }, GP],
    ['is #UD without CR4.OSXSAVE', XSAVE, { rsi: DATA, cr4: 0x6b0 }, UD],
    ['XRSTOR is #GP for components that XCR0 lacks', [...ENABLE, 0xc6, 0x86, 0, 2, 0, 0, 8, ...XRSTOR], { rsi: DATA }, GP],
    ['XRSTOR is #GP for MXCSR bits that do not exist', [...ENABLE, 0xc6, 0x46, 26, 1, ...XRSTOR], { rsi: DATA }, GP],
    ['XSETBV is #GP for AVX without SSE', [0xb8, 5, 0, 0, 0, 0x31, 0xc9, 0x31, 0xd2, 0x0f, 0x01, 0xd1], {}, GP],
    ['XSETBV is #GP without x87', [0xb8, 6, 0, 0, 0, 0x31, 0xc9, 0x31, 0xd2, 0x0f, 0x01, 0xd1], {}, GP],
    ['XSETBV is #GP for other registers', [0xb8, 7, 0, 0, 0, 0xb9, 1, 0, 0, 0, 0x31, 0xd2, 0x0f, 0x01, 0xd1], {}, GP],
  ])('%s', (_, code, registers, vector) => {
    expect(run(code, registers).vector).toBe(vector);
  });

  it('CPUID tells the sizes: what XCR0 enables, and all', () => {
    const cpuid = [0xb8, 0x0d, 0, 0, 0, 0x31, 0xc9, 0x0f, 0xa2];
    const before = run(cpuid).machine;
    const after = run([...ENABLE, ...cpuid]).machine;
    const read = (machine: BareMachine) => ['rax', 'rbx', 'rcx', 'rdx'].map((name) => Number(machine.cpu.readRegister(name)));
    expect([read(before), read(after)]).toEqual([
      [0x207, 576, 2696, 0],
      [0x207, 832, 2696, 0],
    ]);
  });
});
