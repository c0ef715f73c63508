/** Where a virtio-rng gets its bytes: `-object rng-random` and `-object rng-builtin`. Both draw on the platform's generator. */
import { property, QObject, stringType, type, type UserCreatable } from '@nandu/core';

/** The most that the platform gives at once. */
const MAX_BYTES = 0x1_0000;

@type({ name: 'rng-backend', abstract: true, interfaces: ['user-creatable'] })
export abstract class RngBackend extends QObject implements UserCreatable {
  /** Who draws on it, if anyone. */
  user: object | undefined;

  canBeDeleted(): boolean {
    return this.user === undefined;
  }
  /** Fills a buffer of any length. */
  fill(bytes: Uint8Array<ArrayBuffer>): void {
    for (let at = 0; at < bytes.length; at += MAX_BYTES) globalThis.crypto.getRandomValues(bytes.subarray(at, at + MAX_BYTES));
  }
}

@type({ name: 'rng-builtin', interfaces: ['user-creatable'] })
export class RngBuiltin extends RngBackend {}

@type({ name: 'rng-random', interfaces: ['user-creatable'] })
export class RngRandom extends RngBackend {
  /** Kept for show: the bytes come from where the platform takes them, on Linux the same generator. */
  @property({ type: { ...stringType, name: 'string' } })
  filename = '/dev/urandom';
}
