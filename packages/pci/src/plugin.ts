import { definePlugin } from '@nandu/core';
import { infoPci, queryPci } from './commands/query-pci.js';
import { PciBus } from './pci-bus.js';
import { PciDevice } from './pci-device.js';

export const pciPlugin = definePlugin({ name: 'pci', types: [PciBus, PciDevice], commands: [queryPci, infoPci] });
