import { HelperHost } from './testing/helper-host.js';

const MASK = (1n << 64n) - 1n;
const signed = (value: bigint, bits = 64): bigint => BigInt.asIntN(bits, value);
const unsigned = (value: bigint, bits = 64): bigint => BigInt.asUintN(bits, value);

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

/** Numbers of all lengths, and the extremes. */
function interesting(next: () => bigint): bigint {
  const pick = Number(next() % 8n);
  if (pick === 0) return [0n, 1n, MASK, 1n << 63n, (1n << 63n) - 1n][Number(next() % 5n)]!;
  return next() >> (next() % 64n);
}

const host = new HelperHost();
const { cpu, call } = host;

function divide(helper: string, high: bigint, low: bigint, divisor: bigint) {
  cpu.state.setRegister(0, low);
  cpu.state.setRegister(2, high);
  host.forget();
  call[helper]!(divisor);
  return host.announced ? 'divide error' : { quotient: cpu.state.register(0), remainder: cpu.state.register(2) };
}

describe('128-bit division', () => {
  it('DIV gives what long division gives, or #DE', () => {
    const next = numbers(1n);
    for (let i = 0; i < 3000; i++) {
      const divisor = interesting(next);
      const high = next() % 3n ? (divisor ? interesting(next) % divisor : 0n) : interesting(next);
      const low = interesting(next);
      const dividend = (high << 64n) | low;
      const expected = divisor === 0n || dividend / divisor > MASK ? 'divide error' : { quotient: dividend / divisor, remainder: dividend % divisor };
      expect(divide('div64', high, low, divisor)).toEqual(expected);
    }
  });

  it('IDIV truncates towards zero, or raises #DE', () => {
    const next = numbers(2n);
    for (let i = 0; i < 3000; i++) {
      const divisor = interesting(next);
      const low = interesting(next);
      const high = next() % 2n ? (low >> 63n ? MASK : 0n) : signed(divisor) ? unsigned(signed(interesting(next)) % signed(divisor)) : 0n;
      const dividend = (signed(high) << 64n) | low;
      const by = signed(divisor);
      const quotient = by ? dividend / by : 0n;
      const fits = by !== 0n && quotient >= -(1n << 63n) && quotient < 1n << 63n;
      expect(divide('idiv64', high, low, divisor)).toEqual(fits ? { quotient: unsigned(quotient), remainder: unsigned(dividend % by) } : 'divide error');
    }
  });
});

describe('rotation through the carry flag', () => {
  it.each([1, 2, 4, 8])('of %d bytes moves a ring one bit longer than the operand', (bytes) => {
    const next = numbers(BigInt(bytes));
    const bits = BigInt(8 * bytes);
    for (let i = 0; i < 500; i++) {
      const value = unsigned(next(), Number(bits));
      const carry = next() & 1n;
      const count = next() & (bytes === 8 ? 63n : 31n);
      const ring = (carry << bits) | value;
      const by = count % (bits + 1n);
      const turned = ((ring << by) | (ring >> (bits + 1n - by))) & ((1n << (bits + 1n)) - 1n);
      call['write_eflags']!(carry, 1n);
      expect(unsigned(call['rcl']!(value, Number(count), bytes) as bigint)).toBe(turned & ((1n << bits) - 1n));
      expect((call['compute_flags']!() as bigint) & 1n).toBe(turned >> bits);
      // And back.
      expect(unsigned(call['rcr']!(turned & ((1n << bits) - 1n), Number(count), bytes) as bigint)).toBe(value);
      expect((call['compute_flags']!() as bigint) & 1n).toBe(carry);
    }
  });
});

it("CRC32 is Castagnoli's", () => {
  // RFC 3720, B.4: 32 bytes of zeros.
  let crc = 0xffff_ffffn;
  for (let i = 0; i < 4; i++) crc = call['crc32']!(crc, 0n, 8) as bigint;
  expect(crc ^ 0xffff_ffffn).toBe(0x8a91_36aan);
});

it.each([
  { what: 'aaa', opcode: 0x37, ax: 0x000f, flags: 0, result: 0x0105, carry: 1n },
  { what: 'aas', opcode: 0x3f, ax: 0x0205, flags: 0x10, result: 0x000f, carry: 1n },
  { what: 'daa', opcode: 0x27, ax: 0x00ae, flags: 0, result: 0x0014, carry: 1n },
  { what: 'das', opcode: 0x2f, ax: 0x00ee, flags: 0, result: 0x0088, carry: 1n },
  { what: 'aam', opcode: 0xd4, ax: 0x003f, flags: 0, result: 0x0603, carry: 0n },
  { what: 'aad', opcode: 0xd5, ax: 0x0603, flags: 0, result: 0x003f, carry: 0n },
])('$what adjusts AX', ({ opcode, ax, flags, result, carry }) => {
  cpu.state.setRegister(0, BigInt(ax));
  call['write_eflags']!(BigInt(flags), 0x8d5n);
  call['bcd']!(opcode, 10);
  expect(cpu.state.register(0)).toBe(BigInt(result));
  expect((call['compute_flags']!() as bigint) & 1n).toBe(carry);
});
