/**
 * isa-i8259: programmable interrupt controller (Intel 8259A data sheet, 231468). A PC has two: the slave's output is the
 * master's input 2. The edge/level registers (ELCR) are those of the PIIX (82371, 4.2.5).
 */
import { device, IrqLine, property, saved } from '@nandu/core';
import { IsaDevice } from './isa-bus.js';

/** Which initialization command word the data port expects next. */
enum Expect {
  Mask,
  Icw2,
  Icw3,
  Icw4,
}

@device({ type: 'isa-i8259', bus: 'ISA', userCreatable: false })
export class I8259 extends IsaDevice {
  @property() iobase: number = 0x20;
  @property({ name: 'elcr_addr' }) elcrAddress: number = 0x4d0;
  /** Inputs that may be level-triggered. */
  @property({ name: 'elcr_mask' }) elcrMask: number = 0xf8;
  @property() master: boolean = true;

  @saved() private lines = 0;
  @saved() private irr = 0;
  @saved() private imr = 0;
  @saved() private isr = 0;
  /** Highest-priority input: 0 after initialization, moved by rotation. */
  @saved() private priorityBase = 0;
  @saved() private vectorBase = 0;
  @saved() private expect: number = Expect.Mask;
  @saved() private wantsIcw4 = false;
  @saved() private cascaded = true;
  @saved() private readIsr = false;
  @saved() private poll = false;
  @saved() private specialMask = false;
  @saved() private specialFullyNested = false;
  @saved() private autoEoi = false;
  @saved() private rotateOnAutoEoi = false;
  @saved() private levelTriggered = false;
  @saved() private elcr = 0;

  /** Rising edges by input, for `info irq`. */
  readonly counts = new Uint32Array(8);
  /** INT. */
  readonly output$ = new IrqLine();
  /** The controller behind input 2 of a master. */
  slave: I8259 | undefined;

  override realize(): void {
    this.addInputs('unnamed-gpio-in', 8, (pin, level) => this.setInput(pin, level));
    this.addOutputs('unnamed-gpio-out', [this.output$]);
    this.mapPorts(this.iobase, 2, { read: (offset) => this.read(offset), write: (offset, value) => this.write(offset, value) }, 'pic');
    this.mapPorts(
      this.elcrAddress,
      1,
      {
        read: () => this.elcr,
        write: (_offset, value) => {
          this.elcr = value & this.elcrMask;
        },
      },
      'elcr',
    );
  }

  protected override derive(): void {
    this.output$.next(this.pending() >= 0);
  }

  /** INTA: the vector of the request that is served from now on. Without one it is the spurious input 7. */
  acknowledge(): number {
    const input = this.pending();
    if (input < 0) {
      this.derive();
      return this.vectorBase + 7;
    }
    this.serve(input);
    const cascaded = this.slave && input === 2;
    const vector = cascaded ? (this.slave as I8259).acknowledge() : this.vectorBase + input;
    this.derive();
    return vector;
  }

  /** One line of `info pic`. */
  describe(): string {
    const hex = (value: number): string => value.toString(16).padStart(2, '0');
    return `pic${this.master ? 0 : 1}: irr=${hex(this.irr)} imr=${hex(this.imr)} isr=${hex(this.isr)} hprio=${this.priorityBase} irq_base=${hex(this.vectorBase)} rr_sel=${Number(this.readIsr)} elcr=${hex(this.elcr)} fnm=${Number(this.specialFullyNested)}\n`;
  }

  private setInput(pin: number, level: boolean): void {
    const bit = 1 << pin;
    const rose = level && !(this.lines & bit);
    if (rose) (this.counts[pin] as number)++;
    this.lines = level ? this.lines | bit : this.lines & ~bit;
    if (this.isLevel(bit)) this.irr = level ? this.irr | bit : this.irr & ~bit;
    else if (rose) this.irr |= bit;
    // An edge is kept although its line falls before it is acknowledged, as in the chip sets that software was written for.
    this.derive();
  }

  private isLevel(bit: number): boolean {
    return this.levelTriggered || (this.elcr & bit) !== 0;
  }

  /** The input that would be acknowledged now, or -1. */
  private pending(): number {
    const requests = this.irr & ~this.imr;
    if (requests === 0) return -1;
    const request = this.rank(requests);
    let inService = this.isr;
    if (this.specialMask) inService &= ~this.imr;
    // In special fully nested mode the slave may interrupt its own service.
    if (this.specialFullyNested && this.master) inService &= ~4;
    const served = inService === 0 ? 8 : this.rank(inService);
    return request < served ? (request + this.priorityBase) & 7 : -1;
  }

  /** Priority, 0 the highest, of the highest bit set. */
  private rank(bits: number): number {
    let rank = 0;
    while (!(bits & (1 << ((rank + this.priorityBase) & 7)))) rank++;
    return rank;
  }

  private serve(input: number): void {
    const bit = 1 << input;
    if (!this.autoEoi) this.isr |= bit;
    else if (this.rotateOnAutoEoi) this.priorityBase = (input + 1) & 7;
    if (!this.isLevel(bit)) this.irr &= ~bit;
  }

  private read(offset: number): number {
    if (this.poll) {
      this.poll = false;
      const input = this.pending();
      if (input < 0) return 0;
      this.serve(input);
      this.derive();
      return 0x80 | input;
    }
    if (offset === 1) return this.imr;
    return this.readIsr ? this.isr : this.irr;
  }

  private write(offset: number, value: number): void {
    if (offset === 1) this.writeData(value);
    else if (value & 0x10) this.initialize(value);
    else if (value & 0x08) this.operation3(value);
    else this.operation2(value);
    this.derive();
  }

  /** ICW1: starts the initialization sequence. */
  private initialize(value: number): void {
    this.levelTriggered = (value & 0x08) !== 0;
    this.wantsIcw4 = (value & 0x01) !== 0;
    this.cascaded = (value & 0x02) === 0;
    this.irr = this.lines & (this.levelTriggered ? 0xff : this.elcr);
    this.imr = 0;
    this.isr = 0;
    this.priorityBase = 0;
    this.specialMask = false;
    this.readIsr = false;
    this.poll = false;
    this.autoEoi = false;
    this.rotateOnAutoEoi = false;
    this.specialFullyNested = false;
    this.expect = Expect.Icw2;
  }

  private writeData(value: number): void {
    switch (this.expect) {
      case Expect.Icw2:
        this.vectorBase = value & 0xf8;
        this.expect = this.cascaded ? Expect.Icw3 : this.wantsIcw4 ? Expect.Icw4 : Expect.Mask;
        break;
      case Expect.Icw3:
        // How the two are cascaded is wiring, which cannot be changed.
        this.expect = this.wantsIcw4 ? Expect.Icw4 : Expect.Mask;
        break;
      case Expect.Icw4:
        this.specialFullyNested = (value & 0x10) !== 0;
        this.autoEoi = (value & 0x02) !== 0;
        this.expect = Expect.Mask;
        break;
      default:
        this.imr = value;
    }
  }

  /** OCW2: ends of interrupt and rotation, by its upper three bits. */
  private operation2(value: number): void {
    const command = value >> 5;
    const level = value & 7;
    switch (command) {
      case 0:
      case 4:
        this.rotateOnAutoEoi = command === 4;
        break;
      case 1:
      case 5: {
        if (this.isr === 0) break;
        const input = (this.rank(this.isr) + this.priorityBase) & 7;
        this.isr &= ~(1 << input);
        if (command === 5) this.priorityBase = (input + 1) & 7;
        break;
      }
      case 3:
        this.isr &= ~(1 << level);
        break;
      case 6:
        this.priorityBase = (level + 1) & 7;
        break;
      case 7:
        this.isr &= ~(1 << level);
        this.priorityBase = (level + 1) & 7;
        break;
      default:
        break;
    }
  }

  /** OCW3: what reads return, polling, special mask mode. */
  private operation3(value: number): void {
    if (value & 0x04) this.poll = true;
    if (value & 0x02) this.readIsr = (value & 0x01) !== 0;
    if (value & 0x40) this.specialMask = (value & 0x20) !== 0;
  }
}
