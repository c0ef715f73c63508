import type { Element, Virtqueue } from '@nandu/virtio';
import { noStatistics, parseStatistics, type Statistics } from './protocol.js';

/** Statistics a driver may send at once: some 25 are known. */
const MAX_BYTES = 4096;

/**
 * The statistics queue: the driver leaves one buffer with its numbers at the device, and when the device gives it back the driver
 * fills it anew.
 */
export class StatisticsQueue {
  latest: Statistics = noStatistics();
  /** Seconds since 1970; 0 is never. */
  updatedAt = 0;
  private held: Element | undefined;

  /** Takes what the driver sent. Returns whether it sent anything. */
  receive(queue: Virtqueue, nowSeconds: number): boolean {
    const element = queue.pop();
    if (!element) return false;
    if (this.held) queue.push(this.held, 0);
    this.held = element;
    const wire = new Uint8Array(Math.min(element.readableLength, MAX_BYTES));
    element.read(0, wire);
    this.latest = parseStatistics(wire);
    this.updatedAt = nowSeconds;
    return true;
  }

  /** Asks the driver for new numbers; false where it has left no buffer. */
  ask(queue: Virtqueue): boolean {
    if (!this.held) return false;
    queue.push(this.held, 0);
    this.held = undefined;
    return true;
  }

  /** The driver takes back everything. */
  reset(): void {
    this.held = undefined;
  }
}
