/** Migration, which there is none of yet: its switches are all off, and stay off. */
import { type AnyCommand, ConfigError, hmpCommand, QmpError, qmpCommand } from '@nandu/core';
import type { Json } from '../json/parser.js';
import { checkArguments, isObject } from '../qmp/arguments.js';

/** By QEMU 7.2's names (qapi/migration.json, MigrationCapability). */
const CAPABILITIES = [
  ...['xbzrle', 'rdma-pin-all', 'auto-converge', 'zero-blocks', 'compress', 'events', 'postcopy-ram', 'x-colo', 'release-ram', 'block'],
  ...['return-path', 'pause-before-switchover', 'multifd', 'dirty-bitmaps', 'postcopy-blocktime', 'late-block-activate', 'x-ignore-shared'],
  ...['validate-uuid', 'background-snapshot', 'zero-copy-send', 'postcopy-preempt'],
];

const SETTING = { capability: { type: CAPABILITIES }, state: { type: 'bool' } } as const;

export const migrationCommands: readonly AnyCommand[] = [
  qmpCommand({ name: 'query-migrate-capabilities', arguments: {}, run: () => CAPABILITIES.map((capability) => ({ capability, state: false })) }),
  hmpCommand({
    name: 'info migrate_capabilities',
    args: '',
    params: '',
    help: 'show current migration capabilities',
    run: () => CAPABILITIES.map((capability) => `${capability}: off\n`).join(''),
  }),
  qmpCommand<{ capabilities: Json[] }>({
    name: 'migrate-set-capabilities',
    arguments: { capabilities: { type: 'list' } },
    run({ capabilities }) {
      const settings = capabilities.map((item, index) => {
        const name = `capabilities[${index}]`;
        if (!isObject(item)) throw new QmpError('GenericError', `Invalid parameter type for '${name}', expected: object`);
        return checkArguments({ arguments: SETTING }, item, `${name}.`);
      });
      const wanted = settings.find(({ state }) => state === true);
      if (wanted) throw new ConfigError(`Migration is not implemented: capability '${wanted['capability']}' cannot be turned on`);
    },
  }),
];
