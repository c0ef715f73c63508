/** Bytes on the queues and in the configuration space of the balloon (virtio 1.2, section 5.5). All little-endian. */

export const DEVICE_NUMBER = 5;
export const LEGACY_PCI_ID = 0x1002;

/** Features. */
export const FEATURE_STATS_VQ = 1;
export const FEATURE_DEFLATE_ON_OOM = 2;
export const FEATURE_PAGE_POISON = 4;
export const FEATURE_PAGE_REPORTING = 5;

/** QEMU's words for them, in the order in which it lists them. */
export const FEATURE_NAMES = [
  [FEATURE_PAGE_REPORTING, 'VIRTIO_BALLOON_F_REPORTING: Page reporting VQ enabled'],
  [FEATURE_PAGE_POISON, 'VIRTIO_BALLOON_F_PAGE_POISON: Guest page poisoning enabled'],
  [FEATURE_DEFLATE_ON_OOM, 'VIRTIO_BALLOON_F_DEFLATE_ON_OOM: Deflate balloon when guest OOM'],
  [FEATURE_STATS_VQ, 'VIRTIO_BALLOON_F_STATS_VQ: Guest memory stats VQ available'],
] as const;

/** Pages of the balloon are 4 KiB whatever the guest's are. */
export const PAGE_SIZE = 4096;
const PAGE_NUMBER_SIZE = 4;

/** Offsets in the configuration space. */
export const CONFIG = { pageCount: 0, actual: 4, freePageHintCommand: 8, poisonValue: 12 } as const;

export function parsePageNumbers(wire: Uint8Array): number[] {
  const view = new DataView(wire.buffer, wire.byteOffset, wire.byteLength);
  return Array.from({ length: Math.floor(wire.length / PAGE_NUMBER_SIZE) }, (_, i) => view.getUint32(i * PAGE_NUMBER_SIZE, true));
}

/** Statistics by tag, as QMP names them. Tags of newer drivers are left out. */
export const STATISTICS = [
  'stat-swap-in',
  'stat-swap-out',
  'stat-major-faults',
  'stat-minor-faults',
  'stat-free-memory',
  'stat-total-memory',
  'stat-available-memory',
  'stat-disk-caches',
  'stat-htlb-pgalloc',
  'stat-htlb-pgfail',
] as const;
export type Statistics = Record<(typeof STATISTICS)[number], bigint>;
const STATISTIC_SIZE = 10;
/** A statistic that the driver did not give. */
const UNKNOWN = 2n ** 64n - 1n;

export function noStatistics(): Statistics {
  return Object.fromEntries(STATISTICS.map((name) => [name, UNKNOWN])) as Statistics;
}

export function parseStatistics(wire: Uint8Array): Statistics {
  const statistics = noStatistics();
  const view = new DataView(wire.buffer, wire.byteOffset, wire.byteLength);
  for (let at = 0; at + STATISTIC_SIZE <= wire.length; at += STATISTIC_SIZE) {
    const name = STATISTICS[view.getUint16(at, true)];
    if (name !== undefined) statistics[name] = view.getBigUint64(at + 2, true);
  }
  return statistics;
}
