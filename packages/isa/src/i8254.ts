/** isa-pit: programmable interval timer (Intel 8254 data sheet 231164). Channel 0 is IRQ 0, channel 2 the speaker. */
import { type Alarm, device, IrqLine, property, saved, VirtualClock } from '@nandu/core';
import { IsaDevice } from './isa-bus.js';
import { currentCount, loadCount, newChannel, nextChange, nsWhenTicks, output, type PitChannel, setGate, ticksAt } from './pit-channel.js';

@device({ type: 'isa-pit', bus: 'ISA', userCreatable: false })
export class I8254 extends IsaDevice {
  @property() iobase: number = 0x40;

  @saved() private channels: PitChannel[] = [newChannel(true), newChannel(true), newChannel(false)];
  /** HPET in legacy replacement mode takes IRQ 0 away. */
  @saved() private irqDisabled = false;

  readonly irq$ = new IrqLine();
  private readonly alarm: Alarm;

  constructor(private readonly clock: VirtualClock) {
    super();
    this.alarm = clock.createAlarm(() => this.updateIrq());
  }

  override realize(): void {
    this.addInputs('unnamed-gpio-in', 1, (_pin, enabled) => {
      this.irqDisabled = !enabled;
      this.updateIrq();
    });
    this.addOutputs('unnamed-gpio-out', [this.irq$]);
    this.mapPorts(this.iobase, 4, { read: (offset) => this.read(offset), write: (offset, value) => this.write(offset, value) }, 'pit');
  }

  override reset(): void {
    super.reset();
    for (const channel of this.channels) channel.startTick = this.now();
    this.updateIrq();
  }

  protected override derive(): void {
    this.updateIrq();
  }

  get speakerGate(): boolean {
    return this.channel(2).gate;
  }
  set speakerGate(level: boolean) {
    setGate(this.channel(2), level, this.now());
  }
  get speakerOutput(): boolean {
    return output(this.channel(2), this.now());
  }

  private now(): number {
    return ticksAt(this.clock.nowNs());
  }

  private channel(index: number): PitChannel {
    return this.channels[index] as PitChannel;
  }

  private updateIrq(): void {
    const channel = this.channel(0);
    const now = this.now();
    this.irq$.next(!this.irqDisabled && output(channel, now));
    const change = this.irqDisabled ? undefined : nextChange(channel, now);
    if (change === undefined) this.alarm.cancel();
    else this.alarm.startAtNs(nsWhenTicks(change));
  }

  private read(offset: number): number {
    if (offset === 3) return 0;
    const channel = this.channel(offset);
    if (channel.latchedStatus !== undefined) {
      const status = channel.latchedStatus;
      channel.latchedStatus = undefined;
      return status;
    }
    const value = channel.latched ?? currentCount(channel, this.now());
    const high = channel.access === 2 || (channel.access === 3 && channel.readHighNext);
    if (channel.access === 3) channel.readHighNext = !channel.readHighNext;
    if (channel.access !== 3 || !channel.readHighNext) channel.latched = undefined;
    return high ? value >> 8 : value & 0xff;
  }

  private write(offset: number, value: number): void {
    if (offset === 3) this.control(value);
    else this.writeCount(offset, value);
  }

  private writeCount(index: number, value: number): void {
    const channel = this.channel(index);
    if (channel.access === 3 && !channel.writeHighNext) {
      channel.writeLow = value;
      channel.writeHighNext = true;
      return;
    }
    channel.writeHighNext = false;
    const count = channel.access === 1 ? value : channel.access === 2 ? value << 8 : (value << 8) | channel.writeLow;
    loadCount(channel, count, this.now());
    if (index === 0) this.updateIrq();
  }

  /** Control word, latch command or read-back command. */
  private control(value: number): void {
    const select = value >> 6;
    if (select === 3) return this.readBack(value);
    const channel = this.channel(select);
    const access = (value >> 4) & 3;
    if (access === 0) return this.latchCount(channel);
    channel.access = access;
    // Modes 6 and 7 are 2 and 3.
    const mode = (value >> 1) & 7;
    channel.mode = mode > 5 ? mode - 4 : mode;
    channel.bcd = (value & 1) !== 0;
    channel.readHighNext = false;
    channel.writeHighNext = false;
    channel.latched = undefined;
    channel.latchedStatus = undefined;
    channel.nullCount = true;
    if (select === 0) this.updateIrq();
  }

  private latchCount(channel: PitChannel): void {
    channel.latched ??= currentCount(channel, this.now());
  }

  private readBack(value: number): void {
    for (let index = 0; index < 3; index++) {
      if (!(value & (2 << index))) continue;
      const channel = this.channel(index);
      if (!(value & 0x20)) this.latchCount(channel);
      if (!(value & 0x10)) channel.latchedStatus ??= this.status(channel);
    }
  }

  private status(channel: PitChannel): number {
    return (Number(output(channel, this.now())) << 7) | (Number(channel.nullCount) << 6) | (channel.access << 4) | (channel.mode << 1) | Number(channel.bcd);
  }
}
