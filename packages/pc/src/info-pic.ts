/** `info pic` and `info irq`: the interrupt controllers of the board, in QEMU's words. */
import { IOAPIC_PINS, IoApic } from '@nandu/apic';
import { hmpCommand, textQuery } from '@nandu/core';
import { I8259 } from '@nandu/isa';

const MODE_NAMES = ['fixed', 'lowest', 'SMI', '...', 'NMI', 'INIT', '...', 'extINT'] as const;

function pins(label: string, bits: number): string {
  const list = Array.from({ length: IOAPIC_PINS }, (_, pin) => pin).filter((pin) => bits & (1 << pin));
  return `  ${label.padEnd(8)} ${list.length > 0 ? list.join(' ') : '(none)'}\n`;
}

export function describeIoApic(ioapic: IoApic): string {
  const lines = Array.from({ length: IOAPIC_PINS }, (_, pin) => {
    const [low, high] = [ioapic.low[pin] as number, ioapic.high[pin] as number];
    const word = high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
    const columns = [
      `0x${word}`,
      `dest=${(high >>> 24).toString(16)}`,
      `vec=${(low & 0xff).toString().padEnd(3)}`,
      low & 0x2000 ? 'active-lo' : 'active-hi',
      (low & 0x8000 ? 'level' : 'edge').padEnd(5),
      (low & 0x1_0000 ? 'masked' : '').padEnd(6),
      (MODE_NAMES[(low >>> 8) & 7] as string).padEnd(6),
      low & 0x800 ? 'logical' : 'physical',
    ];
    return `  pin ${String(pin).padEnd(2)} ${columns.join(' ')}\n`;
  });
  const remote = [...ioapic.low].reduce((bits, low, pin) => (low & 0x4000 && low & 0x8000 ? bits | (1 << pin) : bits), 0);
  return [
    `ioapic0: ver=0x${ioapic.version.toString(16)} id=0x${(ioapic.idRegister >>> 24).toString(16).padStart(2, '0')} sel=0x${ioapic.selected.toString(16).padStart(2, '0')}\n`,
    ...lines,
    pins('IRR', ioapic.irr),
    pins('Remote IRR', remote),
  ].join('');
}

export const infoPic = hmpCommand({
  name: 'info pic',
  args: '',
  params: '',
  help: 'show PIC state',
  run: (_args, { machine }) =>
    [
      ...machine.all(IoApic).map(describeIoApic),
      ...machine
        .all(I8259)
        .sort((a, b) => Number(b.master) - Number(a.master))
        .map((pic) => pic.describe()),
    ].join(''),
});

export const infoIrq = hmpCommand({
  name: 'info irq',
  args: '',
  params: '',
  help: 'show the interrupts statistics (if available)',
  run(_args, { machine }) {
    const statistics = (name: string, counts: Uint32Array): string =>
      `IRQ statistics for ${name}:\n${[...counts].flatMap((count, irq) => (count > 0 ? [`${String(irq).padStart(2)}: ${count}\n`] : [])).join('')}`;
    const pics = machine.all(I8259).sort((a, b) => Number(b.master) - Number(a.master));
    const isa = Uint32Array.from(pics.flatMap(({ counts }) => [...counts]));
    return [...machine.all(IoApic).map(({ counts }) => statistics('ioapic', counts)), statistics('isa-i8259', isa)].join('');
  },
});

export const queryIrq = textQuery('x-query-irq', infoIrq);
