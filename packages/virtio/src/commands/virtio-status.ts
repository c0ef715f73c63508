/** x-query-virtio-status, info virtio-status: status and features of a device, bit by bit. */
import { type AnyCommand, hmpCommand, qmpCommand } from '@nandu/core';
import * as virtio from '../constants.js';
import { feature } from '../constants.js';
import type { VirtioDevice } from '../virtio-device.js';
import { atPath, PATH_ARGUMENT } from './virtio-list.js';

type Named = readonly (readonly [bit: bigint, text: string])[];

const STATUSES: Named = [
  [BigInt(virtio.STATUS_ACKNOWLEDGE), 'VIRTIO_CONFIG_S_ACKNOWLEDGE: Valid virtio device found'],
  [BigInt(virtio.STATUS_DRIVER), 'VIRTIO_CONFIG_S_DRIVER: Guest OS compatible with device'],
  [BigInt(virtio.STATUS_FEATURES_OK), 'VIRTIO_CONFIG_S_FEATURES_OK: Feature negotiation complete'],
  [BigInt(virtio.STATUS_DRIVER_OK), 'VIRTIO_CONFIG_S_DRIVER_OK: Driver setup and ready'],
  [BigInt(virtio.STATUS_NEEDS_RESET), 'VIRTIO_CONFIG_S_NEEDS_RESET: Irrecoverable error, device needs reset'],
  [BigInt(virtio.STATUS_FAILED), 'VIRTIO_CONFIG_S_FAILED: Error in guest, device failed'],
];

/** Those that QEMU 7.2 has words for; it prints the others as a number. */
const TRANSPORT_FEATURES: Named = [
  [feature(virtio.FEATURE_EVENT_IDX), 'VIRTIO_RING_F_EVENT_IDX: Used & avail. event fields enabled'],
  [feature(virtio.FEATURE_INDIRECT_DESC), 'VIRTIO_RING_F_INDIRECT_DESC: Indirect descriptors supported'],
  [feature(virtio.FEATURE_VERSION_1), 'VIRTIO_F_VERSION_1: Device compliant for v1 spec (legacy)'],
  [feature(virtio.FEATURE_ANY_LAYOUT), 'VIRTIO_F_ANY_LAYOUT: Device accepts arbitrary desc. layouts'],
  [feature(virtio.FEATURE_NOTIFY_ON_EMPTY), 'VIRTIO_F_NOTIFY_ON_EMPTY: Notify when device runs out of avail. descs. on VQ'],
];

interface Features {
  readonly transports: readonly string[];
  readonly 'dev-features': readonly string[];
  readonly 'unknown-dev-features'?: bigint;
}

/** The words for the bits that are set, and what is left of them. */
function inWords(bits: bigint, named: Named): { readonly texts: string[]; readonly rest: bigint } {
  const found = named.filter(([bit]) => bits & bit);
  return { texts: found.map(([, text]) => text), rest: found.reduce((rest, [bit]) => rest & ~bit, bits) };
}

function featuresInWords(device: VirtioDevice, bits: bigint): Features {
  const transport = inWords(bits, TRANSPORT_FEATURES);
  const own = inWords(
    transport.rest,
    device.featureNames.map(([bit, text]) => [feature(bit), text]),
  );
  return { transports: transport.texts, 'dev-features': own.texts, ...(own.rest ? { 'unknown-dev-features': own.rest } : {}) };
}

function describe(device: VirtioDevice, isVmRunning: boolean) {
  const { texts: statuses, rest } = inWords(BigInt(device.status), STATUSES);
  return {
    name: device.deviceName,
    'device-id': device.deviceNumber,
    'vhost-started': false,
    'bus-name': '',
    broken: device.broken,
    disabled: false,
    'disable-legacy-check': device.disableLegacyCheck,
    started: device.isRunning,
    'use-started': device.useStarted,
    'start-on-kick': false,
    'use-guest-notifier-mask': true,
    'vm-running': isVmRunning,
    'num-vqs': device.queues.length,
    'queue-sel': device.transport.selectedQueue,
    isr: device.isr,
    'device-endian': 'little',
    status: { statuses, ...(rest ? { 'unknown-statuses': Number(rest) } : {}) },
    'guest-features': featuresInWords(device, device.driverFeatures),
    'host-features': featuresInWords(device, device.features('modern') | device.features('legacy')),
    'backend-features': { transports: [], 'dev-features': [] } as Features,
  };
}

const lines = (texts: readonly string[]): string => `${texts.map((text) => `\t${text}`).join(',\n')}\n`;
const unknown = (what: string, bits: bigint | number): string => `  unknown-${what}(0x${bits.toString(16).padStart(16, '0')})\n`;

function featureLines({ transports, 'dev-features': own, 'unknown-dev-features': rest }: Features): string {
  return `${lines(transports)}${own.length > 0 ? lines(own) : ''}${rest ? unknown('features', rest) : ''}`;
}

export const virtioStatusCommands: readonly AnyCommand[] = [
  qmpCommand<{ path: string }>({
    name: 'x-query-virtio-status',
    arguments: PATH_ARGUMENT,
    run: ({ path }, { machine }) => describe(atPath(machine, path), machine.runState.running),
  }),
  hmpCommand<{ path: string }>({
    name: 'info virtio-status',
    args: 'path:s',
    params: 'path',
    help: 'Display status of a given virtio device',
    run({ path }, { machine }) {
      const s = describe(atPath(machine, path), machine.runState.running);
      const rows: readonly (readonly [string, unknown])[] = [
        ['device_name', `${s.name} `],
        ['device_id', s['device-id']],
        ['vhost_started', s['vhost-started']],
        ['bus_name', '(null)'],
        ['broken', s.broken],
        ['disabled', s.disabled],
        ['disable_legacy_check', s['disable-legacy-check']],
        ['started', s.started],
        ['use_started', s['use-started']],
        ['start_on_kick', s['start-on-kick']],
        ['use_guest_notifier_mask', s['use-guest-notifier-mask']],
        ['vm_running', s['vm-running']],
        ['num_vqs', s['num-vqs']],
        ['queue_sel', s['queue-sel']],
        ['isr', s.isr],
        ['endianness', s['device-endian']],
      ];
      const head = rows.map(([name, value]) => `  ${`${name}:`.padEnd(24)} ${value}\n`).join('');
      const { statuses, 'unknown-statuses': rest } = s.status;
      const features = (['Guest', 'Host', 'Backend'] as const).map(
        (who) => `  ${who} features:\n${featureLines(s[`${who.toLowerCase() as 'guest' | 'host' | 'backend'}-features`])}`,
      );
      return `${path}:\n${head}  status:\n${lines(statuses)}${rest ? unknown('statuses', rest) : ''}${features.join('')}`;
    },
  }),
];
