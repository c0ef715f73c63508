/** isa-serial: 16550A UART (National Semiconductor PC16550D data sheet) at the ports of a PC. Bytes go out at once. */
import { type Alarm, type ChardevPort, Chardevs, ConfigError, device, IrqLine, property, saved, VirtualClock } from '@nandu/core';
import { IsaDevice } from './isa-bus.js';

/** Interrupt enable. */
const IER = { received: 1, transmitEmpty: 2, lineStatus: 4, modemStatus: 8 } as const;
/** Interrupt identification, in order of priority. */
const IIR = { none: 1, lineStatus: 6, received: 4, timeout: 0xc, transmitEmpty: 2, modemStatus: 0, fifo: 0xc0 } as const;
/** Line status. */
const LSR = { dataReady: 1, overrun: 2, breakSeen: 0x10, holdingEmpty: 0x20, allSent: 0x40 } as const;
/** Modem control and status. */
const MCR = { dtr: 1, rts: 2, out1: 4, out2: 8, loopback: 0x10 } as const;
const MSR = { ctsChanged: 1, dsrChanged: 2, ringEnded: 4, dcdChanged: 8, cts: 0x10, dsr: 0x20, ring: 0x40, dcd: 0x80 } as const;
const CONNECTED = MSR.cts | MSR.dsr | MSR.dcd;

const FIFO_SIZE = 16;
const TRIGGER_LEVELS = [1, 4, 8, 14] as const;
const PORTS = [
  { iobase: 0x3f8, irq: 4 },
  { iobase: 0x2f8, irq: 3 },
  { iobase: 0x3e8, irq: 4 },
  { iobase: 0x2e8, irq: 3 },
] as const;

@device({ type: 'isa-serial', bus: 'ISA', category: 'Input' })
export class IsaSerial extends IsaDevice {
  @property({ default: 0xffff_ffff }) index: number = 0xffff_ffff;
  @property({ default: 0xffff_ffff }) iobase: number = 0xffff_ffff;
  @property({ default: 0xffff_ffff }) irq: number = 0xffff_ffff;
  @property() chardev: string = '';

  @saved() private divisor = 12;
  @saved() private ier = 0;
  @saved() private lcr = 0;
  @saved() private mcr: number = MCR.out2;
  @saved() private lsr: number = LSR.holdingEmpty | LSR.allSent;
  @saved() private msr: number = CONNECTED;
  @saved() private scratch = 0;
  @saved() private fifoEnabled = false;
  @saved() private triggerLevel = 1;
  /** Received and not yet read. */
  @saved() private received: number[] = [];
  @saved() private transmitPending = false;
  @saved() private timeoutPending = false;

  readonly irq$ = new IrqLine();
  @saved() private readonly timeout: Alarm;
  private port: ChardevPort | undefined;

  constructor(
    clock: VirtualClock,
    private readonly chardevs: Chardevs,
  ) {
    super();
    this.timeout = clock.createAlarm(() => {
      if (this.received.length === 0) return;
      this.timeoutPending = true;
      this.derive();
    });
  }

  override realize(): void {
    this.takeDefaults();
    if (this.chardev !== '') this.connect();
    this.wireIrq(this.irq$, this.irq);
    this.mapPorts(this.iobase, 8, { read: (offset) => this.read(offset), write: (offset, value) => this.write(offset, value) }, 'serial');
  }

  override reset(): void {
    super.reset();
    this.port?.accept();
  }

  protected override derive(): void {
    this.irq$.next(this.pendingInterrupt() !== IIR.none);
  }

  private takeDefaults(): void {
    if (this.index === 0xffff_ffff) this.index = 0;
    const usual = PORTS[this.index];
    if (!usual) throw new ConfigError(`Max. supported number of ISA serial ports is ${PORTS.length}.`);
    if (this.iobase === 0xffff_ffff) this.iobase = usual.iobase;
    if (this.irq === 0xffff_ffff) this.irq = usual.irq;
  }

  private connect(): void {
    const chardev = this.chardevs.get(this.chardev);
    if (!chardev) throw new ConfigError(`Property 'isa-serial.chardev' can't find value '${this.chardev}'`);
    this.port = chardev.attach({
      changeable: true,
      canReceive: () => (this.mcr & MCR.loopback ? 0 : this.capacity - this.received.length),
      receive: (bytes) => this.receive(bytes),
      event: (event) => {
        if (event === 'break') this.receiveBreak();
      },
    });
  }

  private get capacity(): number {
    return this.fifoEnabled ? FIFO_SIZE : 1;
  }

  private receive(bytes: Iterable<number>): void {
    for (const byte of bytes) {
      if (this.received.length < this.capacity) this.received.push(byte);
      else this.lsr |= LSR.overrun;
    }
    if (this.received.length > 0) this.lsr |= LSR.dataReady;
    this.startTimeout();
    this.derive();
  }

  private receiveBreak(): void {
    this.lsr |= LSR.breakSeen;
    this.receive([0]);
  }

  /** Data that do not reach the trigger level announce themselves after four characters' time (data sheet, 8.4.1). */
  private startTimeout(): void {
    if (!this.fifoEnabled || this.received.length === 0) this.timeout.cancel();
    else this.timeout.start(Math.ceil((4 * 10 * 1_000_000 * this.divisor) / 115_200));
  }

  private pendingInterrupt(): number {
    if (this.ier & IER.lineStatus && this.lsr & (LSR.overrun | LSR.breakSeen)) return IIR.lineStatus;
    if (this.ier & IER.received) {
      if (this.timeoutPending) return IIR.timeout;
      if (this.received.length >= (this.fifoEnabled ? this.triggerLevel : 1)) return IIR.received;
    }
    if (this.ier & IER.transmitEmpty && this.transmitPending) return IIR.transmitEmpty;
    if (this.ier & IER.modemStatus && this.msr & 0x0f) return IIR.modemStatus;
    return IIR.none;
  }

  private read(offset: number): number {
    const dlab = (this.lcr & 0x80) !== 0;
    switch (offset) {
      case 0:
        return dlab ? this.divisor & 0xff : this.readData();
      case 1:
        return dlab ? this.divisor >> 8 : this.ier;
      case 2:
        return this.identifyInterrupt();
      case 3:
        return this.lcr;
      case 4:
        return this.mcr;
      case 5:
        return this.readLineStatus();
      case 6:
        return this.readModemStatus();
      default:
        return this.scratch;
    }
  }

  private readData(): number {
    const byte = this.received.shift() ?? 0;
    if (this.received.length === 0) this.lsr &= ~(LSR.dataReady | LSR.breakSeen);
    this.timeoutPending = false;
    this.startTimeout();
    this.derive();
    this.port?.accept();
    return byte;
  }

  private identifyInterrupt(): number {
    const source = this.pendingInterrupt();
    if (source === IIR.transmitEmpty) {
      this.transmitPending = false;
      this.derive();
    }
    return source | (this.fifoEnabled ? IIR.fifo : 0);
  }

  private readLineStatus(): number {
    const status = this.lsr;
    if (status & (LSR.overrun | LSR.breakSeen)) {
      this.lsr &= ~(LSR.overrun | LSR.breakSeen);
      this.derive();
    }
    return status;
  }

  private readModemStatus(): number {
    if (this.mcr & MCR.loopback) {
      // Outputs come back as inputs: DTR as DSR, RTS as CTS, OUT1 as RI, OUT2 as DCD.
      return ((this.mcr & MCR.out2) << 4) | ((this.mcr & MCR.out1) << 4) | ((this.mcr & MCR.rts) << 3) | ((this.mcr & MCR.dtr) << 5);
    }
    const status = this.msr;
    this.msr &= 0xf0;
    this.derive();
    return status;
  }

  private write(offset: number, value: number): void {
    const dlab = (this.lcr & 0x80) !== 0;
    switch (offset) {
      case 0:
        if (dlab) this.divisor = (this.divisor & 0xff00) | value;
        else this.transmit(value);
        break;
      case 1:
        if (dlab) this.divisor = (this.divisor & 0xff) | (value << 8);
        else this.enableInterrupts(value & 0x0f);
        break;
      case 2:
        this.controlFifo(value);
        break;
      case 3:
        this.lcr = value;
        break;
      case 4:
        this.mcr = value & 0x1f;
        this.port?.accept();
        break;
      case 7:
        this.scratch = value;
        break;
      default:
        break;
    }
  }

  private transmit(value: number): void {
    // The line goes down first: an edge-triggered controller must see that there is room again.
    this.transmitPending = false;
    this.derive();
    if (this.mcr & MCR.loopback) this.receive([value]);
    else this.port?.write(Uint8Array.of(value));
    this.transmitPending = true;
    this.derive();
  }

  private enableInterrupts(value: number): void {
    // Enabling it while there is room raises it at once (data sheet, 8.6.4).
    if (value & ~this.ier & IER.transmitEmpty) this.transmitPending = true;
    this.ier = value;
    this.derive();
  }

  private controlFifo(value: number): void {
    const enabled = (value & 1) !== 0;
    if (enabled !== this.fifoEnabled || value & 2) {
      this.received = [];
      this.lsr &= ~(LSR.dataReady | LSR.breakSeen);
      this.timeoutPending = false;
      this.timeout.cancel();
    }
    if (value & 4) this.transmitPending = true;
    this.fifoEnabled = enabled;
    this.triggerLevel = TRIGGER_LEVELS[(value >> 6) & 3] as number;
    this.derive();
    this.port?.accept();
  }
}
