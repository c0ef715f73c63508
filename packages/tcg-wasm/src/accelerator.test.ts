import { Env } from '@nandu/tcg';
import {
  ADD,
  ADDI,
  DEVICE_AT,
  DOUBLE,
  ENGINES,
  FAULT_ADDRESS,
  FAULT_PC,
  HALT,
  type Instruction,
  JUMP,
  JUMP_FAR,
  JUMP_IF,
  LOAD,
  NOTE,
  newMemory,
  OWN,
  R,
  RAISE,
  RETURN,
  ROM_AT,
  SET,
  STORE,
  toy,
} from './toy-target.test-support.js';

/** r1 times: r2 += 3. */
const LOOP = [[SET, 1, 100], [SET, 2, 0], [ADDI, 2, 2, 3], [ADDI, 1, 1, -1], [JUMP_IF, 1, -2], [HALT]] as const;

describe.each(ENGINES)('$name', ({ engine }) => {
  describe('the loop', () => {
    it('runs a program to its end and counts its instructions', () => {
      const t = toy([], engine);
      t.code(0x1000, ...LOOP);
      expect(t.run(0x1000)).toBe(Env.EXIT_HALTED);
      expect(t.get(R[2]!)).toBe(300n);
      expect(t.accelerator.instructionsExecuted(t.cpu)).toBe(2 + 300 + 1);
    });

    it.each([1, 2, 3, 7, 50, 301])('stops after exactly %d instructions and goes on', (slice) => {
      const t = toy([], engine);
      t.code(0x1000, ...LOOP);
      let pc: number | undefined = 0x1000;
      for (let executed = slice; executed < 303; executed += slice) {
        expect(t.run(pc, slice)).toBe(Env.EXIT_BUDGET);
        pc = undefined;
        expect(t.accelerator.instructionsExecuted(t.cpu)).toBe(executed);
      }
      expect(t.run(undefined, slice)).toBe(Env.EXIT_HALTED);
      expect(t.get(R[2]!)).toBe(300n);
    });

    it.each([
      { slice: 7, executed: [5, 11, 17] },
      { slice: 5, executed: [5, 8, 11] },
      // Neither block fits.
      { slice: 2, executed: [2, 4, 5] },
    ])('stops where a block ends, with wholeBlocks, in slices of $slice', ({ slice, executed }) => {
      const t = toy([], { ...engine, wholeBlocks: true });
      t.code(0x1000, ...LOOP);
      const seen = executed.map((_, i) => {
        expect(t.run(i === 0 ? 0x1000 : undefined, slice)).toBe(Env.EXIT_BUDGET);
        return t.accelerator.instructionsExecuted(t.cpu);
      });
      expect(seen).toEqual(executed);
      while (t.run(undefined, slice) === Env.EXIT_BUDGET);
      expect(t.get(R[2]!)).toBe(300n);
    });

    it('goes to other pages and returns through the jump cache', () => {
      const t = toy([], engine);
      t.code(0x1000, [SET, 1, 50], [SET, 3, 0x08, 0x10], [JUMP_FAR, 0, 1], [HALT]);
      t.code(0x1008, [JUMP_FAR, 0, 1], [HALT]);
      t.code(0x2000, [ADDI, 1, 1, -1], [JUMP_IF, 1, 2], [HALT], [RETURN, 3]);
      expect(t.run(0x1000)).toBe(Env.EXIT_HALTED);
      expect(t.get(R[1]!)).toBe(0n);
      expect(t.accelerator.counters.misses).toBeLessThan(8);
    });

    it('counts as many instructions as it is given, however many', () => {
      const t = toy([], engine);
      // The load crosses pages: the slow path has the budget, too.
      t.code(0x1000, [SET, 1, 255], [SET, 3, 0xfc, 0x2f], [LOAD, 2, 3, 0], [ADDI, 1, 1, -1], [JUMP_IF, 1, -2], [HALT]);
      expect(t.run(0x1000, 2 ** 31 + 5)).toBe(Env.EXIT_HALTED);
      expect(t.accelerator.instructionsExecuted(t.cpu)).toBe(2 + 3 * 255 + 1);
    });

    it('translates no more when its time is over, but for the first block', () => {
      const t = toy([], engine);
      t.code(0x1000, [SET, 1, 2], [JUMP, 0, 2], [HALT], [SET, 2, 3], [JUMP, 0, 2], [HALT], [SET, 3, 4], [HALT]);
      expect(t.run(0x1000, 1000, 0)).toBe(Env.EXIT_REQUESTED);
      expect(t.accelerator.instructionsExecuted(t.cpu)).toBe(2);
      expect(t.run(undefined, 1000, 0)).toBe(Env.EXIT_REQUESTED);
      expect(t.run(undefined, 1000, 0)).toBe(Env.EXIT_HALTED);
      expect([t.get(R[1]!), t.get(R[2]!), t.get(R[3]!)]).toEqual([2n, 3n, 4n]);
      expect(t.accelerator.instructionsExecuted(t.cpu)).toBe(6);
    });

    it('returns when asked to, before anything runs', () => {
      const t = toy([], engine);
      t.code(0x1000, [JUMP, 0, 0]);
      t.accelerator.requestExit(t.cpu);
      expect(t.run(0x1000)).toBe(Env.EXIT_REQUESTED);
      expect(t.accelerator.instructionsExecuted(t.cpu)).toBe(0);
      expect(t.run(undefined, 1000)).toBe(Env.EXIT_BUDGET);
      expect(t.accelerator.instructionsExecuted(t.cpu)).toBe(1000);
    });
  });

  describe('memory', () => {
    it('loads and stores, across pages too', () => {
      const t = toy([], engine);
      t.physical.bytes.set([1, 2, 3, 4, 5, 6, 7, 8], 0x2ffc);
      t.code(0x1000, [LOAD, 2, 1, 0], [STORE, 2, 3, 0], [LOAD, 4, 3, 0], [HALT]);
      t.set(R[1]!, 0x2ffc);
      t.set(R[3]!, 0x4ffb);
      t.run(0x1000);
      expect(t.get(R[2]!)).toBe(0x0807060504030201n);
      expect(t.get(R[4]!)).toBe(0x0807060504030201n);
      expect([...t.physical.bytes.slice(0x4ffb, 0x5003)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    });

    it('gives a fault the state at the start of its instruction, and takes back what was counted', () => {
      const t = toy([], engine);
      t.code(0x1000, [SET, 2, 7], [ADDI, 2, 2, 1], [LOAD, 2, 1, 0], [ADDI, 2, 2, 1], [HALT]);
      t.set(R[1]!, 0xdffc);
      expect(t.run(0x1000)).toBe(Env.EXIT_HALTED);
      expect(t.get(FAULT_ADDRESS)).toBe(0xe000n);
      expect(t.get(FAULT_PC)).toBe(0x1008n);
      expect(t.get(R[2]!)).toBe(8n);
      // Two before the fault, and the HALT of the handler.
      expect(t.accelerator.instructionsExecuted(t.cpu)).toBe(3);
    });

    it('writes nothing when the second page of a store faults', () => {
      const t = toy([], engine);
      t.code(0x1000, [STORE, 2, 1, 0], [HALT]);
      t.set(R[1]!, 0xdffc);
      t.set(R[2]!, -1);
      t.run(0x1000);
      expect(t.get(FAULT_ADDRESS)).toBe(0xe000n);
      expect([...t.physical.bytes.slice(0xdffc, 0xe000)]).toEqual([0, 0, 0, 0]);
    });

    it('faults on fetching', () => {
      const t = toy([], engine);
      t.code(0x1000, [SET, 1, 0x00, 0xe0], [RETURN, 1]);
      expect(t.run(0x1000)).toBe(Env.EXIT_HALTED);
      expect([t.get(FAULT_ADDRESS), t.get(FAULT_PC)]).toEqual([0xe000n, 0xe000n]);
    });

    it('sends devices and ROM what is theirs', () => {
      const t = toy([], engine);
      t.code(0x1000, [LOAD, 2, 1, 8], [STORE, 2, 1, 16], [STORE, 2, 1, -4], [STORE, 3, 4, 0], [HALT]);
      t.set(R[1]!, DEVICE_AT);
      t.map(DEVICE_AT - 4096, 0x7000);
      t.set(R[3]!, 5);
      t.set(R[4]!, ROM_AT);
      t.run(0x1000);
      expect(t.get(R[2]!)).toBe(0x1122334455667788n);
      expect(t.physical.log).toEqual([
        `read8 ${(DEVICE_AT + 8).toString(16)}`,
        `write8 ${(DEVICE_AT + 16).toString(16)} 1122334455667788`,
        ...[0x44, 0x33, 0x22, 0x11].map((byte, i) => `write1 ${(DEVICE_AT + i).toString(16)} ${byte.toString(16)}`),
        `write8 ${ROM_AT.toString(16)} 5`,
      ]);
      expect([...t.physical.bytes.slice(0x7ffc, 0x8000)]).toEqual([0x88, 0x77, 0x66, 0x55]);
    });

    it('sees a new mapping after a flush, and only then', () => {
      const flush: Instruction = (ir, { a, next }) => {
        ir.call({ name: 'flush', where: 'wasm', params: ['i32'], reads: 'all', writes: 'all', mayFault: false }, ir.i32(a));
        ir.end({ kind: 'goto', pc: next });
        return true;
      };
      const t = toy([flush], engine);
      t.physical.bytes[0x5000] = 5;
      t.physical.bytes[0x6000] = 6;
      t.code(0x1000, [LOAD, 2, 1, 0], [HALT], [LOAD, 3, 1, 0], [OWN, 0], [LOAD, 4, 1, 0], [HALT]);
      t.set(R[1]!, 0x5000);
      t.run(0x1000);
      t.map(0x5000, 0x6000);
      t.run(0x1008);
      expect([t.get(R[2]!), t.get(R[3]!), t.get(R[4]!)]).toEqual([5n, 5n, 6n]);
    });
  });

  describe('helpers', () => {
    it('are called with env, and a fault of theirs leaves at their instruction', () => {
      const double: Instruction = (ir, { a, b }) => ir.set(R[a]!, ir.call(DOUBLE, ir.get(R[b]!)));
      const note: Instruction = (ir, { a, b, c }) => ir.set(R[a]!, ir.call(NOTE, ir.get(R[b]!), ir.i32(c)));
      const raise: Instruction = (ir, { b }) => {
        ir.call(RAISE, ir.i64(b));
      };
      const t = toy([double, note, raise], engine);
      t.code(0x1000, [SET, 1, 21], [OWN, 2, 1], [OWN + 1, 3, 2, 9], [OWN + 2, 0, 77], [SET, 3, 0], [HALT]);
      t.run(0x1000);
      expect(t.get(R[3]!)).toBe(43n);
      expect(t.notes).toEqual([[true, 42n, 9]]);
      expect([t.get(FAULT_ADDRESS), t.get(FAULT_PC)]).toEqual([77n, 0x100cn]);
    });
  });

  describe('code that changes', () => {
    it('is translated again when the guest writes it', () => {
      const t = toy([], engine);
      t.code(0x1000, [STORE, 2, 1, 0], [JUMP_FAR, 0, 1]);
      t.code(0x2000, [SET, 3, 1], [HALT]);
      t.set(R[1]!, 0x2000);
      t.run(0x2000);
      expect(t.get(R[3]!)).toBe(1n);
      t.set(R[2]!, 0x0000_0000_0002_0301n);
      t.run(0x1000);
      expect(t.get(R[3]!)).toBe(2n);
    });

    it('may be the block that is running', () => {
      const t = toy([], engine);
      // Overwrites the second instruction after itself.
      t.code(0x1000, [STORE, 2, 1, 0], [ADDI, 4, 4, 1], [SET, 3, 1], [HALT]);
      t.set(R[1]!, 0x1008);
      t.set(R[2]!, 0x0000_0000_0009_0301n);
      t.run(0x1000);
      expect([t.get(R[3]!), t.get(R[4]!)]).toEqual([9n, 1n]);
      expect(t.accelerator.instructionsExecuted(t.cpu)).toBe(4);
    });

    it('is left alone by stores beside it, which become fast again once it is gone', () => {
      const t = toy([], engine);
      t.code(0x1000, [STORE, 2, 1, 0], [HALT]);
      t.set(R[1]!, 0x1800);
      t.set(R[2]!, 0x55);
      t.run(0x1000);
      t.run(0x1000);
      expect(t.physical.bytes[0x1800]).toBe(0x55);
      expect(t.accelerator.counters.blocksInvalidated).toBe(0);
    });

    it('is translated again when a device writes it', () => {
      const t = toy([], engine);
      t.code(0x1000, [SET, 3, 1], [JUMP, 0, 1], [SET, 4, 1], [HALT]);
      t.run(0x1000);
      t.physical.dma(0x1008, [SET, 4, 2, 0]);
      t.run(0x1000);
      expect(t.get(R[4]!)).toBe(2n);
      expect(t.accelerator.counters.blocksInvalidated).toBe(1);
    });

    it('is found at two addresses with their own pc', () => {
      const t = toy([], engine);
      t.code(0x1000, [SET, 1, 3], [JUMP, 0, 1], [HALT]);
      t.map(0x5000, 0x1000);
      t.run(0x1000);
      expect(t.run(0x5000)).toBe(Env.EXIT_HALTED);
      expect(t.get({ name: 'pc', type: 'i64', offset: Env.ENV_PC })).toBe(0x500cn);
    });

    it('may span two pages, and is checked when the second one changes', () => {
      const t = toy([], engine);
      t.code(0x1ffe, [SET, 1, 7], [HALT]);
      t.run(0x1ffe);
      expect(t.get(R[1]!)).toBe(7n);
      t.physical.bytes.set(t.physical.bytes.slice(0x2000, 0x2010), 0x6000);
      t.physical.bytes[0x6000] = 8;
      t.map(0x2000, 0x6000);
      t.accelerator.flushTlb(t.cpu);
      t.run(0x1ffe);
      expect(t.get(R[1]!)).toBe(8n);
    });

    it('looks for its second page in its own table again, beyond which other vCPUs begin', () => {
      const memory = newMemory();
      const t = toy([], engine, memory);
      t.code(0x1ffe, [SET, 1, 7], [HALT]);
      t.run(0x1ffe);
      t.accelerator.flushTlb(t.cpu);
      t.run(0x1ffe);
      const others = new BigUint64Array(memory.buffer, t.cpu.env + Env.ENV_SIZE, (4 * Env.ENV_SIZE) / 8);
      expect(others.every((word) => word === 0n)).toBe(true);
    });

    it('survives an arena that is full', () => {
      const t = toy([], { ...engine, arenaEnd: 0x0400_0000 + 0x5_0000 });
      for (let i = 0; i < 4000; i++) t.code(0x1000 + 8 * i, [ADD, 1, 1, 2], [JUMP, 0, 1]);
      t.code(0x1000 + 8 * 4000, [HALT]);
      t.code(0xe000, [ADD, 1, 1, 2], [JUMP, 0, 1]);
      t.map(0xe000, 0xe000);
      t.set(R[2]!, 1);
      expect(t.run(0x1000)).toBe(Env.EXIT_HALTED);
      expect(t.accelerator.counters.flushes).toBeGreaterThan(0);
      expect(t.get(R[1]!)).toBeGreaterThan(1000n);
    });
  });

  describe('two accelerators', () => {
    it('share nothing', () => {
      const [a, b] = [toy([], engine), toy([], engine)];
      a.code(0x1000, [SET, 1, 1], [HALT]);
      b.code(0x1000, [SET, 1, 2], [HALT]);
      a.run(0x1000);
      b.run(0x1000);
      expect([a.get(R[1]!), b.get(R[1]!)]).toEqual([1n, 2n]);
    });
  });
});
