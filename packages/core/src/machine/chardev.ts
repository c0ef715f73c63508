import type { Observable } from 'rxjs';

/**
 * A character backend as front ends (serial ports, monitors, consoles) see it. Implementations live in `@nandu/chardev`.
 * Bulk bytes are calls, not streams.
 */
export interface Chardev {
  readonly id: string;
  /** 'socket', 'stdio', as in query-chardev's filename: 'unix:x.sock,server=on'. */
  readonly filename: string;
  /** Sends bytes; buffers what the other end does not take yet. */
  write(bytes: Uint8Array): void;
  /**
   * Becomes the front end. `receive` gets bytes as they come, at most `canReceive()` at a time (0: wait for `accept`).
   */
  attach(frontend: ChardevFrontend): ChardevPort;
  readonly frontendOpen: boolean;
  /** The other end came or went. */
  readonly connected$: Observable<boolean>;
  readonly connected: boolean;
  /** As if the other end had sent a break. */
  sendBreak(): void;
  close(): void;
}

export interface ChardevFrontend {
  /** It goes on when it is given another backend (chardev-change). */
  readonly changeable?: boolean;
  canReceive(): number;
  receive(bytes: Uint8Array): void;
  /** Open or closed at the other end, a break, the mux handing over focus. */
  event?(event: 'opened' | 'closed' | 'break' | 'mux-in' | 'mux-out'): void;
}

export interface ChardevPort {
  write(bytes: Uint8Array): void;
  /** There is room again after `canReceive()` was 0. */
  accept(): void;
  detach(): void;
}

/** The machine's backends by id. */
export abstract class Chardevs {
  abstract get(id: string): Chardev | undefined;
  abstract add(chardev: Chardev): void;
  abstract remove(id: string): void;
  abstract all(): Chardev[];
}
