/**
 * Questions about parts that no machine of ours has yet: disks, networks, screens, migration. Answered as QEMU does for a
 * machine without them. A package that brings such a part brings its command, and the row here goes.
 */
import { type AnyCommand, hmpCommand, qmpCommand } from '@nandu/core';

const EMPTY_LISTS = [
  'query-block',
  'query-named-block-nodes',
  'query-blockstats',
  'query-block-jobs',
  'query-block-exports',
  'query-jobs',
  'query-iothreads',
  'query-rx-filter',
  'query-mice',
  'query-fdsets',
  'query-pr-managers',
  'query-vnc-servers',
  'query-tpm',
  'query-tpm-models',
  'query-tpm-types',
  'query-migrate-capabilities',
  'query-stats-schemas',
  'query-acpi-ospm-status',
  'query-vcpu-dirty-limit',
];

const ANSWERS: Readonly<Record<string, object>> = {
  'query-migrate': {},
  'query-vnc': { enabled: false },
  'query-spice': { migrated: false, enabled: false, 'mouse-mode': 'client' },
  'query-display-options': { type: 'none' },
  'query-replay': { icount: 0, mode: 'none' },
  'query-dump': { total: 0, status: 'none', completed: 0 },
  'query-dirty-rate': { status: 'unstarted', 'sample-pages': 0, mode: 'page-sampling', 'start-time': 0, 'calc-time': 0 },
};

/** Arguments that some of these take. */
const FLAGS: Readonly<Record<string, readonly string[]>> = { 'query-named-block-nodes': ['flat'], 'query-blockstats': ['query-nodes'] };

/** Name, arguments, parameters, help, answer. */
const INFOS: readonly (readonly [name: string, args: string, params: string, help: string, answer: string])[] = [
  [
    'block',
    'nodes:-n,verbose:-v,device:B?',
    '[-n] [-v] [device]',
    'show info of one block device or all block devices (-n: show named nodes; -v: show details)',
    '',
  ],
  ['block-jobs', '', '', 'show progress of ongoing block device operations', 'No active jobs\n'],
  ['blockstats', '', '', 'show block device statistics', ''],
  ['capture', '', '', 'show capture information', ''],
  ['dump', '', '', 'Display the latest dump status', 'Status: none\n'],
  ['iothreads', '', '', 'show iothreads', ''],
  ['mice', '', '', 'show which guest mouse is receiving events', 'No mouse devices connected\n'],
  ['network', '', '', 'show the network state', ''],
  ['replay', '', '', 'show record/replay information', 'Record/replay is not active\n'],
  ['sev', '', '', 'show SEV information', 'SEV is not enabled\n'],
  ['sgx', '', '', 'show intel SGX information', 'No EPC regions defined, SGX not available\n'],
  ['snapshots', '', '', 'show the currently saved VM snapshots', 'no block device can store vmstate for snapshot\n'],
  ['spice', '', '', 'show the spice server status', 'Server: disabled\n'],
  ['tpm', '', '', 'show the TPM device', ''],
  ['usb', '', '', 'show guest USB devices', 'Error: USB support not enabled\n'],
  ['usernet', '', '', 'show user network stack connection states', ''],
  ['vcpu_dirty_limit', '', '', 'show dirty page limit information of all vCPU', 'Dirty page limit not enabled!\n'],
  ['vnc', '', '', 'show the vnc server status', 'None\n'],
];

export const absentCommands: readonly AnyCommand[] = [
  ...EMPTY_LISTS.map((name) =>
    qmpCommand({ name, arguments: Object.fromEntries((FLAGS[name] ?? []).map((flag) => [flag, { type: 'bool', optional: true } as const])), run: () => [] }),
  ),
  ...Object.entries(ANSWERS).map(([name, answer]) => qmpCommand({ name, arguments: {}, run: () => answer })),
  ...INFOS.map(([name, args, params, help, answer]) => hmpCommand({ name: `info ${name}`, args, params, help, run: () => answer })),
];
