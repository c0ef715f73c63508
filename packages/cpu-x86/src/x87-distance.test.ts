import { assemble } from './testing/assemble.js';
import { BareMachine } from './testing/bare-machine.js';

const CODE = 0x1_0000;
const [LARGE, SMALL, RESULT] = [0x2_0000, 0x2_0010, 0x2_0020];
const ONE = 1n << 63n;
const EXPONENT = 0x4001;

/** The magnitude (an integer of `unit` bits to the right of the large operand's last bit), rounded to nearest even at 64 bits. */
function rounded(magnitude: bigint, unit: number): { significand: bigint; exponent: number } {
  const excess = magnitude.toString(2).length - 64;
  if (excess <= 0) return { significand: magnitude << BigInt(-excess), exponent: EXPONENT + excess - unit };
  let significand = magnitude >> BigInt(excess);
  const rest = magnitude - (significand << BigInt(excess));
  const half = 1n << BigInt(excess - 1);
  if (rest > half || (rest === half && significand & 1n)) significand++;
  const carries = significand === 1n << 64n;
  return { significand: carries ? ONE : significand, exponent: EXPONENT + excess - unit + (carries ? 1 : 0) };
}

describe('x87 sums of numbers that are far apart', () => {
  const machine = new BareMachine();
  const store = (at: number, significand: bigint, exponent: number): void => {
    machine.write64(at, significand, BigInt(exponent));
  };

  it.each([1, 2, 62, 63, 64, 65, 66, 67, 100])('%d bits', (distance) => {
    for (const operation of ['faddp', 'fsubrp'] as const) {
      machine.load(CODE, assemble(`fninit; fld tbyte ptr [${SMALL}]; fld tbyte ptr [${LARGE}]; ${operation}; fstp tbyte ptr [${RESULT}]; hlt`));
      for (const large of [ONE, ONE + 1n, 2n * ONE - 1n]) {
        for (const small of [ONE, ONE + 1n, ONE + 2n, (ONE / 2n) * 3n, 2n * ONE - 1n]) {
          store(LARGE, large, EXPONENT);
          store(SMALL, small, EXPONENT - distance);
          machine.long(CODE);
          expect(machine.run(1000)).toBe('halted');
          const scaled = large << BigInt(distance);
          const expected = rounded(operation === 'faddp' ? scaled + small : scaled - small, distance);
          const seen = { significand: machine.read64(RESULT), exponent: Number(machine.read64(RESULT + 8) & 0x7fffn) };
          expect({ operation, large, small, ...seen }).toEqual({ operation, large, small, ...expected });
        }
      }
    }
  });
});
