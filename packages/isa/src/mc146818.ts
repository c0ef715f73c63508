/**
 * mc146818rtc: real-time clock and CMOS memory (Motorola MC146818A data sheet; PC/AT layout of the cells). The time is a
 * function of a clock and an offset that setting it changes; nothing ticks while no interrupt is asked for.
 */
import { type Alarm, type Clock, device, HostClock, IrqLine, Machine, property, RealtimeClock, VirtualClock } from '@nandu/core';
import { IsaDevice } from './isa-bus.js';
import { alarmMatches, nextAlarm, type RtcFormat, readTime, TIME_REGISTER, writeTime } from './rtc-time.js';

const REGISTER = { a: 0x0a, b: 0x0b, c: 0x0c, d: 0x0d } as const;
/** Register B: stop updates, enable periodic, alarm, update-ended interrupts, binary, 24 hours. */
const B = { set: 0x80, periodic: 0x40, alarm: 0x20, updateEnded: 0x10, binary: 0x04, hours24: 0x02 } as const;
/** Register C: interrupt, periodic, alarm, update-ended flags. */
const C = { irq: 0x80, periodic: 0x40, alarm: 0x20, updateEnded: 0x10 } as const;
const UPDATE_IN_PROGRESS = 0x80;
/** An update is announced this long before it is done (data sheet, figure 16). */
const UPDATE_NS = 244_000;
const SECOND_NS = 1_000_000_000;
const TIME_CELLS: ReadonlySet<number> = new Set(Object.values(TIME_REGISTER));

@device({ type: 'mc146818rtc', bus: 'ISA', userCreatable: false })
export class Mc146818 extends IsaDevice {
  @property({ name: 'base_year' }) baseYear: number = 0;
  @property() iobase: number = 0x70;
  @property() irq: number = 8;

  /** Cells outlive a reset: they are battery-backed. */
  readonly cells = new Uint8Array(128);
  private index = 0;
  /** Guest's time is the reference clock plus this. */
  private offsetSeconds = 0;
  /** Had the guest never set it, it would show the host's time plus this. */
  private readonly hostOffsetSeconds: number;
  /** Second and periodic tick up to which flags were set. */
  private seenSecond = 0;
  private seenTick = 0;

  readonly irq$ = new IrqLine();
  private readonly reference: Clock;
  private readonly alarm: Alarm;
  private readonly periodicAlarm: Alarm;

  constructor(
    private readonly machine: Machine,
    private readonly clock: VirtualClock,
    private readonly hostClock: HostClock,
    realtimeClock: RealtimeClock,
  ) {
    super();
    const { base, clock: kind } = machine.config.rtc;
    this.reference = kind === 'host' ? hostClock : kind === 'rt' ? realtimeClock : clock;
    const start = initialSeconds(base, hostClock.nowNs());
    this.offsetSeconds = start - Math.floor(this.reference.nowNs() / SECOND_NS);
    this.hostOffsetSeconds = start - Math.floor(hostClock.nowNs() / SECOND_NS);
    this.alarm = this.reference.createAlarm(() => this.update());
    this.periodicAlarm = clock.createAlarm(() => this.update());
  }

  override realize(): void {
    this.addOutputs('unnamed-gpio-out', [this.irq$]);
    this.wireIrq(this.irq$, this.irq);
    this.cells[REGISTER.a] = 0x26; // 32.768 kHz time base, 1024 Hz
    this.cells[REGISTER.b] = B.hours24;
    this.cells[REGISTER.d] = 0x80; // the battery is good
    this.seenSecond = this.seconds();
    this.seenTick = this.tick();
    this.mapPorts(
      this.iobase,
      2,
      { read: (offset) => (offset === 0 ? 0xff : this.readCell(this.index)), write: (offset, value) => this.write(offset, value) },
      'rtc',
    );
  }

  override reset(): void {
    super.reset();
    this.cells[REGISTER.b] = (this.cells[REGISTER.b] as number) & ~(B.periodic | B.alarm | B.updateEnded);
    this.cells[REGISTER.c] = 0;
    this.index = 0;
    this.arm();
    this.irq$.next(false);
  }

  override saveState(): Record<string, unknown> {
    return { ...super.saveState(), cells: this.cells.slice(), index: this.index, offsetSeconds: this.offsetSeconds };
  }
  override loadState(state: Readonly<Record<string, unknown>>): void {
    super.loadState(state);
    this.cells.set(state['cells'] as Uint8Array);
    this.index = state['index'] as number;
    this.offsetSeconds = state['offsetSeconds'] as number;
    this.arm();
  }

  /** The guest's time, seconds since 1970: QOM's `date`. */
  seconds(): number {
    return Math.floor(this.reference.nowNs() / SECOND_NS) + this.offsetSeconds;
  }

  private get format(): RtcFormat {
    const b = this.cells[REGISTER.b] as number;
    return { binary: (b & B.binary) !== 0, hours24: (b & B.hours24) !== 0 };
  }
  private get stopped(): boolean {
    return ((this.cells[REGISTER.b] as number) & B.set) !== 0 || ((this.cells[REGISTER.a] as number) & 0x60) === 0x60;
  }

  /** Period of the periodic interrupt in ticks of 32.768 kHz, or 0 where it is off. */
  private get periodTicks(): number {
    const rate = (this.cells[REGISTER.a] as number) & 0x0f;
    if (rate === 0) return 0;
    // Rates 1 and 2 are 8 and 9 with this time base.
    return 1 << ((rate <= 2 ? rate + 7 : rate) - 1);
  }
  private tick(): number {
    return Math.floor((this.clock.nowNs() / SECOND_NS) * 32_768);
  }

  private readCell(index: number): number {
    if (index === REGISTER.c) return this.readFlags();
    if (index === REGISTER.a) return ((this.cells[index] as number) & 0x7f) | (this.updating() ? UPDATE_IN_PROGRESS : 0);
    if (TIME_CELLS.has(index) && !this.stopped) writeTime(this.cells, this.seconds(), this.format);
    return this.cells[index] as number;
  }

  private updating(): boolean {
    return !this.stopped && this.reference.nowNs() % SECOND_NS >= SECOND_NS - UPDATE_NS;
  }

  private readFlags(): number {
    this.update();
    const flags = this.cells[REGISTER.c] as number;
    this.cells[REGISTER.c] = 0;
    this.irq$.next(false);
    this.arm();
    return flags;
  }

  private write(offset: number, value: number): void {
    if (offset === 0) {
      this.index = value & 0x7f;
      return;
    }
    const index = this.index;
    if (index === REGISTER.c || index === REGISTER.d) return;
    if (TIME_CELLS.has(index)) this.setTime(index, value);
    else if (index === REGISTER.a || index === REGISTER.b) this.control(index, value);
    else this.cells[index] = value;
    this.update();
    this.arm();
  }

  /** A write to one time register sets the clock; while SET holds it, once SET goes away. */
  private setTime(index: number, value: number): void {
    if (!this.stopped) writeTime(this.cells, this.seconds(), this.format);
    this.cells[index] = value;
    if (!this.stopped) this.adopt();
  }

  private adopt(): void {
    this.offsetSeconds += readTime(this.cells, this.format) - this.seconds();
    this.seenSecond = this.seconds();
    const unset = Math.floor(this.hostClock.nowNs() / SECOND_NS) + this.hostOffsetSeconds;
    this.machine.emit('RTC_CHANGE', { offset: this.seenSecond - unset, 'qom-path': this.path }, 'RTC_CHANGE');
  }

  private control(index: number, value: number): void {
    const wasStopped = this.stopped;
    if (!wasStopped) writeTime(this.cells, this.seconds(), this.format);
    this.update();
    if (index === REGISTER.b && value & B.set) value &= ~B.updateEnded;
    this.cells[index] = index === REGISTER.a ? value & 0x7f : value;
    if (wasStopped && !this.stopped) this.adopt();
    this.seenTick = this.tick();
    this.raise();
  }

  /** Sets the flags of what has happened since they were last looked at. */
  private update(): void {
    const second = this.seconds();
    if (!this.stopped && second !== this.seenSecond) {
      this.flag(C.updateEnded);
      const alarm = alarmMatches(this.cells, second, this.format) ? second : nextAlarm(this.cells, this.seenSecond, this.format);
      if (alarm !== undefined && alarm <= second) this.flag(C.alarm);
    }
    this.seenSecond = second;
    const period = this.periodTicks;
    const tick = this.tick();
    if (period > 0 && Math.floor(tick / period) !== Math.floor(this.seenTick / period)) this.flag(C.periodic);
    this.seenTick = tick;
    this.raise();
    this.arm();
  }

  private flag(flag: number): void {
    this.cells[REGISTER.c] = (this.cells[REGISTER.c] as number) | flag;
  }

  /** Flags and enables have the same bits. */
  private raise(): void {
    const wanted = (this.cells[REGISTER.c] as number) & (this.cells[REGISTER.b] as number) & (C.periodic | C.alarm | C.updateEnded);
    if (wanted === 0) return;
    this.flag(C.irq);
    this.irq$.next(true);
  }

  private arm(): void {
    const b = this.cells[REGISTER.b] as number;
    const second = this.seconds();
    const at = this.stopped ? undefined : b & B.updateEnded ? second + 1 : b & B.alarm ? nextAlarm(this.cells, second, this.format) : undefined;
    if (at === undefined) this.alarm.cancel();
    else this.alarm.startAtNs((at - this.offsetSeconds) * SECOND_NS);
    const period = this.periodTicks;
    if (b & B.periodic && period > 0) {
      const next = (Math.floor(this.tick() / period) + 1) * period;
      this.periodicAlarm.startAtNs(Math.ceil((next / 32_768) * SECOND_NS));
    } else {
      this.periodicAlarm.cancel();
    }
  }
}

/** What the clock shows at start: `-rtc base=`. */
function initialSeconds(base: 'utc' | 'localtime' | number, hostNs: number): number {
  if (typeof base === 'number') return base;
  const utc = Math.floor(hostNs / SECOND_NS);
  return base === 'utc' ? utc : utc - new Date(utc * 1000).getTimezoneOffset() * 60;
}
