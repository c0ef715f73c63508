/** What follows when the guest reboots, shuts down or panics, or a watchdog expires: changed while the machine runs. */
import { ACTIONS, type Actions, type AnyCommand, hmpCommand, qmpCommand } from '@nandu/core';

type WatchdogAction = Actions['watchdog'];

export const actionCommands: readonly AnyCommand[] = [
  qmpCommand<Partial<Actions>>({
    name: 'set-action',
    arguments: Object.fromEntries(Object.entries(ACTIONS).map(([name, values]) => [name, { type: values, optional: true }])),
    run: (given, { machine }) => void Object.assign(machine.actions, given),
  }),
  qmpCommand<{ action: WatchdogAction }>({
    name: 'watchdog-set-action',
    arguments: { action: { type: ACTIONS.watchdog } },
    run({ action }, { machine }) {
      machine.actions.watchdog = action;
    },
  }),
  hmpCommand<{ action: string }>({
    name: 'watchdog_action',
    args: 'action:s',
    params: '[reset|shutdown|poweroff|pause|debug|none]',
    help: 'change watchdog action',
    run({ action }, { machine }) {
      if (!ACTIONS.watchdog.includes(action as WatchdogAction)) return `Error: invalid parameter value: ${action}\n`;
      machine.actions.watchdog = action as WatchdogAction;
      return undefined;
    },
  }),
];
