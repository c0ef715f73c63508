/** i440FX-pcihost and i440FX: the host bridge (Intel 82441FX data sheet). RAM is always readable and writable through it. */
import { AddressSpaceIo, AddressSpaceMemory, Device, device, Log, Machine, MemoryRegion, MsiTarget, saved } from '@nandu/core';
import { ConfigMechanism1, PciBus, PciDevice } from '@nandu/pci';
import { VGA_HOLE } from './memory-layout.js';

/** Programmable attributes of the area from 768 KiB to 1 MiB: registers 0x59 to 0x5f; 3 is read and write RAM. */
const PAM = 0x59;
const PAM_RAM = [0x30, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33] as const;
/** System management RAM control: no SMRAM. */
const SMRAM = 0x72;

/** Interrupt pins of PCI slots, and where they go. */
export interface PciInterruptWiring {
  set(pirq: number, level: boolean): void;
}

@device({ type: 'i440FX-pcihost', userCreatable: false })
export class I440FxHost extends Device {
  pci!: PciBus;
  /** Set by the board before realize. */
  interrupts!: PciInterruptWiring;
  /** What is PCI's in memory: everything that nothing else takes. */
  readonly pciMemory = MemoryRegion.container('pci', 2 ** 64);
  @saved() protected config!: ConfigMechanism1;

  constructor(
    private readonly memory: AddressSpaceMemory,
    private readonly io: AddressSpaceIo,
    private readonly log: Log,
    private readonly msi: MsiTarget,
    private readonly machine: Machine,
  ) {
    super();
  }

  override realize(): void {
    const { memory, io } = this;
    this.pci = new PciBus('pci.0', this, {
      memorySpace: this.pciMemory,
      ioSpace: io.root,
      dma: memory,
      log: this.log,
      msi: this.msi,
      // Pin A of slot 1 is PIRQ A, and from slot to slot they move on by one.
      routeInterrupt: (slot, pin) => (slot + pin + 3) & 3,
      setInterrupt: (pirq, level) => this.interrupts.set(pirq, level),
    });
    this.childBuses.push(this.pci);
    this.addChild('pci.0', this.pci);
    this.machine.addBus(this.pci);
    this.config = new ConfigMechanism1(this.pci);
    io.transaction(() => {
      io.root.add(0xcf8, this.own(this.config.address));
      io.root.add(0xcfc, this.own(this.config.data));
    });
    memory.transaction(() => {
      memory.root.add(0, this.pciMemory, -1);
      const holeBytes = VGA_HOLE.end - VGA_HOLE.start;
      // No display adapter answers there.
      this.pciMemory.add(
        VGA_HOLE.start,
        this.own(MemoryRegion.io('vga-lowmem', holeBytes, { read: (_offset, size) => 2 ** (8 * size) - 1, write: () => undefined })),
        1,
      );
      memory.root.add(VGA_HOLE.start, this.own(MemoryRegion.alias('smram-region', this.pciMemory, VGA_HOLE.start, holeBytes)), 1);
    });
  }
}

@device({ type: 'i440FX', bus: 'PCI', userCreatable: false })
export class I440Fx extends PciDevice {
  override realize(): void {
    this.identify({ vendor: 0x8086, device: 0x1237, revision: 0x02, classCode: 0x0600 });
    PAM_RAM.forEach((attributes, index) => this.config.set8(PAM + index, attributes));
    this.config.set8(SMRAM, 0x02);
  }
}
