/**
 * What tier 0 and translation cost, with the toy processor of the tests. Build first; then
 *   node packages/tcg-wasm/bench/micro-ops.mjs
 */
import { ADD, ADDI, HALT, JUMP, JUMP_IF, LOAD, R, SET, STORE, toy } from '../dist/src/toy-target.test-support.js';

/** Runs `body` in a loop; its instructions are one or two micro-ops each. */
function loop(name, body, tier) {
  const t = toy([], { tier });
  t.code(0x1000, ...body, [ADDI, 1, 1, -1], [JUMP_IF, 1, -body.length - 1], [HALT]);
  const time = (times) => {
    t.set(R[1], times);
    t.set(R[3], 0x8000);
    const before = t.accelerator.instructionsExecuted(t.cpu);
    const start = performance.now();
    t.set({ type: 'i64', offset: 16 }, 0x1000);
    while (t.run(undefined, 1_000_000) === 0);
    return ((performance.now() - start) * 1e6) / (t.accelerator.instructionsExecuted(t.cpu) - before);
  };
  time(2_000_000);
  const best = Math.min(...[1, 2, 3].map(() => time(2_000_000)));
  console.log(`${name.padEnd(22)} ${tier.padEnd(12)} ${best.toFixed(2)} ns an instruction`);
}

for (const tier of ['interpreter', 'both']) {
  loop(
    'additions',
    Array.from({ length: 8 }, (_, i) => [ADD, 4 + (i % 4), 4 + (i % 4), 2]),
    tier,
  );
  loop(
    'loads',
    Array.from({ length: 8 }, (_, i) => [LOAD, 4 + (i % 4), 3, 8 * i]),
    tier,
  );
  loop(
    'stores',
    Array.from({ length: 8 }, (_, i) => [STORE, 4 + (i % 4), 3, 8 * i]),
    tier,
  );
  loop(
    'two in a block',
    [
      [ADD, 4, 4, 2],
      [JUMP, 0, 1],
      [ADD, 5, 5, 2],
      [JUMP, 0, 1],
      [ADD, 6, 6, 2],
      [JUMP, 0, 1],
    ],
    tier,
  );
}

const t = toy([], { tier: 'interpreter' });
const BLOCKS = 20_000;
t.code(
  0x1_0000,
  ...Array.from({ length: BLOCKS }, () => [
    [SET, 1, 5],
    [ADD, 2, 2, 1],
    [LOAD, 4, 3, 8],
    [STORE, 4, 3, 16],
    [ADDI, 3, 3, 0],
    [JUMP, 0, 1],
  ]).flat(),
  [HALT],
);
for (let round = 0; round < 4; round++) {
  t.set(R[3], 0x8000);
  t.accelerator.flushCode();
  const start = performance.now();
  t.run(0x1_0000, 10_000_000);
  if (round > 0) console.log(`translation            ${(((performance.now() - start) * 1000) / BLOCKS).toFixed(2)} us a block of 6 instructions`);
}
