/**
 * apic-msi: the megabyte at 0xfee00000. A processor's access to the first page is to its own local APIC; any other write is a
 * message-signalled interrupt.
 */
import { Log, MemoryRegion, type MmioHandler } from '@nandu/core';
import { ApicBus } from './apic-bus.js';
import { ESR } from './local-apic.js';
import { readRegister, writeRegister } from './registers.js';

export const APIC_PAGE_ADDRESS = 0xfee0_0000;
const SIZE_BYTES = 0x10_0000;
const PAGE_BYTES = 0x1000;

export function apicPage(apics: ApicBus, log: Log): MemoryRegion {
  const handler: MmioHandler = {
    read(offset) {
      const apic = apics.current;
      if (!apic || offset >= PAGE_BYTES || !apic.hardwareEnabled || apic.isX2apic) return 0;
      if (offset & 0xf) return 0;
      const value = readRegister(apic, offset >> 4);
      if (value === undefined) apic.error(ESR.illegalRegister);
      return (value ?? 0) >>> 0;
    },
    write(offset, value) {
      const apic = apics.current;
      // Register 0 does not exist: a write there is a message for APIC 0.
      if (!apic || offset >= PAGE_BYTES || offset < 0x10) return apics.send(APIC_PAGE_ADDRESS + offset, value);
      if (!apic.hardwareEnabled || apic.isX2apic || offset & 0xf) return;
      if (!writeRegister(apic, offset >> 4, value)) {
        log.guestError(`apic ${apic.apicId}: write of 0x${value.toString(16)} to register 0x${offset.toString(16)}`);
        apic.error(ESR.illegalRegister);
      }
    },
  };
  return MemoryRegion.io('apic-msi', SIZE_BYTES, handler, { valid: { min: 1, max: 4 }, impl: { min: 1, max: 4 } });
}
