export { ChunkPool, type HostRelease, OutOfHostMemory } from './chunk-pool.js';
export { ChunkedRam } from './chunked-ram.js';
export { type AddressRange, DeviceMemory, findAddress } from './device-memory.js';
export { HostMemory } from './host-memory.js';
export { MachineMemory } from './machine-memory.js';
export { MemoryBackend, RamBackend } from './memory-backend.js';
export { type MemoryDevice, type MemoryDeviceInfo, memoryDevices, pluggedBytes } from './memory-device.js';
export { type NumaNode, NumaTopology, splitEvenly } from './numa.js';
export { memoryPlugin } from './plugin.js';
