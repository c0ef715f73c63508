/**
 * Sequences of micro-ops that have a case of their own, so that they are dispatched once: in code that runs seldom each dispatch is a
 * mispredicted jump, more than what most micro-ops do. The records stay as they are, one behind the other; only the first has another number,
 * so a branch into the middle, and whoever reads records, need not know.
 *
 * Those below are the most frequent ones (counted by entries of blocks that stay in the interpreter) of a boot of Debian's kernel and of
 * forks and execs of its shell. They leave seven of ten dispatches.
 */
import { MICRO_OP_NAMES } from './micro-ops.js';

const FREQUENT = [
  'const32, copy64',
  'const32, copy64, copy64',
  'const32, copy64, br i64.eqz',
  'const32, const64',
  'const32, const64, const64',
  'const32, const64, copy64',
  'const64, if',
  'const64, copy64',
  'const64, load i64.8',
  'const64, store i64.8, copy64, goto',
  'copy64, copy64, lookup',
  'copy64, const64',
  'copy64, load i64.8',
  'copy64, i64.add#, store i64.8, copy64',
  'load i64.8, copy64',
  'load i64.8, load i64.8',
  'load i64.8, i64.add#, load i64.8, i64.add#',
  'load i64.8, i64.add#, i64.add#, i64.shr_u#',
  'load i32.1, const32',
  'store i64.8, copy64',
  'store i64.8, store i64.8',
  'i64.add#, const32',
  'i64.add#, i64.shr_u#',
  'i64.add#, store i64.8, copy64, copy64',
  'i64.add#, store i64.8, copy64, i64.add#',
  'i64.sub, const32, copy64, br i64.ne',
  'i64.sub#, const32, const64',
  'i64.shr_u#, const64, if',
  'i64.extend_i32_u, const32',
  'i32.and#, const32',
  'i32.and#, i32.and#',
  'i32.sub#, const32, const64',
  'i32.shl#, i32.or',
] as const;

/** Each as numbers of its micro-ops. What a sequence begins with is one, too, since they grow op by op. */
export const SEQUENCES: readonly (readonly number[])[] = withBeginnings(
  FREQUENT.map((text) =>
    text.split(', ').map((name) => {
      const number = MICRO_OP_NAMES.indexOf(name);
      if (number < 0) throw new Error(`no micro-op '${name}'`);
      return number;
    }),
  ),
);

const FIRST = MICRO_OP_NAMES.length;
/** Helpers of the target come last, each of two records: see `helper-case.ts`. */
export const FIRST_HELPER = FIRST + SEQUENCES.length;

/** By number (of a micro-op or a sequence): the number of the sequence with another micro-op behind it, by that one's number. */
const LONGER: (Map<number, number> | undefined)[] = new Array(FIRST_HELPER).fill(undefined);
SEQUENCES.forEach((sequence, i) => {
  const start = sequence.slice(0, -1);
  const number = start.length === 1 ? start[0]! : FIRST + SEQUENCES.findIndex((other) => isSame(other, start));
  LONGER[number] ??= new Map();
  LONGER[number]!.set(sequence.at(-1)!, FIRST + i);
});

/** The number for `first` (of a micro-op or a sequence) with `next` behind it, or 0 if there is none. */
export function sequenceNumber(first: number, next: number): number {
  return LONGER[first]?.get(next) ?? 0;
}

function withBeginnings(sequences: readonly (readonly number[])[]): number[][] {
  const all = new Map<string, number[]>();
  for (const sequence of sequences) {
    for (let length = 2; length <= sequence.length; length++) all.set(sequence.slice(0, length).join(), sequence.slice(0, length));
  }
  return [...all.values()];
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((number, i) => number === b[i]);
}
