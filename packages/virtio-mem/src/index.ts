export { BlockMap, type BlockRange } from './block-map.js';
export { virtioMemPlugin } from './plugin.js';
export { VirtioMem } from './virtio-mem.js';
export { VirtioMemPci } from './virtio-mem-pci.js';
