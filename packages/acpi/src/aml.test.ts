import { eisaId, integer, method, name, packageOf, path, returning, scope, text } from './aml.js';
import { fixedMemory, irq, ports, resources, sharedInterrupts } from './resources.js';

const hex = (bytes: readonly number[]): string => Buffer.from(bytes).toString('hex');

// The bytes that iasl makes of the same source.
it.each([
  ['a root path', path('\\_SB'), '5c5f53425f'],
  ['two segments', path('\\_SB.PCI0'), '5c2e5f53425f50434930'],
  ['three segments', path('PCI0.S08.P40C'), '2f03504349305330385f50343043'],
  [
    'small integers',
    [...integer(0), ...integer(1), ...integer(9), ...integer(0x1234), ...integer(0xfed0_0000), ...integer(2 ** 32)],
    '00010a090b34120c0000d0fe0e0000000001000000',
  ],
  ['an EISA id', eisaId('PNP0A03'), '0c41d00a03'],
  ['a named string', name('_HID', text('ACPI0007')), '085f4849440d4143504930303037'.concat('00')],
  ['a package', packageOf(integer(0), integer(1)), '1204020001'],
  ['a method', method('_STA', 0, {}, returning(integer(0x0f))), '14095f53544100a40a0f'],
  ['ports', resources(ports(0x3f8, 8, 0), irq(4)), '11100a0d4701f803f80300082210007900'],
  ['shared interrupts', resources(sharedInterrupts(9)), '110e0a0b8906000901090000007900'],
  ['fixed memory', resources(fixedMemory(0xfed0_0000, 0x400)), '11110a0e8609000'.concat('00000d0fe000400007900')],
])('encodes %s', (_what, term, bytes) => expect(hex(term)).toBe(bytes));

it.each([
  { bytes: 10, encoded: 1 },
  { bytes: 100, encoded: 2 },
  { bytes: 5000, encoded: 3 },
])('gives a scope of $bytes bytes a length of $encoded', ({ bytes, encoded }) => {
  const term = scope(
    '\\',
    Array.from({ length: bytes }, () => 0xa3),
  );
  const lead = term[1] as number;
  expect(lead >> 6).toBe(encoded - 1);
  const length = encoded === 1 ? lead : (lead & 15) + (term[2] as number) * 16 + (encoded === 3 ? (term[3] as number) * 4096 : 0);
  expect(length).toBe(term.length - 1);
});
