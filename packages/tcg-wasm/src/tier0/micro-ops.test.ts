import { Code, Env } from '@nandu/tcg';
import { accessWord, TABLE_MASK, TABLE_SHIFT } from './micro-ops.js';

describe('the word of an access', () => {
  const [CODE_BITS, TABLE_BYTES] = [13, Env.TLB_ENTRIES * Env.TLB_ENTRY_SIZE];

  // A wrong offset would only be slow: the slow path finds the right table.
  it.each([0, 1, 2, 3])('has the offset of table %d, and the code below it', (mmu) => {
    const code = (mmu << 5) | 3;
    expect(Code.accessMmu(code)).toBe(mmu);
    expect(accessWord(code) & TABLE_MASK).toBe(mmu * TABLE_BYTES);
    expect(accessWord(code) & ((1 << CODE_BITS) - 1)).toBe(code);
  });

  it('keeps both apart, and tells the number of a table from its offset', () => {
    expect(TABLE_SHIFT).toBeGreaterThanOrEqual(CODE_BITS);
    expect((3 * TABLE_BYTES) >> TABLE_SHIFT).toBe(3);
  });
});
