import { ConfigError } from '../errors.js';
import { IrqLine } from '../irq.js';
import { MemoryRegion, type MmioHandler, type MmioOptions } from '../memory/region.js';
import type { Bus } from './bus.js';
import { QObject } from './object.js';
import { boolType, linkType } from './property-types.js';
import { IrqObject, ownRegion } from './region-object.js';
import { loadFields, resetFields, saveFields } from './saved.js';
import { type PropertyInfo, property, type } from './type.js';

/** Inputs of a device: what an interrupt line or GPIO is wired to. */
export type GpioInput = (pin: number, level: boolean) => void;

/**
 * A device: configured by properties, realized once, reset many times. A subclass reads in this order: registers,
 * configuration (`@property`), state (`@saved`), derived, life cycle, behaviour.
 */
@type({ name: 'device', abstract: true })
export abstract class Device extends QObject {
  /** As given by `id=`, if any. */
  id: string | undefined;
  bus: Bus | undefined;
  @property({ readOnly: true, type: boolType })
  realized = false;
  @property({ readOnly: true, type: boolType })
  hotplugged = false;
  /** Buses that this device provides, by name ('pci.0'). */
  readonly childBuses: Bus[] = [];
  /** MMIO (or port) regions it offers to whoever maps it, in order. */
  readonly regions: MemoryRegion[] = [];
  /** Named inputs and outputs, for wiring and for qtest: 'unnamed-gpio-in', 'sysbus-irq'. */
  readonly gpioInputs = new Map<string, { readonly count: number; readonly set: GpioInput }>();
  readonly gpioOutputs = new Map<string, IrqLine[]>();

  @property({ readOnly: true, type: boolType })
  get hotpluggable(): boolean {
    return this.typeInfo.hotpluggable !== false;
  }
  @property({ name: 'parent_bus', readOnly: true, type: linkType('bus') })
  get parentBusPath(): string {
    return this.bus?.parent ? this.bus.path : '';
  }

  /** Address spaces of its own, for `info mtree`: what a CPU or a bus master reaches. */
  get addressSpaces(): readonly { readonly name: string; readonly root: MemoryRegion }[] {
    return [];
  }

  /** Where it sits, for names that must not depend on ids: '0000:00:04.0' on PCI. */
  get busPath(): string | undefined {
    return undefined;
  }

  private powerOnState: Record<string, unknown> = {};

  /** Configuration is complete: check it, make regions, take resources. Throws ConfigError. */
  realize(): void {}
  /** Gives back what realize took. */
  unrealize(): void {}
  /** Work out what follows from the state; after realize, reset and load. */
  protected derive(): void {}
  /** Power-on state. Override only where more than the saved fields is to be put back; call super. */
  reset(): void {
    resetFields(this, this.powerOnState);
    this.derive();
  }

  /** What machines and hot-plug call; not for overriding. */
  bringUp(): void {
    if (this.realized) return;
    this.realize();
    this.powerOnState = saveFields(this);
    this.realized = true;
    this.derive();
  }
  takeDown(): void {
    if (!this.realized) return;
    this.realized = false;
    this.unrealize();
  }

  saveState(): Record<string, unknown> {
    return saveFields(this);
  }
  loadState(state: Readonly<Record<string, unknown>>): void {
    loadFields(this, state);
    this.derive();
  }

  /** Offers registers to be mapped; the size is rounded up by nobody. */
  protected mapMmio(
    handler: MmioHandler & { readonly sizeBytes?: number },
    sizeBytes = handler.sizeBytes,
    options?: MmioOptions,
    name = this.typeInfo.name,
  ): MemoryRegion {
    if (sizeBytes === undefined) throw new Error(`mapMmio of ${name} needs a size`);
    const region = this.own(MemoryRegion.io(name, sizeBytes, handler, options));
    this.regions.push(region);
    return region;
  }

  /** Shows a region that the device made in the object tree. */
  protected own(region: MemoryRegion): MemoryRegion {
    return ownRegion(this, region);
  }

  protected addInputs(name: string, count: number, set: GpioInput): void {
    for (let index = 0; index < count; index++) this.addChild(`${name}[${index}]`, new IrqObject());
    this.gpioInputs.set(name, { count, set });
  }
  protected addOutputs(name: string, lines: IrqLine[]): void {
    this.gpioOutputs.set(name, lines);
  }
  /** The function that drives one input: what an IrqLine is connected to. */
  input(name: string, pin: number): (level: boolean) => void {
    const inputs = this.gpioInputs.get(name);
    if (!inputs || pin >= inputs.count) throw new Error(`${this.typeInfo.name} has no input ${name}[${pin}]`);
    return (level) => inputs.set(pin, level);
  }

  protected override checkSettable(property: PropertyInfo): void {
    if (this.realized && !property.runtime) {
      const link = property.type.name.startsWith('link<');
      const who = link ? `device '${this.id ?? '(null)'}'` : this.id === undefined ? 'anonymous device' : `device '${this.id}'`;
      throw new ConfigError(`Attempt to set ${link ? 'link ' : ''}property '${property.name}' on ${who} (type '${this.typeInfo.name}') after it was realized`);
    }
  }
}
