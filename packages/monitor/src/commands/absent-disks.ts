/**
 * Disks: no machine of ours has one yet. Each command checks its arguments and then finds, with QEMU's words, nothing to work
 * on. A package that brings disks brings these commands, and the file goes.
 */
import { type AnyCommand, type ArgumentInfo, ConfigError, hmpCommand, QmpError, qmpCommand } from '@nandu/core';

type Given = Readonly<Record<string, unknown>>;
type Refuse = (given: Given) => never;

const text = (value: unknown): string => (value === undefined ? '' : String(value));
const generic = (message: string): never => {
  throw new ConfigError(message);
};

/** Ways of not finding something. */
const noNode = (device: unknown, node: unknown): never => generic(`Cannot find device='${text(device)}' nor node-name='${text(node)}'`);
const nothingCalled: Refuse = ({ device }) => noNode(device, device);
const deviceOrNode: Refuse = ({ device, 'node-name': node }) => noNode(device, node);
const noJob: Refuse = ({ device, id }) => {
  throw new QmpError('DeviceNotActive', `Block job '${text(device ?? id)}' not found`);
};
const noBackgroundJob: Refuse = () => generic('Job not found');
const noDevice: Refuse = ({ device, id }) => {
  if ((device === undefined) === (id === undefined)) generic("Need exactly one of 'device' and 'id'");
  throw new QmpError('DeviceNotFound', `Device '${text(device ?? id)}' not found`);
};
const noServer: Refuse = () => generic('NBD server not running');

/**
 * QMP: name, arguments ('speed:int' is an integer, 'force?' may be missing), what is found. Commands that would make a disk or
 * export one are not here: who is told that they exist uses them.
 */
const QMP: readonly (readonly [name: string, args: string, refuse: Refuse])[] = [
  ['block-job-cancel', 'device force?:bool', noJob],
  ...['complete', 'pause', 'resume'].map((verb) => [`block-job-${verb}`, 'device', noJob] as const),
  ...['dismiss', 'finalize'].map((verb) => [`block-job-${verb}`, 'id', noJob] as const),
  ['block-job-set-speed', 'device speed:int', noJob],
  ['block_resize', 'device? node-name? size:int', deviceOrNode],
  ['blockdev-close-tray', 'device? id?', noDevice],
  ['blockdev-open-tray', 'device? id? force?:bool', noDevice],
  ['eject', 'device? id? force?:bool', noDevice],
  ...['cancel', 'complete', 'dismiss', 'finalize', 'pause', 'resume'].map((verb) => [`job-${verb}`, 'id', noBackgroundJob] as const),
];

function argumentsOf(words: string): Record<string, ArgumentInfo> {
  return Object.fromEntries(
    words.split(' ').map((word) => {
      const [name = '', type = 'str'] = word.split(':');
      return [name.replace('?', ''), { type: type as 'str', optional: name.endsWith('?') }];
    }),
  );
}

const hmpNoDevice: Refuse = ({ device }) => {
  throw new QmpError('DeviceNotFound', `Device '${text(device)}' not found`);
};

/** HMP: name, arguments, parameters, help, what is found (a string: what is printed). */
const HMP: readonly (readonly [name: string, args: string, params: string, help: string, refuse: Refuse | ((given: Given) => string | undefined)])[] = [
  [
    'block_job_cancel',
    'force:-f,device:B',
    '[-f] device',
    'stop an active background block operation (use -f\n\t\t\t if you want to abort the operation immediately\n\t\t\t instead of keep running until data is in sync)',
    noJob,
  ],
  ['block_job_complete', 'device:B', 'device', 'stop an active background block operation', noJob],
  ['block_job_pause', 'device:B', 'device', 'pause an active background block operation', noJob],
  ['block_job_resume', 'device:B', 'device', 'resume a paused background block operation', noJob],
  ['block_job_set_speed', 'device:B,speed:o', 'device speed', 'set maximum speed for a background block operation', noJob],
  ['block_resize', 'device:B,size:o', 'device size', 'resize a block image', deviceOrNode],
  [
    'block_set_io_throttle',
    'device:B,bps:l,bps_rd:l,bps_wr:l,iops:l,iops_rd:l,iops_wr:l',
    'device bps bps_rd bps_wr iops iops_rd iops_wr',
    'change I/O throttle limits for a block drive',
    hmpNoDevice,
  ],
  ['block_stream', 'device:B,speed:o?,base:s?', 'device [speed [base]]', 'copy data from a backing file into a block device', nothingCalled],
  [
    'change',
    'device:B,force:-f,target:F,arg:s?,read-only-mode:s?',
    'device [-f] filename [format [read-only-mode]]',
    'change a removable medium, optional format, use -f to force the operation',
    hmpNoDevice,
  ],
  [
    'commit',
    'device:B',
    'device|all',
    'commit changes to the disk images (if -snapshot is used) or backing files',
    ({ device }) => (device === 'all' ? undefined : `Device '${text(device)}' not found\n`),
  ],
  [
    'drive_add',
    'node:-n,pci_addr:s,opts:s',
    '[-n] [[<domain>:]<bus>:]<slot>\n[file=file][,if=type][,bus=n]\n[,unit=m][,media=d][,index=i]\n[,snapshot=on|off][,cache=on|off]\n[,readonly=on|off][,copy-on-read=on|off]',
    'add drive to PCI storage controller',
    () => generic('disks are not implemented'),
  ],
  [
    'drive_backup',
    'reuse:-n,full:-f,compress:-c,device:B,target:s,format:s?',
    '[-n] [-f] [-c] device target [format]',
    `initiates a point-in-time\n\t\t\tcopy for a device. The device's contents are\n\t\t\tcopied to the new image file, excluding data that\n\t\t\tis written after the command is started.\n\t\t\tThe -n flag requests QEMU to reuse the image found\n\t\t\tin new-image-file, instead of recreating it from scratch.\n\t\t\tThe -f flag requests QEMU to copy the whole disk,\n\t\t\tso that the result does not need a backing file.\n\t\t\tThe -c flag requests QEMU to compress backup data\n\t\t\t(if the target format supports it).\n\t\t\t`,
    nothingCalled,
  ],
  ['drive_del', 'id:B', 'device', 'remove host block device', ({ id }) => `Device '${text(id)}' not found\n`],
  [
    'drive_mirror',
    'reuse:-n,full:-f,device:B,target:s,format:s?',
    '[-n] [-f] device target [format]',
    `initiates live storage\n\t\t\tmigration for a device. The device's contents are\n\t\t\tcopied to the new image file, including data that\n\t\t\tis written after the command is started.\n\t\t\tThe -n flag requests QEMU to reuse the image found\n\t\t\tin new-image-file, instead of recreating it from scratch.\n\t\t\tThe -f flag requests QEMU to copy the whole disk,\n\t\t\tso that the result does not need a backing file.\n\t\t\t`,
    nothingCalled,
  ],
  ['eject', 'force:-f,device:B', '[-f] device', 'eject a removable medium (use -f to force it)', hmpNoDevice],
  ['nbd_server_add', 'writable:-w,device:B,name:s?', 'nbd_server_add [-w] device [name]', 'export a block device via NBD', noServer],
  ['nbd_server_remove', 'force:-f,name:s', 'nbd_server_remove [-f] name', 'remove an export previously exposed via NBD', noServer],
  [
    'nbd_server_start',
    'all:-a,writable:-w,uri:s',
    'nbd_server_start [-a] [-w] host:port',
    'serve block devices on the given host and port',
    () => generic('disks are not implemented'),
  ],
  ['nbd_server_stop', '', 'nbd_server_stop', 'stop serving block devices using the NBD protocol', noServer],
  [
    'qemu-io',
    'qdev:-d,device:B,command:s',
    '[-d] [device] "[command]"',
    'run a qemu-io command on a block device\n\t\t\t-d: [device] is a device ID rather than a drive ID or node name',
    ({ device }) => noNode(undefined, device),
  ],
  [
    'snapshot_blkdev',
    'reuse:-n,device:B,snapshot-file:s?,format:s?',
    '[-n] device [new-image-file] [format]',
    'initiates a live snapshot\n\t\t\tof device. If a new image file is specified, the\n\t\t\tnew image file will become the new root image.\n\t\t\tIf format is specified, the snapshot file will\n\t\t\tbe created in that format.\n\t\t\tThe default format is qcow2.  The -n flag requests QEMU\n\t\t\tto reuse the image found in new-image-file, instead of\n\t\t\trecreating it from scratch.',
    ({ device, 'snapshot-file': file }) => (file === undefined ? generic("Parameter 'snapshot-file' is missing") : noNode(device, undefined)),
  ],
  [
    'snapshot_blkdev_internal',
    'device:B,name:s',
    'device name',
    'take an internal snapshot of device.\n\t\t\tThe format of the image used by device must\n\t\t\tsupport it, such as qcow2.\n\t\t\t',
    nothingCalled,
  ],
  [
    'snapshot_delete_blkdev_internal',
    'device:B,name:s,id:s?',
    'device name [id]',
    'delete an internal snapshot of device.\n\t\t\tIf id is specified, qemu will try delete\n\t\t\tthe snapshot matching both id and name.\n\t\t\tThe format of the image used by device must\n\t\t\tsupport it, such as qcow2.\n\t\t\t',
    nothingCalled,
  ],
];

export const absentDiskCommands: readonly AnyCommand[] = [
  ...QMP.map(([name, words, refuse]) => qmpCommand<Given>({ name, arguments: argumentsOf(words), run: refuse })),
  ...HMP.map(([name, args, params, help, refuse]) => hmpCommand<Given>({ name, args, params, help, run: refuse })),
];
