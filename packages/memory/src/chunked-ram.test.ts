import { CHUNK_SIZE, MiB, POOL_START } from '@nandu/core';
import { ChunkPool } from './chunk-pool.js';
import { ChunkedRam } from './chunked-ram.js';
import { HostMemory } from './host-memory.js';
import { returnMemoryToHost } from './node/madvise.js';

/** A pool of three chunks, in as little memory as that takes. */
function smallPool() {
  const bytes = new Uint8Array(POOL_START + 3 * CHUNK_SIZE);
  const pool = new ChunkPool(bytes, POOL_START + 3 * CHUNK_SIZE);
  return { pool, ram: (sizeBytes: number) => new ChunkedRam('ram', sizeBytes, new DataView(bytes.buffer), bytes, pool) };
}

const read = (ram: ChunkedRam, offset: number, length = 1): Uint8Array => {
  const bytes = new Uint8Array(length);
  ram.read(offset, bytes);
  return bytes;
};

it('takes a chunk when it is first written, and none to be read', () => {
  const ram = smallPool().ram(64 * MiB);
  expect([read(ram, 5)[0], ram.residentBytes, ram.hostAddressIfTouched(5)]).toEqual([0, 0, 0]);
  ram.write(CHUNK_SIZE - 1, Uint8Array.of(1, 2));
  expect([...read(ram, CHUNK_SIZE - 1, 2), ram.residentBytes]).toEqual([1, 2, 2 * CHUNK_SIZE]);
});

it('frees whole chunks and zeroes parts of others', () => {
  const { ram: make, pool } = smallPool();
  const ram = make(6 * MiB);
  ram.write(0, new Uint8Array(6 * MiB).fill(7));
  const told: unknown[] = [];
  ram.discarded$.subscribe((range) => told.push(range));
  ram.discard(1 * MiB, 4 * MiB);
  expect(told).toEqual([{ offset: 1 * MiB, length: 4 * MiB }]);
  expect([ram.residentBytes, pool.usedBytes]).toEqual([4 * MiB, 4 * MiB]);
  expect([1 * MiB - 1, 1 * MiB, 3 * MiB, 5 * MiB - 1, 5 * MiB].map((at) => read(ram, at)[0])).toEqual([7, 0, 0, 0, 7]);
});

it('gives zeros again from a chunk that was used before', () => {
  const { ram: make } = smallPool();
  const [a, b] = [make(6 * MiB), make(2 * MiB)];
  a.write(0, new Uint8Array(6 * MiB).fill(9));
  a.discard(0, 2 * MiB);
  b.write(0, Uint8Array.of(1));
  expect([...read(b, 0, 2)]).toEqual([1, 0]);
});

it('says once that it keeps memory that it cannot return', () => {
  const { ram: make, pool } = smallPool();
  let said = 0;
  pool.onKept = () => said++;
  const ram = make(4 * MiB);
  ram.write(0, new Uint8Array(4 * MiB));
  ram.discard(0, 2 * MiB);
  ram.discard(2 * MiB, 2 * MiB);
  expect(said).toBe(1);
});

it('says in words that the pool is used up', () => {
  const ram = smallPool().ram(64 * MiB);
  ram.preallocate(0, 6 * MiB);
  expect(() => ram.hostAddress(8 * MiB)).toThrow('cannot back more guest memory: ram needs another 2 MiB and all 6 MiB that this process can back are in use');
});

it('returns memory to a Linux host', async () => {
  const host = new HostMemory();
  if (!(await returnMemoryToHost(host, () => {}))) return console.warn('skipped: no koffi for this host');
  const ram = host.createRam('ram', 256 * MiB);
  const before = process.memoryUsage().rss;
  for (let at = 0; at < 256 * MiB; at += CHUNK_SIZE) ram.write(at, new Uint8Array(CHUNK_SIZE).fill(1));
  const full = process.memoryUsage().rss;
  ram.discard(0, 256 * MiB);
  expect(full - before).toBeGreaterThan(200 * MiB);
  expect(process.memoryUsage().rss - before).toBeLessThan(60 * MiB);
  expect(read(ram, 0)[0]).toBe(0);
});
