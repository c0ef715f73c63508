/** When malloc's free memory goes back to the host. */
import { HeapTrim } from '../src/heap-trim.js';

const TURN_MS = 500;

it.each([
  { name: 'once a busy process becomes quiet', usedMs: [500, 900, 910, 920], trims: [0, 0, 1, 1] },
  { name: 'each time', usedMs: [500, 510, 1000, 1010], trims: [0, 1, 1, 2] },
  { name: 'not while it is quiet', usedMs: [10, 20, 30], trims: [0, 0, 0] },
  { name: 'not while it is busy', usedMs: [500, 1000, 1500], trims: [0, 0, 0] },
])('$name', ({ usedMs, trims }) => {
  let used = 0;
  let trimmed = 0;
  const heap = new HeapTrim(
    () => trimmed++,
    () => used,
  );
  const seen = usedMs.map((ms) => {
    used = ms;
    heap.turn(TURN_MS);
    return trimmed;
  });
  expect(seen).toEqual(trims);
});
