import 'reflect-metadata';
export { assert, ConfigError, QmpError, type QmpErrorClass, unreachable } from './errors.js';
export { IrqLine } from './irq.js';
export { Log, type LogRecord } from './log.js';
export { type PhysicalMemory, type RamPage } from './memory/physical.js';
export { CHUNK_SIZE, LINEAR_PAGES, POOL_START, type RamBlock } from './memory/ram-block.js';
export { MemoryRegion, type MmioHandler, type MmioOptions, type RegionKind } from './memory/region.js';
export { type Alarm, Clock, HostClock, RealtimeClock, VirtualClock } from './time/clock.js';
export { GiB, KiB, MiB, TiB } from './units.js';
