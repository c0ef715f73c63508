import { ModuleBuilder } from '../wasm/module-builder.js';
import { digestOf, emitPcSwitch } from './pc-switch.js';

/** A function from pc to the number of the target, or to -1. */
function switchOf(pcs: readonly number[]): (pc: bigint) => number {
  const builder = new ModuleBuilder();
  const { index, body } = builder.function(['i64'], ['i32']);
  emitPcSwitch(body, 0, pcs, (target) => {
    body.i32(target);
    body.return();
  });
  body.i32(-1);
  builder.export('find', index);
  return new WebAssembly.Instance(new WebAssembly.Module(builder.finish())).exports.find as (pc: bigint) => number;
}

it.each([
  ['none', []],
  ['a few', [0x1000, 0x1007, -0x1000]],
  ['cases of a switch', Array.from({ length: 17 }, (_, i) => 0x40_22b0 + 0x10 * i + (i % 3))],
  ['functions of the kernel', Array.from({ length: 24 }, (_, i) => -0x7f00_0000 + 0x1730 * i)],
  ['addresses that no few bits tell apart', Array.from({ length: 9 }, (_, i) => i * 2 ** 32)],
])('finds each of %s and nothing else', (_, pcs) => {
  const find = switchOf(pcs);
  expect(pcs.map((pc) => find(BigInt(pc)))).toEqual(pcs.map((_, i) => i));
  for (const pc of pcs) expect(find(BigInt(pc) + 3n)).toBe(pcs.indexOf(pc + 3));
  expect(find(BigInt(2 ** 40))).toBe(-1);
});

it('uses the fewest bits that tell addresses apart', () => {
  expect(digestOf([0x1000, 0x1100, 0x1200, 0x1300, 0x1400])).toEqual({ shift: 8, bits: 3 });
  expect(digestOf([0, 2 ** 32])).toBeUndefined();
});
