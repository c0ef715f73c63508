/**
 * Random blocks, worked out with BigInt while they are written and then run: whatever the optimiser and the slots of tier 0
 * or the locals of tier 1 make of them, the state afterwards must be the same.
 */
import type { Ir, Value } from '@nandu/tcg';
import { DOUBLE, ENGINES, HALT, type Instruction, OWN, place, R, toy } from './toy-target.test-support.js';

const INTS = [0, 1, 2].map((i) => place('i32', i));
const DATA = 0x8000;
const BLOCKS = 150;
const u = BigInt.asUintN;
const s = BigInt.asIntN;

interface Known {
  readonly value: Value;
  readonly wide: boolean;
  /** Unsigned. */
  readonly is: bigint;
}
type Random = (below: number) => number;

/** The state that the block is to leave behind. */
class Expected {
  readonly longs = R.slice(0, 5).map((_, i) => u(64, BigInt(i + 1) * 0x9e37_79b9_7f4a_7c15n));
  readonly ints = INTS.map((_, i) => u(32, BigInt(i + 3) * 0x85eb_ca6bn));
  readonly memory = [1n, 2n, 3n, 4n];
  left = false;
}

const BINARY: Record<string, (a: bigint, b: bigint, bits: number) => bigint> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shl: (a, b, n) => a << (b % BigInt(n)),
  shr_u: (a, b, n) => a >> (b % BigInt(n)),
  shr_s: (a, b, n) => s(n, a) >> (b % BigInt(n)),
};
const COMPARE: Record<string, (a: bigint, b: bigint, bits: number) => boolean> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt_u: (a, b) => a < b,
  ge_u: (a, b) => a >= b,
  lt_s: (a, b, n) => s(n, a) < s(n, b),
  le_s: (a, b, n) => s(n, a) <= s(n, b),
};

function write(ir: Ir, random: Random, expected: Expected): void {
  const known: Known[] = [];
  const pick = (wide: boolean): Known => {
    const fitting = known.filter((k) => k.wide === wide);
    if (fitting.length === 0 || random(5) === 0) {
      const is = [0n, 1n, 3n, 0xffn, 0xffff_ffffn, 0x8000_0000n, u(64, -8n)][random(7)]!;
      return keep(wide ? ir.i64(is) : ir.i32(Number(s(32, is))), wide, is);
    }
    return fitting[random(2) ? fitting.length - 1 : random(fitting.length)]!;
  };
  const keep = (value: Value, wide: boolean, is: bigint): Known => {
    const made = { value, wide, is: u(wide ? 64 : 32, is) };
    known.push(made);
    return made;
  };
  const does = (change: () => void): void => {
    if (!expected.left) change();
  };
  const key = <T extends object>(table: T): keyof T & string => Object.keys(table)[random(Object.keys(table).length)] as keyof T & string;
  const actions: (() => void)[] = [
    () => {
      const i = random(5);
      keep(ir.get(R[i]!), true, expected.longs[i]!);
    },
    () => {
      const i = random(3);
      keep(ir.get(INTS[i]!), false, expected.ints[i]!);
    },
    () => {
      const i = random(5);
      const x = pick(true);
      ir.set(R[i]!, x.value);
      does(() => (expected.longs[i] = x.is));
    },
    () => {
      const i = random(5);
      const x = pick(true);
      ir.set(R[i]!, x.value);
      does(() => (expected.longs[i] = x.is));
    },
    () => {
      const i = random(3);
      const x = pick(false);
      ir.set(INTS[i]!, x.value);
      does(() => (expected.ints[i] = x.is));
    },
    ...[true, false, true].map((wide) => () => {
      const [x, y, name, bits] = [pick(wide), pick(wide), key(BINARY), wide ? 64 : 32] as const;
      keep(ir.op(`${wide ? 'i64' : 'i32'}.${name}` as 'i64.add', x.value, y.value), wide, BINARY[name]!(x.is, y.is, bits));
    }),
    ...[true, false].map((wide) => () => {
      const [x, y, name, bits] = [pick(wide), pick(wide), key(COMPARE), wide ? 64 : 32] as const;
      keep(ir.op(`${wide ? 'i64' : 'i32'}.${name}` as 'i64.eq', x.value, y.value), false, COMPARE[name]!(x.is, y.is, bits) ? 1n : 0n);
    }),
    () => {
      const x = pick(true);
      keep(ir.wrap(x.value), false, x.is);
    },
    () => {
      const x = pick(false);
      keep(ir.extendU(x.value), true, x.is);
    },
    () => {
      const x = pick(false);
      keep(ir.extendS(x.value), true, s(32, x.is));
    },
    () => {
      const x = pick(false);
      keep(ir.eqz(x.value), false, x.is === 0n ? 1n : 0n);
    },
    () => {
      const [x, y, c] = [pick(true), pick(true), pick(false)];
      keep(ir.select(c.value, x.value, y.value), true, c.is !== 0n ? x.is : y.is);
    },
    () => {
      const i = random(4);
      const x = pick(true);
      ir.store({ size: 8, type: 'i64', mmu: 0 }, ir.add(ir.get(R[5]!), ir.i64(8 * i)), x.value);
      does(() => (expected.memory[i] = x.is));
    },
    () => {
      const i = random(4);
      keep(ir.load({ size: 8, type: 'i64', mmu: 0 }, ir.add(ir.get(R[5]!), ir.i64(8 * i))), true, expected.memory[i]!);
    },
    () => {
      const i = random(4);
      keep(ir.load({ size: 1, type: 'i32', mmu: 0, signed: true }, ir.i64(DATA + 8 * i)), false, s(8, expected.memory[i]!));
    },
    () => {
      const x = pick(true);
      keep(ir.call(DOUBLE, x.value), true, 2n * x.is);
    },
    () => {
      const c = pick(false);
      ir.exitIf(c.value, { kind: 'goto', pc: 0x2000 });
      if (c.is !== 0n) expected.left = true;
    },
  ];
  for (let length = 4 + random(40); length > 0; length--) actions[random(random(4) ? actions.length - 1 : actions.length)]!();
}

describe.each(ENGINES)('$name', ({ engine }) => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('random blocks %d', (seed) => {
    let state = seed;
    const random: Random = (below) => {
      state = (Math.imul(state, 1103515245) + 12345) | 0;
      return ((state >>> 8) & 0xffff) % below;
    };
    let start = 0;
    let expected = new Expected();
    const instruction: Instruction = (ir) => {
      // Translated more than once where there are two tiers: the same block every time.
      state = start;
      expected = new Expected();
      write(ir, random, expected);
    };
    const t = toy([instruction], engine);
    const view = new DataView(t.accelerator.memory.buffer);
    t.code(0x1000, [OWN], [HALT]);
    t.code(0x2000, [HALT]);
    for (let block = 0; block < BLOCKS; block++) {
      t.accelerator.flushCode();
      start = Math.imul(block + 1, 0x9e37) + seed * 7919;
      for (let pass = 0; pass < 3; pass++) {
        const before = new Expected();
        before.longs.forEach((value, i) => t.set(R[i]!, s(64, value)));
        before.ints.forEach((value, i) => view.setUint32(t.cpu.env + INTS[i]!.offset, Number(value), true));
        before.memory.forEach((value, i) => t.physical.bytes.set(new Uint8Array(BigUint64Array.of(value).buffer), DATA + 8 * i));
        t.set(R[5]!, DATA);
        t.run(0x1000);
        const after = {
          longs: before.longs.map((_, i) => u(64, t.get(R[i]!))),
          ints: before.ints.map((_, i) => BigInt(view.getUint32(t.cpu.env + INTS[i]!.offset, true))),
          memory: before.memory.map((_, i) => new DataView(t.physical.bytes.buffer, t.physical.bytes.byteOffset).getBigUint64(DATA + 8 * i, true)),
        };
        expect([block, pass, after]).toEqual([block, pass, { longs: expected.longs, ints: expected.ints, memory: expected.memory }]);
      }
    }
  });
});
