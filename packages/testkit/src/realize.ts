import { AddressSpaceIo, AddressSpaceMemory, type Device, Log, type ObjectClass, VirtualClock } from '@nandu/core';
import { container, type InjectionToken } from 'tsyringe';
import { FakeClock } from './fake-clock.js';

export interface RealizeOptions<T extends Device = Device> {
  /** What the device's constructor asks for, beside a FakeClock, a Log and two address spaces, which are always there. */
  readonly services?: readonly (readonly [token: InjectionToken<unknown> | object, instance: unknown])[];
  /** As from QMP: JSON values. */
  readonly properties?: Readonly<Record<string, unknown>>;
  /** Runs before the device is realized: puts it on a bus, wires what it needs. */
  readonly prepare?: (device: T) => void;
}

/** A device alone, as after power-on. */
export function realize<T extends Device>(constructor_: ObjectClass<T>, { services = [], properties = {}, prepare }: RealizeOptions<T> = {}): T {
  const child = container.createChildContainer();
  child.registerInstance(VirtualClock as never, new FakeClock() as never);
  child.registerInstance(Log, new Log());
  child.registerInstance(AddressSpaceMemory, new AddressSpaceMemory());
  child.registerInstance(AddressSpaceIo, new AddressSpaceIo());
  for (const [token, instance] of services) child.registerInstance(token as InjectionToken<unknown>, instance);
  const device = child.resolve(constructor_ as InjectionToken<T>);
  for (const [name, value] of Object.entries(properties)) device.setProperty(name, value);
  prepare?.(device);
  device.bringUp();
  device.reset();
  return device;
}
