/** A PS/2 mouse with a wheel (IBM PS/2 Hardware Interface Technical Reference; the wheel as in Microsoft's IntelliMouse). */
import { Ps2Device } from './ps2-port.js';

const ACK = 0xfa;
const ERROR = 0xfc;
/** These three sample rates in a row turn the wheel on. */
const WHEEL_KNOCK: readonly number[] = [200, 100, 80];

export class Ps2Mouse extends Ps2Device {
  private rates: number[] = [];
  private resolution = 2;
  private rate = 100;
  private doubled = false;
  private remote = false;
  private wheel = false;
  /** In wrap mode every byte is echoed. */
  private wrap = false;

  override reset(): void {
    super.reset();
    this.defaults();
    this.wheel = false;
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
    this.rates = [...this.rates, rate].slice(-WHEEL_KNOCK.length);
    if (this.rates.join() === WHEEL_KNOCK.join()) this.wheel = true;
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
      case 0xeb: // nothing has moved
        return this.reply(ACK, 0x08, 0, 0, ...(this.wheel ? [0] : []));
      case 0xec:
      case 0xee:
        this.wrap = byte === 0xee;
        return this.reply(ACK);
      case 0xf2:
        return this.reply(ACK, this.wheel ? 3 : 0);
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
