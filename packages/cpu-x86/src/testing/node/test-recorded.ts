/** Tests of a set of recorded vectors (vectors/generate.mjs), in both tiers. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { MOST_VECTORS, type Vector, VectorRunner } from '../recorded-vectors.js';

/** `set`: avx, floating-point or integer. */
export function testRecorded(title: string, set: string): void {
  const file = new URL(`../../../../vectors/${set}.json.gz`, import.meta.url);
  const vectors = JSON.parse(gunzipSync(readFileSync(file)).toString()).vectors as readonly Vector[];
  const names = [...new Set(vectors.map(({ name }) => name))];

  describe.each([{ tier: 'interpreted' }, { tier: 'compiled' }])(`${title}, as recorded, $tier`, ({ tier }) => {
    const left: Record<string, string>[] = [];
    let compiled = 0;
    for (let from = 0; from < vectors.length; from += MOST_VECTORS) {
      const runner = new VectorRunner(tier === 'compiled');
      left.push(...runner.run(vectors.slice(from, from + MOST_VECTORS)));
      compiled += runner.machine.engine.counters.regionsInstalled;
    }
    const ofName = <T>(name: string, of: (vector: Vector, i: number) => T): [string, T][] =>
      vectors.flatMap((vector, i): [string, T][] => (vector.name === name ? [[vector.code, of(vector, i)]] : []));

    it.each(names)('%s', (name) => {
      expect(ofName(name, (_, i) => left[i])).toEqual(ofName(name, (vector) => VectorRunner.expected(vector)));
    });

    it('runs in the tier that it says', () => {
      if (tier === 'compiled') expect(compiled).toBeGreaterThan(vectors.length / 2);
      else expect(compiled).toBe(0);
    });
  });
}
