import type { Chardev, ChardevFrontend, ChardevPort } from '@nandu/core';
import { BehaviorSubject, type Observable } from 'rxjs';

const ESCAPE = 0x01;
/** QEMU takes no more than four. */
const MAX_FRONTENDS = 4;

const HELP = [
  ['h', 'print this help'],
  ['x', 'exit emulator'],
  ['s', 'save disk data back to file (if -snapshot)'],
  ['t', 'toggle console timestamps'],
  ['b', 'send break (magic sysrq)'],
  ['c', 'switch between console and monitor'],
  ['C-a', 'sends C-a'],
].map(([key, what]) => `C-a ${(key as string).padEnd(4)} ${what}\n\r`);

interface Slot {
  readonly frontend: ChardevFrontend;
  waiting: number[];
}

/**
 * Several front ends (serial port, monitors) on one backend. Keys go to the one that has the focus, C-a commands move it;
 * all of them write, and those without focus decide for themselves whether to (a monitor holds its output back).
 */
export class MuxChardev implements Chardev {
  private readonly slots: Slot[] = [];
  private focus = -1;
  private escaped = false;
  private timestampsFrom: number | undefined;
  private lineStart = true;
  private isOpen = false;
  private readonly port: ChardevPort;
  private readonly connection = new BehaviorSubject(false);
  readonly connected$: Observable<boolean> = this.connection.asObservable();

  /** `terminate` is C-a x. */
  constructor(
    readonly id: string,
    private readonly backend: Chardev,
    private readonly terminate: () => void,
  ) {
    this.port = backend.attach({
      canReceive: () => 1024,
      receive: (bytes) => this.receive(bytes),
      event: (event) => {
        const connected = event === 'opened';
        if (!this.isOpen || ((connected || event === 'closed') && connected === this.connection.value)) return;
        if (connected || event === 'closed') this.connection.next(connected);
        for (const slot of this.slots) slot.frontend.event?.(event);
      },
    });
  }

  get filename(): string {
    return 'mux';
  }
  get connected(): boolean {
    return this.backend.connected;
  }
  get frontendOpen(): boolean {
    return this.slots.length > 0;
  }
  get full(): boolean {
    return this.slots.length >= MAX_FRONTENDS;
  }

  /** The newest front end has the focus. */
  attach(frontend: ChardevFrontend): ChardevPort {
    const slot: Slot = { frontend, waiting: [] };
    this.slots.push(slot);
    const previous = this.slots[this.focus];
    this.focus = this.slots.length - 1;
    if (this.isOpen) {
      queueMicrotask(() => {
        previous?.frontend.event?.('mux-out');
        frontend.event?.('opened');
        this.deliver(slot);
      });
    }
    return {
      write: (bytes) => this.write(bytes),
      accept: () => this.deliver(slot),
      detach: () => this.detach(slot),
    };
  }

  /** All front ends of the machine are attached: from now on they hear events. */
  open(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    this.connection.next(this.backend.connected);
    for (const [index, { frontend }] of this.slots.entries()) {
      if (index !== this.focus) frontend.event?.('mux-out');
      if (this.backend.connected) frontend.event?.('opened');
    }
    for (const slot of this.slots) this.deliver(slot);
  }

  private detach(slot: Slot): void {
    const index = this.slots.indexOf(slot);
    if (index < 0) return;
    this.slots.splice(index, 1);
    if (this.focus >= index) this.focus = Math.max(0, this.focus - 1);
  }

  write(bytes: Uint8Array): void {
    this.port.write(this.timestampsFrom === undefined ? bytes : this.stamped(bytes, this.timestampsFrom));
  }

  sendBreak(): void {
    this.slots[this.focus]?.frontend.event?.('break');
  }

  close(): void {
    // The backend is in the registry, too, and closed by whoever owns that.
    this.port.detach();
  }

  private receive(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (this.escaped) {
        this.escaped = false;
        if (byte === ESCAPE) this.key(byte);
        else this.command(String.fromCharCode(byte));
      } else if (byte === ESCAPE) this.escaped = true;
      else this.key(byte);
    }
    for (const slot of this.slots) this.deliver(slot);
  }

  private key(byte: number): void {
    this.slots[this.focus]?.waiting.push(byte);
  }

  private command(key: string): void {
    this.commands[key]?.();
  }

  private readonly commands: Readonly<Record<string, () => void>> = {
    h: () => this.help(),
    '?': () => this.help(),
    x: () => {
      this.print('QEMU: Terminated\n\r');
      this.terminate();
    },
    b: () => this.sendBreak(),
    c: () => {
      const present = this.slots[this.focus];
      if (present) this.deliver(present);
      this.focus = (this.focus + 1) % Math.max(1, this.slots.length);
      present?.frontend.event?.('mux-out');
      this.slots[this.focus]?.frontend.event?.('mux-in');
    },
    t: () => {
      this.timestampsFrom = this.timestampsFrom === undefined ? Date.now() : undefined;
      this.lineStart = false;
    },
    // 's' saves disks; there are none yet.
  };

  private help(): void {
    this.print(`\n\r${HELP.join('')}`);
  }
  private print(text: string): void {
    this.port.write(new TextEncoder().encode(text));
  }

  private deliver(slot: Slot): void {
    if (!this.isOpen) return;
    while (slot.waiting.length > 0) {
      const room = slot.frontend.canReceive();
      if (room <= 0) return;
      const next = slot.waiting.slice(0, room);
      slot.waiting = slot.waiting.slice(room);
      slot.frontend.receive(Uint8Array.from(next));
    }
  }

  /** '[hh:mm:ss.mmm] ' before each line, counted from C-a t. */
  private stamped(bytes: Uint8Array, fromMs: number): Uint8Array {
    const out: number[] = [];
    for (const byte of bytes) {
      if (this.lineStart) {
        const ms = Date.now() - fromMs;
        const stamp = new Date(ms).toISOString().slice(14, 23);
        out.push(...new TextEncoder().encode(`[${String(Math.floor(ms / 3_600_000)).padStart(2, '0')}:${stamp}] `));
        this.lineStart = false;
      }
      out.push(byte);
      if (byte === 0x0a) this.lineStart = true;
    }
    return Uint8Array.from(out);
  }
}
