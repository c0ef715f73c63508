/**
 * i8042: keyboard controller (IBM PS/2 Hardware Interface Technical Reference, "Keyboard/Auxiliary Device Controller"), with a
 * keyboard and a mouse. Also the PC's first reset line and A20 gate.
 */
import { device, Input, IrqLine, Log, Machine, property, saved } from '@nandu/core';
import { IsaDevice } from './isa-bus.js';
import { Ps2Keyboard } from './ps2-keyboard.js';
import { Ps2Mouse } from './ps2-mouse.js';
import { toSet1 } from './scan-codes.js';

const STATUS = { outputFull: 0x01, systemFlag: 0x04, command: 0x08, unlocked: 0x10, auxData: 0x20 } as const;
/** Command byte: interrupts, self test passed, ports off, translation to scan code set 1. */
const MODE = { keyboardIrq: 0x01, auxIrq: 0x02, system: 0x04, keyboardOff: 0x10, auxOff: 0x20, translate: 0x40 } as const;
/** Output port: reset (low active), A20, the two interrupts. */
const OUTPUT = { notReset: 0x01, a20: 0x02, keyboardFull: 0x10, auxFull: 0x20 } as const;

/** Who a byte in the output buffer is from. */
type Source = 'controller' | 'controller-aux' | 'keyboard' | 'aux';

@device({ type: 'i8042', bus: 'ISA', userCreatable: false })
export class I8042 extends IsaDevice {
  @property({ name: 'kbd-irq' }) keyboardIrq: number = 1;
  @property({ name: 'mouse-irq' }) mouseIrq: number = 12;

  @saved() private mode: number = MODE.keyboardIrq | MODE.auxIrq;
  @saved() private outputPort: number = OUTPUT.notReset | OUTPUT.a20;
  @saved() private systemFlag = false;
  @saved() private lastWasCommand = false;
  /** The command whose argument port 0x60 takes next; 0: none, it is for the keyboard. */
  @saved() private waitsFor = 0;
  /** The output buffer. */
  @saved() private data = 0;
  @saved() private source: Source | '' = '';
  @saved() private released = false;
  @saved() readonly keyboard = new Ps2Keyboard();
  @saved() readonly mouse = new Ps2Mouse();

  readonly keyboardIrq$ = new IrqLine();
  readonly mouseIrq$ = new IrqLine();
  readonly a20$ = new IrqLine();

  constructor(
    private readonly machine: Machine,
    private readonly log: Log,
    private readonly users: Input,
  ) {
    super();
    this.keyboard.onData = () => this.fill();
    this.mouse.onData = () => this.fill();
  }

  override realize(): void {
    this.users.add(this.keyboard);
    this.users.add(this.mouse);
    this.addOutputs('unnamed-gpio-out', [this.keyboardIrq$, this.mouseIrq$]);
    this.addOutputs('a20', [this.a20$]);
    this.wireIrq(this.keyboardIrq$, this.keyboardIrq);
    this.wireIrq(this.mouseIrq$, this.mouseIrq);
    this.mapPorts(0x60, 1, { read: () => this.readData(), write: (_offset, value) => this.writeData(value) }, 'i8042-data');
    this.mapPorts(0x64, 1, { read: () => this.status(), write: (_offset, value) => this.command(value) }, 'i8042-cmd');
  }

  protected override derive(): void {
    const fromAux = this.source === 'aux' || this.source === 'controller-aux';
    this.keyboardIrq$.next(this.source !== '' && !fromAux && (this.mode & MODE.keyboardIrq) !== 0);
    this.mouseIrq$.next(fromAux && (this.mode & MODE.auxIrq) !== 0);
    this.a20$.next((this.outputPort & OUTPUT.a20) !== 0);
  }

  /** What firmware leaves behind: self test passed, keyboard interrupts, codes translated to set 1, the mouse off. */
  setUpAsFirmware(): void {
    this.setMode(MODE.keyboardIrq | MODE.system | MODE.translate | MODE.auxOff);
  }

  private status(): number {
    const fromAux = this.source === 'aux' || this.source === 'controller-aux';
    return (
      STATUS.unlocked |
      (this.source === '' ? 0 : STATUS.outputFull) |
      (this.systemFlag ? STATUS.systemFlag : 0) |
      (this.lastWasCommand ? STATUS.command : 0) |
      (fromAux ? STATUS.auxData : 0)
    );
  }

  private readData(): number {
    this.source = '';
    this.derive();
    const value = this.data;
    this.fill();
    return value;
  }

  /** Puts the next byte of keyboard or mouse into the empty output buffer. */
  private fill(): void {
    if (this.source !== '') return;
    if (this.keyboard.hasData && !(this.mode & MODE.keyboardOff)) this.offer(this.translate(this.keyboard.take()), 'keyboard');
    else if (this.mouse.hasData && !(this.mode & MODE.auxOff)) this.offer(this.mouse.take(), 'aux');
  }

  private offer(value: number, source: Source): void {
    this.data = value;
    this.source = source;
    this.derive();
  }

  private translate(code: number): number {
    if (!(this.mode & MODE.translate)) return code;
    if (code === 0xf0) {
      this.released = true;
      const next = this.keyboard.hasData ? this.keyboard.take() : 0;
      return this.translate(next);
    }
    const value = this.released ? toSet1(code) | 0x80 : toSet1(code);
    this.released = false;
    return value;
  }

  private writeData(value: number): void {
    const command = this.waitsFor;
    this.waitsFor = 0;
    this.lastWasCommand = false;
    switch (command) {
      case 0x60:
        this.setMode(value);
        break;
      case 0xd1:
        this.setOutputPort(value);
        break;
      case 0xd2:
        this.offer(value, 'controller');
        break;
      case 0xd3:
        this.offer(value, 'controller-aux');
        break;
      case 0xd4:
        this.mode &= ~MODE.auxOff;
        this.mouse.receive(value);
        break;
      default:
        this.mode &= ~MODE.keyboardOff;
        this.keyboard.receive(value);
    }
  }

  private setMode(value: number): void {
    this.mode = value;
    this.systemFlag = (value & MODE.system) !== 0;
    this.derive();
    this.fill();
  }

  private setOutputPort(value: number): void {
    this.outputPort = value;
    this.derive();
    if (!(value & OUTPUT.notReset)) this.machine.requestReset('guest-reset');
  }

  private command(value: number): void {
    this.lastWasCommand = true;
    // 0xf0-0xff pulse bits 0-3 of the output port that are 0 in the command; bit 0 is the reset line.
    if (value >= 0xf0) {
      if (!(value & 1)) this.machine.requestReset('guest-reset');
      return;
    }
    switch (value) {
      case 0x20:
        return this.offer(this.mode, 'controller');
      case 0x60:
      case 0xd1:
      case 0xd2:
      case 0xd3:
      case 0xd4:
        this.waitsFor = value;
        return;
      case 0xa7:
        return this.setMode(this.mode | MODE.auxOff);
      case 0xa8:
        return this.setMode(this.mode & ~MODE.auxOff);
      case 0xa9:
      case 0xab: // interface tests: no fault
        return this.offer(0x00, 'controller');
      case 0xaa: // self test passed
        this.systemFlag = true;
        return this.offer(0x55, 'controller');
      case 0xad:
        return this.setMode(this.mode | MODE.keyboardOff);
      case 0xae:
        return this.setMode(this.mode & ~MODE.keyboardOff);
      case 0xc0: // input port: keyboard not locked
        return this.offer(0x80, 'controller');
      case 0xd0:
        return this.offer(this.outputPort, 'controller');
      case 0xdd: // two commands of the PS/2 that many controllers took over
      case 0xdf:
        return this.setOutputPort(value === 0xdf ? this.outputPort | OUTPUT.a20 : this.outputPort & ~OUTPUT.a20);
      default:
        this.log.guestError(`i8042: no command 0x${value.toString(16)}`);
    }
  }
}
