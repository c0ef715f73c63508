/** QMP's commands about displays, their passwords, and file descriptors that were handed over: there are none. QEMU 7.2's words. */
import { type AnyCommand, type ArgumentInfo, ConfigError, QmpError, qmpCommand } from '@nandu/core';

const TEXT = { type: 'str' } as const;
const OPTIONAL_TEXT = { type: 'str', optional: true } as const;
const PROTOCOL = { type: ['vnc', 'spice'] } as const;

/** Name, arguments, the answer to them: nothing, or an error. */
const ROWS: readonly (readonly [name: string, args: Readonly<Record<string, ArgumentInfo>>, answer: (given: Given) => void])[] = [
  [
    'set_password',
    { protocol: PROTOCOL, password: TEXT, connected: { type: ['fail', 'disconnect', 'keep'], optional: true }, display: OPTIONAL_TEXT },
    password('Could not set password'),
  ],
  ['expire_password', { protocol: PROTOCOL, time: TEXT, display: OPTIONAL_TEXT }, password('Could not set password expire time')],
  ['change-vnc-password', { password: TEXT }, () => refuse('Could not set password')],
  [
    'client_migrate_info',
    { protocol: TEXT, hostname: TEXT, port: { type: 'int', optional: true }, 'tls-port': { type: 'int', optional: true }, 'cert-subject': OPTIONAL_TEXT },
    ({ protocol }) => (protocol === 'spice' ? noSpice() : refuse("Parameter 'protocol' expects 'spice'")),
  ],
  [
    'add_client',
    { protocol: TEXT, fdname: TEXT, skipauth: { type: 'bool', optional: true }, tls: { type: 'bool', optional: true } },
    ({ fdname }) => refuse(`File descriptor named '${fdname}' has not been found`),
  ],
  ['display-reload', { type: { type: ['vnc'] }, 'tls-certs': { type: 'bool', optional: true } }, () => {}],
  ['display-update', { type: { type: ['vnc'] }, addresses: { type: 'list', optional: true } }, () => refuse('Can not find vnc display')],
  ['closefd', { fdname: TEXT }, ({ fdname }) => refuse(`File descriptor named '${fdname}' not found`)],
  [
    'remove-fd',
    { 'fdset-id': { type: 'int' }, fd: { type: 'int', optional: true } },
    (given) => refuse(`File descriptor named '${descriptor(given)}' not found`),
  ],
];

interface Given {
  readonly protocol?: string;
  readonly fdname?: string;
  readonly 'fdset-id'?: number;
  readonly fd?: number;
}

function refuse(message: string): never {
  throw new ConfigError(message);
}

function noSpice(): never {
  throw new QmpError('DeviceNotActive', 'SPICE is not in use');
}

function password(vnc: string): (given: Given) => void {
  return ({ protocol }) => (protocol === 'spice' ? noSpice() : refuse(vnc));
}

function descriptor({ 'fdset-id': set, fd }: Given): string {
  return `fdset-id:${set}${fd === undefined ? '' : `, fd:${fd}`}`;
}

export const absentDisplays: readonly AnyCommand[] = [
  ...ROWS.map(([name, args, answer]) => qmpCommand<Given>({ name, arguments: args, run: answer })),
  // Nothing here can hang on the other end of a connection, so there is nothing to tear away from it.
  qmpCommand<{ instances: readonly unknown[] }>({
    name: 'yank',
    arguments: { instances: { type: 'list' } },
    run({ instances }) {
      if (instances.length > 0) throw new QmpError('DeviceNotFound', 'Instance not found');
    },
  }),
];
