import { ConfigError } from '@nandu/core';
import { BaseChardev } from './base.js';

/** Keeps the last bytes written, for `ringbuf-read`; `ringbuf-write` adds to them too (as in QEMU, nothing reaches the guest). */
export class RingbufChardev extends BaseChardev {
  readonly filename = 'ringbuf';
  private readonly ring: Uint8Array;
  /** Counts of bytes ever written and read; their difference is what is held. */
  private produced = 0;
  private consumed = 0;

  constructor(id: string, sizeBytes = 65536) {
    super(id);
    if (sizeBytes <= 0 || (sizeBytes & (sizeBytes - 1)) !== 0) throw new ConfigError('size of ringbuf chardev must be power of two');
    this.ring = new Uint8Array(sizeBytes);
    this.setConnected(true);
  }

  write(bytes: Uint8Array): void {
    for (const byte of bytes) this.ring[this.produced++ % this.ring.length] = byte;
    this.consumed = Math.max(this.consumed, this.produced - this.ring.length);
  }

  read(maxBytes: number): Uint8Array {
    const count = Math.min(maxBytes, this.produced - this.consumed);
    return Uint8Array.from({ length: count }, () => this.ring[this.consumed++ % this.ring.length] as number);
  }
}
