import { Device, type IrqLine, type Machine } from '@nandu/core';
import { Refused } from './words.js';

/** The inputs of a device as they are held; replacing `set` is how to listen in. */
interface Inputs {
  readonly count: number;
  set: (pin: number, level: boolean) => void;
}

/** Reports the interrupt lines of one device: its inputs (an interrupt controller's) or its outputs. */
export class IrqIntercept {
  private device: Device | undefined;
  private readonly levels = new Map<number, boolean>();

  constructor(
    private readonly machine: Machine,
    private readonly report: (pin: number, level: boolean) => void,
  ) {}

  inputs(path: string | undefined): void {
    const device = this.choose(path);
    if (!device) return;
    const inputs = device.gpioInputs.get('unnamed-gpio-in') as Inputs | undefined;
    if (!inputs) return;
    const { set } = inputs;
    inputs.set = (pin, level) => {
      set(pin, level);
      this.changed(pin, level);
    };
  }

  outputs(path: string | undefined): void {
    const device = this.choose(path);
    if (!device) return;
    const lines: IrqLine[] = [...device.gpioOutputs.values()].flat();
    for (const [pin, line] of lines.entries()) line.connect((level) => this.changed(pin, level));
  }

  setInput(path: string | undefined, name: string | undefined, pin: number, level: boolean): void {
    const inputs = this.find(path).gpioInputs.get(name ?? '');
    if (!inputs || pin >= inputs.count) throw new Refused('FAIL Unknown device');
    inputs.set(pin, level);
  }

  /** The device to listen to, or undefined where that is done already. There is one for a whole run. */
  private choose(path: string | undefined): Device | undefined {
    const device = this.find(path);
    if (this.device === device) return undefined;
    if (this.device) throw new Refused('FAIL IRQ intercept already enabled');
    this.device = device;
    return device;
  }

  private find(path: string | undefined): Device {
    const object = path === undefined ? undefined : this.machine.root.resolve(path);
    if (!(object instanceof Device)) throw new Refused('FAIL Unknown device');
    return object;
  }

  private changed(pin: number, level: boolean): void {
    if ((this.levels.get(pin) ?? false) === level) return;
    this.levels.set(pin, level);
    this.report(pin, level);
  }
}
