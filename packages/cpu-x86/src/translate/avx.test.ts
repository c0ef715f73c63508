/** AVX, AVX2, FMA and F16C against what a real CPU left of the same instructions: every row with a VEX prefix (see vectors/generate.mjs). */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type Vector, VectorRunner } from '../testing/recorded-vectors.js';

const VECTORS = JSON.parse(gunzipSync(readFileSync(new URL('../../../vectors/avx.json.gz', import.meta.url))).toString()).vectors as readonly Vector[];

describe.each([{ tier: 'interpreted' }, { tier: 'compiled' }])('AVX, as recorded, $tier', ({ tier }) => {
  const runner = new VectorRunner(tier === 'compiled');
  const left = runner.run(VECTORS);
  const names = [...new Set(VECTORS.map(({ name }) => name))];
  const ofName = <T>(name: string, of: (vector: Vector, i: number) => T): [string, T][] =>
    VECTORS.flatMap((vector, i): [string, T][] => (vector.name === name ? [[vector.code, of(vector, i)]] : []));

  it.each(names)('%s', (name) => {
    expect(ofName(name, (_, i) => left[i])).toEqual(ofName(name, (vector) => VectorRunner.expected(vector)));
  });

  it('runs in the tier that it says', () => {
    const compiled = runner.machine.engine.counters.regionsInstalled;
    if (tier === 'compiled') expect(compiled).toBeGreaterThan(VECTORS.length / 2);
    else expect(compiled).toBe(0);
  });
});
