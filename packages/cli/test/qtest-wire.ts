/** A qtest client in this process: sends a line, hears the reply and what interrupt lines did. */
import { BaseChardev } from '@nandu/chardev';

export class Wire extends BaseChardev {
  readonly filename = 'wire';
  /** `IRQ raise N` and `IRQ lower N`, whenever they came. */
  readonly interrupts: string[] = [];
  private heard = '';

  constructor() {
    super('wire');
    this.setConnected(true);
  }
  write(bytes: Uint8Array): void {
    const text = new TextDecoder().decode(bytes);
    this.heard += text;
    this.interrupts.push(...text.split('\n').filter((line) => line.startsWith('IRQ ')));
  }
  /** Every line that came in answer to `line`. */
  ask(line: string): string[] {
    this.heard = '';
    this.received(new TextEncoder().encode(`${line}\n`));
    return this.heard.split('\n').slice(0, -1);
  }
  /** Carries out a request that cannot be refused; its value, or 0n where there is none. */
  request(line: string): bigint {
    const [status, value = '0'] = (this.ask(line).at(-1) ?? '').split(' ');
    if (status !== 'OK') throw new Error(`${line}: ${this.heard}`);
    return BigInt(value);
  }
}
