/**
 * Questions about parts that no machine of ours has yet: networks, screens, TPMs. Answered as QEMU does for a machine without
 * them; `absent-disks.ts` has those about disks, `absent-verbs.ts` what else HMP would do to a part. A package that brings such a part brings its command, and the row here goes.
 */
import { type AnyCommand, type ArgumentInfo, hmpCommand, QmpError, qmpCommand } from '@nandu/core';

const EMPTY_LISTS = [
  'query-block',
  'query-named-block-nodes',
  'query-blockstats',
  'query-block-jobs',
  'query-block-exports',
  'query-jobs',
  'query-iothreads',
  'query-rx-filter',
  'query-fdsets',
  'query-pr-managers',
  'query-vnc-servers',
  'query-tpm',
  'query-tpm-models',
  'query-tpm-types',
  'query-vcpu-dirty-limit',
  'query-yank',
];

const ANSWERS: Readonly<Record<string, object>> = {
  'query-migrate': {},
  'query-vnc': { enabled: false },
  'query-spice': { migrated: false, enabled: false, 'mouse-mode': 'client' },
  'query-display-options': { type: 'none' },
  'query-xen-replication-status': { error: false },
  'query-replay': { icount: 0, mode: 'none' },
  'query-colo-status': { mode: 'none', 'last-mode': 'none', reason: 'none' },
  'query-sev': { enabled: false, 'api-major': 0, 'api-minor': 0, 'build-id': 0, policy: 0, state: 'uninit', handle: 0 },
};

/** Questions that are an error without the part. */
const ERRORS: Readonly<Record<string, string>> = {
  'query-sev-capabilities': 'KVM not enabled',
  'query-sev-launch-measure': 'SEV launch measurement is not available',
  'query-sgx': 'No EPC regions defined, SGX not available',
  'query-sgx-capabilities': 'SGX is not enabled in KVM',
  'query-vm-generation-id': 'VM Generation ID device not found',
  'x-query-profile': 'Internal profiler not compiled',
  'x-query-usb': 'USB support not enabled',
  'replay-delete-break': 'replay breakpoints are allowed only in play mode',
  'x-colo-lost-heartbeat': "The feature 'colo' is not enabled",
  'x-exit-preconfig': 'The command is permitted only before machine initialization',
};

/** The same with arguments: name, arguments, error. */
const ERRORS_WITH_ARGUMENTS: readonly (readonly [name: string, args: Readonly<Record<string, ArgumentInfo>>, message: string])[] = [
  ['dumpdtb', { filename: { type: 'str' } }, "This machine doesn't have a FDT"],
  ['replay-break', { icount: { type: 'int' } }, 'setting the breakpoint is allowed only in play mode'],
  ['replay-seek', { icount: { type: 'int' } }, 'replay must be enabled to seek'],
  ['query-sev-attestation-report', { mnonce: { type: 'str' } }, 'SEV is not enabled'],
  [
    'sev-inject-launch-secret',
    { 'packet-header': { type: 'str' }, secret: { type: 'str' }, gpa: { type: 'int', optional: true } },
    'SEV not enabled for guest',
  ],
  [
    'set-vcpu-dirty-limit',
    { 'cpu-index': { type: 'int', optional: true }, 'dirty-rate': { type: 'int' } },
    "dirty page limit feature requires KVM with accelerator property 'dirty-ring-size' set'",
  ],
];

const ROCKER = ['', '-ports', '-of-dpa-flows', '-of-dpa-groups'] as const;
const ROCKER_INFOS: readonly (readonly [name: string, args: string, params: string, help: string])[] = [
  ['rocker', 'name:s', 'name', 'Show rocker switch'],
  ['rocker-ports', 'name:s', 'name', 'Show rocker ports'],
  ['rocker-of-dpa-flows', 'name:s,tbl_id:i?', 'name [tbl_id]', 'Show rocker OF-DPA flow tables'],
  ['rocker-of-dpa-groups', 'name:s,type:i?', 'name [type]', 'Show rocker OF-DPA groups'],
];

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
  ['iothreads', '', '', 'show iothreads', ''],
  ['network', '', '', 'show the network state', ''],
  ['profile', '', '', 'show profiling information', 'Error: Internal profiler not compiled\n'],
  ['rdma', '', '', 'show RDMA state', ''],
  ['replay', '', '', 'show record/replay information', 'Record/replay is not active\n'],
  ['sev', '', '', 'show SEV information', 'SEV is not enabled\n'],
  ['sgx', '', '', 'show intel SGX information', 'No EPC regions defined, SGX not available\n'],
  ['snapshots', '', '', 'show the currently saved VM snapshots', 'no block device can store vmstate for snapshot\n'],
  ['spice', '', '', 'show the spice server status', 'Server: disabled\n'],
  ['tpm', '', '', 'show the TPM device', ''],
  ['usb', '', '', 'show guest USB devices', 'Error: USB support not enabled\n'],
  ['usbhost', '', '', 'show host USB devices', 'Command "info usbhost" is not available.\n'],
  ['usernet', '', '', 'show user network stack connection states', ''],
  ['vcpu_dirty_limit', '', '', 'show dirty page limit information of all vCPU', 'Dirty page limit not enabled!\n'],
  ['vm-generation-id', '', '', 'Show Virtual Machine Generation ID', 'Error: VM Generation ID device not found\n'],
  ['vnc', '', '', 'show the vnc server status', 'None\n'],
];

/** What is done to a part by its name, of which there is none: name, arguments, parameters, help. */
const UPON_PARTS: readonly (readonly [name: string, args: string, params: string, help: string])[] = [
  ['netdev_del', 'device:s', 'id', 'remove host network device'],
  ['set_link', 'device:s,up:b', 'name on|off', 'change the link status of a network adapter'],
];

const NO_SNAPSHOTS = 'Error: no block device can store vmstate for snapshot\n';
const SNAPSHOTS: readonly (readonly [name: string, args: string, help: string, answer: string])[] = [
  ['savevm', 'name:s?', 'save a VM snapshot. If no tag is provided, a new snapshot is created', NO_SNAPSHOTS],
  ['loadvm', 'name:s', 'restore a VM snapshot from its tag', NO_SNAPSHOTS],
  ['delvm', 'name:s', 'delete a VM snapshot from its tag', ''],
];

function notFound(name: string): never {
  throw new QmpError('DeviceNotFound', `Device '${name}' not found`);
}

function noRocker(name: string): never {
  throw new QmpError('GenericError', `rocker ${name} not found`);
}

function rockerArguments(suffix: (typeof ROCKER)[number]): Record<string, ArgumentInfo> {
  const name = { name: { type: 'str' } } as const;
  if (suffix === '-of-dpa-flows') return { ...name, 'tbl-id': { type: 'int', optional: true } };
  return suffix === '-of-dpa-groups' ? { ...name, type: { type: 'int', optional: true } } : name;
}

export const absentCommands: readonly AnyCommand[] = [
  ...EMPTY_LISTS.map((name) =>
    qmpCommand({ name, arguments: Object.fromEntries((FLAGS[name] ?? []).map((flag) => [flag, { type: 'bool', optional: true } as const])), run: () => [] }),
  ),
  ...Object.entries(ANSWERS).map(([name, answer]) => qmpCommand({ name, arguments: {}, run: () => answer })),
  ...Object.entries(ERRORS).map(([name, message]) =>
    qmpCommand({
      name,
      arguments: {},
      run() {
        throw new QmpError('GenericError', message);
      },
    }),
  ),
  ...ERRORS_WITH_ARGUMENTS.map(([name, args, message]) =>
    qmpCommand({
      name,
      arguments: args,
      run() {
        throw new QmpError('GenericError', message);
      },
    }),
  ),
  ...ROCKER.map((suffix) =>
    qmpCommand<{ name: string }>({ name: `query-rocker${suffix}`, arguments: rockerArguments(suffix), run: ({ name }) => noRocker(name) }),
  ),
  ...ROCKER_INFOS.map(([name, args, params, help]) =>
    hmpCommand<{ name: string }>({ name: `info ${name}`, args, params, help, run: ({ name: of }) => noRocker(of) }),
  ),
  qmpCommand({ name: 'x-query-rdma', arguments: {}, run: () => ({ 'human-readable-text': '' }) }),
  qmpCommand({
    name: 'announce-self',
    arguments: Object.fromEntries([
      ...['initial', 'max', 'rounds', 'step'].map((name) => [name, { type: 'int' }]),
      ['interfaces', { type: 'list', optional: true }],
      ['id', { type: 'str', optional: true }],
    ]),
    run: () => undefined,
  }),
  // No interrupt of our RTC is ever caught up with, so none waits.
  qmpCommand({ name: 'rtc-reset-reinjection', arguments: {}, run: () => undefined }),
  qmpCommand({ name: 'cancel-vcpu-dirty-limit', arguments: { 'cpu-index': { type: 'int', optional: true } }, run: () => undefined }),
  qmpCommand<{ name: string }>({ name: 'set_link', arguments: { name: { type: 'str' }, up: { type: 'bool' } }, run: ({ name }) => notFound(name) }),
  qmpCommand<{ id: string }>({ name: 'netdev_del', arguments: { id: { type: 'str' } }, run: ({ id }) => notFound(id) }),
  ...UPON_PARTS.map(([name, args, params, help]) => hmpCommand<{ device: string }>({ name, args, params, help, run: ({ device }) => notFound(device) })),
  ...SNAPSHOTS.map(([name, args, help, answer]) => hmpCommand({ name, args, params: 'tag', help, run: () => answer })),
  ...INFOS.map(([name, args, params, help, answer]) => hmpCommand({ name: `info ${name}`, args, params, help, run: () => answer })),
];
