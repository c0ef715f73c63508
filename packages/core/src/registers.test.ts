import { bit, bits, RegisterBank, registerMap } from './registers.js';

const MAP = registerMap({
  id: { offset: 0, access: 'ro', reset: 0x1234_5678 },
  control: { offset: 4, fields: { enable: bit(0), mode: bits(4, 3) } },
  status: { offset: 8, access: 'w1c', fields: { done: bit(0), error: bit(1) } },
  data: { offset: 12 },
});

describe('RegisterBank', () => {
  it('keeps bits that no field has at zero', () => {
    const bank = new RegisterBank(MAP);
    bank.write(4, 0xffff_ffff, 4);
    expect(bank.read(4, 4)).toBe(0x71);
    expect(bank.values.control).toMatchObject({ enable: 1, mode: 7 });
  });

  it('ignores writes to read-only registers and to nothing', () => {
    const bank = new RegisterBank(MAP);
    bank.write(0, 0, 4);
    bank.write(0x40, 1, 4);
    expect([bank.read(0, 4), bank.read(0x40, 4)]).toEqual([0x1234_5678, 0]);
  });

  it('clears what is written as one', () => {
    const bank = new RegisterBank(MAP);
    bank.values.status.word = 3;
    bank.write(8, 2, 4);
    expect(bank.values.status).toMatchObject({ done: 1, error: 0 });
  });

  it('tells of writes with the word as written, and saves and loads', () => {
    const seen: number[] = [];
    const bank = new RegisterBank(MAP, { written: { data: (word) => seen.push(word) } });
    bank.write(12, 0xffff_fff0, 4);
    const other = new RegisterBank(MAP);
    other.load(bank.save());
    expect([seen, other.values.data.value]).toEqual([[0xffff_fff0], 0xffff_fff0]);
    other.reset();
    expect(other.values.data.value).toBe(0);
  });
});
