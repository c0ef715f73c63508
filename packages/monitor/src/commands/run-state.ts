/** Whether the machine runs: query-status, stop, cont, reset, power button, quit. */
import { type AnyCommand, ConfigError, hmpCommand, type Machine, qmpCommand, type RunStateName } from '@nandu/core';
import { checkNoDump } from './dump.js';

/** States that only a reset leaves. */
const NEEDS_RESET: ReadonlySet<RunStateName> = new Set(['shutdown', 'internal-error']);

function stop(machine: Machine): void {
  checkNoDump(machine);
  if (!machine.runState.running) return;
  machine.runState.set('paused');
  machine.emit('STOP');
}

function cont(machine: Machine): void {
  checkNoDump(machine);
  const { runState } = machine;
  if (runState.running) return;
  if (NEEDS_RESET.has(runState.current)) throw new ConfigError('Resetting the Virtual Machine is required');
  machine.emit('RESUME');
  runState.set('running');
}

const verbs: Readonly<Record<string, { readonly run: (machine: Machine) => void; readonly qmp: string; readonly hmp: string; readonly help: string }>> = {
  stop: { qmp: 'stop', hmp: 'stop|s', help: 'stop emulation', run: stop },
  cont: { qmp: 'cont', hmp: 'cont|c', help: 'resume emulation', run: cont },
  reset: { qmp: 'system_reset', hmp: 'system_reset', help: 'reset the system', run: (machine) => machine.requestReset('host-qmp-system-reset') },
  powerdown: { qmp: 'system_powerdown', hmp: 'system_powerdown', help: 'send system power down event', run: (machine) => machine.requestPowerdown() },
  quit: { qmp: 'quit', hmp: 'quit|q', help: 'quit the emulator', run: (machine) => machine.requestShutdown('host-qmp-quit') },
};

const verbCommands: AnyCommand[] = Object.values(verbs).flatMap(({ run, qmp, hmp, help }) => [
  qmpCommand({ name: qmp, arguments: {}, run: (_, { machine }) => run(machine) }),
  hmpCommand({
    name: hmp,
    args: '',
    params: '',
    help,
    run(_, { machine }) {
      run(machine);
      return undefined;
    },
  }),
]);

/** Nothing of ours suspends a machine yet. */
function wakeUp(): never {
  throw new ConfigError('Unable to wake up: guest is not in suspended state');
}

const queryStatus = qmpCommand({
  name: 'query-status',
  arguments: {},
  run: (_, { machine: { runState, singleStep } }) => ({ status: runState.current, singlestep: singleStep, running: runState.running }),
});

const infoStatus = hmpCommand({
  name: 'info status',
  args: '',
  params: '',
  help: 'show the current VM status (running|paused)',
  run(_, { machine: { runState, singleStep } }) {
    const detail = runState.running || runState.current === 'paused' ? '' : ` (${runState.current})`;
    return `VM status: ${runState.running ? 'running' : 'paused'}${singleStep ? ' (single step mode)' : ''}${detail}\n`;
  },
});

const singleStep = hmpCommand<{ option?: string }>({
  name: 'singlestep',
  args: 'option:s?',
  params: '[on|off]',
  help: 'run emulation in singlestep mode or switch to normal mode',
  run({ option = 'on' }, { machine }) {
    if (option !== 'on' && option !== 'off') return `unexpected option ${option}\n`;
    machine.singleStep = option === 'on';
    return undefined;
  },
});

export const runStateCommands: readonly AnyCommand[] = [
  ...verbCommands,
  qmpCommand({ name: 'system_wakeup', arguments: {}, run: wakeUp }),
  hmpCommand({ name: 'system_wakeup', args: '', params: '', help: 'wakeup guest from suspend', run: wakeUp }),
  queryStatus,
  infoStatus,
  singleStep,
];
