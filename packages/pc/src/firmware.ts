/**
 * What firmware would have done before the operating system starts: addresses for PCI devices, routes for their interrupts, the
 * place of the power-management ports, interrupt controllers in virtual wire mode.
 */
import { ACPI_PORT, SCI_IRQ } from '@nandu/acpi';
import type { AddressSpaceIo } from '@nandu/core';
import type { Bar, PciBus, PciDevice } from '@nandu/pci';
import { pciConfig } from '@nandu/pci';
import type { Piix3 } from './piix3.js';
import type { Piix4Pm } from './piix4-pm.js';

/** Memory BARs are placed from here on, up to the interrupt controllers. */
const BAR_WINDOW = { start: 0xfe00_0000, end: 0xfec0_0000 } as const;
const PORT_WINDOW_START = 0xc000;
/** ISA requests of PIRQ A to D. */
const PIRQ_IRQS = [10, 10, 11, 11] as const;

export function setUpPci(bus: PciBus, piix3: Piix3, pm: Piix4Pm, hole64Start: number): void {
  bus.wiring.dma.transaction(() => {
    PIRQ_IRQS.forEach((irq, pirq) => piix3.configWrite(0x60 + pirq, irq, 1));
    pm.configWrite(0x40, ACPI_PORT.pm | 1, 4);
    pm.configWrite(0x80, 1, 1);
    placeBars(bus.present(), hole64Start);
    for (const device of bus.present()) {
      const pin = device.configRead(pciConfig.INTERRUPT_PIN, 1);
      if (pin !== 0)
        device.configWrite(pciConfig.INTERRUPT_LINE, device === pm ? SCI_IRQ : (PIRQ_IRQS[bus.wiring.routeInterrupt(device.slot, pin - 1)] as number), 1);
    }
  });
}

/** The 8259s: vectors 8 and 0x70, as ever on a PC, and every request masked but that of the timer, whose ticks a BIOS counts. */
export function setUpPics(io: AddressSpaceIo): void {
  const ICW1 = 0x11;
  const ICW4_8086 = 0x01;
  const sequence = { 0x20: [0x08, 0x04, ICW4_8086, 0xfe], 0xa0: [0x70, 0x02, ICW4_8086, 0xff] };
  for (const [port, words] of Object.entries(sequence)) {
    io.write(Number(port), ICW1, 1);
    for (const word of words) io.write(Number(port) + 1, word, 1);
  }
}

/** The largest first, so that every BAR is aligned to its size without gaps. */
function placeBars(devices: readonly PciDevice[], hole64Start: number): void {
  const bars = devices.flatMap((device) => device.bars.map((bar) => ({ device, bar })));
  const bySize = bars.sort((a, b) => b.bar.sizeBytes - a.bar.sizeBytes);
  const next = { memory: BAR_WINDOW.start as number, wide: hole64Start, io: PORT_WINDOW_START };
  for (const { device, bar } of bySize) {
    const space = bar.options.kind === 'io' ? 'io' : align(next.memory, bar) + bar.sizeBytes > BAR_WINDOW.end && bar.options.is64 ? 'wide' : 'memory';
    const address = align(next[space], bar);
    if (space === 'memory' && address + bar.sizeBytes > BAR_WINDOW.end) continue; // the operating system may find a place
    next[space] = address + bar.sizeBytes;
    device.configWrite(bar.offset, address % 2 ** 32, 4);
    if (bar.options.is64) device.configWrite(bar.offset + 4, Math.floor(address / 2 ** 32), 4);
  }
  for (const device of devices) {
    const decoded = device.bars.reduce((bits, { options }) => bits | (options.kind === 'io' ? pciConfig.COMMAND_IO : pciConfig.COMMAND_MEMORY), 0);
    if (decoded) device.configWrite(pciConfig.COMMAND, device.configRead(pciConfig.COMMAND, 2) | decoded, 2);
  }
}

function align(address: number, { sizeBytes }: Bar): number {
  return Math.ceil(address / sizeBytes) * sizeBytes;
}
