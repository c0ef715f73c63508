/** `info lapic [apic-id]`: the local APIC of a CPU, in QEMU's words. */
import { hmpCommand, type Machine } from '@nandu/core';
import type { Bits256 } from './bits256.js';
import { LocalApic, LVT, MASKED } from './local-apic.js';

const MODE_NAMES = ['Fixed', 'LowPri', 'SMI', '...', 'NMI', 'INIT', 'SIPI', 'ExtINT'] as const;
const TIMER_NAMES = ['one-shot', 'periodic', 'tsc-deadline', 'invalid'] as const;
const SHORTHANDS = ['no-shorthand', 'self', 'all-self', 'all'] as const;
const LVT_NAMES: readonly (readonly [name: string, index: number])[] = [
  ['LVT0', LVT.lint0],
  ['LVT1', LVT.lint1],
  ['LVTPC', LVT.performance],
  ['LVTERR', LVT.error],
  ['LVTTHMR', LVT.thermal],
  ['LVTT', LVT.timer],
];

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

function lvtLine(name: string, entry: number): string {
  const mode = MODE_NAMES[(entry >>> 8) & 7] as string;
  const columns = [
    `${name}\t 0x${hex(entry, 8)}`,
    entry & 0x2000 ? 'active-lo' : 'active-hi',
    (entry & 0x8000 ? 'level' : 'edge').padEnd(5),
    (entry & MASKED ? 'masked' : '').padEnd(6),
    (entry & 0x1000 ? 'pending' : '').padEnd(7),
    (name === 'LVTT' ? (TIMER_NAMES[(entry >>> 17) & 3] as string) : '').padEnd(12),
    mode.padEnd(6),
  ];
  return `${columns.join(' ')}${mode === 'NMI' ? '' : ` (vec ${entry & 0xff})`}\n`;
}

function vectors(bits: Bits256, tmr?: Bits256): string {
  const list = [...bits].map((vector) => `${vector}${tmr?.has(vector) ? '(level)' : ''} `);
  return list.length > 0 ? list.join('') : '(none)';
}

export function describeLapic(apic: LocalApic, cpuIndex: number): string {
  const { spurious, icrLow, icrHigh, timer } = apic;
  const destination = icrHigh >>> 24;
  return [
    `dumping local APIC state for CPU ${cpuIndex} \n\n`,
    ...LVT_NAMES.map(([name, index]) => lvtLine(name, apic.lvt[index] as number)),
    `Timer\t DCR=0x${timer.divideConfig.toString(16)} (divide by ${timer.divisor}) initial_count = ${timer.initialCount} current_count = ${timer.currentCount}\n`,
    `SPIV\t 0x${hex(spurious, 8)} APIC ${spurious & 0x100 ? 'enabled' : 'disabled'}, focus=${spurious & 0x200 ? 'on' : 'off'}, spurious vec ${spurious & 0xff}\n`,
    `ICR\t 0x${hex(icrLow, 8)} ${icrLow & 0x800 ? 'logical' : 'physical'} ${icrLow & 0x8000 ? 'level' : 'edge'} ${icrLow & 0x4000 ? 'assert' : 'de-assert'} ${SHORTHANDS[(icrLow >>> 18) & 3]}\n`,
    `ICR2\t 0x${hex(icrHigh, 8)}${icrLow & 0x800 ? ` mask ${destination.toString(2).padStart(8, '0')} (APIC ID)` : ` cpu ${destination} (APIC ID)`}\n`,
    `ESR\t 0x${hex(apic.errors, 8)}\n`,
    `ISR\t ${vectors(apic.isr)}\n`,
    `IRR\t ${vectors(apic.irr, apic.tmr)}\n`,
    `\nAPR 0x00 TPR 0x${hex(apic.tpr, 2)} DFR 0x${hex(apic.destinationFormat >>> 28, 2)} LDR 0x${hex(apic.logicalId >>> 24, 2)} PPR 0x${hex(apic.processorPriority, 2)}\n`,
  ].join('');
}

function find(machine: Machine, id: number): LocalApic | undefined {
  return machine.all(LocalApic).find((apic) => apic.apicId === id);
}

export const infoLapic = hmpCommand<{ 'apic-id'?: number }>({
  name: 'info lapic',
  args: 'apic-id:i?',
  params: '[apic-id]',
  help: 'show local apic state (apic-id: local apic to read, default is which of current CPU)',
  run({ 'apic-id': id = 0 }, { machine }) {
    const apic = find(machine, id);
    return apic ? describeLapic(apic, id) : 'No CPU available\n';
  },
});
