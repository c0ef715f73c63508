/**
 * A PS/2 mouse with a wheel (IBM PS/2 Hardware Interface Technical Reference; the wheel as in Microsoft's IntelliMouse, five buttons
 * and a second wheel as in its Explorer).
 */
import type { InputEvent, InputHandler, MouseButton } from '@nandu/core';
import { Ps2Device } from './ps2-port.js';

const ACK = 0xfa;
const ERROR = 0xfc;
/** Three sample rates in a row turn the wheel on, three others the two buttons as well: what the mouse then says it is. */
const KNOCKS: Readonly<Record<string, 3 | 4>> = { '200,100,80': 3, '200,200,80': 4 };
const KNOCK_LENGTH = 3;

const BUTTONS: Partial<Readonly<Record<MouseButton, number>>> = { left: 1, right: 2, middle: 4, side: 8, extra: 16 };
/** Wheels turn by buttons: axis, step. */
const WHEELS: Partial<Readonly<Record<MouseButton, readonly ['wheel' | 'tilt', number]>>> = {
  'wheel-up': ['wheel', -1],
  'wheel-down': ['wheel', 1],
  'wheel-left': ['tilt', -1],
  'wheel-right': ['tilt', 1],
};
/** What a packet can say at most. */
const LIMIT = { move: 127, wheel: 127, narrowWheel: 7, tilt: 31 } as const;

const within = (value: number, limit: number): number => Math.max(-limit, Math.min(limit, value));

export class Ps2Mouse extends Ps2Device implements InputHandler {
  readonly name = 'QEMU PS/2 Mouse';
  readonly kinds = ['button', 'move'] as const;
  private rates: number[] = [];
  private resolution = 2;
  private rate = 100;
  private doubled = false;
  private remote = false;
  private type: 0 | 3 | 4 = 0;
  /** In wrap mode every byte is echoed. */
  private wrap = false;
  private buttons = 0;
  /** Not reported yet. Up is positive in `y`. */
  private readonly moved = { x: 0, y: 0, wheel: 0, tilt: 0 };

  override reset(): void {
    super.reset();
    this.defaults();
    this.type = 0;
    this.buttons = 0;
    this.forgetMovement();
    this.wrap = false;
    this.rates = [];
  }

  private defaults(): void {
    this.resolution = 2;
    this.rate = 100;
    this.doubled = false;
    this.remote = false;
    this.enabled = false;
  }

  override receive(byte: number): void {
    if (this.wrap && byte !== 0xec && byte !== 0xff) return this.reply(byte);
    if (this.waitsFor !== 0) this.argument(byte);
    else this.command(byte);
  }

  private argument(byte: number): void {
    if (this.waitsFor === 0xe8) this.resolution = byte;
    else this.setRate(byte);
    this.waitsFor = 0;
    this.reply(ACK);
  }

  private setRate(rate: number): void {
    this.rate = rate;
    this.rates = [...this.rates, rate].slice(-KNOCK_LENGTH);
    this.type = KNOCKS[this.rates.join()] ?? this.type;
  }

  event(event: InputEvent): void {
    if (!this.enabled) return;
    if (event.kind === 'move') this.moved[event.axis] += event.axis === 'x' ? event.by : -event.by;
    if (event.kind !== 'button') return;
    const bit = BUTTONS[event.button] ?? 0;
    this.buttons = event.down ? this.buttons | bit : this.buttons & ~bit;
    const [axis, step] = WHEELS[event.button] ?? [];
    if (axis && step && event.down) this.moved[axis] += step;
  }

  /** As many packets as large movements take; without room the rest waits for the next event. */
  sync(): void {
    if (!this.enabled || this.remote) return;
    do {
      if (this.roomForReports < this.packetBytes) return;
      this.report(this.packet());
    } while (Object.values(this.moved).some((left) => left !== 0));
  }

  private get packetBytes(): number {
    return this.type === 0 ? 3 : 4;
  }

  /** The next packet, with what it says taken from what is to be told. */
  private packet(): number[] {
    const { moved, buttons } = this;
    const x = within(moved.x, LIMIT.move);
    const y = within(moved.y, LIMIT.move);
    const first = 0x08 | (buttons & 7) | (x < 0 ? 0x10 : 0) | (y < 0 ? 0x20 : 0);
    moved.x -= x;
    moved.y -= y;
    return [first, x & 0xff, y & 0xff, ...this.wheelByte()];
  }

  private wheelByte(): number[] {
    const { moved } = this;
    switch (this.type) {
      case 0:
        moved.wheel = 0;
        moved.tilt = 0;
        return [];
      case 3: {
        const turn = within(moved.wheel, LIMIT.wheel);
        moved.wheel -= turn;
        moved.tilt = 0;
        return [turn & 0xff];
      }
      case 4: {
        if (moved.tilt !== 0) {
          const tilt = within(moved.tilt, LIMIT.tilt);
          moved.tilt -= tilt;
          return [0x40 | (-tilt & 0x3f)];
        }
        const turn = within(moved.wheel, LIMIT.narrowWheel);
        moved.wheel -= turn;
        return [(turn & 0x0f) | ((this.buttons & 0x18) << 1)];
      }
    }
  }

  private forgetMovement(): void {
    Object.assign(this.moved, { x: 0, y: 0, wheel: 0, tilt: 0 });
  }

  private command(byte: number): void {
    switch (byte) {
      case 0xe6:
      case 0xe7:
        this.doubled = byte === 0xe7;
        return this.reply(ACK);
      case 0xe8: // resolution
      case 0xf3: // sample rate
        this.waitsFor = byte;
        return this.reply(ACK);
      case 0xe9:
        return this.reply(ACK, (Number(this.remote) << 6) | (Number(this.enabled) << 5) | (Number(this.doubled) << 4), this.resolution, this.rate);
      case 0xea:
      case 0xf0:
        this.remote = byte === 0xf0;
        return this.reply(ACK);
      case 0xeb:
        return this.reply(ACK, ...this.packet());
      case 0xec:
      case 0xee:
        this.wrap = byte === 0xee;
        return this.reply(ACK);
      case 0xf2:
        return this.reply(ACK, this.type);
      case 0xf4:
      case 0xf5:
        this.enabled = byte === 0xf4;
        return this.reply(ACK);
      case 0xf6:
        this.defaults();
        return this.reply(ACK);
      case 0xff:
        this.reset();
        return this.reply(ACK, 0xaa, 0x00);
      default:
        return this.reply(ERROR);
    }
  }
}
