/** AVX, AVX2, FMA and F16C against what a real CPU left of the same instructions: every row with a VEX prefix (see vectors/generate.mjs). */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type Vector, VectorRunner } from '../testing/recorded-vectors.js';

const VECTORS = JSON.parse(gunzipSync(readFileSync(new URL('../../../vectors/avx.json.gz', import.meta.url))).toString()).vectors as readonly Vector[];
/** The rows with one mnemonic are one test. */
const BY_NAME = new Map<string, Vector[]>();
for (const vector of VECTORS) BY_NAME.set(vector.name, [...(BY_NAME.get(vector.name) ?? []), vector]);

describe('AVX, as recorded', () => {
  const runner = new VectorRunner();

  it.each([...BY_NAME])('%s', (_, vectors) => {
    const codes = vectors.map(({ code }) => code);
    expect(vectors.map((vector, i) => [codes[i], runner.run(vector)])).toEqual(vectors.map((vector, i) => [codes[i], VectorRunner.expected(vector)]));
  });
});
