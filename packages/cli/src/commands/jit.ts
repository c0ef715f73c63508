/** info jit: what the accelerator has done so far. */
import { ConfigError, hmpCommand, MACHINE_CONFIG, type MachineConfig, textQuery } from '@nandu/core';
import { CpuFactory } from '@nandu/pc';
import type { Counters } from '@nandu/tcg-wasm';
import { TcgCpuFactory } from '../tcg.js';

/** In the order in which they are shown. */
const LABELS: readonly (readonly [counter: keyof Counters, label: string])[] = [
  ['blocksTranslated', 'TB count'],
  ['instructionsTranslated', 'TB instructions'],
  ['blocksInvalidated', 'TB invalidate count'],
  ['flushes', 'TB flush count'],
  ['links', 'direct jump count'],
  ['misses', 'lookups'],
  ['alone', 'single-use TB count'],
  ['regionsInstalled', 'regions compiled'],
  ['regionsDropped', 'regions dropped'],
  ['slices', 'slices'],
];
const LABEL_WIDTH = 22;

const line = (label: string, value: number): string => `${label.padEnd(LABEL_WIDTH)}${value}\n`;

/** QEMU's command, with the counters that this engine has. Instructions are the guest's, executed, of each vCPU and in all. */
export const infoJit = hmpCommand({
  name: 'info jit',
  args: '',
  params: '',
  help: 'show dynamic compiler info',
  run(_, { machine }) {
    if (machine.container.resolve<MachineConfig>(MACHINE_CONFIG).accelerator !== 'tcg') {
      throw new ConfigError('JIT information is only available with accel=tcg');
    }
    const cpus = machine.board?.cpus ?? [];
    const executed = cpus.map((cpu) => line(`  CPU #${cpu.index}`, cpu.retired)).join('');
    const total = line(
      'instructions executed',
      cpus.reduce((sum, cpu) => sum + cpu.retired, 0),
    );
    return `Translation buffer state:\n${translation(machine.container.resolve(CpuFactory as never))}\nStatistics:\n${total}${executed}`;
  },
});

/** QEMU's command: operations of the intermediate code that were translated, and here the helpers that they call. */
export const infoOpcount = hmpCommand({
  name: 'info opcount',
  args: '',
  params: '',
  help: 'show dynamic compiler opcode counters',
  run(_, { machine }) {
    if (machine.container.resolve<MachineConfig>(MACHINE_CONFIG).accelerator !== 'tcg') {
      throw new ConfigError('Opcode count information is only available with accel=tcg');
    }
    const factory: CpuFactory = machine.container.resolve(CpuFactory as never);
    const counts = factory instanceof TcgCpuFactory ? factory.accelerator.opCounts : undefined;
    if (counts === undefined) return '[TCG profiler not enabled: start with -accel tcg,opcount=on]\n';
    return counts
      .rows()
      .map(([name, count]) => `${name} ${count}\n`)
      .join('');
  },
});

export const queryJit = textQuery('x-query-jit', infoJit);
export const queryOpcount = textQuery('x-query-opcount', infoOpcount);

/** A board without processors has no factory of them, either. */
function translation(factory: CpuFactory): string {
  if (!(factory instanceof TcgCpuFactory)) return '';
  const { counters } = factory.accelerator;
  return LABELS.map(([counter, label]) => line(label, counters[counter])).join('');
}
