import { BlockBuilder } from '@nandu/tcg';
import { OpCounts } from './op-counts.js';

it('counts operations by kind, and calls by helper, the most frequent first', () => {
  const ir = new BlockBuilder();
  const helper = (name: string) => ({ name, params: [], reads: [], writes: [], mayFault: false }) as never;
  ir.start();
  ir.instruction(0);
  for (const name of ['rare', 'often', 'often']) ir.call(helper(name));
  ir.end({ kind: 'goto', pc: 1 });
  const counts = new OpCounts();
  counts.add(ir.block);
  counts.add(ir.block);
  expect(counts.rows()).toEqual([
    ['call', 6],
    ['instruction', 2],
    ['end', 2],
    ['call often', 4],
    ['call rare', 2],
  ]);
});
