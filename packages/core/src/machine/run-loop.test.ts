import { jest } from '@jest/globals';
import { Board, Machine, type MachineConfig, NoneBoard, RunLoop, type VCpu, VirtualClock } from '../index.js';

const CONFIG = { board: 'none-machine', boardProperties: {}, globals: [], accelerator: 'tcg' } as unknown as MachineConfig;

/** A vCPU that runs until `work` instructions are done, then waits. */
class FakeCpu implements VCpu {
  retired = 0;
  kicks = 0;
  constructor(
    readonly index: number,
    public work: number,
    private readonly log: string[] = [],
  ) {}
  get runnable(): boolean {
    return this.retired < this.work;
  }
  run(maxInstructions: number, _untilMs: number): 'running' | 'halted' {
    this.retired += Math.min(maxInstructions, this.work - this.retired);
    this.log.push(`cpu${this.index}`);
    return this.runnable ? 'running' : 'halted';
  }
  kick(): void {
    this.kicks++;
  }
  reset(): void {}
}

function machineWith(cpus: (log: string[]) => VCpu[], config: Partial<MachineConfig> = {}) {
  const machine = new Machine([{ name: 'none', types: [NoneBoard] }], { ...CONFIG, ...config });
  const log: string[] = [];
  (machine.build() as Board).cpus.push(...cpus(log));
  return { machine, log, loop: new RunLoop(machine), clock: machine.container.resolve(VirtualClock as never) as VirtualClock };
}
const until = async (condition: () => boolean) => {
  for (let i = 0; i < 10_000 && !condition(); i++) await new Promise((resolve) => setImmediate(resolve));
  expect(condition()).toBe(true);
};
const fail = (error: unknown) => {
  throw error;
};

it('gives every vCPU that has work its turn', async () => {
  const { loop, log, machine } = machineWith((l) => [new FakeCpu(0, 1e7, l), new FakeCpu(1, 0, l), new FakeCpu(2, 1e7, l)]);
  loop.start(fail);
  await until(() => machine.board?.cpus.every((cpu) => !cpu.runnable) ?? false);
  loop.stop();
  expect(log.slice(0, 4)).toEqual(['cpu0', 'cpu2', 'cpu0', 'cpu2']);
});

it('makes slices shorter at once where the guest runs slower', async () => {
  const host = jest.spyOn(performance, 'now').mockReturnValue(0);
  const { loop, machine } = machineWith((l) => [new FakeCpu(0, 4e6, l)]);
  const cpu = machine.board?.cpus[0] as FakeCpu;
  const slices: { readonly ms: number; readonly allowedMs: number }[] = [];
  jest.spyOn(cpu, 'run').mockImplementation((maxInstructions, untilMs) => {
    const now = performance.now();
    // A tenth of the speed from the second million on.
    const ms = maxInstructions / (cpu.retired < 2e6 ? 100_000 : 10_000);
    cpu.retired += maxInstructions;
    slices.push({ ms, allowedMs: (untilMs as number) - now });
    host.mockReturnValue(now + ms);
    return 'running';
  });
  loop.start(fail);
  await until(() => !cpu.runnable);
  loop.stop();
  host.mockRestore();
  const longest = slices.findIndex(({ ms }) => ms > 3);
  expect(slices[longest]!.allowedMs).toBe(2);
  expect(slices.slice(longest + 1).every(({ ms }) => ms <= 2.5)).toBe(true);
});

it('sleeps until a device wakes it', async () => {
  const { loop, machine } = machineWith((l) => [new FakeCpu(0, 0, l)]);
  const cpu = machine.board?.cpus[0] as FakeCpu;
  loop.start(fail);
  await new Promise((resolve) => setTimeout(resolve, 5));
  cpu.work = 100;
  machine.wake();
  await until(() => cpu.retired === 100);
  loop.stop();
});

it('runs timers while all vCPUs wait', async () => {
  const { loop, clock } = machineWith((l) => [new FakeCpu(0, 0, l)]);
  let expired = false;
  clock.createAlarm(() => (expired = true)).start(2_000);
  loop.start(fail);
  await until(() => expired);
  loop.stop();
});

it('counts time in instructions with -icount, and jumps over idle time', async () => {
  const { loop, clock, machine } = machineWith((l) => [new FakeCpu(0, 1000, l)], { icount: { shift: 0, sleep: false } });
  const times: number[] = [];
  const alarm = clock.createAlarm(() => {
    times.push(clock.nowNs());
    if (times.length < 3) alarm.startAtNs(times.length * 1e9);
  });
  alarm.startAtNs(600);
  loop.start(fail);
  await until(() => times.length === 3);
  loop.stop();
  expect(times).toEqual([600, 1e9, 2e9]);
  expect((machine.board!.cpus[0] as FakeCpu).retired).toBe(1000);
});

it('reports an error of ours and stops', async () => {
  const broken = new FakeCpu(0, 1);
  broken.run = () => {
    throw new Error('broken');
  };
  const { loop } = machineWith(() => [broken]);
  const error = await new Promise((resolve) => loop.start(resolve));
  expect(error).toEqual(new Error('broken'));
});

it('asks vCPUs to return when it is stopped', () => {
  const { loop, machine } = machineWith((l) => [new FakeCpu(0, 10, l)]);
  loop.start(fail);
  loop.stop();
  expect((machine.board!.cpus[0] as FakeCpu).kicks).toBe(1);
});

it('ends the slice of a vCPU when a device sets a timer that would expire in it, and only then', async () => {
  const cpu = new FakeCpu(0, 1e6);
  const { loop, clock, machine } = machineWith(() => [cpu], { icount: { shift: 0, sleep: false } });
  const [far, near] = [clock.createAlarm(() => {}), clock.createAlarm(() => {})];
  const kicks: number[] = [];
  cpu.run = (slice: number) => {
    if (kicks.length === 0) {
      for (const [alarm, ns] of [
        [far, cpu.retired + slice + 1000],
        [near, cpu.retired + slice / 2],
      ] as const) {
        alarm.startAtNs(ns);
        kicks.push(cpu.kicks);
      }
    }
    cpu.retired += Math.min(slice, cpu.work - cpu.retired);
    return 'halted';
  };
  loop.start(fail);
  await until(() => !machine.board!.cpus[0]!.runnable);
  loop.stop();
  expect(kicks).toEqual([0, 1]);
});

it('lets a busy vCPU hear of what happens between two turns before the next event of the host', async () => {
  const { loop, machine } = machineWith((l) => [new FakeCpu(0, Number.POSITIVE_INFINITY, l)]);
  const cpu = machine.board?.cpus[0] as FakeCpu;
  loop.start(fail);
  const slices = await new Promise<number[]>((resolve) =>
    setTimeout(() => {
      const seen = [cpu.retired];
      machine.wake();
      queueMicrotask(() => {
        seen.push(cpu.retired);
        // Once a turn only.
        machine.wake();
        queueMicrotask(() => resolve([...seen, cpu.retired]));
      });
    }, 5),
  );
  loop.stop();
  expect(slices[1]).toBeGreaterThan(slices[0]!);
  expect(slices[2]).toBe(slices[1]);
});
