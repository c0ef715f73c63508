export * as virtioConstants from './constants.js';
export { feature } from './constants.js';
export { Element, type Segment } from './element.js';
export { virtioPlugin } from './plugin.js';
export { VirtioBus, VirtioPciBus } from './virtio-bus.js';
export { type DriverKind, VirtioDevice, type VirtioTransport } from './virtio-device.js';
export { BACKEND, DISABLE_LEGACY, DISABLE_MODERN, type OnOffAuto, UNSPECIFIED_VECTORS, VECTORS, VirtioPci } from './virtio-pci.js';
export { BrokenRing, Virtqueue } from './virtqueue.js';
