/** pc-i440fx: the machine with an i440FX host bridge and a PIIX3 (QEMU's 'pc'). Assembly only. */
import { HPET_ADDRESS, SCI_IRQ } from '@nandu/acpi';
import { ApicBus, ApicPages, IOAPIC_ADDRESS, IoApic, LocalApic } from '@nandu/apic';
import {
  AddressSpaceIo,
  AddressSpaceMemory,
  Board,
  boolType,
  ConfigError,
  type Device,
  GiB,
  Log,
  Machine,
  MemoryRegion,
  ownRegion,
  property,
  sizeType,
  type,
} from '@nandu/core';
import { FW_CFG, FwCfg, Hpet, I8042, I8254, I8257, I8259, type IrqSink, IsaSerial, Mc146818, PcSpeaker, Port92, PostPorts } from '@nandu/isa';
import { DeviceMemory, MachineMemory } from '@nandu/memory';
import { first } from 'rxjs';
import { acpiTables } from './acpi-tables.js';
import { biosArea } from './bios-area.js';
import type { BootImage, MemoryPart } from './boot/boot-image.js';
import { loadKernel } from './boot/load-kernel.js';
import { bootNothing } from './boot/nothing.js';
import { fillCmos, setCmosBootOrder } from './cmos.js';
import { showConfiguration } from './configuration.js';
import { cpuClassOf, type X86CpuDevice } from './cpu-device.js';
import { CpuFactory } from './cpu-factory.js';
import { setUpPci, setUpPics } from './firmware.js';
import { I440Fx, I440FxHost } from './i440fx.js';
import { InterruptRouter } from './interrupts.js';
import { acpiAddress, E820, e820Map, endOfRam, pciHole64, type RamLayout, splitRam, uncachedStart } from './memory-layout.js';
import { Piix3 } from './piix3.js';
import { Piix4Pm } from './piix4-pm.js';
import { placeOf } from './topology.js';

const MAX_CPUS = 255;
const FOUR_GIB = 4 * GiB;
/** Where a guest that looks for it by itself finds the ACPI root pointer. */
const RSDP_ADDRESS = 0xf_5a00;
/** Device numbers (slot * 8 + function) on the PCI bus. */
const DEVFN = { hostBridge: 0x00, piix3: 0x08, powerManagement: 0x0b } as const;
const VERSIONS = ['7.1', '7.0', '6.2', '6.1', '6.0', '5.2', '5.1', '5.0', '4.2', '4.1', '4.0'] as const;

@type({
  name: 'pc-i440fx-7.2-machine',
  summary: 'Standard PC (i440FX + PIIX, 1996)',
  aliases: ['pc-machine', ...VERSIONS.map((version) => `pc-i440fx-${version}-machine`)],
})
export class PcBoard extends Board {
  /** For query-machines. */
  static readonly maxCpus = MAX_CPUS;
  static readonly defaultCpuType = 'qemu64-x86_64-cpu';
  static readonly defaultRamId = 'pc.ram';

  @property({ type: boolType, help: 'high precision event timer' }) hpet: boolean = true;
  @property({ type: boolType, help: 'PS/2 keyboard controller' }) i8042: boolean = true;
  @property({ name: 'pit', type: boolType, help: 'i8254 interval timer, and the speaker it drives' }) hasPit: boolean = true;
  @property({ name: 'max-ram-below-4g', type: sizeType, help: 'Maximum ram below the 4G boundary (32bit boundary)' }) maxRamBelow4gBytes: number = 0;

  readonly cpuDevices: X86CpuDevice[] = [];
  layout!: RamLayout;
  /** End of RAM and of the window for memory devices. */
  private endOfMemory = 0;

  private host!: I440FxHost;
  private piix3!: Piix3;
  private pm!: Piix4Pm;
  private pics!: { readonly master: I8259; readonly slave: I8259 };
  private ioapic!: IoApic;
  private router!: InterruptRouter;
  private hpetDevice: Hpet | undefined;
  private pit: I8254 | undefined;
  private rtc!: Mc146818;
  private fwCfg!: FwCfg;
  private keyboardController: I8042 | undefined;
  private serialPorts: IsaSerial[] = [];

  /** Put back into RAM at every reset: tables, and what the kernel's loader laid out. */
  private parts: readonly MemoryPart[] = [];
  private image: BootImage = bootNothing();

  constructor(
    private readonly machine: Machine,
    private readonly memory: AddressSpaceMemory,
    private readonly io: AddressSpaceIo,
    private readonly machineMemory: MachineMemory,
    private readonly deviceMemory: DeviceMemory,
    private readonly apics: ApicBus,
    private readonly log: Log,
  ) {
    super();
  }

  override build(): void {
    const { smp } = this.machine.config;
    if (smp.maxCpus > MAX_CPUS) throw new ConfigError(`Invalid SMP CPUs ${smp.maxCpus}. The max CPUs supported by machine 'pc-i440fx-7.2' is ${MAX_CPUS}`);
    this.memory.transaction(() => {
      this.buildMemory();
      this.buildCpus();
      this.buildChipset();
      this.buildIsaDevices();
      this.wireInterrupts();
    });
    this.connectProcessors();
    showConfiguration(this, this.machine, {
      deviceMemoryBytes: () => (this.deviceMemory.region ? this.deviceMemory.sizeBytes : 0),
      rtcSeconds: () => this.rtc.seconds(),
      rtc: () => this.rtc,
      powerManagement: () => this.pm,
    });
  }

  private buildMemory(): void {
    const { root } = this.memory;
    const { sizeBytes } = this.machine.config.memory;
    this.layout = splitRam(sizeBytes, this.maxRamBelow4gBytes || undefined);
    const ram = this.machineMemory.create('pc.ram');
    const { lowBytes, highBytes } = this.layout;
    const unattached = this.machine.node('/machine/unattached');
    for (const region of [this.memory.root, this.io.root]) ownRegion(unattached, region);
    root.add(0, ownRegion(unattached, MemoryRegion.alias('ram-below-4g', ram, 0, lowBytes)));
    if (highBytes > 0) root.add(FOUR_GIB, ownRegion(unattached, MemoryRegion.alias('ram-above-4g', ram, lowBytes, highBytes)));
    const end = endOfRam(this.layout);
    this.deviceMemory.create(end);
    if (this.deviceMemory.region) ownRegion(this, this.deviceMemory.region);
    this.endOfMemory = this.deviceMemory.region ? this.deviceMemory.baseAddress + this.deviceMemory.sizeBytes : end;
  }

  private buildCpus(): void {
    const { smp, cpuModel } = this.machine.config;
    const cpuClass = cpuClassOf(cpuModel.split(',')[0] as string);
    this.machine.types.add(cpuClass);
    for (let index = 0; index < smp.cpus; index++) {
      const { socket, die, core, thread, apicId } = placeOf(index, smp);
      const cpu = this.machine.make(cpuClass);
      Object.assign(cpu, {
        memory: this.memory.root,
        index,
        socket,
        die,
        core,
        thread,
        apicId,
        node: this.machineMemory.numa.count > 0 ? this.machineMemory.numa.nodeOfCpu(index) : -1,
      });
      const lapic = this.machine.make(LocalApic);
      lapic.apicId = apicId;
      lapic.isBootstrap = index === 0;
      cpu.lapic = lapic;
      this.machine.attach(cpu);
      this.machine.attach(lapic, { name: 'lapic', parent: cpu });
      this.cpuDevices.push(cpu);
    }
  }

  private buildChipset(): void {
    const { machine } = this;
    this.host = machine.make(I440FxHost);
    ownRegion(machine.node('/machine/unattached'), this.host.pciMemory);
    this.host.interrupts = { set: (pirq, level) => this.piix3.setPirq(pirq, level) };
    machine.attach(this.host, { name: 'i440fx', parent: this });
    const bus = this.host.pci;
    machine.attach(machine.make(I440Fx, { addr: DEVFN.hostBridge }), { bus });

    this.ioapic = machine.attach(machine.make(IoApic), { name: 'ioapic', parent: this.host });
    this.memory.root.add(IOAPIC_ADDRESS, this.ioapic.regions[0] as MemoryRegion);
    new ApicPages(this.memory.root, this.apics, this.log);

    this.piix3 = machine.make(Piix3, { addr: DEVFN.piix3 });
    this.piix3.isaIrq = (irq) => this.isaIrq(irq);
    this.piix3.pciIrq = (irq, level) => this.router.set(irq, level);
    machine.attach(this.piix3, { bus });
    this.pm = machine.make(Piix4Pm, { addr: DEVFN.powerManagement });
    this.pm.sci = (level) => this.router?.set(SCI_IRQ, level);
    machine.attach(this.pm, { bus });
    if (this.hpet) {
      this.hpetDevice = machine.attach(machine.make(Hpet));
      this.memory.root.add(HPET_ADDRESS, this.hpetDevice.regions[0] as MemoryRegion);
    }
  }

  private buildIsaDevices(): void {
    const { machine } = this;
    this.attachIsa(machine.make(I8257));
    this.attachIsa(machine.make(I8257, { base: 0xc0, 'page-base': 0x88, dshift: 1 }));
    this.pics = {
      master: this.attachIsa(machine.make(I8259)),
      slave: this.attachIsa(machine.make(I8259, { iobase: 0xa0, elcr_addr: 0x4d1, elcr_mask: 0xde, master: false })),
    };
    this.rtc = this.attachIsa(machine.make(Mc146818));
    if (this.hasPit) {
      this.pit = this.attachIsa(machine.make(I8254));
      const speaker = machine.make(PcSpeaker);
      speaker.pit = this.pit;
      this.attachIsa(speaker);
    }
    this.serialPorts = machine.config.serial.flatMap((chardev, index) => (chardev === '' ? [] : [this.attachIsa(machine.make(IsaSerial, { index, chardev }))]));
    if (this.i8042) this.keyboardController = this.attachIsa(machine.make(I8042));
    this.attachIsa(machine.make(Port92));
    this.attachIsa(machine.make(PostPorts));
    this.fwCfg = machine.make(FwCfg);
    machine.attach(this.fwCfg, { name: 'fw_cfg', parent: this, bus: this.piix3.isa });
  }

  private attachIsa<T extends Device>(device: T): T {
    return this.machine.attach(device, { bus: this.piix3.isa });
  }

  /** ISA request `irq`, which may be wired before the controllers are there. */
  private isaIrq(irq: number): IrqSink {
    return (level) => {
      const hpetInput = irq === 0 ? 0 : irq === 8 ? 1 : undefined;
      if (this.hpetDevice && hpetInput !== undefined) this.hpetDevice.input('unnamed-gpio-in', hpetInput)(level);
      else this.router.set(irq, level);
    };
  }

  private wireInterrupts(): void {
    const { master, slave } = this.pics;
    const { ioapic, hpetDevice } = this;
    this.router = new InterruptRouter(master, slave, ioapic);
    master.slave = slave;
    slave.output$.connect(master.input('unnamed-gpio-in', 2));
    ioapic.connectExternal(master);
    for (const { lapic } of this.cpuDevices) lapic.connectExternal(master);
    master.output$.connect((level) => {
      for (const { lapic } of this.cpuDevices) lapic.setPin(0, level);
    });
    hpetDevice?.outputs.forEach((line, irq) => line.connect(this.router.sink(irq)));
    if (!this.pit) return;
    hpetDevice?.pitEnabled$.connect(this.pit.input('unnamed-gpio-in', 0));
    this.pit.irq$.connect(this.isaIrq(0));
  }

  /** Under qtest there are none: the devices stand alone. */
  private connectProcessors(): void {
    const { container, config } = this.machine;
    if (config.accelerator === 'qtest') return;
    if (!container.isRegistered(CpuFactory as never, true)) throw new ConfigError(`accelerator '${config.accelerator}' has no processors for this machine`);
    const factory = container.resolve<CpuFactory>(CpuFactory as never);
    this.checkAddressWidth(factory.physicalBits);
    for (const cpu of this.cpuDevices) {
      const processor = factory.create({ index: cpu.index, interrupts: cpu.lapic, tripleFault: () => this.machine.requestReset('guest-reset') });
      cpu.processor = processor;
      cpu.lapic.connect(processor, processor.tsc);
      this.cpus.push(processor);
    }
  }

  /** Everything has to be within reach, the window for PCI above all RAM included. */
  private checkAddressWidth(physicalBits: number): void {
    const { last } = pciHole64(this.endOfMemory);
    const limit = 2 ** physicalBits - 1;
    const hex = (address: number): string => `0x${address.toString(16)}`;
    if (physicalBits > 32 && last > limit) throw new ConfigError(`Address space limit ${hex(limit)} < ${hex(last)} phys-bits too low (${physicalBits})`);
  }

  override ready(): void {
    const { boot, smp } = this.machine.config;
    const e820 = e820Map(this.layout);
    const acpi = acpiTables({
      layout: this.layout,
      endOfMemory: this.endOfMemory,
      cpus: this.cpuDevices,
      numa: this.machineMemory.numa,
      deviceMemory: this.deviceMemory,
      serialPorts: this.serialPorts,
      hasHpet: this.hpet,
      hasI8042: this.i8042,
    });
    this.parts = [
      { address: acpiAddress(this.layout), bytes: acpi.tables, name: 'etc/acpi/tables' },
      { address: RSDP_ADDRESS, bytes: acpi.rsdp, name: 'etc/acpi/rsdp' },
    ];
    // A machine that is only asked questions (-S, qtest) need not hear it.
    if (!boot.kernel) this.whenRunning(() => this.machine.log.warning('there is nothing to boot: no -kernel was given'));
    else {
      this.image = loadKernel({
        kernel: boot.kernel,
        kernelName: boot.kernelName ?? 'kernel',
        commandLine: boot.append ?? '',
        initrd: boot.initrd,
        initrdName: boot.initrdName ?? 'initrd',
        e820,
        lowRamEnd: acpiAddress(this.layout),
        rsdpAddress: RSDP_ADDRESS,
      });
    }
    this.fillFwCfg(
      e820.filter((entry) => entry.type === E820.ram),
      smp.cpus,
      smp.maxCpus,
    );
    fillCmos(this.rtc.cells, this.layout, smp.cpus);
  }

  private fillFwCfg(ram: readonly { readonly address: number; readonly sizeBytes: number; readonly type: number }[], cpus: number, maxCpus: number): void {
    this.fwCfg.setNumber(FW_CFG.ramSize, this.machine.config.memory.sizeBytes, 8);
    this.fwCfg.setNumber(FW_CFG.cpuCount, cpus, 2);
    this.fwCfg.setNumber(FW_CFG.maxCpus, maxCpus, 2);
    this.fwCfg.setNumber(FW_CFG.noGraphic, 1, 2);
    const ENTRY_BYTES = 20;
    const view = new DataView(new ArrayBuffer(ram.length * ENTRY_BYTES));
    ram.forEach(({ address, sizeBytes, type: kind }, index) => {
      view.setBigUint64(index * ENTRY_BYTES, BigInt(address), true);
      view.setBigUint64(index * ENTRY_BYTES + 8, BigInt(sizeBytes), true);
      view.setUint32(index * ENTRY_BYTES + 16, kind, true);
    });
    this.fwCfg.setFile('etc/e820', new Uint8Array(view.buffer));
  }

  /** Devices are as after power-on: firmware's work is done again, memory is filled, processors start. */
  override reset(): void {
    const { accelerator } = this.machine.config;
    if (accelerator === 'qtest') return;
    setUpPci(this.host.pci, this.piix3, this.pm, pciHole64(this.endOfMemory).first);
    setUpPics(this.io);
    this.keyboardController?.setUpAsFirmware();
    for (const { lapic } of this.cpuDevices) lapic.setUpAsFirmware();
    this.fillMemory(this.loaded);
    // A BIOS's own work comes with the first instruction: until then dumps show low memory as after power-on. The image may lie there and wins.
    this.whenRunning(() => this.fillMemory([...biosArea(), ...this.image.parts]));
    for (const { processor } of this.cpuDevices) {
      processor?.reset();
      processor?.setUpAsFirmware?.(uncachedStart(this.layout));
    }
    this.cpuDevices[0]?.processor?.setState(this.image.entry);
  }

  /** What is put into memory at every reset. */
  get loaded(): readonly MemoryPart[] {
    return [...this.parts, ...this.image.parts];
  }

  /** Devices in the order in which firmware should try them, as letters; it finds that in CMOS, and there is none yet that looks. */
  setBootOrder(devices: string): void {
    setCmosBootOrder(this.rtc.cells, devices);
  }

  private fillMemory(parts: readonly MemoryPart[]): void {
    for (const { address, bytes } of parts) this.memory.writeBytes(address, bytes);
  }

  /** Now, or before the first instruction after this. */
  private whenRunning(action: () => void): void {
    if (this.machine.config.accelerator === 'qtest') return;
    this.machine.runState.changes$.pipe(first((state) => state === 'running')).subscribe(action);
  }

  override powerdown(): void {
    this.pm.power.pressPowerButton();
  }
}
