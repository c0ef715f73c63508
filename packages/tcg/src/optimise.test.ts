import { BlockBuilder } from './builder.js';
import type { Ir } from './ir.js';
import { optimise } from './optimise.js';
import { print } from './print.js';
import type { Global, Helper } from './types.js';

const global = (name: string, offset: number): Global => ({ name, type: 'i64', offset });
const [A, B, C] = [global('a', 64), global('b', 72), global('c', 80)];
const helper = (reads: Helper['reads'], writes: Helper['writes'], mayFault = false): Helper => ({
  name: 'h',
  where: 'wasm',
  params: [],
  reads,
  writes,
  mayFault,
});
const WORD = { size: 8, type: 'i64', mmu: 0 } as const;

/** IR in, IR out; the trailing `lookup` is left out. */
const CASES: Record<string, [(ir: Ir) => void, string]> = {
  'folds constants': [(ir) => ir.set(A, ir.add(ir.i64(2), ir.shl(ir.i64(3), ir.i64(40)))), '%4 = i64 0x30000000002\na = %4'],
  'folds unsigned and signed ones as they are': [(ir) => ir.set(A, ir.op('i64.mulhi_u', ir.i64(-1), ir.i64(-1))), '%2 = i64 -0x2\na = %2'],
  'drops what does nothing': [(ir) => ir.set(A, ir.or(ir.add(ir.get(B), ir.i64(0)), ir.i64(0))), '%0 = b\na = %0'],
  'forwards a set to a get': [
    (ir) => {
      ir.set(A, ir.get(B));
      ir.set(C, ir.get(A));
    },
    '%0 = b\na = %0\nc = %0',
  ],
  'drops a set that changes nothing': [(ir) => ir.set(A, ir.get(A)), ''],
  'drops a set that is set again': [
    (ir) => {
      ir.set(A, ir.i64(1));
      ir.set(A, ir.i64(2));
    },
    '%2 = i64 0x2\na = %2',
  ],
  'keeps a set before what may fault': [
    (ir) => {
      ir.set(A, ir.i64(1));
      ir.set(B, ir.load(WORD, ir.get(C)));
      ir.set(A, ir.i64(2));
    },
    '%0 = i64 0x1\na = %0\n%2 = c\n%3 = load.i64.64.mmu0 [%2]\nb = %3\n%5 = i64 0x2\na = %5',
  ],
  'keeps a set that a helper reads': [
    (ir) => {
      ir.set(A, ir.i64(1));
      ir.call(helper([A], 'none'));
      ir.set(A, ir.i64(2));
    },
    '%0 = i64 0x1\na = %0\nh()\n%3 = i64 0x2\na = %3',
  ],
  'drops one that it does not read': [
    (ir) => {
      ir.set(A, ir.i64(1));
      ir.call(helper([B], 'none'));
      ir.set(A, ir.i64(2));
    },
    'h()\n%3 = i64 0x2\na = %3',
  ],
  'reads again what a helper wrote': [
    (ir) => {
      ir.set(B, ir.get(A));
      ir.call(helper('none', [A]));
      ir.set(C, ir.get(A));
    },
    '%0 = a\nb = %0\nh()\n%3 = a\nc = %3',
  ],
  'masks only what has more bits': [
    (ir) => {
      const byte = ir.load({ size: 1, type: 'i64', mmu: 0 }, ir.get(A));
      ir.set(B, ir.and(byte, ir.i64(0xff)));
      ir.set(C, ir.extendU(ir.wrap(byte)));
    },
    '%0 = a\n%1 = load.i64.8.mmu0 [%0]\nb = %1\nc = %1',
  ],
  'turns comparisons round': [
    (ir) => ir.exitIf(ir.eqz(ir.ltU(ir.i64(5), ir.get(A))), { kind: 'goto', pc: 0x10 }),
    '%0 = i64 0x5\n%1 = a\n%3 = i64.le_u %1, %0\nif %3 goto 0x10',
  ],
  'drops exits that are never taken': [(ir) => ir.exitIf(ir.ne(ir.i32(1), ir.i32(1)), { kind: 'goto', pc: 0x10 }), ''],
};

it.each(Object.entries(CASES))('%s', (_, [write, expected]) => {
  const ir = new BlockBuilder();
  ir.start();
  write(ir);
  ir.end({ kind: 'lookup' });
  optimise(ir.block);
  expect(print(ir.block, [A, B, C])).toBe([expected, 'lookup'].filter(Boolean).join('\n'));
});

it('refuses values of the wrong type', () => {
  const ir = new BlockBuilder();
  expect(() => ir.add(ir.i32(1), ir.i64(1))).toThrow('wants i32, got i64');
  expect(() => ir.set(A, ir.i32(1))).toThrow('a: wants i64, got i32');
});
