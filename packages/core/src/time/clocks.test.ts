import { InstructionClock, ManualClock, RunningClock } from './clocks.js';

describe('a clock moved by hand', () => {
  it('runs alarms in order of their deadlines, each at its own time', () => {
    const clock = new ManualClock();
    const seen: [string, number][] = [];
    const late = clock.createAlarm(() => seen.push(['late', clock.nowNs()]));
    const early = clock.createAlarm(() => seen.push(['early', clock.nowNs()]));
    late.start(20);
    early.start(10);
    clock.advanceUs(30);
    expect(seen).toEqual([
      ['early', 10_000],
      ['late', 20_000],
    ]);
  });

  it('runs alarms that are set on the way, and equal deadlines in the order in which they were set', () => {
    const clock = new ManualClock();
    const seen: string[] = [];
    const again = clock.createAlarm(() => {
      seen.push(`again ${clock.nowNs() / 1000}`);
      again.start(5);
    });
    const other = clock.createAlarm(() => seen.push('other'));
    again.start(5);
    other.start(10);
    clock.advanceUs(15);
    expect(seen).toEqual(['again 5', 'other', 'again 10', 'again 15']);
  });

  it('forgets cancelled alarms, and keeps its order when one in the middle goes', () => {
    const clock = new ManualClock();
    const seen: number[] = [];
    const alarms = [7, 3, 9, 1, 5, 8, 2].map((us) => {
      const alarm = clock.createAlarm(() => seen.push(us));
      alarm.start(us);
      return alarm;
    });
    alarms[1]?.cancel();
    alarms[2]?.cancel();
    clock.advanceUs(100);
    expect(seen).toEqual([1, 2, 5, 7, 8]);
  });

  it('ignores the past', () => {
    const clock = new ManualClock();
    clock.advanceTo(500);
    clock.advanceTo(100);
    expect(clock.nowNs()).toBe(500);
  });
});

describe('a clock of instructions', () => {
  it('counts them, jumps to deadlines, and says how far the next one is', () => {
    const clock = new InstructionClock(3, false);
    let retired = 0;
    clock.retired = () => retired;
    const alarm = clock.createAlarm(() => {});
    alarm.startAtNs(801);
    retired = 50;
    expect([clock.nowNs(), clock.instructionsToDeadline(), clock.hostMsToDeadline()]).toEqual([400, 51, 0]);
    clock.warp();
    expect([clock.nowNs(), clock.runDue(), alarm.deadlineNs]).toEqual([801, true, undefined]);
  });
});

describe('a clock that follows the host', () => {
  it('stands still while the machine is stopped', () => {
    const clock = new RunningClock();
    expect(clock.nowNs()).toBe(0);
    clock.resume();
    while (clock.nowNs() === 0);
    clock.pause();
    const stopped = clock.nowNs();
    expect(stopped).toBeGreaterThan(0);
    expect(clock.nowNs()).toBe(stopped);
  });
});
