import { Machine, type MachineConfig, type RunLoop } from '@nandu/core';
import { createMachine } from './create-machine.js';
import { Lifecycle } from './lifecycle.js';

type Actions = MachineConfig['actions'];

function powerOn(actions: Partial<Actions> = {}) {
  const machine = createMachine({ accelerator: 'qtest', actions: { reboot: 'reset', shutdown: 'poweroff', panic: 'shutdown', watchdog: 'reset', ...actions } });
  machine.build();
  machine.finish();
  const events: string[] = [];
  machine.events$.subscribe(({ name, data }) =>
    events.push([name, data?.['action'], data?.['guest'], data?.['reason']].filter((part) => part !== undefined).join(' ')),
  );
  let loopRuns = false;
  const loop = {
    start: () => {
      loopRuns = true;
    },
    stop: () => {
      loopRuns = false;
    },
  } as unknown as RunLoop;
  let status: number | undefined;
  new Lifecycle(
    machine,
    loop,
    (code) => {
      status = code;
    },
    (error) => {
      throw error;
    },
  );
  machine.runState.set('running');
  const outcome = async () => {
    await Promise.resolve();
    return { events, status, state: machine.runState.current, loopRuns };
  };
  return { machine, outcome };
}

interface Row {
  readonly what: string;
  readonly actions?: Partial<Actions>;
  readonly ask: (machine: Machine) => void;
  readonly events: string[];
  readonly status?: number;
  readonly state?: string;
}

// From QEMU's recorded shutdown-reset-events.txt.
const ROWS: Row[] = [
  { what: 'a guest powers off', ask: (m) => m.requestShutdown('guest-shutdown'), events: ['SHUTDOWN true guest-shutdown'], status: 0 },
  {
    what: 'a guest powers off, -no-shutdown',
    actions: { shutdown: 'pause' },
    ask: (m) => m.requestShutdown('guest-shutdown'),
    events: ['SHUTDOWN true guest-shutdown', 'STOP'],
    state: 'shutdown',
  },
  { what: 'a guest reboots', ask: (m) => m.requestReset('guest-reset'), events: ['RESET true guest-reset'] },
  {
    what: 'a guest reboots, -no-reboot',
    actions: { reboot: 'shutdown' },
    ask: (m) => m.requestReset('guest-reset'),
    events: ['SHUTDOWN true guest-reset'],
    status: 0,
  },
  { what: 'system_reset', ask: (m) => m.requestReset('host-qmp-system-reset'), events: ['RESET false host-qmp-system-reset'] },
  {
    what: 'system_reset, -no-reboot',
    actions: { reboot: 'shutdown' },
    ask: (m) => m.requestReset('host-qmp-system-reset'),
    events: ['SHUTDOWN false host-qmp-system-reset'],
    status: 0,
  },
  {
    what: 'a panic',
    ask: (m) => m.requestShutdown('guest-panic'),
    events: ['GUEST_PANICKED poweroff', 'STOP', 'SHUTDOWN true guest-panic'],
    status: 0,
    state: 'guest-panicked',
  },
  {
    what: 'a panic, panic=pause',
    actions: { panic: 'pause' },
    ask: (m) => m.requestShutdown('guest-panic'),
    events: ['GUEST_PANICKED pause', 'STOP'],
    state: 'guest-panicked',
  },
  {
    what: 'a panic, panic=exit-failure',
    actions: { panic: 'exit-failure' },
    ask: (m) => m.requestShutdown('guest-panic'),
    events: ['GUEST_PANICKED poweroff', 'STOP', 'SHUTDOWN true guest-panic'],
    status: 1,
    state: 'guest-panicked',
  },
  { what: 'a panic, panic=none', actions: { panic: 'none' }, ask: (m) => m.requestShutdown('guest-panic'), events: ['GUEST_PANICKED run'] },
  { what: 'isa-debug-exit', ask: (m) => m.requestShutdown('guest-shutdown', 33), events: [], status: 33 },
  {
    what: 'a signal, -no-shutdown',
    actions: { shutdown: 'pause' },
    ask: (m) => m.requestShutdown('host-signal'),
    events: ['SHUTDOWN false host-signal'],
    status: 0,
  },
  {
    what: 'quit, -no-shutdown',
    actions: { shutdown: 'pause' },
    ask: (m) => m.requestShutdown('host-qmp-quit'),
    events: ['SHUTDOWN false host-qmp-quit'],
    status: 0,
  },
  { what: 'the power button', ask: (m) => m.requestPowerdown(), events: ['POWERDOWN'] },
];

it.each(ROWS)('$what', async ({ actions, ask, events, status, state = 'running' }) => {
  const { machine, outcome } = powerOn(actions);
  ask(machine);
  expect(await outcome()).toEqual({ events, status, state, loopRuns: status === undefined && state === 'running' });
});

it('does what a monitor says instead of what was configured', async () => {
  const { machine, outcome } = powerOn({ shutdown: 'poweroff' });
  machine.qmpCommands.get('set-action')!.run({ shutdown: 'pause' } as never, { machine });
  machine.requestShutdown('guest-shutdown');
  expect(await outcome()).toMatchObject({ status: undefined, state: 'shutdown' });
});

it('leaves a stopped machine stopped by a reset, as before its first instruction', async () => {
  const { machine, outcome } = powerOn();
  machine.runState.set('paused');
  machine.requestReset('guest-reset');
  expect(await outcome()).toMatchObject({ state: 'prelaunch', loopRuns: false });
});
