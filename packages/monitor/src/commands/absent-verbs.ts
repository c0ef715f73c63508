/** What HMP would do to parts that no machine of ours has: answered as QEMU does without them. */
import { type AnyCommand, hmpCommand, optionRecord, parseOptions } from '@nandu/core';

/** Name, arguments, parameters, help, answer. */
const VERBS: readonly (readonly [name: string, args: string, params: string, help: string, answer: string])[] = [
  // Without network adapters there is nobody to announce.
  ['announce_self', 'interfaces:s?,id:s?', '[interfaces] [id]', 'Trigger GARP/RARP announcements', ''],
  [
    'cancel_vcpu_dirty_limit',
    'cpu_index:l?',
    '[cpu_index]',
    'cancel dirty page rate limit, use cpu_index to cancel\n\t\t\t\t\t limit on a specified virtual cpu',
    "[Please use 'info vcpu_dirty_limit' to query dirty limit for virtual CPU]\n",
  ],
  [
    'set_vcpu_dirty_limit',
    'dirty_rate:l,cpu_index:l?',
    'dirty_rate [cpu_index]',
    'set dirty page rate limit, use cpu_index to set limit\n\t\t\t\t\t on a specified virtual cpu',
    "Error: dirty page limit feature requires KVM with accelerator property 'dirty-ring-size' set'\n",
  ],
  ['dumpdtb', 'filename:F', 'filename', "dump the FDT in dtb format to 'filename'", "Error: This machine doesn't have a FDT\n"],
  ['exit_preconfig', '', '', 'exit the preconfig state', 'Error: The command is permitted only before machine initialization\n'],
  ['getfd', 'fdname:s', 'getfd name', 'receive a file descriptor via SCM rights and assign it a name', 'Error: No file descriptor supplied via SCM_RIGHTS\n'],
  ['replay_break', 'icount:l', 'icount', 'set breakpoint at the specified instruction count', 'setting the breakpoint is allowed only in play mode\n'],
  ['replay_delete_break', '', '', 'remove replay breakpoint', 'replay breakpoints are allowed only in play mode\n'],
  ['replay_seek', 'icount:l', 'icount', 'replay execution to the specified instruction count', 'replay must be enabled to seek\n'],
  ['stopcapture', 'n:i', 'capture index', 'stop capture', ''],
  ['x_colo_lost_heartbeat', '', '', 'Tell COLO that heartbeat is lost,\n\t\t\ta failover or takeover is needed.', "Error: The feature 'colo' is not enabled\n"],
  ...['hostfwd_add', 'hostfwd_remove'].map(
    (name) =>
      [
        name,
        'arg1:s,arg2:s?',
        name === 'hostfwd_add' ? '[netdev_id] [tcp|udp]:[hostaddr]:hostport-[guestaddr]:guestport' : '[netdev_id] [tcp|udp]:[hostaddr]:hostport',
        name === 'hostfwd_add' ? 'redirect TCP or UDP connections from host to guest (requires -net user)' : 'remove host-to-guest TCP or UDP redirection',
        'user mode network stack not in use\n',
      ] as const,
  ),
];

/** The same, where the answer names what was asked for. */
type Given = Readonly<Record<string, string | undefined>>;
const NAMED: readonly (readonly [name: string, args: string, params: string, help: string, answer: (given: Given) => string])[] = [
  [
    'closefd',
    'fdname:s',
    'closefd name',
    'close a file descriptor previously passed via SCM rights',
    ({ fdname }) => `Error: File descriptor named '${fdname}' not found\n`,
  ],
  [
    'wavcapture',
    'path:F,audiodev:s,freq:i?,bits:i?,nchannels:i?',
    'path audiodev [frequency [bits [channels]]]',
    'capture audio to a wave file (default frequency=44100 bits=16 channels=2)',
    ({ audiodev }) => `Audiodev '${audiodev}' not found\n`,
  ],
  [
    'gdbserver',
    'device:s?',
    '[device]',
    "start gdbserver on given device (default 'tcp::1234'), stop with 'none'",
    ({ device = 'tcp::1234' }) =>
      device === 'none' ? 'Disabled gdbserver\n' : `gdbserver is not implemented\nCould not open gdbserver on device '${device}'\n`,
  ],
  [
    'set_password',
    'protocol:s,password:s,display:-ds,connected:s?',
    'protocol password [-d display] [action-if-connected]',
    'set spice/vnc password',
    (given) => password(given, 'Could not set password'),
  ],
  [
    'expire_password',
    'protocol:s,time:s,display:-ds',
    'protocol time [-d display]',
    'set spice/vnc password expire-time',
    (given) => password(given, 'Could not set password expire time'),
  ],
  [
    'netdev_add',
    'netdev:s',
    '[user|tap|socket|stream|dgram|vde|bridge|hubport|netmap|vhost-user],id=str[,prop=value][,...]',
    'add host network device',
    ({ netdev = '' }) => `Error: ${refuseNetwork(netdev)}\n`,
  ],
  [
    'client_migrate_info',
    'protocol:s,hostname:s,port:i?,tls-port:i?,cert-subject:s?',
    'protocol hostname port tls-port cert-subject',
    'set migration information for remote display',
    ({ protocol }) => (protocol === 'spice' ? NO_SPICE : "Error: Parameter 'protocol' expects 'spice'\n"),
  ],
];

const NETWORKS = 'none nic user tap l2tpv3 socket stream dgram vde bridge hubport netmap vhost-user vhost-vdpa'.split(' ');

function refuseNetwork(text: string): string {
  const { type = '', id } = optionRecord(parseOptions(text, 'type'));
  if (id === undefined) return "Parameter 'id' is missing";
  return NETWORKS.includes(type) ? `network backend '${type}' is not implemented` : `Parameter 'type' does not accept value '${type}'`;
}

const NO_SPICE = 'Error: SPICE is not in use\n';

function password({ protocol }: Given, vnc: string): string {
  if (protocol === 'spice') return NO_SPICE;
  return protocol === 'vnc' ? `Error: ${vnc}\n` : `Error: invalid parameter value: ${protocol}\n`;
}

/** No device here is on PCI Express. */
const pcieError = hmpCommand<{ id: string }>({
  name: 'pcie_aer_inject_error',
  args: `advisory_non_fatal:-a,correctable:-c,id:s,error_status:s,${[...'0123'].map((n) => `header${n}:i?`).join()},${[...'0123'].map((n) => `prefix${n}:i?`).join()}`,
  params: '[-a] [-c] id <error_status> [<tlp header> [<tlp header prefix>]]',
  help: 'inject pcie aer error\n\t\t\t -a for advisory non fatal error\n\t\t\t -c for correctable error\n\t\t\t<id> = qdev device id\n\t\t\t<error_status> = error string or 32bit\n\t\t\t<tlp header> = 32bit x 4\n\t\t\t<tlp header prefix> = 32bit x 4',
  run: ({ id }, { machine }) =>
    machine.findDevice(id) ? `the device doesn't support pci express. ${id}\n` : `id or pci device path is invalid or device not found. ${id}\n`,
});

export const absentVerbs: readonly AnyCommand[] = [
  pcieError,
  ...VERBS.map(([name, args, params, help, answer]) => hmpCommand({ name, args, params, help, run: () => answer })),
  ...NAMED.map(([name, args, params, help, answer]) => hmpCommand<Given>({ name, args, params, help, run: answer })),
];
