/**
 * apic-msi: the megabyte at 0xfee00000. A processor's access to the first page is to its own local APIC, while that is on and in
 * xAPIC mode; any other write is a message-signalled interrupt. A local APIC may be moved to another page (SDM volume 3, 11.4.5):
 * then there is a window at that page too.
 */
import { Log, MemoryRegion, type MmioHandler } from '@nandu/core';
import { ApicBus } from './apic-bus.js';
import { ESR, type LocalApic } from './local-apic.js';
import { readRegister, writeRegister } from './registers.js';

export const APIC_PAGE_ADDRESS = 0xfee0_0000;
const SIZE_BYTES = 0x10_0000;
const PAGE_BYTES = 0x1000;
const PRIORITY = 4096;
const ACCESS = { valid: { min: 1, max: 4 }, impl: { min: 1, max: 4 } } as const;
/** What a bus answers where nobody does. */
const NOBODY = 0xffff_ffff;

export class ApicPages {
  /** Windows besides that at the usual place, by address. */
  private readonly windows = new Map<number, MemoryRegion>();

  constructor(
    private readonly root: MemoryRegion,
    private readonly apics: ApicBus,
    private readonly log: Log,
  ) {
    root.add(APIC_PAGE_ADDRESS, MemoryRegion.io('apic-msi', SIZE_BYTES, this.handler(APIC_PAGE_ADDRESS), ACCESS), PRIORITY);
    apics.onMove(() => this.follow());
  }

  private follow(): void {
    const wanted = new Set(this.apics.apics.map(({ address }) => address).filter((address) => address !== APIC_PAGE_ADDRESS));
    for (const [address, window] of this.windows) {
      if (wanted.has(address)) continue;
      this.root.remove(window);
      this.windows.delete(address);
    }
    for (const address of wanted) {
      if (this.windows.has(address)) continue;
      const window = MemoryRegion.io('apic', PAGE_BYTES, this.handler(address), ACCESS);
      this.windows.set(address, window);
      this.root.add(address, window, PRIORITY);
    }
  }

  private handler(page: number): MmioHandler {
    const { apics, log } = this;
    /** The APIC whose registers are here for the processor that runs. */
    const here = (): LocalApic | undefined => {
      const apic = apics.current;
      return apic?.hardwareEnabled && !apic.isX2apic && apic.address === page ? apic : undefined;
    };
    return {
      read(offset) {
        const apic = offset < PAGE_BYTES ? here() : undefined;
        if (!apic) return NOBODY;
        if (offset & 0xf) return 0;
        const value = readRegister(apic, offset >> 4);
        if (value === undefined) apic.error(ESR.illegalRegister);
        return (value ?? 0) >>> 0;
      },
      write(offset, value) {
        const isMessage = page === APIC_PAGE_ADDRESS && (offset >= PAGE_BYTES || !apics.current);
        if (isMessage) return apics.send(page + offset, value);
        const apic = here();
        if (!apic || offset & 0xf) return;
        // Register 0 does not exist: a write there is a message for APIC 0.
        if (offset === 0 && page === APIC_PAGE_ADDRESS) return apics.send(page, value);
        if (writeRegister(apic, offset >> 4, value)) return;
        log.guestError(`apic ${apic.apicId}: write of 0x${value.toString(16)} to register 0x${offset.toString(16)}`);
        apic.error(ESR.illegalRegister);
      },
    };
  }
}
