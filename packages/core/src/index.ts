import 'reflect-metadata';

export { type CpuInterrupts, type CpuSignals, type CpuTsc, MsiTarget } from './cpu.js';
export { assert, ConfigError, QmpError, type QmpErrorClass, unreachable } from './errors.js';
export { IrqLine } from './irq.js';
export { Log, type LogRecord } from './log.js';
export { Accelerator, type CoreNote, type MachineCheck, type MachineCheckOutcome, type VCpu } from './machine/accelerator.js';
export { Board, NoneBoard } from './machine/board.js';
export { type Chardev, type ChardevFrontend, type ChardevPort, Chardevs } from './machine/chardev.js';
export {
  type AnyCommand,
  type ArgumentInfo,
  type ArgumentType,
  type CommandContext,
  type CommandMonitor,
  type HmpCommand,
  hmpCommand,
  type QmpCommand,
  qmpCommand,
  textQuery,
} from './machine/command.js';
export {
  ACTIONS,
  type Actions,
  type BootConfig,
  MACHINE_CONFIG,
  type MachineConfig,
  type MemoryConfig,
  type NumaNodeConfig,
  type SmpConfig,
} from './machine/config.js';
export { type DeviceOptions, requestUnplug } from './machine/devices.js';
export type { MachineEvent, RunStateName, ShutdownCause } from './machine/events.js';
export { Input, type InputEvent, type InputHandler, MOUSE_BUTTONS, type MouseButton } from './machine/input.js';
export { KEY_NUMBERS, keyByNumber, UNMAPPED_KEY } from './machine/input-keys.js';
export { Machine, type MachineRequest } from './machine/machine.js';
export { addObject, checkObject, ID_HINT, isIdentifier, type ObjectOptions, removeObject, type UserCreatable } from './machine/objects.js';
export { definePlugin, type Plugin } from './machine/plugin.js';
export { RunLoop } from './machine/run-loop.js';
export { RunState } from './machine/run-state.js';
export { AddressSpace, AddressSpaceIo, AddressSpaceMemory } from './memory/address-space.js';
export { type FlatRange, flatten } from './memory/flat-view.js';
export type { PhysicalMemory, RamPage } from './memory/physical.js';
export { CHUNK_SIZE, LINEAR_PAGES, POOL_START, type RamBlock } from './memory/ram-block.js';
export { MemoryRegion, type MmioHandler, type MmioOptions, type RegionKind } from './memory/region.js';
export { Bus, SystemBus } from './object/bus.js';
export { Device, type GpioInput } from './object/device.js';
export { Container, type DynamicProperty, QObject } from './object/object.js';
export {
  boolType,
  enumType,
  int32Type,
  int64Type,
  integerType,
  linkType,
  onOffAutoType,
  type PropertyType,
  parseInteger,
  parseSize,
  printSize,
  SIZE_HINT,
  sizeType,
  sizeWarning,
  stringType,
  type TextForm,
  uint8Type,
  uint16Type,
  uint32Type,
  uint64Type,
} from './object/property-types.js';
export { IrqObject, ownRegion, RegionObject } from './object/region-object.js';
export { loadFields, type Saveable, saved, savedFields, saveFields } from './object/saved.js';
export {
  allProperties,
  describeProperties,
  device,
  isSubtype,
  type ObjectClass,
  type PropertyDescription,
  type PropertyInfo,
  type PropertyOptions,
  property,
  type TypeInfo,
  type TypeOptions,
  TypeRegistry,
  type,
  typeOf,
} from './object/type.js';
export { type OptionPair, optionRecord, parseOptions, shortFormWarning } from './options.js';
export { reasonOf } from './reasons.js';
export { bit, bits, type Field, RegisterBank, type RegisterHooks, type RegisterSpec, registerMap } from './registers.js';
export { type Alarm, Clock, HostClock, RealtimeClock, VirtualClock } from './time/clock.js';
export { DrivenClock, HostRealtimeClock, HostWallClock, InstructionClock, ManualClock, RunningClock } from './time/clocks.js';
export { TimerQueue } from './time/timer-queue.js';
export { GiB, KiB, MiB, TiB } from './units.js';
