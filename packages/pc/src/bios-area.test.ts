import { biosArea } from './bios-area.js';

const parts = biosArea();
const table = parts.find(({ address }) => address === 0)!;
const vectors = [...new Uint32Array(Uint8Array.from(table.bytes).buffer)];

function handlerOf(vector: number): readonly number[] {
  const pointer = vectors[vector]!;
  const address = (pointer >>> 16) * 16 + (pointer & 0xffff);
  return [...parts.find((part) => part.address === address)!.bytes];
}

it('gives every vector a handler that comes back', () => {
  expect(vectors).toHaveLength(256);
  for (let vector = 0; vector < 256; vector++) expect(handlerOf(vector).at(-1)).toBe(0xcf); // iret
});

it.each([
  { request: 'the master', vector: 0x09, ports: [0x20] },
  { request: 'the slave', vector: 0x73, ports: [0xa0, 0x20] },
  { request: 'nobody', vector: 0x10, ports: [] },
])('acknowledges at $request', ({ vector, ports }) => {
  const handler = handlerOf(vector);
  expect(handler.flatMap((byte, at) => (byte === 0xe6 ? [handler[at + 1]] : []))).toEqual(ports); // out imm8, al
});
