/** x87, MMX and SSE against what a real CPU left of the same instructions: every row of the tables (see vectors/generate.mjs). */
import { readFileSync } from 'node:fs';
import { type Vector, VectorRunner } from '../testing/recorded-vectors.js';

const VECTORS = JSON.parse(readFileSync(new URL('../../../vectors/floating-point.json', import.meta.url), 'utf8')).vectors as readonly Vector[];

describe('floating point, as recorded', () => {
  const runner = new VectorRunner();

  it.each(VECTORS.map((vector) => [`${vector.name} (${vector.code})`, vector] as const))('%s', (_, vector) => {
    expect(runner.run(vector)).toEqual(VectorRunner.expected(vector));
  });
});
