/** DSDT: the devices of a PC that cannot be found by looking. */
import {
  acquire,
  amlDevice,
  and,
  argument,
  call,
  createDwordField,
  eisaId,
  FIELD,
  fields,
  iff,
  integer,
  less,
  method,
  mutex,
  name,
  notify,
  or,
  packageOf,
  path,
  REGION,
  region,
  release,
  returning,
  scope,
  shiftLeft,
  store,
  type Term,
  text,
} from '../aml.js';
import { ACPI_PORT, type AcpiPlatform, HPET_ADDRESS, PCI_HOTPLUG_PORTS, SCI_IRQ } from '../platform.js';
import {
  busNumbers,
  fixedMemory,
  INTERRUPT_OFFSET,
  irq,
  memoryWindow,
  ports,
  portWindow,
  resources,
  sharedInterrupts,
  wideMemoryWindow,
} from '../resources.js';
import { table } from '../table.js';

const PRESENT = 0x0f;
/** Present, enabled and working, but nothing to show. */
const PRESENT_HIDDEN = 0x0b;
const SLOTS = 32;
const PIRQ_DISABLED = 0x80;
/** What PCI links may be routed to. */
const PIRQ_CHOICES = [5, 10, 11] as const;
const LINKS = ['LNKA', 'LNKB', 'LNKC', 'LNKD'] as const;

export function dsdt(platform: AcpiPlatform): Uint8Array {
  const terms = [
    scope(
      '\\_SB',
      rootBridge(platform),
      ...LINKS.map(link),
      sciLink(),
      linkStatus(),
      linkResources(),
      ...(platform.hasHpet ? [hpet()] : []),
      ...platform.cpus.map(processor),
    ),
    // Soft off is type 0 of the PIIX4's sleep types.
    name('\\_S5', packageOf(integer(0), integer(0), integer(0), integer(0))),
    scope('\\_GPE', method('_E01', 0, {}, acquire('\\_SB.PCI0.BLCK'), call('\\_SB.PCI0.PCNT'), release('\\_SB.PCI0.BLCK'))),
  ];
  return table('DSDT', 2, (t) => t.raw(terms.flat()));
}

function rootBridge(platform: AcpiPlatform): Term {
  const { hole, hole64, hotplugSlots } = platform.pci;
  return amlDevice(
    'PCI0',
    name('_HID', eisaId('PNP0A03')),
    name('_UID', integer(0)),
    name(
      '_CRS',
      resources(
        busNumbers(0, 255),
        ports(0xcf8, 8),
        portWindow(0, 0xcf7),
        portWindow(0xd00, 0xffff),
        memoryWindow(0xa_0000, 0xb_ffff, true),
        memoryWindow(hole.first, hole.last),
        ...(hole64 ? [wideMemoryWindow(hole64.first, hole64.last)] : []),
      ),
    ),
    routing(),
    isaBridge(platform),
    occupied('GPE0', 'GPE0 resources', ACPI_PORT.gpe0, 4),
    occupied('PHPR', 'PCI Hotplug resources', ACPI_PORT.pciHotplug, PCI_HOTPLUG_PORTS),
    amlDevice('FWCF', name('_HID', text('QEMU0002')), name('_STA', integer(PRESENT_HIDDEN)), name('_CRS', resources(ports(0x510, 0x0c)))),
    ...hotplug(hotplugSlots),
  );
}

/** Ports that belong to the platform and to no device. */
function occupied(at: string, uid: string, port: number, count: number): Term {
  return amlDevice(
    at,
    name('_HID', eisaId('PNP0A06')),
    name('_UID', text(uid)),
    name('_STA', integer(PRESENT_HIDDEN)),
    name('_CRS', resources(ports(port, count))),
  );
}

/** Pin n of slot s goes to link (s + n - 1) mod 4; the power management function of the PIIX has the SCI. */
function routing(): Term {
  const entries = Array.from({ length: SLOTS * 4 }, (_, index) => {
    const [slot, pin] = [index >> 2, index & 3];
    const target = slot === 1 && pin === 0 ? 'LNKS' : (LINKS[(slot + pin + 3) & 3] as string);
    return packageOf(integer(slot * 0x1_0000 + 0xffff), integer(pin), path(target), integer(0));
  });
  return name('_PRT', packageOf(...entries));
}

/** A PIRQ of the PIIX3 as an interrupt link. */
function link(at: string, index: number): Term {
  const register = `PRQ${index}`;
  return amlDevice(
    at,
    name('_HID', eisaId('PNP0C0F')),
    name('_UID', integer(index)),
    name('_PRS', resources(sharedInterrupts(...PIRQ_CHOICES))),
    method('_STA', 0, {}, returning(call('IQST', path(register)))),
    method('_DIS', 0, {}, or(path(register), integer(PIRQ_DISABLED), path(register))),
    method('_CRS', 0, {}, returning(call('IQCR', path(register)))),
    method('_SRS', 1, {}, createDwordField(argument(0), INTERRUPT_OFFSET, 'PRRI'), store(path('PRRI'), path(register))),
  );
}

/** The SCI's link cannot be moved. */
function sciLink(): Term {
  const setting = resources(sharedInterrupts(SCI_IRQ));
  return amlDevice(
    'LNKS',
    name('_HID', eisaId('PNP0C0F')),
    name('_UID', integer(LINKS.length)),
    name('_PRS', setting),
    method('_STA', 0, {}, returning(integer(PRESENT_HIDDEN))),
    method('_DIS', 0, {}),
    method('_CRS', 0, {}, returning(path('_PRS'))),
    method('_SRS', 1, {}),
  );
}

function linkStatus(): Term {
  return method('IQST', 1, {}, iff(and(integer(PIRQ_DISABLED), argument(0)), returning(integer(0x09))), returning(integer(PRESENT_HIDDEN)));
}

function linkResources(): Term {
  return method(
    'IQCR',
    1,
    { serialized: true },
    name('PRR0', resources(sharedInterrupts(0))),
    createDwordField(path('PRR0'), INTERRUPT_OFFSET, 'PRRI'),
    iff(less(argument(0), integer(PIRQ_DISABLED)), store(argument(0), path('PRRI'))),
    returning(path('PRR0')),
  );
}

function isaBridge({ serialPorts, hasI8042 }: AcpiPlatform): Term {
  return amlDevice(
    'S08',
    name('_ADR', integer(0x0001_0000)),
    region('P40C', REGION.pciConfig, 0x60, 4),
    scope('\\_SB', fields('PCI0.S08.P40C', FIELD.byteAccess, ['PRQ0', 8], ['PRQ1', 8], ['PRQ2', 8], ['PRQ3', 8])),
    ...(hasI8042 ? [isaDevice('KBD', 'PNP0303', [ports(0x60, 1), ports(0x64, 1), irq(1)]), isaDevice('MOU', 'PNP0F13', [irq(12)])] : []),
    ...serialPorts.map(({ iobase, irq: line }, index) => isaDevice(`COM${index + 1}`, 'PNP0501', [ports(iobase, 8, 0), irq(line)], index + 1)),
    isaDevice('RTC', 'PNP0B00', [ports(0x70, 8), irq(8)]),
  );
}

function isaDevice(at: string, id: string, descriptors: readonly (readonly number[])[], uid?: number): Term {
  return amlDevice(
    at,
    name('_HID', eisaId(id)),
    ...(uid === undefined ? [] : [name('_UID', integer(uid))]),
    name('_STA', integer(PRESENT)),
    name('_CRS', resources(...descriptors)),
  );
}

function hpet(): Term {
  return amlDevice(
    'HPET',
    name('_HID', eisaId('PNP0103')),
    name('_UID', integer(0)),
    name('_STA', integer(PRESENT)),
    name('_CRS', resources(fixedMemory(HPET_ADDRESS, 0x400))),
  );
}

function processor({ node }: { readonly node: number }, index: number): Term {
  return amlDevice(
    `C${index.toString(16).toUpperCase().padStart(3, '0')}`,
    name('_HID', text('ACPI0007')),
    name('_UID', integer(index)),
    name('_STA', integer(PRESENT)),
    name('_PXM', integer(node)),
  );
}

/** Slots that can be filled and emptied (registers: docs/specs/acpi_pci_hotplug.txt of QEMU). */
function hotplug(slots: readonly number[]): Term[] {
  const slotName = (slot: number): string => `S${(slot * 8).toString(16).toUpperCase().padStart(2, '0')}`;
  const flags = FIELD.dwordAccess | FIELD.writeAsZeros;
  return [
    region('PCST', REGION.io, ACPI_PORT.pciHotplug, 8),
    fields('PCST', flags, ['PCIU', 32], ['PCID', 32]),
    region('SEJ', REGION.io, ACPI_PORT.pciHotplug + 8, 4),
    fields('SEJ', flags, ['B0EJ', 32]),
    region('BNMR', REGION.io, ACPI_PORT.pciHotplug + 0x10, 8),
    fields('BNMR', flags, ['BNUM', 32], ['PIDX', 32]),
    mutex('BLCK'),
    method(
      'PCEJ',
      2,
      {},
      acquire('BLCK'),
      store(argument(0), path('BNUM')),
      shiftLeft(integer(1), argument(1), path('B0EJ')),
      release('BLCK'),
      returning(integer(0)),
    ),
    name('BSEL', integer(0)),
    ...slots.map((slot) =>
      amlDevice(
        slotName(slot),
        name('_SUN', integer(slot)),
        name('_ADR', integer(slot * 0x1_0000)),
        method('_EJ0', 1, {}, call('PCEJ', path('BSEL'), path('_SUN'))),
      ),
    ),
    method('DVNT', 2, {}, ...slots.map((slot) => iff(and(argument(0), integer(2 ** slot)), notify(slotName(slot), argument(1))))),
    method('PCNT', 0, {}, store(integer(0), path('BNUM')), call('DVNT', path('PCIU'), integer(1)), call('DVNT', path('PCID'), integer(3))),
  ];
}
