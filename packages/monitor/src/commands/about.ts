/** What this emulator and this machine are called. */
import { type AnyCommand, hmpCommand, qmpCommand } from '@nandu/core';
import { PACKAGE, QEMU_VERSION, QEMU_VERSION_TEXT } from '../version.js';

const NO_UUID = '00000000-0000-0000-0000-000000000000';

export const aboutCommands: readonly AnyCommand[] = [
  qmpCommand({ name: 'query-version', arguments: {}, run: () => ({ qemu: QEMU_VERSION, package: PACKAGE }) }),
  qmpCommand({ name: 'query-name', arguments: {}, run: (_, { machine: { config } }) => (config.name === undefined ? {} : { name: config.name }) }),
  qmpCommand({ name: 'query-uuid', arguments: {}, run: (_, { machine: { config } }) => ({ UUID: config.uuid ?? NO_UUID }) }),
  qmpCommand({ name: 'query-kvm', arguments: {}, run: () => ({ enabled: false, present: false }) }),
  qmpCommand({ name: 'query-target', arguments: {}, run: () => ({ arch: 'x86_64' }) }),
  hmpCommand({ name: 'info version', args: '', params: '', help: 'show the version of QEMU', run: () => `${QEMU_VERSION_TEXT}${PACKAGE}\n` }),
  hmpCommand({
    name: 'info name',
    args: '',
    params: '',
    help: 'show the current VM name',
    run: (_, { machine: { config } }) => (config.name === undefined ? undefined : `${config.name}\n`),
  }),
  hmpCommand({ name: 'info uuid', args: '', params: '', help: 'show the current VM UUID', run: (_, { machine: { config } }) => `${config.uuid ?? NO_UUID}\n` }),
  hmpCommand({ name: 'info kvm', args: '', params: '', help: 'show KVM information', run: () => 'kvm support: not compiled\n' }),
];
