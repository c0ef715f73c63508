import { MICRO_OP_NAMES } from './micro-ops.js';
import { FIRST_HELPER, SEQUENCES, sequenceNumber } from './sequences.js';

const number = (name: string): number => MICRO_OP_NAMES.indexOf(name);
/** Micro-ops that do not always go on at the one behind them. */
const ENDS = /^(enter|stale|region|jump|unlinked|goto|lookup|leave|if|br )/;

describe('sequences of micro-ops', () => {
  it('have numbers behind those of single ones', () => {
    SEQUENCES.forEach((sequence, i) => {
      const grown = sequence.slice(1).reduce(sequenceNumber, sequence[0]!);
      expect(grown).toBe(MICRO_OP_NAMES.length + i);
    });
    expect(FIRST_HELPER).toBe(MICRO_OP_NAMES.length + SEQUENCES.length);
  });

  it('go on from each micro-op to the next', () => {
    for (const sequence of SEQUENCES) for (const inside of sequence.slice(0, -1)) expect(MICRO_OP_NAMES[inside]).not.toMatch(ENDS);
  });

  // Such a one becomes a jump when it is linked, by itself.
  it('have no micro-op in them that is rewritten', () => {
    for (const sequence of SEQUENCES) expect(sequence).not.toContain(number('unlinked'));
  });

  it('do not go on with what was never counted', () => {
    expect(sequenceNumber(number('const32'), number('goto'))).toBe(0);
    expect(sequenceNumber(FIRST_HELPER, number('copy64'))).toBe(0);
    expect(sequenceNumber(number('copy64'), FIRST_HELPER)).toBe(0);
  });
});
