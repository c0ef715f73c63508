/** Numbers that all virtio devices share (virtio 1.2, sections 2.1, 2.7, 6). */

export const STATUS_ACKNOWLEDGE = 0x01;
export const STATUS_DRIVER = 0x02;
export const STATUS_DRIVER_OK = 0x04;
export const STATUS_FEATURES_OK = 0x08;
export const STATUS_NEEDS_RESET = 0x40;
export const STATUS_FAILED = 0x80;

/** Feature bits by number. */
export const FEATURE_NOTIFY_ON_EMPTY = 24;
export const FEATURE_ANY_LAYOUT = 27;
export const FEATURE_INDIRECT_DESC = 28;
export const FEATURE_EVENT_IDX = 29;
/** Offered to legacy drivers so that those that accept whatever is offered can be told. */
export const FEATURE_BAD = 30;
export const FEATURE_VERSION_1 = 32;
export const FEATURE_RING_RESET = 40;

export const feature = (bit: number): bigint => 1n << BigInt(bit);

/** Legacy ones, which a modern driver does not see. */
export const LEGACY_ONLY_FEATURES = feature(FEATURE_NOTIFY_ON_EMPTY) | feature(FEATURE_ANY_LAYOUT) | feature(FEATURE_BAD);

/** "No vector" of MSI-X. */
export const NO_VECTOR = 0xffff;
/** Queues hold at most as many descriptors. */
export const MAX_QUEUE_SIZE = 1024;

export const ISR_QUEUE = 1;
/** QEMU sets the queue bit with it. */
export const ISR_CONFIG = 3;
