/** Where CPU `index` is, and its APIC id: each unit's number has a field of its own, as wide as it must be. */
import type { SmpConfig } from '@nandu/core';

export interface CpuPlace {
  readonly socket: number;
  readonly die: number;
  readonly core: number;
  readonly thread: number;
  readonly apicId: number;
}

const widthOf = (count: number): number => Math.ceil(Math.log2(count));

export function placeOf(index: number, { dies, cores, threads }: SmpConfig): CpuPlace {
  const thread = index % threads;
  const core = Math.floor(index / threads) % cores;
  const die = Math.floor(index / (threads * cores)) % dies;
  const socket = Math.floor(index / (threads * cores * dies));
  const coreShift = widthOf(threads);
  const dieShift = coreShift + widthOf(cores);
  const socketShift = dieShift + widthOf(dies);
  return { socket, die, core, thread, apicId: (socket << socketShift) | (die << dieShift) | (core << coreShift) | thread };
}
