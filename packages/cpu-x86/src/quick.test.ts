/** The common cases that compiled code takes instead of helpers (`Helper.quick`) give what the helpers give, flags included. */
import { type AcceleratorOptions, WasmRegionCompiler } from '@nandu/tcg-wasm';
import { BareMachine } from './testing/bare-machine.js';

const CODE = 0x1_0000;
const MXCSR_AT = 0x1_1000;
const OPERANDS = 0x2_0000;
const RESULTS = 0x4_0000;
const COUNT = 400;

const DOUBLES = [
  0,
  -0,
  1,
  -1.5,
  3,
  0.1,
  1e308,
  -1e308,
  1e-308,
  2.2250738585072014e-308,
  5e-324,
  1e-160,
  123456789.25,
  -2147483648,
  2147483648,
  9.3e18,
  Infinity,
  -Infinity,
  NaN,
];
const SINGLES = [0, -0, 1, -1.5, 3, 0.1, 3e38, -3e38, 1e-38, 1.1754943508222875e-38, 1e-45, 1e-20, 16777217, Infinity, -Infinity, NaN];

let state = 7;
const random = (limit: number): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % limit;

/** Two operands of 16 bytes a row. */
function operands(kind: 'double' | 'single' | 'divide'): Uint8Array {
  state = 7;
  const view = new DataView(new ArrayBuffer(COUNT * 32));
  for (let at = 0; at < view.byteLength; at += 8) {
    if (kind === 'double') view.setFloat64(at, random(3) ? DOUBLES[random(DOUBLES.length)]! : random(1000) / 7, true);
    else if (kind === 'single') for (const half of [0, 4]) view.setFloat32(at + half, random(3) ? SINGLES[random(SINGLES.length)]! : random(1000) / 7, true);
    else {
      const row = at % 32;
      // Dividend (low, high), divisor: no quotient overflows.
      const value = [BigInt(random(2 ** 31)) * BigInt(random(2 ** 31)), BigInt(random(3) ? 0 : random(1000)), BigInt(1001 + random(2 ** 31)), 0n][row / 8]!;
      view.setBigUint64(at, value, true);
    }
  }
  return new Uint8Array(view.buffer);
}

function run(engine: AcceleratorOptions, kind: 'double' | 'single' | 'divide', body: readonly number[], mxcsr: number): string {
  const machine = new BareMachine({ engine });
  // ldmxcsr [rdx]; loop: movups xmm0, [rsi]; movups xmm1, [rsi+16]; body; stmxcsr [rdi+24]; add rsi, 32; add rdi, 32; dec rcx; jnz loop; hlt
  const loop = [0x0f, 0x10, 0x06, 0x0f, 0x10, 0x4e, 0x10, ...body, 0x0f, 0xae, 0x5f, 0x18, 0x48, 0x83, 0xc6, 0x20, 0x48, 0x83, 0xc7, 0x20, 0x48, 0xff, 0xc9];
  machine.load(CODE, [0x0f, 0xae, 0x12, ...loop, 0x75, 0x100 - (loop.length + 2), 0xf4]);
  machine.load(OPERANDS, operands(kind));
  machine.write32(MXCSR_AT, mxcsr);
  machine.long(CODE, { rsi: OPERANDS, rdi: RESULTS, rcx: COUNT, rdx: MXCSR_AT });
  expect(machine.run()).toBe('halted');
  if (engine.tier !== 'interpreter') expect(machine.engine.counters.regionsInstalled).toBeGreaterThan(0);
  return Buffer.from(machine.ram.slice(RESULTS, RESULTS + COUNT * 32))
    .toString('hex')
    .replace(/(.{64})/g, '$1\n');
}

const STORE_XMM0 = [0x0f, 0x11, 0x07];
const STORE_RAX = [0x48, 0x89, 0x07];
const FORMATS = [
  ['ps', [], 'single'],
  ['pd', [0x66], 'double'],
  ['ss', [0xf3], 'single'],
  ['sd', [0xf2], 'double'],
] as const;
const ARITHMETIC = [
  ['add', 0x58],
  ['mul', 0x59],
  ['sub', 0x5c],
  ['div', 0x5e],
  ['sqrt', 0x51],
] as const;

const ROWS: [name: string, kind: 'double' | 'single' | 'divide', body: number[]][] = [
  ...ARITHMETIC.flatMap(([name, opcode]) =>
    FORMATS.map(([suffix, prefix, kind]): [string, 'double' | 'single', number[]] => [name + suffix, kind, [...prefix, 0x0f, opcode, 0xc1, ...STORE_XMM0]]),
  ),
  // lahf; mov [rdi], rax
  ['ucomisd', 'double', [0x66, 0x0f, 0x2e, 0xc1, 0x9f, ...STORE_RAX]],
  ['comiss', 'single', [0x0f, 0x2f, 0xc1, 0x9f, ...STORE_RAX]],
  ['cvttsd2si rax', 'double', [0xf2, 0x48, 0x0f, 0x2c, 0xc1, ...STORE_RAX]],
  ['cvttsd2si eax', 'double', [0xf2, 0x0f, 0x2c, 0xc1, ...STORE_RAX]],
  ['cvttss2si eax', 'single', [0xf3, 0x0f, 0x2c, 0xc1, ...STORE_RAX]],
  ['cvtsi2sd', 'divide', [0xf2, 0x48, 0x0f, 0x2a, 0x06, ...STORE_XMM0]],
  ['cvtsi2ss', 'divide', [0xf3, 0x48, 0x0f, 0x2a, 0x06, ...STORE_XMM0]],
  // mov rax, [rsi]; mov rdx, [rsi+8]; div qword [rsi+16]; mov [rdi], rax; mov [rdi+8], rdx
  ['div', 'divide', [0x48, 0x8b, 0x06, 0x48, 0x8b, 0x56, 0x08, 0x48, 0xf7, 0x76, 0x10, ...STORE_RAX, 0x48, 0x89, 0x57, 0x08]],
  // The dividend's sign is spread first: cqo.
  ['idiv', 'divide', [0x48, 0x8b, 0x06, 0x48, 0xf7, 0xd8, 0x48, 0x99, 0x48, 0xf7, 0x7e, 0x10, ...STORE_RAX, 0x48, 0x89, 0x57, 0x08]],
];

describe.each([
  ['no flag set', 0x1f80],
  ['inexact set', 0x1fa0],
  ['rounding down', 0x3fa0],
])('quick cases, %s', (_, mxcsr) => {
  it.each(ROWS)('%s', (_name, kind, body) => {
    expect(run({ threshold: 2, regions: (host) => new WasmRegionCompiler(host, { batch: 1 }) }, kind, body, mxcsr)).toBe(
      run({ tier: 'interpreter' }, kind, body, mxcsr),
    );
  });
});
