export { type CoreState, coreNotes, elfMachineOf } from './core-notes.js';
export { cpuClassOf, X86CpuDevice } from './cpu-device.js';
export { CpuFactory, type Processor, type ProcessorRequest, type ProcessorState, type SegmentName, type SegmentValue } from './cpu-factory.js';
export { PcBoard } from './pc-board.js';
export { pcPlugin } from './plugin.js';
export { type CpuPlace, placeOf } from './topology.js';
