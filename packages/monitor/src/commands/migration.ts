/** Migration, which there is none of yet: its switches are all off, and stay off; parameters can be set. */
import { type AnyCommand, ConfigError, hmpCommand, QmpError, qmpCommand } from '@nandu/core';
import type { Json } from '../json/parser.js';
import { checkArguments, isObject } from '../qmp/arguments.js';
import { migrationParameters, migrationParametersText, PARAMETER_NAMES, setMigrationParameters, setMigrationParameterText } from './migration-parameters.js';

/** By QEMU 7.2's names (qapi/migration.json, MigrationCapability). */
const CAPABILITIES = [
  ...['xbzrle', 'rdma-pin-all', 'auto-converge', 'zero-blocks', 'compress', 'events', 'postcopy-ram', 'x-colo', 'release-ram', 'block'],
  ...['return-path', 'pause-before-switchover', 'multifd', 'dirty-bitmaps', 'postcopy-blocktime', 'late-block-activate', 'x-ignore-shared'],
  ...['validate-uuid', 'background-snapshot', 'zero-copy-send', 'postcopy-preempt'],
];

const SETTING = { capability: { type: CAPABILITIES }, state: { type: 'bool' } } as const;

/** Ways to another machine, by the start of a URI. */
const PROTOCOLS = ['tcp:', 'rdma:', 'exec:', 'unix:', 'vsock:', 'fd:'];
const STATES = [
  ...['none', 'setup', 'cancelling', 'cancelled', 'active', 'postcopy-active', 'postcopy-paused', 'postcopy-recover', 'completed', 'failed', 'colo'],
  ...['pre-switchover', 'device', 'wait-unplug'],
];

const refuse = (message: string) => (): never => {
  throw new ConfigError(message);
};

function migrate({ uri }: { uri: string }): never {
  if (!PROTOCOLS.some((protocol) => uri.startsWith(protocol))) throw new ConfigError("Parameter 'uri' expects a valid migration protocol");
  throw new ConfigError('Migration is not implemented');
}

const noIncoming = refuse("'-incoming' was not specified on the command line");
const notPaused = refuse('migrate-pause is currently only supported during postcopy-active state');
const nothingToRecover = refuse('Migrate recover can only be run when postcopy is paused.');
const noPostcopy = refuse('Enable postcopy with migrate_set_capability before the start of migration');
const notWaiting = refuse('Migration not in expected state: none');

/** What `info migrate` begins with: settings that only the command line changes. */
const GLOBALS = `globals:
store-global-state: on
only-migratable: off
send-configuration: on
send-section-footer: on
decompress-error-check: on
clear-bitmap-shift: 18
`;

function setCapability(capability: string, state: boolean): void {
  if (state) throw new ConfigError(`Migration is not implemented: capability '${capability}' cannot be turned on`);
}

const FLAG = { type: 'bool', optional: true } as const;
const URI = { uri: { type: 'str' } } as const;

const qmp: readonly AnyCommand[] = [
  qmpCommand({ name: 'query-migrate-capabilities', arguments: {}, run: () => CAPABILITIES.map((capability) => ({ capability, state: false })) }),
  qmpCommand<{ capabilities: Json[] }>({
    name: 'migrate-set-capabilities',
    arguments: { capabilities: { type: 'list' } },
    run({ capabilities }) {
      const settings = capabilities.map((item, index) => {
        const name = `capabilities[${index}]`;
        if (!isObject(item)) throw new QmpError('GenericError', `Invalid parameter type for '${name}', expected: object`);
        return checkArguments({ arguments: SETTING }, item, `${name}.`);
      });
      for (const { capability, state } of settings) setCapability(capability as string, state as boolean);
    },
  }),
  qmpCommand({ name: 'query-migrate-parameters', arguments: {}, run: (_, { machine }) => migrationParameters(machine) }),
  qmpCommand<Record<string, Json>>({
    name: 'migrate-set-parameters',
    arguments: Object.fromEntries(PARAMETER_NAMES.map((name) => [name, { type: 'any', optional: true } as const])),
    run: (given, { machine }) => setMigrationParameters(machine, given),
  }),
  qmpCommand<{ uri: string }>({ name: 'migrate', arguments: { ...URI, blk: FLAG, inc: FLAG, detach: FLAG, resume: FLAG }, run: migrate }),
  // There is nothing to cancel, and QEMU does not mind.
  qmpCommand({ name: 'migrate_cancel', arguments: {}, run: () => undefined }),
  qmpCommand({ name: 'migrate-continue', arguments: { state: { type: STATES } }, run: notWaiting }),
  qmpCommand({ name: 'migrate-incoming', arguments: URI, run: noIncoming }),
  qmpCommand({ name: 'migrate-pause', arguments: {}, run: notPaused }),
  qmpCommand({ name: 'migrate-recover', arguments: URI, run: nothingToRecover }),
  qmpCommand({ name: 'migrate-start-postcopy', arguments: {}, run: noPostcopy }),
];

const hmp: readonly AnyCommand[] = [
  hmpCommand({ name: 'info migrate', args: '', params: '', help: 'show migration status', run: () => GLOBALS }),
  hmpCommand({
    name: 'info migrate_capabilities',
    args: '',
    params: '',
    help: 'show current migration capabilities',
    run: () => CAPABILITIES.map((capability) => `${capability}: off\n`).join(''),
  }),
  hmpCommand({
    name: 'info migrate_parameters',
    args: '',
    params: '',
    help: 'show current migration parameters',
    run: (_, { machine }) => migrationParametersText(machine),
  }),
  hmpCommand<{ uri: string }>({
    name: 'migrate',
    args: 'detach:-d,blk:-b,inc:-i,resume:-r,uri:s',
    params: '[-d] [-b] [-i] [-r] uri',
    help: 'migrate to URI (using -d to not wait for completion)\n\t\t\t -b for migration without shared storage with full copy of disk\n\t\t\t -i for migration without shared storage with incremental copy of disk (base image shared between src and destination)\n\t\t\t -r to resume a paused migration',
    run: migrate,
  }),
  hmpCommand({ name: 'migrate_cancel', args: '', params: '', help: 'cancel the current VM migration', run: () => undefined }),
  hmpCommand<{ state: string }>({
    name: 'migrate_continue',
    args: 'state:s',
    params: 'state',
    help: 'Continue migration from the given paused state',
    run: ({ state }) => (STATES.includes(state) ? notWaiting() : refuse(`invalid parameter value: ${state}`)()),
  }),
  hmpCommand({ name: 'migrate_incoming', args: 'uri:s', params: 'uri', help: 'Continue an incoming migration from an -incoming defer', run: noIncoming }),
  hmpCommand({ name: 'migrate_pause', args: '', params: '', help: 'Pause an ongoing migration (postcopy-only)', run: notPaused }),
  hmpCommand({ name: 'migrate_recover', args: 'uri:s', params: 'uri', help: 'Continue a paused incoming postcopy migration', run: nothingToRecover }),
  hmpCommand<{ capability: string; state: boolean }>({
    name: 'migrate_set_capability',
    args: 'capability:s,state:b',
    params: 'capability state',
    help: 'Enable/Disable the usage of a capability for migration',
    run({ capability, state }) {
      if (!CAPABILITIES.includes(capability)) throw new ConfigError(`invalid parameter value: ${capability}`);
      setCapability(capability, state);
      return undefined;
    },
  }),
  hmpCommand<{ parameter: string; value: string }>({
    name: 'migrate_set_parameter',
    args: 'parameter:s,value:s',
    params: 'parameter value',
    help: 'Set the parameter for migration',
    run({ parameter, value }, { machine }) {
      setMigrationParameterText(machine, parameter, value);
      return undefined;
    },
  }),
  hmpCommand({
    name: 'migrate_start_postcopy',
    args: '',
    params: '',
    help: 'Followup to a migration command to switch the migration to postcopy mode. The postcopy-ram capability must be set on both source and destination before the original migration command .',
    run: noPostcopy,
  }),
];

export const migrationCommands: readonly AnyCommand[] = [...qmp, ...hmp];
