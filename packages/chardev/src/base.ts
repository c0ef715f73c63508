import type { Chardev, ChardevFrontend, ChardevPort } from '@nandu/core';
import { ConfigError } from '@nandu/core';
import { BehaviorSubject, type Observable } from 'rxjs';

/** How many received bytes wait for a front end before the back end is told to stop sending. */
const HIGH_WATER = 64 * 1024;

/** A front end and the backend that it has now. */
interface Attached {
  readonly frontend: ChardevFrontend;
  owner: BaseChardev;
}

/** What all backends share: one front end, and bytes that wait until it can take them. */
export abstract class BaseChardev implements Chardev {
  private readonly connection = new BehaviorSubject(false);
  readonly connected$: Observable<boolean> = this.connection.asObservable();
  private attached: Attached | undefined;
  private readonly waiting: Uint8Array[] = [];
  private delivering = false;

  constructor(readonly id: string) {}

  /** As in query-chardev: 'unix:x.sock,server=on'. */
  abstract get filename(): string;
  abstract write(bytes: Uint8Array): void;
  close(): void {
    this.setConnected(false);
  }

  get connected(): boolean {
    return this.connection.value;
  }
  get frontendOpen(): boolean {
    return this.attached !== undefined;
  }
  /** Whether `handOver` may be called. */
  get changeable(): boolean {
    return this.attached === undefined || this.attached.frontend.changeable === true;
  }
  private get frontend(): ChardevFrontend | undefined {
    return this.attached?.frontend;
  }

  attach(frontend: ChardevFrontend): ChardevPort {
    if (this.attached) throw new ConfigError(`Device '${this.id}' is in use`);
    const attached: Attached = { frontend, owner: this };
    this.attached = attached;
    // The front end hears of an end that is already there once it has its port.
    queueMicrotask(() => {
      if (this.attached === attached && this.connected) frontend.event?.('opened');
      this.deliver();
    });
    return {
      write: (bytes) => attached.owner.write(bytes),
      accept: () => attached.owner.deliver(),
      detach: () => {
        const { owner } = attached;
        if (owner.attached === attached) owner.attached = undefined;
      },
    };
  }

  /** The front end goes on with `to`, which has none. */
  handOver(to: BaseChardev): void {
    const { attached } = this;
    if (!attached) return;
    this.attached = undefined;
    attached.owner = to;
    to.attached = attached;
    if (this.connected !== to.connected) attached.frontend.event?.(to.connected ? 'opened' : 'closed');
    to.deliver();
  }

  /** Bytes came from the other end. */
  protected received(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.waiting.push(bytes);
    this.deliver();
  }

  /** Hands on what the front end can take, in order. Not re-entered: a front end may write to itself. */
  protected deliver(): void {
    if (this.delivering) return;
    this.delivering = true;
    try {
      for (let next = this.waiting[0]; next && this.frontend && !this.congested; next = this.waiting[0]) {
        const room = this.frontend.canReceive();
        if (room <= 0) break;
        if (next.length > room) this.waiting[0] = next.subarray(room);
        else this.waiting.shift();
        this.frontend.receive(next.subarray(0, room));
      }
    } finally {
      this.delivering = false;
    }
    this.setReading(!this.congested && this.waiting.reduce((sum, bytes) => sum + bytes.length, 0) < HIGH_WATER);
  }

  /** Whether the other end does not take what is sent: it is not listened to either until it does. The back end calls `deliver` then. */
  protected get congested(): boolean {
    return false;
  }

  /** Back ends that can hold the other end back do so while `reading` is false. */
  protected setReading(_reading: boolean): void {}

  protected setConnected(connected: boolean): void {
    if (connected === this.connected) return;
    this.waiting.length = 0;
    this.connection.next(connected);
    this.frontend?.event?.(connected ? 'opened' : 'closed');
  }

  /** As if the other end had sent a break. */
  sendBreak(): void {
    this.frontend?.event?.('break');
  }
}
