/**
 * One counter of the 8254 (Intel data sheet 231164). Its output is a function of time since it was loaded, so nothing counts:
 * `output` and `nextChange` compute. Times are in ticks of the 1.193182 MHz clock.
 */
export const PIT_HZ = 1_193_182;

/**
 * Ticks that have begun by the end of nanosecond `ns`, exact over any time that a number of nanoseconds can hold: a tick
 * belongs to the nanosecond in which it begins, so that `nsWhenTicks` is the first one for which `ticksAt` gives it.
 */
export function ticksAt(ns: number): number {
  const seconds = Math.floor(ns / 1e9);
  return seconds * PIT_HZ + Math.ceil(((ns - seconds * 1e9 + 1) * PIT_HZ) / 1e9) - 1;
}

export function nsWhenTicks(ticks: number): number {
  const seconds = Math.floor(ticks / PIT_HZ);
  return seconds * 1e9 + Math.floor(((ticks - seconds * PIT_HZ) * 1e9) / PIT_HZ);
}

/** Plain state, so that it can be saved as it is. */
export interface PitChannel {
  mode: number;
  bcd: boolean;
  /** Initial count, 1 to 65536. */
  count: number;
  /** Tick at which the present count was loaded. */
  startTick: number;
  gate: boolean;
  /** 1: low byte, 2: high byte, 3: low then high. */
  access: number;
  writeHighNext: boolean;
  writeLow: number;
  readHighNext: boolean;
  latched: number | undefined;
  /** The latched count's low byte has been read. */
  latchedStatus: number | undefined;
  /** A control word came and no count yet. */
  nullCount: boolean;
}

export function newChannel(gate: boolean): PitChannel {
  return {
    mode: 3,
    bcd: false,
    count: 0x10000,
    startTick: 0,
    gate,
    access: 3,
    writeHighNext: false,
    writeLow: 0,
    readHighNext: false,
    latched: undefined,
    latchedStatus: undefined,
    nullCount: false,
  };
}

export function loadCount(channel: PitChannel, value: number, now: number): void {
  channel.count = value === 0 ? (channel.bcd ? 10_000 : 0x10000) : channel.bcd ? fromBcd(value) : value;
  // The counter takes the count at the next clock (data sheet, "Write operations").
  channel.startTick = now + 1;
  channel.nullCount = false;
}

/** The gate: a rising edge restarts modes 1, 2, 3 and 5; a low level holds modes 2 and 3 (and 0 and 4, which we let run). */
export function setGate(channel: PitChannel, level: boolean, now: number): void {
  const rises = level && !channel.gate;
  channel.gate = level;
  if (rises && [1, 2, 3, 5].includes(channel.mode)) channel.startTick = now;
}

/** OUT at tick `now`. */
export function output(channel: PitChannel, now: number): boolean {
  const elapsed = now - channel.startTick;
  const { count, mode } = channel;
  switch (mode) {
    case 0:
      return !channel.nullCount && elapsed >= count;
    case 1:
      return elapsed >= count;
    case 2:
      // The chip's output is low for the last tick of a period and rises at its end. Interrupt lines rise for a tick there:
      // the edge is at the same time.
      return channel.gate && elapsed > 0 && elapsed % count === 0;
    case 3:
      return !channel.gate || elapsed % count < (count + 1) >> 1;
    default:
      return elapsed !== count;
  }
}

/** The tick after `now` at which OUT changes next, or undefined if it does not. */
export function nextChange(channel: PitChannel, now: number): number | undefined {
  const elapsed = now - channel.startTick;
  const { count, mode } = channel;
  const base = now - (elapsed % count);
  switch (mode) {
    case 0:
    case 1:
      return !channel.nullCount && elapsed < count ? channel.startTick + count : undefined;
    case 2:
      if (!channel.gate) return undefined;
      return elapsed > 0 && elapsed % count === 0 ? now + 1 : base + count;
    case 3: {
      if (!channel.gate) return undefined;
      const half = (count + 1) >> 1;
      return elapsed % count < half ? base + half : base + count;
    }
    default:
      if (elapsed < count) return channel.startTick + count;
      return elapsed === count ? channel.startTick + count + 1 : undefined;
  }
}

/** What a read of the counter gives, 16 bits. */
export function currentCount(channel: PitChannel, now: number): number {
  const elapsed = Math.max(0, now - channel.startTick);
  const { count, mode } = channel;
  let value: number;
  if (mode === 2) value = count - (elapsed % count);
  else if (mode === 3) value = count - ((elapsed * 2) % count);
  else value = (((count - elapsed) % 0x10000) + 0x10000) % 0x10000;
  return channel.bcd ? toBcd(value % 10_000) : value & 0xffff;
}

function fromBcd(value: number): number {
  return (value & 15) + 10 * ((value >> 4) & 15) + 100 * ((value >> 8) & 15) + 1000 * ((value >> 12) & 15);
}

function toBcd(value: number): number {
  return Number.parseInt(String(value), 16);
}
