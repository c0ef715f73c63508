import { existsSync, readFileSync } from 'node:fs';
import { CHUNK_SIZE, MiB, POOL_START } from '@nandu/core';
import { ChunkPool } from './chunk-pool.js';
import { ChunkedRam } from './chunked-ram.js';
import { HostMemory } from './host-memory.js';
import { loadLibc } from './node/libc.js';
import { returnMemoryToHost } from './node/madvise.js';
import { ZeroPages } from './zero-pages.js';

/** A pool of a few chunks, in as little memory as that takes. */
function smallPool(chunks = 3) {
  const bytes = new Uint8Array(POOL_START + chunks * CHUNK_SIZE);
  const pool = new ChunkPool(bytes, POOL_START + chunks * CHUNK_SIZE);
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
  ram.moved$.subscribe((range) => told.push(range));
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

/** Touches every chunk of a block, each with a value of its own. */
function fill(ram: ChunkedRam, chunks: number): void {
  for (let i = 0; i < chunks; i++) ram.write(i * CHUNK_SIZE + 8, Uint8Array.of(i + 1));
}
const values = (ram: ChunkedRam, chunks: number): number[] => Array.from({ length: chunks }, (_, i) => read(ram, i * CHUNK_SIZE + 8)[0]!);

it('moves chunks out where the pool is full, and back when they are used', () => {
  const ram = smallPool().ram(64 * MiB);
  fill(ram, 8);
  expect(values(ram, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(ram.residentBytes).toBe(8 * CHUNK_SIZE);
});

it('tells whose addresses are stale when it moves', () => {
  const { ram: make, pool } = smallPool(8);
  const ram = make(64 * MiB);
  fill(ram, 8);
  const moved: number[] = [];
  ram.moved$.subscribe(({ offset }) => moved.push(offset / CHUNK_SIZE));
  pool.makeRoom();
  expect(moved.length).toBeGreaterThan(0);
  for (const chunk of moved) expect(ram.hostAddressIfResident(chunk * CHUNK_SIZE)).toBe(0);
  expect(values(ram, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

it('forgets chunks of zeros instead of moving them', () => {
  const { ram: make, pool } = smallPool(8);
  const ram = make(64 * MiB);
  ram.preallocate(0, 8 * CHUNK_SIZE);
  pool.makeRoom();
  expect(ram.residentBytes).toBe(pool.usedBytes);
  expect(ram.residentBytes).toBeLessThan(8 * CHUNK_SIZE);
});

it('keeps what is in use, and what holds code', () => {
  const { ram: make, pool } = smallPool(16);
  const ram = make(64 * MiB);
  fill(ram, 16);
  const code = ram.hostAddress(5 * CHUNK_SIZE);
  pool.isPinned = (chunk) => chunk === code;
  // One round of the hand clears the marks of the first touch, then one chunk is used again.
  pool.makeRoom();
  expect(ram.hostAddressIfResident(5 * CHUNK_SIZE)).toBe(code);
});

it('moves nothing while guest code runs: it asks for the end of the slice, and says in words when there is nothing left', () => {
  const { ram: make, pool } = smallPool(8);
  const ram = make(64 * MiB);
  let asked = 0;
  pool.onLow = () => asked++;
  pool.running = true;
  fill(ram, 7);
  expect(asked).toBe(0);
  ram.write(7 * CHUNK_SIZE, Uint8Array.of(1));
  expect(asked).toBe(1);
  expect(() => ram.hostAddress(8 * CHUNK_SIZE)).toThrow(
    'cannot back more guest memory: ram needs another 2 MiB at once and all 16 MiB that this process can back are in use',
  );
  pool.running = false;
  pool.makeRoom();
  expect(ram.hostAddress(8 * CHUNK_SIZE)).toBeGreaterThan(0);
});

it('discards what is moved out', () => {
  const { ram: make, pool } = smallPool(8);
  const ram = make(64 * MiB);
  for (let i = 0; i < 8; i++) ram.write(i * CHUNK_SIZE, new Uint8Array(CHUNK_SIZE).fill(7));
  pool.makeRoom();
  const out = Array.from({ length: 8 }, (_, i) => i).filter((i) => ram.hostAddressIfResident(i * CHUNK_SIZE) === 0);
  expect(out.length).toBeGreaterThan(1);
  const [whole, part] = out as [number, number];
  ram.discard(whole * CHUNK_SIZE, CHUNK_SIZE);
  ram.discard(part * CHUNK_SIZE, CHUNK_SIZE / 2);
  expect(ram.residentBytes).toBe(7 * CHUNK_SIZE);
  expect(read(ram, whole * CHUNK_SIZE)[0]).toBe(0);
  expect([read(ram, part * CHUNK_SIZE)[0], read(ram, part * CHUNK_SIZE + CHUNK_SIZE / 2)[0]]).toEqual([0, 7]);
});

describe('zero pages', () => {
  const PAGE = 4096;

  /** A pool with two chunks in use, and what is released of it: first page and number of pages. */
  function setUp() {
    const { ram: make, pool } = smallPool(32);
    const ram = make(64 * MiB);
    ram.preallocate(0, 20 * CHUNK_SIZE);
    const released: [number, number][] = [];
    pool.release = (range) => released.push([range.byteOffset, range.length]);
    const runs = () => released.splice(0).map(([at, length]) => [(at - POOL_START) / PAGE, length / PAGE]);
    return { ram, pool, zeroPages: new ZeroPages(pool), runs };
  }
  const PAGES_A_CHUNK = CHUNK_SIZE / PAGE;

  it('go back to the host, and no others do', () => {
    const { ram, zeroPages, runs } = setUp();
    ram.write(3 * PAGE + 17, Uint8Array.of(1));
    ram.write(CHUNK_SIZE + PAGES_A_CHUNK * PAGE - 1, Uint8Array.of(1));
    zeroPages.turn();
    expect(runs().slice(0, 3)).toEqual([
      [0, 3],
      [4, PAGES_A_CHUNK - 4],
      [PAGES_A_CHUNK, PAGES_A_CHUNK - 1],
    ]);
  });

  it('are looked for a few chunks at a time, and once more only after memory was taken or given back', () => {
    const { ram, zeroPages, runs } = setUp();
    zeroPages.turn();
    expect(runs()).toHaveLength(16);
    zeroPages.turn();
    expect(runs()).toHaveLength(4);
    zeroPages.turn();
    expect(runs()).toHaveLength(0);
    ram.discard(0, 16 * CHUNK_SIZE);
    runs();
    zeroPages.turn();
    expect(runs()).toHaveLength(4);
  });

  it('stay where the host takes nothing back', () => {
    const { pool, zeroPages } = setUp();
    pool.release = undefined;
    expect(zeroPages.turn()).toBe(0);
  });
});

it('returns memory to a Linux host', async () => {
  const host = new HostMemory();
  const libc = await loadLibc();
  if (!libc) return console.warn('skipped: no koffi for this host');
  returnMemoryToHost(host, libc, () => {});
  const ram = host.createRam('ram', 256 * MiB);
  const ones = new Uint8Array(CHUNK_SIZE).fill(1);
  const before = process.memoryUsage().rss;
  for (let at = 0; at < 256 * MiB; at += CHUNK_SIZE) ram.write(at, ones);
  const full = process.memoryUsage().rss;
  ram.discard(0, 256 * MiB);
  // What else this process did meanwhile is not of interest.
  const after = process.memoryUsage().rss;
  expect(full - before).toBeGreaterThan(200 * MiB);
  expect(full - after).toBeGreaterThan(200 * MiB);
  expect(read(ram, 0)[0]).toBe(0);
});

it('asks a Linux host for huge pages', async () => {
  const host = new HostMemory();
  const libc = await loadLibc();
  if (!libc) return console.warn('skipped: no koffi for this host');
  returnMemoryToHost(host, libc, () => {});
  const mappings = readFileSync('/proc/self/smaps', 'utf8').split(/^(?=[0-9a-f]+-)/m);
  const large = mappings.filter((mapping) => Number(/^Size: +(\d+) kB/m.exec(mapping)?.[1]) * 1024 > 3 * 1024 * MiB);
  expect(large.some((mapping) => /^VmFlags:.*\bhg\b/m.test(mapping))).toBe(existsSync('/sys/kernel/mm/transparent_hugepage'));
});
