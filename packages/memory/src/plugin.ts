import { definePlugin } from '@nandu/core';
import { gpa2hpa, gpa2hva } from './commands/host-address.js';
import { infoMemdev, queryMemdev } from './commands/memdev.js';
import { infoMemoryDevices, queryMemoryDevices } from './commands/memory-devices.js';
import { infoMemorySizeSummary, queryMemorySizeSummary } from './commands/memory-size-summary.js';
import { infoNuma, queryNuma } from './commands/numa.js';
import { infoRamblock, queryRamblock } from './commands/ramblock.js';
import { DeviceMemory } from './device-memory.js';
import { HostMemory } from './host-memory.js';
import { MachineMemory } from './machine-memory.js';
import { RamBackend } from './memory-backend.js';
import { NumaTopology } from './numa.js';

export const memoryPlugin = definePlugin({
  name: 'memory',
  types: [RamBackend],
  commands: [
    queryMemoryDevices,
    infoMemoryDevices,
    queryMemorySizeSummary,
    infoMemorySizeSummary,
    queryMemdev,
    infoMemdev,
    infoNuma,
    queryNuma,
    infoRamblock,
    queryRamblock,
    gpa2hva,
    gpa2hpa,
  ],
  bind(container) {
    for (const service of [HostMemory, MachineMemory, NumaTopology, DeviceMemory]) container.registerSingleton(service as never);
  },
});
