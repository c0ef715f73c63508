/** x87, MMX and SSE against what a real CPU left of the same instructions: every row of the tables (see vectors/generate.mjs). */
import { readFileSync } from 'node:fs';
import { type Vector, VectorRunner } from '../testing/recorded-vectors.js';

const VECTORS = JSON.parse(readFileSync(new URL('../../../vectors/floating-point.json', import.meta.url), 'utf8')).vectors as readonly Vector[];

describe('floating point, as recorded', () => {
  const left = new VectorRunner().run(VECTORS);

  it.each(VECTORS.map((vector, i) => [`${vector.name} (${vector.code})`, vector, i] as const))('%s', (_, vector, i) => {
    expect(left[i]).toEqual(VectorRunner.expected(vector));
  });
});
