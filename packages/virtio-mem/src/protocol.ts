/** Requests as the driver puts them on the queue, replies, and the configuration space (virtio 1.2, section 5.15). */

export const DEVICE_NUMBER = 24;
/** Features: the node is an ACPI proximity domain; the driver keeps off unplugged blocks. */
export const FEATURE_ACPI_PXM = 0;
export const FEATURE_UNPLUGGED_INACCESSIBLE = 1;

export const REQUEST_SIZE = 24;
export const RESPONSE_SIZE = 10;
const CONFIG_SIZE = 56;

const KINDS = ['plug', 'unplug', 'unplugAll', 'state'] as const;

export type Request =
  | { readonly kind: 'plug' | 'unplug' | 'state'; readonly address: number; readonly blockCount: number }
  | { readonly kind: 'unplugAll' }
  | { readonly kind: 'unknown'; readonly code: number };

export function parseRequest(wire: Uint8Array): Request {
  const view = new DataView(wire.buffer, wire.byteOffset, wire.byteLength);
  const code = view.getUint16(0, true);
  const kind = KINDS[code];
  if (kind === undefined) return { kind: 'unknown', code };
  if (kind === 'unplugAll') return { kind };
  return { kind, address: Number(view.getBigUint64(8, true)), blockCount: view.getUint16(16, true) };
}

const ANSWERS = ['ack', 'nack', 'busy', 'error'] as const;
const STATES = ['plugged', 'unplugged', 'mixed'] as const;
export type BlockState = (typeof STATES)[number];

export interface Response {
  readonly answer: (typeof ANSWERS)[number];
  /** Of an acknowledged state request. */
  readonly state?: BlockState;
}

export function encodeResponse({ answer, state }: Response): Uint8Array {
  const view = new DataView(new ArrayBuffer(RESPONSE_SIZE));
  view.setUint16(0, ANSWERS.indexOf(answer), true);
  view.setUint16(8, state === undefined ? 0 : STATES.indexOf(state), true);
  return new Uint8Array(view.buffer);
}

/** What the driver reads; sizes and addresses in bytes. */
export interface Configuration {
  readonly blockSize: number;
  readonly node: number;
  readonly address: number;
  readonly regionSize: number;
  readonly usableRegionSize: number;
  readonly pluggedSize: number;
  readonly requestedSize: number;
}

export function encodeConfiguration(config: Configuration): Uint8Array {
  const view = new DataView(new ArrayBuffer(CONFIG_SIZE));
  view.setBigUint64(0, BigInt(config.blockSize), true);
  view.setUint16(8, config.node, true);
  const words = [config.address, config.regionSize, config.usableRegionSize, config.pluggedSize, config.requestedSize];
  words.forEach((word, index) => view.setBigUint64(16 + 8 * index, BigInt(word), true));
  return new Uint8Array(view.buffer);
}
