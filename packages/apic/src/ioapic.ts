/** ioapic: 24 inputs that become messages to local APICs (Intel 82093AA data sheet; version 0x20 adds the EOI register). */
import { Device, device, type MmioHandler, property, saved } from '@nandu/core';
import { ApicBus } from './apic-bus.js';
import type { ExternalInterrupts } from './local-apic.js';
import { DELIVERY } from './message.js';

export const IOAPIC_ADDRESS = 0xfec0_0000;
export const IOAPIC_PINS = 24;

/** Low word of a redirection entry. */
export const ENTRY = { vector: 0xff, logical: 0x800, pending: 0x1000, activeLow: 0x2000, remoteIrr: 0x4000, level: 0x8000, masked: 0x1_0000 } as const;
const READ_ONLY = ENTRY.pending | ENTRY.remoteIrr;
const REGISTER = { select: 0x00, window: 0x10, eoi: 0x40 } as const;
/** ISA request 0, the 8254, is wired to pin 2. */
const PIN_OF_TIMER = 2;

@device({ type: 'ioapic', userCreatable: false })
export class IoApic extends Device implements MmioHandler {
  @property() version: number = 0x20;

  @saved() idRegister = 0;
  @saved() selected = 0;
  @saved() readonly low = new Uint32Array(IOAPIC_PINS).fill(ENTRY.masked);
  @saved() readonly high = new Uint32Array(IOAPIC_PINS);
  /** Requests not yet sent, one bit a pin. */
  @saved() irr = 0;
  @saved() private lines = 0;

  /** Rising edges by input, for `info irq`. */
  readonly counts = new Uint32Array(IOAPIC_PINS);
  private external: ExternalInterrupts | undefined;

  constructor(private readonly apics: ApicBus) {
    super();
  }

  override realize(): void {
    this.addInputs('unnamed-gpio-in', IOAPIC_PINS, (pin, level) => this.setInput(pin, level));
    this.mapMmio(this, 0x1000, { valid: { min: 1, max: 4 }, impl: { min: 1, max: 4 } });
    this.apics.onEoi((vector) => this.endOfInterrupt(vector));
  }

  connectExternal(external: ExternalInterrupts): void {
    this.external = external;
  }

  read(offset: number): number {
    if (offset === REGISTER.select) return this.selected;
    if (offset !== REGISTER.window) return 0;
    switch (this.selected) {
      case 0:
      case 2:
        return this.idRegister;
      case 1:
        return this.version | ((IOAPIC_PINS - 1) << 16);
      default: {
        const pin = (this.selected - 0x10) >> 1;
        if (pin < 0 || pin >= IOAPIC_PINS) return 0;
        return (this.selected & 1 ? this.high[pin] : this.low[pin]) as number;
      }
    }
  }

  write(offset: number, value: number): void {
    switch (offset) {
      case REGISTER.select:
        this.selected = value & 0xff;
        break;
      case REGISTER.window:
        this.writeSelected(value);
        break;
      case REGISTER.eoi:
        if (this.version >= 0x20) this.endOfInterrupt(value & 0xff);
        break;
      default:
        break;
    }
  }

  private writeSelected(value: number): void {
    if (this.selected === 0) {
      this.idRegister = value & 0x0f00_0000;
      return;
    }
    const pin = (this.selected - 0x10) >> 1;
    if (pin < 0 || pin >= IOAPIC_PINS) return;
    if (this.selected & 1) this.high[pin] = value;
    else {
      const before = this.low[pin] as number;
      this.low[pin] = (value & 0x1_ffff & ~READ_ONLY) | (before & READ_ONLY);
      // An entry made edge-triggered forgets that a level was in service.
      if (!(value & ENTRY.level)) (this.low[pin] as number) &= ~ENTRY.remoteIrr;
      else if (!(this.lines & (1 << pin))) this.irr &= ~(1 << pin);
    }
    this.service(pin);
  }

  private setInput(input: number, level: boolean): void {
    if (level) (this.counts[input] as number)++;
    const pin = input === 0 ? PIN_OF_TIMER : input;
    const bit = 1 << pin;
    const rises = level && !(this.lines & bit);
    this.lines = level ? this.lines | bit : this.lines & ~bit;
    if ((this.low[pin] as number) & ENTRY.level) {
      this.irr = level ? this.irr | bit : this.irr & ~bit;
      if (level) this.service(pin);
    } else if (rises) {
      // An edge while masked is lost (82093AA, 3.2.4).
      if ((this.low[pin] as number) & ENTRY.masked) return;
      this.irr |= bit;
      this.service(pin);
    }
  }

  /** Sends what the pin requests, if it may. */
  private service(pin: number): void {
    const bit = 1 << pin;
    const entry = this.low[pin] as number;
    if (!(this.irr & bit) || entry & ENTRY.masked) return;
    const level = (entry & ENTRY.level) !== 0;
    if (level) {
      if (entry & ENTRY.remoteIrr) return;
      this.low[pin] = entry | ENTRY.remoteIrr;
    } else {
      this.irr &= ~bit;
    }
    const mode = (entry >>> 8) & 7;
    const isExternal = mode === DELIVERY.extInt;
    const vector = isExternal ? (this.external?.acknowledge() ?? 0xff) : entry & ENTRY.vector;
    this.apics.deliver({
      destination: (this.high[pin] as number) >>> 24,
      logical: (entry & ENTRY.logical) !== 0,
      mode: isExternal ? DELIVERY.fixed : mode,
      vector,
      level,
    });
  }

  private endOfInterrupt(vector: number): void {
    for (let pin = 0; pin < IOAPIC_PINS; pin++) {
      const entry = this.low[pin] as number;
      if ((entry & ENTRY.vector) !== vector || !(entry & ENTRY.remoteIrr)) continue;
      this.low[pin] = entry & ~ENTRY.remoteIrr;
      this.service(pin);
    }
  }
}
