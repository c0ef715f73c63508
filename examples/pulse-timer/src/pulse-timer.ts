/**
 * pulse-timer: raises its interrupt line every PERIOD microseconds while enabled. Its registers lie where
 * `-device pulse-timer,base=...` says; its line is the output 'irq', for a machine builder to wire.
 */
import { AddressSpaceMemory, type Alarm, bit, bits, Device, device, IrqLine, property, RegisterBank, registerMap, saved, VirtualClock } from '@nandu/core';
import { inject } from 'tsyringe';

/** One row a register, in address order. `rw`, no fields and a reset value of 0 go without saying. */
export const REGISTERS = registerMap({
  id: { offset: 0x00, access: 'ro', reset: 0x5054_0001 },
  control: { offset: 0x04, fields: { enable: bit(0), irqEnable: bit(1) } },
  period: { offset: 0x08, fields: { us: bits(0, 24) }, reset: 1_000 },
  status: { offset: 0x0c, access: 'w1c', fields: { expired: bit(0) } },
  left: { offset: 0x10, access: 'ro', fields: { us: bits(0, 24) } },
});

@device({ type: 'pulse-timer', summary: 'interrupts the guest at a steady rate', hotpluggable: false })
export class PulseTimer extends Device {
  // Configuration: given by the user, fixed once the device is realized.
  @property({ min: 1, max: 1_000_000, help: 'shortest period that a guest may program, in microseconds' })
  minPeriodUs = 100;
  @property({ help: 'guest-physical address of the registers' })
  base: number = 0xfed8_0000;

  // State: what the guest can observe. Reset, snapshot and migration all work from these.
  @saved() private readonly bank = new RegisterBank(REGISTERS, {
    read: { left: () => this.alarm.remainingUs },
    written: { control: () => this.rearm(), period: () => this.rearm(), status: () => this.derive() },
  });
  @saved() private readonly alarm: Alarm;

  // Derived: worked out by derive(), which also runs after every reset and load.
  readonly irq$ = new IrqLine();

  private readonly reg = this.bank.values;

  constructor(
    @inject(VirtualClock as never) clock: VirtualClock,
    @inject(AddressSpaceMemory) private readonly memory: AddressSpaceMemory,
  ) {
    super();
    this.alarm = clock.createAlarm(() => this.expire());
  }

  override realize(): void {
    this.memory.root.add(this.base, this.mapMmio(this.bank), 1);
    this.addOutputs('irq', [this.irq$]);
  }

  override unrealize(): void {
    this.alarm.cancel();
    for (const region of this.regions) this.memory.root.remove(region);
  }

  protected override derive(): void {
    this.irq$.next(Boolean(this.reg.status.expired && this.reg.control.irqEnable));
  }

  private rearm(): void {
    this.alarm.cancel();
    if (this.reg.control.enable) this.alarm.start(Math.max(this.reg.period.us, this.minPeriodUs));
    this.derive();
  }

  private expire(): void {
    this.reg.status.expired = 1;
    this.rearm();
  }
}
