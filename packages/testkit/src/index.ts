export { FakeClock } from './fake-clock.js';
export { Guest } from './guest.js';
export { EmulatorSession, type SessionOptions } from './node/emulator-session.js';
export { TextSocket } from './node/text-socket.js';
export { type RealizeOptions, realize } from './realize.js';
export { PciFunctionDriver, VirtioDriver } from './virtio-driver.js';
export { type ChainResult, type RingDescriptor, VirtqueueDriver } from './virtqueue-driver.js';
