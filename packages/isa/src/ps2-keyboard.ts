/** A PS/2 keyboard (IBM PS/2 Hardware Interface Technical Reference, keyboard section): commands and keys. */
import { type InputEvent, type InputHandler } from '@nandu/core';
import { type HeldKeys, keyCodes, type ScanCodeSet } from './ps2-key-codes.js';
import { Ps2Device } from './ps2-port.js';

const ACK = 0xfa;
const RESEND = 0xfe;
/** After reset: basic assurance test passed. */
const SELF_TEST_PASSED = 0xaa;

export class Ps2Keyboard extends Ps2Device implements InputHandler {
  readonly name = 'QEMU PS/2 Keyboard';
  readonly kinds = ['key'] as const;
  private scanCodeSet: ScanCodeSet = 2;
  private readonly held = new Set<string>();

  event(event: InputEvent): void {
    if (event.kind !== 'key' || !this.enabled) return;
    const { key, down } = event;
    if (down) this.held.add(key);
    else this.held.delete(key);
    this.report(keyCodes(this.scanCodeSet, key, down, this.held as HeldKeys));
  }

  override reset(): void {
    super.reset();
    this.enabled = true;
    this.scanCodeSet = 2;
    this.held.clear();
  }

  override receive(byte: number): void {
    if (this.waitsFor !== 0) this.argument(byte);
    else this.command(byte);
  }

  private argument(byte: number): void {
    const command = this.waitsFor;
    this.waitsFor = 0;
    if (command === 0xf0 && byte === 0) this.reply(ACK, this.scanCodeSet);
    else if (command === 0xf0 && byte > 3) this.reply(RESEND);
    else {
      if (command === 0xf0) this.scanCodeSet = byte as ScanCodeSet;
      this.reply(ACK);
    }
  }

  private command(byte: number): void {
    switch (byte) {
      case 0xed: // lights
      case 0xf0: // scan code set
      case 0xf3: // repeat rate
        this.waitsFor = byte;
        return this.reply(ACK);
      case 0xee: // echo
        return this.reply(0xee);
      case 0xf2: // identify
        return this.reply(ACK, 0xab, 0x83);
      case 0xf4:
        this.enabled = true;
        return this.reply(ACK);
      case 0xf5: // defaults, disabled
        this.enabled = false;
        return this.reply(ACK);
      case 0xf6: // defaults
        return this.reply(ACK);
      case 0xfe:
        return this.reply(RESEND);
      case 0xff:
        this.reset();
        return this.reply(ACK, SELF_TEST_PASSED);
      default: // 0xf7-0xfd: types of keys, of scan code set 3
        return this.reply(byte >= 0xf7 ? ACK : RESEND);
    }
  }
}
