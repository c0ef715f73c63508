/** What `npm run systems -- clocks` makes of its samples. */
const MODULE = new URL('../../../../scripts/systems/clocks.mjs', import.meta.url).href;
const HPET_FS = 10_000_000;

/** A sample at `ms` of clocks that all agree. The APIC's timer counts 7812.5 a millisecond: 1 GHz, divided by 128. */
const sample = (ms: number) => ({
  hpet: ms * 1e5,
  hpetFs: HPET_FS,
  tsc: ms * 1e6,
  lapic: (ms * 7812.5) % 2 ** 32,
  pm: Math.floor(ms * 3579.545) % 2 ** 24,
  pit: (2 ** 32 - Math.floor(ms * 1193.182)) % 2 ** 16,
  raw: ms * 1e6,
  rtc: Math.floor(ms / 1000),
  edge: Math.floor(ms / 1000) * 1e9,
  host: ms,
});

it('clocks that agree are told to agree, over minutes and whatever their rates', async () => {
  const { compare } = await import(MODULE);
  const { clocks } = compare([0, 8000, 63_000, 240_000].map(sample));
  expect(clocks.filter(({ agrees }: { agrees: boolean }) => !agrees)).toEqual([]);
});

it('one that drifts is named', async () => {
  const { compare } = await import(MODULE);
  const { clocks } = compare([0, 8000, 63_000].map((ms) => ({ ...sample(ms), pm: Math.floor(ms * 3579.545 * (ms > 8000 ? 1.0001 : 1)) % 2 ** 24 })));
  expect(clocks.filter(({ agrees }: { agrees: boolean }) => !agrees).map(({ name }: { name: string }) => name)).toEqual(['pm']);
});
