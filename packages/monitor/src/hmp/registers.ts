import type { Machine, VCpu } from '@nandu/core';
import type { Registers } from './expression.js';

/** Registers of a vCPU by name, for `print $rip`; none where there are no vCPUs. */
export function registersOf(machine: Machine, cpuIndex: number): Registers {
  const cpu: VCpu | undefined = machine.board?.cpus[cpuIndex];
  return (name) => cpu?.readRegister?.(name);
}
