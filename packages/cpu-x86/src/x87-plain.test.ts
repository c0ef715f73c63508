/** The x87's common cases (`assembly/fpu-plain.ts`) do what the general helper does with the same opcode, and both are right. */
import * as L from '../assembly/layout.js';
import { HelperHost } from './testing/helper-host.js';

const unsigned = (value: bigint): bigint => BigInt.asUintN(64, value);

/** xorshift64*: the same numbers every time. */
function numbers(seed: bigint): () => bigint {
  let state = seed;
  return () => {
    state ^= state >> 12n;
    state ^= unsigned(state << 25n);
    state ^= state >> 27n;
    return unsigned(state * 0x2545_f491_4f6c_dd1dn);
  };
}

const host = new HelperHost();
const { call, view, env } = host;
const FP_END = L.MXCSR;

interface Extended {
  readonly significand: bigint;
  readonly top: number;
}

function setState(registers: readonly Extended[], { top = 5, control = 0x37f, status = 0, empty = 0 } = {}): void {
  for (let at = L.FP_REGS; at < FP_END; at += 4) view.setUint32(env + at, 0, true);
  registers.forEach(({ significand, top: word }, i) => {
    const at = env + L.FP_REGS + 16 * ((top + i) & 7);
    view.setBigUint64(at, significand, true);
    view.setUint32(at + 8, word, true);
  });
  view.setInt32(env + L.FP_TOP, top, true);
  view.setInt32(env + L.FP_CONTROL, control, true);
  view.setInt32(env + L.FP_STATUS, status, true);
  view.setInt32(env + L.FP_EMPTY, empty, true);
  view.setInt32(env + L.CC_OP, 0, true);
  view.setBigInt64(env + L.CC_SRC, 0n, true);
  host.forget();
}

function state(): string {
  const words: string[] = [];
  for (let at = L.FP_REGS; at < FP_END; at += 4) words.push(view.getUint32(env + at, true).toString(16));
  return [...words, view.getInt32(env + L.CC_OP, true), view.getBigInt64(env + L.CC_SRC, true)].join(' ');
}

/** Numbers with long runs of ones and zeros, exponents near each other, and now and then something that is no normal number. */
function interesting(next: () => bigint): Extended {
  const shape = Number(next() % 16n);
  const sign = next() & 1n ? 0x8000 : 0;
  if (shape === 0) {
    const special = [
      { significand: 0n, top: sign },
      { significand: 1n << 63n, top: 0x7fff | sign },
      { significand: 3n << 62n, top: 0x7fff | sign },
      { significand: (1n << 63n) | 5n, top: 0x7fff | sign },
      { significand: 5n, top: sign },
      { significand: 5n, top: 0x4000 | sign },
      { significand: 1n << 63n, top: 1 | sign },
      { significand: unsigned(-1n), top: 0x7ffe | sign },
    ];
    return special[Number(next() % 8n)]!;
  }
  const length = next() % 64n;
  const ones = unsigned(-1n) << length;
  const low = shape < 6 ? next() : shape < 9 ? ones : shape < 12 ? (next() >> length) << length : 1n << length;
  const exponent = shape % 3 === 0 ? Number(next() % 0x7fffn) : 0x3fff + Number(next() % 140n) - 70;
  return { significand: unsigned(low) | (1n << 63n), top: exponent | sign };
}

/** Runs both from the same state; what the general one left. */
function compare(what: string, quick: () => void, general: () => void, prepare: () => void): void {
  prepare();
  general();
  const expected = state();
  const before = host.announced;
  prepare();
  quick();
  if (state() !== expected || Boolean(host.announced) !== Boolean(before)) expect(`${what}\n${state()}`).toBe(`${what}\n${expected}`);
}

const OPERATIONS = [
  { name: 'fadd', helper: 'x87_add', fop: 0x0c1, form: 0 },
  { name: 'fsub', helper: 'x87_add', fop: 0x0e1, form: L.X87_NEGATE_FROM },
  { name: 'fsubr', helper: 'x87_add', fop: 0x0e9, form: L.X87_NEGATE_TO },
  { name: 'fmul', helper: 'x87_multiply', fop: 0x0c9, form: 0 },
  { name: 'fdiv', helper: 'x87_divide', fop: 0x0f1, form: 0 },
  { name: 'fdivr', helper: 'x87_divide', fop: 0x0f9, form: L.X87_NEGATE_TO },
];

describe('x87, the common case', () => {
  it.each(OPERATIONS)('$name of registers', ({ helper, fop, form }) => {
    const next = numbers(BigInt(fop));
    for (let i = 0; i < 4000; i++) {
      const registers = [interesting(next), interesting(next)];
      const status = next() & 1n ? 0x4720 : 0;
      compare(
        JSON.stringify(registers.map(String)),
        () => call[helper]!(fop, form | (1 << 3)),
        () => call.x87_register!(fop),
        () => setState(registers, { status }),
      );
    }
  });

  it.each(OPERATIONS)('$name into ST(1), popping, whatever is empty or asked of rounding', ({ name, helper, form }) => {
    const next = numbers(7n);
    const reg = ['fadd', 'fmul', '', '', 'fsubr', 'fsub', 'fdivr', 'fdiv'].indexOf(name);
    const fop = 0x6c1 + 8 * reg;
    for (let i = 0; i < 1000; i++) {
      const registers = [interesting(next), interesting(next)];
      const settings = {
        empty: next() % 4n ? 0 : Number(next() & 0xffn),
        control: next() % 4n ? 0x37f : Number(next() & 0xf3fn) | 0x40,
        top: Number(next() & 7n),
      };
      compare(
        JSON.stringify(settings),
        () => call[helper]!(fop, form | 1 | L.X87_POPS),
        () => call.x87_register!(fop),
        () => setState(registers, settings),
      );
    }
  });

  it('comparisons set the same conditions and flags', () => {
    const next = numbers(8n);
    for (let i = 0; i < 4000; i++) {
      const first = interesting(next);
      const registers = [first, next() % 4n ? interesting(next) : first];
      const prepare = () => setState(registers, { status: 0x4700 });
      compare(
        'fcom',
        () => call.x87_compare!(0x0d1, 1, 0),
        () => call.x87_register!(0x0d1),
        prepare,
      );
      compare(
        'fucompp',
        () => call.x87_compare!(0x2e9, 1, 2),
        () => call.x87_register!(0x2e9),
        prepare,
      );
      compare(
        'fcomip',
        () => call.x87_compare_to_flags!(0x7f1, 1, 1),
        () => call.x87_register!(0x7f1),
        prepare,
      );
    }
  });

  it('loads convert as the general helper does', () => {
    const next = numbers(9n);
    const forms = [
      { fop: 0x100, format: 0, bits: 32 },
      { fop: 0x300, format: 1, bits: 32 },
      { fop: 0x500, format: 2, bits: 64 },
      { fop: 0x700, format: 3, bits: 16 },
      { fop: 0x728, format: 4, bits: 64 },
    ];
    for (let i = 0; i < 2000; i++) {
      for (const { fop, format, bits } of forms) {
        const raw = next() % 8n ? next() : [0n, 1n << 63n, 0x7ff0_0000_0000_0000n, 0x7f80_0000n, 0x8000_0000n, 1n][Number(next() % 6n)]!;
        const value = BigInt.asUintN(bits, raw >> (next() % 64n));
        const prepare = () => setState([], { empty: i % 8 ? 0xff : 0x1f, top: i & 7 });
        compare(
          `${fop} ${value}`,
          () => call.x87_push!(fop, format, value, 0x1234n),
          () => call.x87_load!(fop, value, 0x1234n),
          prepare,
        );
      }
    }
  });

  it('operations with memory operands are those of the loaded value', () => {
    const next = numbers(10n);
    for (let i = 0; i < 2000; i++) {
      for (const operation of [0, 1, 4, 5, 6, 7]) {
        for (const [first, bits] of [
          [0x000, 32],
          [0x400, 64],
        ] as const) {
          const { top } = interesting(next);
          const near = bits === 64 ? (BigInt(0x3ff + (top % 40)) << 52n) | (next() >> 12n) : (BigInt(0x7f + (top % 40)) << 23n) | (next() >> 41n);
          const value = BigInt.asUintN(bits, next() % 8n ? near : next());
          const fop = first | (operation << 3);
          const registers = [interesting(next)];
          compare(
            `${fop} ${value}`,
            () => call.x87_with_memory!(fop, operation, value, 8n),
            () => call.x87_load!(fop, value, 8n),
            () => setState(registers),
          );
        }
      }
    }
  });

  it('square roots are the largest numbers whose squares are not larger, rounded', () => {
    const next = numbers(11n);
    for (let i = 0; i < 4000; i++) {
      const { significand } = interesting(next);
      const odd = next() & 1n;
      const value = { significand: significand | (1n << 63n), top: 0x3fff + Number(odd) };
      setState([value]);
      call.x87_square_root!(0x1fa);
      // 66 bits of the root, and whether there is more.
      const radicand = value.significand << (odd ? 68n : 67n);
      const root = squareRoot(radicand);
      const exact = root * root === radicand;
      const rest = root & 3n;
      const kept = root >> 2n;
      const up = rest > 2n || (rest === 2n && (!exact || (kept & 1n) === 1n));
      const at = env + L.FP_REGS + 16 * 5;
      const rounded = kept + (up ? 1n : 0n);
      const result = view.getBigUint64(at, true);
      if (result !== rounded >> (rounded >> 64n)) expect({ value, result }).toEqual({ value, result: rounded });
      expect(view.getInt32(env + L.FP_STATUS, true)).toBe((exact && rest === 0n ? 0 : 0x20) | (up ? 0x200 : 0));
    }
  });
});

function squareRoot(n: bigint): bigint {
  let x = 1n << 67n;
  for (;;) {
    const y = (x + n / x) >> 1n;
    if (y >= x) return x;
    x = y;
  }
}
