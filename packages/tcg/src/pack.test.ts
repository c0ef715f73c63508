import { IrBlock } from './block.js';
import { BlockBuilder } from './builder.js';
import { NumberReader, NumberWriter, packIr, unpackIr } from './pack.js';
import { print } from './print.js';
import type { Global, Helper } from './types.js';

const X: Global = { name: 'x', type: 'i64', offset: 64 };
const V: Global = { name: 'v', type: 'v128', offset: 80 };
const HELPERS: Helper[] = ['first', 'second'].map((name) => ({
  name,
  where: 'wasm',
  params: ['i64'],
  result: 'i64',
  reads: 'none',
  writes: 'none',
  mayFault: false,
}));
const numberOf = (helper: Helper): number => HELPERS.indexOf(helper);

/** Everything that a block may hold: constants of all types, vectors, calls, all kinds of exits, addresses beyond 32 bits. */
function everything(): IrBlock {
  const b = new BlockBuilder();
  b.start();
  b.instruction(0xffff_8000);
  b.set(X, b.add(b.get(X), b.i64(-0x1234_5678_9abcn)));
  b.set(V, b.shuffle(b.get(V), b.v128([1, 2, 3, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128]), [0, 1, 2, 3, 4, 5, 6, 7, 31, 30, 29, 28, 27, 26, 25, 24]));
  b.instruction(-0x7fff_0000_0000);
  b.set(X, b.call(HELPERS[1]!, b.call(HELPERS[0]!, b.get(X))));
  b.store({ size: 8, type: 'f64', mmu: 1 }, b.get(X), b.f64(-0));
  b.exitIf(b.wrap(b.get(X)), { kind: 'leave', reason: 17 });
  b.exitIf(b.eqz(b.get(X)), { kind: 'lookup' });
  b.branch(b.eqz(b.get(X)), { kind: 'goto', pc: 2 ** 52 + 1 }, { kind: 'goto', pc: -0x7fff_ffff_f000 });
  b.block.byteLength = 9;
  return b.block.copy();
}

describe('a packed block', () => {
  it('is the same when unpacked', () => {
    const ir = everything();
    const out = new NumberWriter();
    packIr(ir, numberOf, out);
    const back = unpackIr(new NumberReader(out.take()), HELPERS);
    expect(print(back)).toBe(print(ir));
    expect(back).toEqual(ir);
  });

  it('follows another one, whatever the length', () => {
    const blocks = Array.from({ length: 300 }, everything);
    const out = new NumberWriter();
    for (const ir of blocks) packIr(ir, numberOf, out);
    const from = new NumberReader(out.take());
    for (const ir of blocks) expect(unpackIr(from, HELPERS)).toEqual(ir);
    expect(() => from.next()).toThrow('numbers end too early');
    expect(out.length).toBe(0);
  });

  it('that is cut off is refused', () => {
    const out = new NumberWriter();
    packIr(everything(), numberOf, out);
    const numbers = out.take();
    for (let length = 0; length < numbers.length; length += 7) {
      expect(() => unpackIr(new NumberReader(numbers.slice(0, length)), HELPERS)).toThrow('numbers end too early');
    }
  });

  it('takes no more than what is in use of a block that is filled again and again', () => {
    const b = new BlockBuilder();
    b.start();
    for (let i = 0; i < 50; i++) b.set(X, b.i64(i));
    b.end({ kind: 'lookup' });
    b.start();
    b.end({ kind: 'lookup' });
    const out = new NumberWriter();
    packIr(b.block, numberOf, out);
    expect(unpackIr(new NumberReader(out.take()), HELPERS)).toEqual(b.block.copy());
  });
});
