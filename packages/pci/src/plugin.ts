import { definePlugin } from '@nandu/core';
import { infoPci, queryPci } from './commands/query-pci.js';
import { PciBus } from './pci-bus.js';
import { PciDevice } from './pci-device.js';
import { PciTestDevice } from './pci-testdev.js';

export const pciPlugin = definePlugin({ name: 'pci', types: [PciBus, PciDevice, PciTestDevice], commands: [queryPci, infoPci] });
