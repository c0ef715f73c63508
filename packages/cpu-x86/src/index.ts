export { type CpuSeat, type CpuServices, type PortSpace, TSC_HZ, X86Cpu } from './cpu.js';
export type { SegmentState, TableState } from './cpu-state.js';
export { apicIdOf, type CpuTopology } from './cpuid.js';
export { setFirmwareMtrrs } from './firmware.js';
export { cpuHelp } from './help.js';
export { type CpuModel, MODELS, parseCpuModel } from './models.js';
export { flatProtectedMode, longMode, type StateChange } from './reset.js';
export { createX86Target } from './target.js';
