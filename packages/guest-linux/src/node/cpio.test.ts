import { cpioArchive, cpioRecord, cpioTrailer } from './cpio.js';

it('writes newc records: head, name and data padded to four bytes, then the trailer', () => {
  const archive = cpioArchive([{ name: 'init', mode: 0o100755, data: Buffer.from('hello') }]);
  expect(archive.length % 4).toBe(0);
  expect(archive.subarray(0, 6).toString()).toBe('070701');
  expect(archive.subarray(14, 22).toString()).toBe('000081ed');
  expect(archive.subarray(54, 62).toString()).toBe('00000005');
  expect(archive.subarray(110, 124).toString('latin1')).toBe('init\0\0hello\0\0\0'.slice(0, 14));
  expect(archive.includes('TRAILER!!!')).toBe(true);
});

it('an archive made piece by piece is the same', () => {
  const entries = ['a', 'b'].map((name) => ({ name, mode: 0o100644, data: Buffer.from(name) }));
  const pieces = [...entries.flatMap((entry, i) => cpioRecord(entry, i + 1)), ...cpioTrailer(3)];
  expect(Buffer.concat(pieces).equals(cpioArchive(entries))).toBe(true);
});
