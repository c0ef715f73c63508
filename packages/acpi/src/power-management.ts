/**
 * Fixed ACPI hardware of the PIIX4 (ACPI 6.5, 4.8; Intel 82371AB data sheet, 7.2): event and control registers, the 3.58 MHz
 * timer, general-purpose events, and the command port by which the operating system takes over. Not a device by itself.
 */
import { type Alarm, MemoryRegion, type MmioHandler, type Saveable, type VirtualClock } from '@nandu/core';
import { SMI_DISABLE_ACPI, SMI_ENABLE_ACPI } from './platform.js';

/** PM1 status and enable bits. */
const PM1 = { timer: 0x0001, globalLock: 0x0020, powerButton: 0x0100, sleepButton: 0x0200, rtc: 0x0400, wake: 0x8000 } as const;
const SCI_SOURCES = PM1.timer | PM1.globalLock | PM1.powerButton | PM1.sleepButton | PM1.rtc;
/** PM1 control bits. */
const CONTROL = { sciEnable: 0x0001, sleepType: 0x1c00, sleepEnable: 0x2000 } as const;
const SLEEP_TYPE = { softOff: 0, suspendToRam: 1, suspendToDisk: 2 } as const;

const TIMER_HZ = 3_579_545;
/** The status bit is set whenever bit 23 changes. */
const TIMER_HALF = 0x80_0000;
const TIMER_MASK = 0xff_ffff;

export interface PowerManagementEvents {
  /** The level of the system control interrupt. */
  sci(level: boolean): void;
  /** The guest turned the machine off. */
  powerOff(): void;
  unimplemented(message: string): void;
}

export interface PowerManagementState {
  status: number;
  enable: number;
  control: number;
  gpeStatus: number;
  gpeEnable: number;
  seenHalf: number;
  command: number[];
}

export class PowerManagement implements Saveable {
  private status = 0;
  private enable = 0;
  private control = 0;
  private gpeStatus = 0;
  private gpeEnable = 0;
  /** Number of the timer's half turn up to which its status is known. */
  private seenHalf = 0;
  /** The command port and the scratch port beside it. */
  private command = [0, 0];
  private readonly alarm: Alarm;

  /** PM1a event, PM1a control and timer at offsets 0, 4 and 8; general-purpose events; command and its data. */
  readonly eventRegion: MemoryRegion;
  readonly controlRegion: MemoryRegion;
  readonly timerRegion: MemoryRegion;
  readonly gpeRegion: MemoryRegion;
  readonly commandRegion: MemoryRegion;

  constructor(
    private readonly clock: VirtualClock,
    private readonly events: PowerManagementEvents,
  ) {
    this.alarm = clock.createAlarm(() => this.update());
    const words = { valid: { min: 1, max: 4 }, impl: { min: 2, max: 2 } } as const;
    this.eventRegion = MemoryRegion.io(
      'acpi-evt',
      4,
      { read: (offset) => this.readEvent(offset), write: (offset, value) => this.writeEvent(offset, value) },
      words,
    );
    this.controlRegion = MemoryRegion.io('acpi-cnt', 2, { read: () => this.control, write: (_offset, value) => this.writeControl(value) }, words);
    this.timerRegion = MemoryRegion.io(
      'acpi-tmr',
      4,
      { read: () => this.ticks() & TIMER_MASK, write: () => undefined },
      { valid: { min: 1, max: 4 }, impl: { min: 4, max: 4 } },
    );
    this.gpeRegion = MemoryRegion.io('acpi-gpe0', 4, this.gpeHandler(), { valid: { min: 1, max: 4 }, impl: { min: 1, max: 1 } });
    this.commandRegion = MemoryRegion.io('apm-io', 2, this.commandHandler(), { valid: { min: 1, max: 1 } });
  }

  /** The power button was pressed. */
  pressPowerButton(): void {
    this.status |= PM1.powerButton;
    this.update();
  }

  /** General-purpose event `bit`, 0 to 15. */
  raiseGpe(bit: number): void {
    this.gpeStatus |= 1 << bit;
    this.update();
  }

  save(): PowerManagementState {
    const { status, enable, control, gpeStatus, gpeEnable, seenHalf, command } = this;
    return { status, enable, control, gpeStatus, gpeEnable, seenHalf, command: [...command] };
  }
  load(state: PowerManagementState): void {
    Object.assign(this, state);
    this.update();
  }
  reset(): void {
    this.load({ status: 0, enable: 0, control: 0, gpeStatus: 0, gpeEnable: 0, seenHalf: this.half(), command: [0, 0] });
  }

  /** Ticks since power-on, exact: seconds and the rest are multiplied apart. */
  private ticks(): number {
    const ns = this.clock.nowNs();
    const seconds = Math.floor(ns / 1e9);
    const ticks = seconds * TIMER_HZ + Math.floor(((ns - seconds * 1e9) * TIMER_HZ) / 1e9);
    return ticks % 2 ** 31;
  }
  private half(): number {
    return Math.floor(this.ticks() / TIMER_HALF);
  }

  private update(): void {
    const half = this.half();
    if (half !== this.seenHalf) this.status |= PM1.timer;
    this.seenHalf = half;
    const fixed = this.status & this.enable & SCI_SOURCES;
    const general = this.gpeStatus & this.gpeEnable;
    this.events.sci(fixed !== 0 || general !== 0);
    this.arm();
  }

  /** The alarm runs only while the timer's interrupt is wanted and not there yet. */
  private arm(): void {
    if (!(this.enable & PM1.timer) || this.status & PM1.timer) return this.alarm.cancel();
    const ticksLeft = TIMER_HALF - (this.ticks() % TIMER_HALF);
    this.alarm.startAtNs(this.clock.nowNs() + Math.ceil((ticksLeft * 1e9) / TIMER_HZ));
  }

  private readEvent(offset: number): number {
    if (offset >= 2) return this.enable;
    this.update();
    return this.status;
  }

  private writeEvent(offset: number, value: number): void {
    if (offset >= 2) this.enable = value;
    else this.status &= ~value;
    this.update();
  }

  private writeControl(value: number): void {
    // SLP_EN is write-only; SCI_EN changes by the command port only (4.8.3.2.1).
    this.control = (value & ~(CONTROL.sleepEnable | CONTROL.sciEnable)) | (this.control & CONTROL.sciEnable);
    if (value & CONTROL.sleepEnable) this.sleep((value & CONTROL.sleepType) >> 10);
  }

  private sleep(type: number): void {
    if (type === SLEEP_TYPE.softOff || type === SLEEP_TYPE.suspendToDisk) this.events.powerOff();
    else this.events.unimplemented(`acpi: sleep type ${type} was asked for; only soft off is there`);
  }

  /** Status in the lower half of the block, cleared by ones, enable in the upper. */
  private gpeHandler(): MmioHandler {
    return {
      read: (offset) => ((offset < 2 ? this.gpeStatus : this.gpeEnable) >> (8 * (offset & 1))) & 0xff,
      write: (offset, value) => {
        const shift = 8 * (offset & 1);
        if (offset < 2) this.gpeStatus &= ~(value << shift);
        else this.gpeEnable = (this.gpeEnable & ~(0xff << shift)) | (value << shift);
        this.update();
      },
    };
  }

  /** What firmware's handler of the management interrupt would do on the two commands that the FADT names. */
  private commandHandler(): MmioHandler {
    return {
      read: (offset) => this.command[offset] as number,
      write: (offset, value) => {
        this.command[offset] = value;
        if (offset !== 0) return;
        if (value === SMI_ENABLE_ACPI) this.control |= CONTROL.sciEnable;
        else if (value === SMI_DISABLE_ACPI) this.control &= ~CONTROL.sciEnable;
      },
    };
  }
}
