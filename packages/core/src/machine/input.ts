/**
 * What a user does with keyboard and mouse, on its way from monitors (and, later, windows) to the devices that take it. Events go
 * to the newest device that takes their kind; while the machine does not run they are lost, as with QEMU.
 */
import type { Alarm, VirtualClock } from '../time/clock.js';
import type { RunState } from './run-state.js';

/** By QEMU's names (InputButton). */
export const MOUSE_BUTTONS = ['left', 'middle', 'right', 'wheel-up', 'wheel-down', 'side', 'extra', 'wheel-left', 'wheel-right', 'touch'] as const;
export type MouseButton = (typeof MOUSE_BUTTONS)[number];

export type InputEvent =
  /** A key by its name in KEY_NUMBERS. */
  | { readonly kind: 'key'; readonly key: string; readonly down: boolean }
  | { readonly kind: 'button'; readonly button: MouseButton; readonly down: boolean }
  /** Movement, right and down being positive. */
  | { readonly kind: 'move'; readonly axis: 'x' | 'y'; readonly by: number }
  /** A position, 0 to 0x7fff. */
  | { readonly kind: 'position'; readonly axis: 'x' | 'y'; readonly at: number };

export interface InputHandler {
  /** For `info mice`. */
  readonly name: string;
  readonly kinds: readonly InputEvent['kind'][];
  event(event: InputEvent): void;
  /** Everything that happened at one time has been told. */
  sync?(): void;
}

/** As many steps of typing as wait at most; what is beyond is lost. */
const TYPING_LIMIT = 1024;
const DEFAULT_HOLD_MS = 10;

type Typing = { readonly waitMs: number } | { readonly key: string; readonly down: boolean };

export class Input {
  /** In order of registration; the index shown is one higher. */
  readonly handlers: InputHandler[] = [];
  /** The newest first, and in front of it what was selected. */
  private readonly order: InputHandler[] = [];
  private readonly typing: Typing[] = [];
  private readonly alarm: Alarm;

  constructor(
    clock: VirtualClock,
    private readonly runState: RunState,
  ) {
    this.alarm = clock.createAlarm(() => this.continueTyping());
  }

  add(handler: InputHandler): void {
    this.handlers.push(handler);
    this.order.unshift(handler);
  }
  select(handler: InputHandler): void {
    this.order.splice(this.order.indexOf(handler), 1);
    this.order.unshift(handler);
  }
  handlerFor(kind: InputEvent['kind']): InputHandler | undefined {
    return this.order.find(({ kinds }) => kinds.includes(kind));
  }

  /** Things that happen at the same time. */
  send(...events: readonly InputEvent[]): void {
    if (!this.runState.running) return;
    const told = new Set<InputHandler>();
    for (const event of events) {
      const handler = this.handlerFor(event.kind);
      if (!handler) continue;
      handler.event(event);
      told.add(handler);
    }
    for (const handler of told) handler.sync?.();
  }

  /** Presses keys one after the other, then lets go of them, the last first. */
  type(keys: readonly string[], holdMs = DEFAULT_HOLD_MS): void {
    if (!this.runState.running) return;
    const steps = [...keys.map((key) => ({ key, down: true })), ...[...keys].reverse().map((key) => ({ key, down: false }))];
    for (const step of steps) {
      if (this.typing.length === 0) this.send({ kind: 'key', ...step });
      else if (this.typing.length < TYPING_LIMIT) this.typing.push(step);
      if (this.typing.length < TYPING_LIMIT) this.wait(holdMs || DEFAULT_HOLD_MS);
    }
  }

  private wait(waitMs: number): void {
    this.typing.push({ waitMs });
    if (this.typing.length === 1) this.alarm.start(Math.max(0, waitMs) * 1000);
  }

  private continueTyping(): void {
    this.typing.shift();
    for (let next = this.typing[0]; next; next = this.typing[0]) {
      if ('waitMs' in next) {
        this.alarm.start(Math.max(0, next.waitMs) * 1000);
        return;
      }
      this.typing.shift();
      this.send({ kind: 'key', ...next });
    }
  }
}
